"""UNC305: the limits of a pool are left to the library's defaults."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.pool_rules import PoolRule, listed
from unclosed.rules.wording import shortened


class ImplicitPoolLimits(PoolRule):
    """Allow implicit-pool-limits: the limits of a pool are left to the library's defaults."""

    code = "UNC305"
    name = "implicit-pool-limits"
    default = False
    fault = PoolFault.IMPLICIT_LIMITS
    summary = "the limits of a pool are left to the library's defaults"
    explanation = sections(
        does="""
            Reports the constructor of a pool that leaves its size, overflow, wait, recycling or liveness check to the
            library's default. Off by default. What a dictionary passed by `**` says counts, and one that is not known may
            say anything.
        """,
        why="""
            The defaults differ from library to library and from version to version, some have no limit at all, and none of
            them knows how many connections the database gives to how many processes.
        """,
        release="""
            The arguments written out, be it with their default.
        """,
        ignore="""
            When the defaults are what the project wants, as in most small programs.
        """,
    )
    bad = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://db.example/shop", pool_size=5, max_overflow=10)
    """)
    good = dedent("""\
        from sqlalchemy import create_engine

        engine = create_engine(
            "postgresql://db.example/shop",
            pool_size=5,
            max_overflow=10,
            pool_timeout=10,
            pool_recycle=1800,
            pool_pre_ping=True,
        )
    """)

    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """`create_engine() leaves pool_timeout and pool_recycle to the library's default; say what they should be`."""
        return f"{shortened(pool.written, width)} leaves {listed(pool.told)} to the library's default; write it out"
