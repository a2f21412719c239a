"""UNC103 and, for cursors, UNC133: an exception between acquire and release skips the release."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import given_back, happening, subject, way_out


class LeakOnException(LossRule):
    """Allow leak-on-exception: a release that an exception jumps over."""

    code = "UNC103"
    name = "leak-on-exception"
    summary = "an exception between acquire and release skips the release"
    loss = Loss.EXCEPTION
    explanation = sections(
        does="""
            Reports a resource that every normal path releases, while a call between acquire and release can raise and nothing,
            neither a `with` block nor `finally`, releases it then. A statement before the release inside the `finally` counts too.
        """,
        why="""
            Queries fail: a deadlock, a timeout, a constraint, a server that restarts. The moment in which many of them fail is the
            moment in which each of them loses a connection, and the outage outlives its cause.
        """,
        release="""
            A `with` or `async with` block whose exit releases, `contextlib.closing`, or a release in `finally`; in synchronous code
            also `except Exception: conn.close(); raise`. Calls that do not raise in practice (logging, `print`, `len`,
            `isinstance`), `conn.cursor()`, and the release or rollback of another resource make no exception path alone;
            `commit()` does.
        """,
        ignore="""
            When a failure ends the process at once. Work between acquiring a resource and returning it to the caller is reported
            with the confidence `possible` only, which is hidden by default.
        """,
    )
    bad = dedent("""\
        import psycopg2


        def rename_user(dsn, user_id, name):
            conn = psycopg2.connect(dsn)
            cur = conn.cursor()
            cur.execute("UPDATE users SET name = %s WHERE id = %s", (name, user_id))
            conn.commit()
            conn.close()
    """)
    good = dedent("""\
        import psycopg2


        def rename_user(dsn, user_id, name):
            conn = psycopg2.connect(dsn)
            try:
                cur = conn.cursor()
                cur.execute("UPDATE users SET name = %s WHERE id = %s", (name, user_id))
                conn.commit()
            finally:
                conn.close()
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from psycopg2.connect() is not closed when fetch() (line 12) raises; …`."""
        resource, what = verdict.resource, happening(verdict, width)
        if verdict.cause == "raise":
            path = f"at {what}"
        else:
            path = f"when {what} raises" if what else "when an exception leaves the function"
        return f"{subject(resource, width)} is not {given_back(resource.lease)} {path}; {way_out(resource, width)}"


class CursorLeakOnException(LeakOnException):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC133"
    name = "cursor-leak-on-exception"
    summary = "an exception skips the release of a cursor of a connection from outside the function"
    of_cursors = True
    bad = dedent("""\
        import pymysql.connections


        def rename_user(conn: pymysql.connections.Connection, user_id: int, name: str) -> None:
            cur = conn.cursor()
            cur.execute("UPDATE users SET name = %s WHERE id = %s", (name, user_id))
            cur.close()
    """)
    good = dedent("""\
        import pymysql.connections


        def rename_user(conn: pymysql.connections.Connection, user_id: int, name: str) -> None:
            with conn.cursor() as cur:
                cur.execute("UPDATE users SET name = %s WHERE id = %s", (name, user_id))
    """)
