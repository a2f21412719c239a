"""UNC106 and, for cursors, UNC136: the resource is used as a temporary or dropped."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import given_back, subject, way_out


class Discarded(LossRule):
    """Allow discarded: a resource that no name ever holds."""

    code = "UNC106"
    name = "discarded"
    summary = "an acquired resource is used as a temporary or dropped: `engine.connect().execute(q)`"
    loss = Loss.DISCARDED
    explanation = sections(
        does="""
            Reports a resource that is acquired inside a larger expression, or as a statement of its own, and that nothing can
            release afterwards: `engine.connect().execute(query)`, `sqlite3.connect(path)`.
        """,
        why="""
            The resource has no name, so it is released only when the garbage collector finds it. The result of a query often refers
            to it and keeps the connection checked out for as long as the rows are used.
        """,
        ignore="""
            When the discarded resource has been given to something that releases it by means that are not visible in the
            expression.
        """,
    )
    bad = dedent("""\
        from sqlalchemy import create_engine, text

        engine = create_engine("postgresql://localhost/shop")


        def order_ids():
            rows = engine.connect().execute(text("SELECT id FROM orders"))
            return [row.id for row in rows]
    """)
    good = dedent("""\
        from sqlalchemy import create_engine, text

        engine = create_engine("postgresql://localhost/shop")


        def order_ids():
            with engine.connect() as conn:
                rows = conn.execute(text("SELECT id FROM orders"))
                return [row.id for row in rows]
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from engine.connect() is dropped without a name and never closed; …`."""
        resource = verdict.resource
        return f"{subject(resource, width)} has no name and is never {given_back(resource.lease)}; {way_out(resource, width)}"


class CursorDiscarded(Discarded):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC136"
    name = "cursor-discarded"
    summary = "a cursor of a connection from outside the function is used as a temporary or dropped"
    of_cursors = True
    bad = dedent("""\
        import psycopg2.extensions


        def touch_user(conn: psycopg2.extensions.connection, user_id: int) -> None:
            conn.cursor().execute("UPDATE users SET seen = now() WHERE id = %s", (user_id,))
            conn.commit()
    """)
    good = dedent("""\
        import psycopg2.extensions


        def touch_user(conn: psycopg2.extensions.connection, user_id: int) -> None:
            with conn.cursor() as cur:
                cur.execute("UPDATE users SET seen = now() WHERE id = %s", (user_id,))
            conn.commit()
    """)
