"""UNC301: an engine or pool is made on each call of a function and never closed there."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.pool_rules import PoolRule, ending
from unclosed.rules.wording import shortened


class PoolPerCall(PoolRule):
    """Allow pool-per-call: an engine or pool is made on each call of a function and never closed there."""

    code = "UNC301"
    name = "pool-per-call"
    fault = PoolFault.PER_CALL
    summary = "an engine or pool is made on each call of a function and never closed there"
    explanation = sections(
        does="""
            Reports an engine or pool that a function makes, where the function runs again and again and no path of it
            closes the pool or hands it on. If a function of the project makes it and returns it, the call of that function
            is reported, in the function that drops it.

            Not reported: module level, what a cached or memoised function keeps, the main function of a program, commands,
            start-up hooks of applications and workers, tests and fixtures, engines on an SQLite database in memory,
            `NullPool`.
        """,
        why="""
            A pool keeps its connections open to lend them again. One that is made for a call and forgotten keeps them until
            the garbage collector finds it: under load the database runs out of connections, and every call pays for a new
            one.
        """,
        release="""
            Closing the pool on any path: `dispose()`, `close()`, `closeall()`, `terminate()`, or a `with` block that closes
            it. So does handing it on: it is returned, yielded, kept in a global, an attribute or a container, given to
            something that keeps it, or a session factory, session or connection that was made from it leaves.
        """,
        ignore="""
            When the function is known to run once in the life of the process.
        """,
    )
    bad = dedent("""\
        from sqlalchemy import create_engine, text


        def count(url):
            engine = create_engine(url)
            with engine.connect() as conn:
                return conn.execute(text("SELECT count(*) FROM orders")).scalar()
    """)
    good = dedent("""\
        from sqlalchemy import create_engine, text

        engine = create_engine("postgresql://db.example/shop")


        def count():
            with engine.connect() as conn:
                return conn.execute(text("SELECT count(*) FROM orders")).scalar()
    """)

    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """`pool from create_engine() is made on each call of count() and never closed; make it once or call dispose()`."""
        made = f"pool from {shortened(pool.written, width)} is made on each call of {shortened(pool.function, width)}()"
        return f"{made} and never closed; make it once{ending(pool, ' or ')}"
