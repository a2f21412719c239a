"""UNC303: waiting for a free connection is told to have no limit."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.pool_rules import PoolRule, listed
from unclosed.rules.wording import shortened


class UnboundedPoolWait(PoolRule):
    """Allow unbounded-pool-wait: waiting for a free connection is told to have no limit."""

    code = "UNC303"
    name = "unbounded-pool-wait"
    fault = PoolFault.ENDLESS_WAIT
    summary = "waiting for a free connection is told to have no limit"
    explanation = sections(
        does="""
            Reports the constructor of a pool, or the call that takes a connection, whose arguments say to wait for a free
            connection without limit, in the spelling of its library: `pool_timeout=None` for SQLAlchemy, `timeout=None` for
            aiopg or for `acquire()` of asyncpg. A library's default is UNC305's.
        """,
        why="""
            When the pool is exhausted, by a leak or by a slow query, every caller hangs for ever, and nobody sees why: no
            error is raised and nothing is logged. With a limit the first caller fails and says so.
        """,
        release="""
            A number of seconds, or `asyncio.timeout` or `wait_for` around the call.
        """,
        ignore="""
            When a job may wait as long as it takes, and something else watches it.
        """,
    )
    bad = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://db.example/shop", pool_timeout=None)
    """)
    good = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://db.example/shop", pool_timeout=10)
    """)

    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """`create_engine() is told to wait for a connection without limit (pool_timeout=None); give it a number of seconds`."""
        written = shortened(pool.written, width)
        return f"{written} is told to wait for a connection without limit ({listed(pool.told)}); give it some seconds"
