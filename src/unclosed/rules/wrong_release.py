"""UNC107: a release that does not give the resource back."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Fault, ReleaseFault
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import FaultRule
from unclosed.rules.wording import shortened


class WrongRelease(FaultRule):
    """Allow wrong-release: `close()` on a connection whose pool then counts the slot as taken."""

    code = "UNC107"
    name = "wrong-release"
    summary = "a release that does not give the resource back: `conn.close()` on a connection that its pool still counts"
    faults = frozenset({Fault.WRONG_METHOD, Fault.WRONG_OWNER})
    explanation = sections(
        does="""
            Reports `conn.close()` on a connection from a pool that then counts the slot as taken (psycopg2's pools, psycopg_pool,
            aiopg, aiomysql), and giving a connection to another pool than the one that lent it. Reported at the release.
        """,
        why="""
            The connection is closed and its slot is gone: after as many calls as the pool has slots, every caller fails or waits.
        """,
        release="""
            The method of the pool, `pool.putconn(conn)` or `pool.release(conn)`, or a block that the pool lends,
            `with pool.connection() as conn:`. Where `close()` does give the slot back (SQLAlchemy, mysql-connector, asyncpg,
            psycopg_pool with `close_returns=True`) nothing is reported.
        """,
        ignore="""
            When the connection is broken and the pool is told so by other means.
        """,
    )
    bad = dedent("""\
        from psycopg2.pool import ThreadedConnectionPool

        pool = ThreadedConnectionPool(1, 10, "dbname=shop")


        def delete_order(order_id):
            conn = pool.getconn()
            try:
                with conn, conn.cursor() as cur:
                    cur.execute("DELETE FROM orders WHERE id = %s", (order_id,))
            finally:
                conn.close()
    """)
    good = dedent("""\
        from psycopg2.pool import ThreadedConnectionPool

        pool = ThreadedConnectionPool(1, 10, "dbname=shop")


        def delete_order(order_id):
            conn = pool.getconn()
            try:
                with conn, conn.cursor() as cur:
                    cur.execute("DELETE FROM orders WHERE id = %s", (order_id,))
            finally:
                pool.putconn(conn)
    """)

    def sentence(self, fault: ReleaseFault, width: int) -> str:
        """`conn.close() does not give the connection back to its pool; use pool.putconn(conn)`."""
        written, right = shortened(fault.written, width), shortened(fault.right, width)
        if fault.fault is Fault.WRONG_OWNER:
            return f"{written} gives the {fault.kind.value} to a pool that did not lend it; use {right}"
        return f"{written} does not give the {fault.kind.value} back to its pool; use {right}"
