"""UNC105 and, for cursors, UNC135: the only name of an open resource is rebound or deleted."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import given_back, release_first, shortened, subject


class OverwrittenBeforeRelease(LossRule):
    """Allow overwritten-before-release: a loop or retry that acquires anew over an open resource."""

    code = "UNC105"
    name = "overwritten-before-release"
    summary = "the only name of an open resource is rebound or deleted, a loop or retry included, while other paths release it"
    loss = Loss.OVERWRITTEN
    explanation = sections(
        does="""
            Reports a resource that some paths release, while on another path its only name is rebound or deleted before that: an
            assignment, `del`, or the next round of a loop or retry that acquires anew.
        """,
        why="""
            What no name refers to, no later code can release. Retry loops lose one connection with each attempt, just when the
            server is short of them.
        """,
        ignore="""
            When something that the function cannot see keeps another reference and releases it.
        """,
    )
    bad = dedent("""\
        import pymysql


        def connect_to_primary(hosts):
            conn = None
            for host in hosts:
                conn = pymysql.connect(host=host)
                with conn.cursor() as cursor:
                    cursor.execute("SELECT @@read_only")
                    if cursor.fetchone()[0] == 0:
                        break
            return conn
    """)
    good = dedent("""\
        import pymysql


        def connect_to_primary(hosts):
            for host in hosts:
                conn = pymysql.connect(host=host)
                try:
                    with conn.cursor() as cursor:
                        cursor.execute("SELECT @@read_only")
                        if cursor.fetchone()[0] == 0:
                            return conn
                except Exception:
                    conn.close()
                    raise
                conn.close()
            return None
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from psycopg2.connect() is not closed before line 12 overwrites conn; …`."""
        resource = verdict.resource
        loss = (
            f"before {_place(verdict)} {'deletes' if verdict.cause == 'del' else 'overwrites'} {shortened(resource.target, width) or 'it'}"
        )
        return f"{subject(resource, width)} is not {given_back(resource.lease)} {loss}; {release_first(resource.lease)}"


def _place(verdict: Verdict) -> str:
    """Where the name is lost: another line, or the same one in the next round of a loop."""
    if verdict.where is None:
        return "the next assignment"
    row = verdict.where.start.row
    return "the next round of the loop" if row == verdict.resource.span.start.row else f"line {row}"


class CursorOverwrittenBeforeRelease(OverwrittenBeforeRelease):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC135"
    name = "cursor-overwritten-before-release"
    summary = "the only name of an open cursor of a connection from outside the function is rebound or deleted"
    of_cursors = True
    bad = dedent("""\
        import psycopg2.extensions


        def import_batches(conn: psycopg2.extensions.connection, batches) -> None:
            cur = None
            for batch in batches:
                cur = conn.cursor()
                cur.executemany("INSERT INTO events (kind, at) VALUES (%s, %s)", batch)
            if cur is not None:
                cur.close()
    """)
    good = dedent("""\
        import psycopg2.extensions


        def import_batches(conn: psycopg2.extensions.connection, batches) -> None:
            with conn.cursor() as cur:
                for batch in batches:
                    cur.executemany("INSERT INTO events (kind, at) VALUES (%s, %s)", batch)
    """)
