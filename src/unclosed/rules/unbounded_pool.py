"""UNC302: a pool is told to grow without limit."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.pool_rules import PoolRule, listed
from unclosed.rules.wording import shortened


class UnboundedPool(PoolRule):
    """Allow unbounded-pool: a pool is told to grow without limit."""

    code = "UNC302"
    name = "unbounded-pool"
    fault = PoolFault.UNBOUNDED
    summary = "a pool is told to grow without limit"
    explanation = sections(
        does="""
            Reports the constructor of a pool whose arguments let it grow without limit, in the spelling of its library:
            `max_overflow=-1` or `pool_size=0` for SQLAlchemy, `maxsize=0` for aiomysql and aiopg, `max_connections=None`
            for httpx. Constants and dictionaries passed by `**` are followed; what is not known is not reported, and a
            library's default is UNC305's.
        """,
        why="""
            Without a limit every burst of requests becomes as many connections, until the database refuses all of them,
            those of other programs included. A limit turns the burst into a queue.
        """,
        release="""
            A number. `NullPool` is a choice and not reported.
        """,
        ignore="""
            When something else limits how many run at once: a fixed number of workers.
        """,
    )
    bad = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://db.example/shop", max_overflow=-1)
    """)
    good = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://db.example/shop", pool_size=5, max_overflow=10)
    """)

    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """`create_engine() is told to grow without limit (max_overflow=-1); give it a number`."""
        return f"{shortened(pool.written, width)} is told to grow without limit ({listed(pool.told)}); give it a number"
