"""UNC205: untimed or slow external I/O runs while a pooled connection is checked out and no transaction is open."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import HeldCall
from unclosed.rules.explanation import sections
from unclosed.rules.held_calls import HeldCallRule, in_words, is_slow, is_untimed
from unclosed.rules.wording import shortened


class IoHoldingConnection(HeldCallRule):
    """Allow io-holding-connection: untimed or slow external I/O runs while a pooled connection is checked out, without a transaction."""

    code = "UNC205"
    name = "io-holding-connection"
    default = False
    needs_connections = True
    summary = "untimed or slow external I/O runs while a pooled connection is checked out and no transaction is open"
    explanation = sections(
        does="""
            Reports external I/O without a time limit, or with one of `slow-io-seconds` (60 by default) or more, while the
            function has a connection checked out of a pool and no transaction is open on it. Off by default.
        """,
        why="""
            No locks are held, but the connection is missing from the pool for as long as the other side takes.
        """,
        release="""
            Give the connection back before the call and take one again after it.
        """,
        ignore="""
            When the pool is as large as the number of workers, so that nobody waits for the connection.
        """,
        options="""
            `slow-io-seconds` in `[tool.unclosed]`, or `--slow-io-seconds`: 60 by default; 0 reports every call that has a limit.
        """,
    )
    bad = dedent("""\
        import httpx
        import psycopg_pool

        pool = psycopg_pool.ConnectionPool()


        def fetch(url):
            with pool.connection():
                return httpx.get(url, timeout=None)
    """)
    good = dedent("""\
        import httpx
        import psycopg_pool

        pool = psycopg_pool.ConnectionPool()


        def fetch(url):
            found = httpx.get(url, timeout=None)
            with pool.connection() as conn:
                conn.execute("INSERT INTO pages VALUES (%s)", [found.text])
    """)

    def applies(self, call: HeldCall) -> bool:
        """Whether the call is untimed or slow I/O while a connection is checked out."""
        return not call.in_transaction and (is_untimed(call) or is_slow(call, self.slow_io_seconds))

    def sentence(self, call: HeldCall, width: int) -> str:
        """`httpx.get() has no time limit while the connection taken on line 12 is checked out; …`."""
        written = shortened(call.written, width)
        limit = "has no time limit" if is_untimed(call) else f"may take {in_words(call.seconds)}"
        return f"{written} {limit} while the connection taken on line {call.began} is checked out; give it back first"
