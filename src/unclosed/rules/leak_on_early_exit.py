"""UNC102 and, for cursors, UNC132: a normal path leaves the function before the release."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import given_back, happening, subject, way_out


class LeakOnEarlyExit(LossRule):
    """Allow leak-on-early-exit: a `return`, a branch or a swallowed exception that skips the release."""

    code = "UNC102"
    name = "leak-on-early-exit"
    summary = "a normal path leaves before the release: an early `return`, a branch, a handler that swallows"
    loss = Loss.EARLY_EXIT
    explanation = sections(
        does="""
            Reports a resource that some paths release and at least one normal path does not: an early `return`, `break` or
            `continue`, a branch, the end of the function, or a handler that swallows the exception and goes on.
        """,
        why="""
            The common case works, so tests pass; the rare branch loses one connection each time it is taken, until the pool is
            empty or the server refuses.
        """,
        ignore="""
            When the branch cannot be taken with an open resource for a reason that the code does not show. An `assert` on the
            resource, or a test of it (`if conn is not None:`), says it in code and is understood.
        """,
    )
    bad = dedent("""\
        import sqlite3


        def find_user(path, name):
            conn = sqlite3.connect(path)
            row = conn.execute("SELECT id FROM users WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            conn.close()
            return row[0]
    """)
    good = dedent("""\
        import sqlite3


        def find_user(path, name):
            conn = sqlite3.connect(path)
            try:
                row = conn.execute("SELECT id FROM users WHERE name = ?", (name,)).fetchone()
                if row is None:
                    return None
                return row[0]
            finally:
                conn.close()
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from psycopg2.connect() is not closed before 'return' (line 12); …`."""
        resource, what = verdict.resource, happening(verdict, width)
        if what:
            path = f"{'before' if verdict.cause == 'return' else 'after'} {what}"
        else:
            path = "on a path to the end of the function"
        return f"{subject(resource, width)} is not {given_back(resource.lease)} {path}; {way_out(resource, width)}"


class CursorLeakOnEarlyExit(LeakOnEarlyExit):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC132"
    name = "cursor-leak-on-early-exit"
    summary = "a normal path leaves before a cursor of a connection from outside the function is released"
    of_cursors = True
    bad = dedent("""\
        import sqlite3


        def find_user(conn: sqlite3.Connection, name: str):
            cur = conn.cursor()
            cur.execute("SELECT id FROM users WHERE name = ?", (name,))
            row = cur.fetchone()
            if row is None:
                return None
            cur.close()
            return row[0]
    """)
    good = dedent("""\
        import sqlite3
        from contextlib import closing


        def find_user(conn: sqlite3.Connection, name: str):
            with closing(conn.cursor()) as cur:
                cur.execute("SELECT id FROM users WHERE name = ?", (name,))
                row = cur.fetchone()
                return None if row is None else row[0]
    """)
