"""UNC112: cancellation of a task skips the release, or loses the resource while it is being acquired."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import VerdictRule
from unclosed.rules.wording import given_back, happening, lost_while_acquired, subject, way_out


class LeakOnCancellation(VerdictRule):
    """Allow leak-on-cancellation: a release that `CancelledError` jumps over."""

    code = "UNC112"
    name = "leak-on-cancellation"
    summary = "async code: ordinary exceptions release the resource, `CancelledError` does not"
    explanation = sections(
        does="""
            Reports a resource in async code that ordinary exceptions release and cancellation does not: it is released under
            `except Exception`, and not under `finally` or `except BaseException`. Also an acquire that loses its result when it is
            cancelled, such as `asyncio.wait_for(pool.getconn(), 5)` of psycopg_pool before Python 3.12.
        """,
        why="""
            `asyncio.CancelledError` is no `Exception`. Clients that disconnect, timeouts and shutdowns cancel tasks all day, each at
            some `await`; each of them may keep a slot of the pool for ever.
        """,
        release="""
            `async with`, or a release in `finally` or `except BaseException`. To limit the wait for a connection, use the pool's own
            `timeout`, not `wait_for` around the acquire.
        """,
        ignore="""
            When the task is never cancelled, shutdown of the event loop included.
        """,
        options="""
            `requires-python` of the project says which Python versions count; without it, the one that runs the linter.
            `min-confidence` in `[tool.unclosed]`, or `--min-confidence`: `likely` by default. `# noqa: UNC112` at the end of the
            reported line silences one place.
        """,
    )
    bad = dedent("""\
        import asyncpg


        async def rename_user(dsn, user_id, name):
            conn = await asyncpg.connect(dsn)
            try:
                await conn.execute("UPDATE users SET name = $1 WHERE id = $2", name, user_id)
            except Exception:
                await conn.close()
                raise
            await conn.close()
    """)
    good = dedent("""\
        import asyncpg


        async def rename_user(dsn, user_id, name):
            conn = await asyncpg.connect(dsn)
            try:
                await conn.execute("UPDATE users SET name = $1 WHERE id = $2", name, user_id)
            finally:
                await conn.close()
    """)

    def applies(self, verdict: Verdict) -> bool:
        """Whether cancellation alone loses the resource; cursors have no code of their own for it."""
        return verdict.loss is Loss.CANCELLATION

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from asyncpg.connect() is not closed when conn.execute() (line 12) is cancelled; …`."""
        resource, what = verdict.resource, happening(verdict, width)
        if lost_while_acquired(verdict):
            return f"{subject(resource, width)} is lost when {what} is cancelled; give it the limit itself"
        path = f"when {what} is cancelled" if what else "when the task is cancelled"
        return f"{subject(resource, width)} is not {given_back(resource.lease)} {path}; {way_out(resource, width)}"
