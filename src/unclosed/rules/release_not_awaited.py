"""UNC108: the release is a coroutine and never runs."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Fault, ReleaseFault
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import FaultRule
from unclosed.rules.wording import shortened


class ReleaseNotAwaited(FaultRule):
    """Allow release-not-awaited: a coroutine that is made and thrown away."""

    code = "UNC108"
    name = "release-not-awaited"
    summary = "the release is a coroutine and is not awaited, so it never runs"
    faults = frozenset({Fault.NOT_AWAITED})
    explanation = sections(
        does="""
            Reports a release that is a coroutine function of its library and is called without `await`. Reported at the call.
        """,
        why="""
            Calling a coroutine function only makes a coroutine; nothing of it runs. The resource stays open, and all that Python
            says is a `RuntimeWarning` in some log.
        """,
        release="""
            `await conn.close()`, `async with`, or a coroutine that is passed on, returned or made a task. The names mislead:
            `pool.release()` is a coroutine in asyncpg and a plain function in aiomysql; the models know which.
        """,
        ignore="""
            Never, if the resource is of the library that the message names. If its type was guessed from a naming convention,
            annotate it.
        """,
    )
    bad = dedent("""\
        import asyncpg


        async def count_orders(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                return await conn.fetchval("SELECT count(*) FROM orders")
            finally:
                conn.close()
    """)
    good = dedent("""\
        import asyncpg


        async def count_orders(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                return await conn.fetchval("SELECT count(*) FROM orders")
            finally:
                await conn.close()
    """)

    def sentence(self, fault: ReleaseFault, width: int) -> str:
        """`conn.close() is a coroutine and is not awaited: the connection stays open; write 'await conn.close()'`."""
        room = width - len(fault.arguments)
        inside = f"({fault.arguments})" if not fault.arguments or room >= len(fault.written) else "(...)"
        written, right = (f"{shortened(text, width).removesuffix('()')}{inside}" for text in (fault.written, fault.right))
        cure = f"write '{right}'" if fault.in_async else "await it in an 'async def'"
        return f"{written} is a coroutine that is not awaited, so the {fault.kind.value} stays open; {cure}"
