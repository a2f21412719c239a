"""UNC101 and, for cursors, UNC131: nothing in the function gives the resource back."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import given_back, subject, way_out


class NeverReleased(LossRule):
    """Allow never-released: a resource that no path gives back."""

    code = "UNC101"
    name = "never-released"
    summary = "no path from the acquire releases the resource"
    loss = Loss.NEVER
    explanation = sections(
        does="""
            Reports a connection, session or client that is acquired in a function and given back on no path through it.
        """,
        why="""
            The resource stays open until the garbage collector happens on it. A pool that lent it counts its slot as taken for
            ever, a server keeps the connection and whatever its transaction has locked, and the next caller waits.
        """,
        ignore="""
            When the process ends right after the function. Resources made at module level or under
            `if __name__ == "__main__":` are not reported, for that reason.
        """,
    )
    bad = dedent("""\
        import psycopg2


        def count_users(dsn):
            conn = psycopg2.connect(dsn)
            cur = conn.cursor()
            cur.execute("SELECT count(*) FROM users")
            return cur.fetchone()[0]
    """)
    good = dedent("""\
        from contextlib import closing

        import psycopg2


        def count_users(dsn):
            with closing(psycopg2.connect(dsn)) as conn:
                cur = conn.cursor()
                cur.execute("SELECT count(*) FROM users")
                return cur.fetchone()[0]
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from psycopg2.connect() is never closed; …`."""
        resource = verdict.resource
        return f"{subject(resource, width)} is never {given_back(resource.lease)}; {way_out(resource, width)}"


class CursorNeverReleased(NeverReleased):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC131"
    name = "cursor-never-released"
    summary = "no path releases a cursor of a connection from outside the function"
    of_cursors = True
    explanation = sections(
        does="""
            Reports a cursor that is made from a connection which the function did not acquire itself (a parameter, an attribute, a
            global) and that no path closes. Cursors of a connection acquired in the same function are never reported.
        """,
        why="""
            The connection lives on, and so may the cursor: an unread result keeps a MySQL connection busy, a named cursor of
            PostgreSQL keeps its portal and its transaction open, and memory for the rows stays taken.
        """,
        ignore="""
            With drivers whose cursors hold nothing on the server and that drop them with the last reference, when that is relied on.
        """,
    )
    bad = dedent("""\
        import psycopg2.extensions


        def count_users(conn: psycopg2.extensions.connection) -> int:
            cur = conn.cursor()
            cur.execute("SELECT count(*) FROM users")
            return cur.fetchone()[0]
    """)
    good = dedent("""\
        import psycopg2.extensions


        def count_users(conn: psycopg2.extensions.connection) -> int:
            with conn.cursor() as cur:
                cur.execute("SELECT count(*) FROM users")
                return cur.fetchone()[0]
    """)
