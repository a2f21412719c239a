"""UNC304: an application makes a pool when it starts, and nothing closes it."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.pool_rules import PoolRule, ending
from unclosed.rules.wording import shortened


class PoolNeverClosed(PoolRule):
    """Allow pool-never-closed: an application makes a pool when it starts, and nothing closes it."""

    code = "UNC304"
    name = "pool-never-closed"
    fault = PoolFault.NEVER_CLOSED
    summary = "an application makes a pool when it starts, and nothing closes it"
    explanation = sections(
        does="""
            Reports the pool that a start-up hook of an application makes (a lifespan, `on_event("startup")`, aiohttp's
            `on_startup`) and keeps on the application, in a global or in the lifespan itself, where no code of the project
            closes it. Silent where a file that names what keeps the pool also names a method that closes it.
        """,
        why="""
            At every restart and reload the server's side sees connections that vanish: it keeps them until its own
            timeouts, and what was in progress is cut off. In tests, which start the application many times in one process,
            the connections add up.
        """,
        release="""
            A release after the lifespan's `yield`, in a shutdown hook, by `atexit` or anywhere else in the project.
        """,
        ignore="""
            When the process is always killed together with its connections, and never started twice in one interpreter.
        """,
    )
    bad = dedent("""\
        import contextlib

        import asyncpg


        @contextlib.asynccontextmanager
        async def lifespan(app):
            app.state.pool = await asyncpg.create_pool("postgresql://db.example/shop")
            yield
    """)
    good = dedent("""\
        import contextlib

        import asyncpg


        @contextlib.asynccontextmanager
        async def lifespan(app):
            app.state.pool = await asyncpg.create_pool("postgresql://db.example/shop")
            yield
            await app.state.pool.close()
    """)

    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """`pool from asyncpg.create_pool() is made at the start, kept in pool and never closed; await close()`."""
        where = f", kept in {shortened(pool.kept, width)}" if pool.kept else ""
        return f"pool from {shortened(pool.written, width)} is made at the start{where} and never closed{ending(pool, '; ')}"
