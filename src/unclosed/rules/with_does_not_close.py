"""UNC104 and, for cursors, UNC134: a `with` block whose exit leaves the resource open."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.library import WithExit
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import LossRule
from unclosed.rules.wording import closing_wrapper, given_back, subject, way_out


class WithDoesNotClose(LossRule):
    """Allow with-does-not-close: a block that only ends the transaction."""

    code = "UNC104"
    name = "with-does-not-close"
    summary = "leaving the `with` block does not release the resource (sqlite3, psycopg2, `with pool.getconn()`), and nothing else does"
    loss = Loss.WITH_KEEPS_OPEN
    explanation = sections(
        does="""
            Reports a resource made in a `with` header, or bound and then used as `with conn:`, where leaving the block does not
            release it and nothing else does.
        """,
        why="""
            `with` reads as "and then it is closed". For sqlite3 and psycopg2 it is not: the block commits or rolls back, and the
            connection stays open. A connection that psycopg_pool lent by `getconn()` stays taken.
        """,
        release="""
            `with contextlib.closing(conn):` around the block that ends the transaction, `conn.close()` in `finally`, or giving the
            connection back to its pool. Whether a `with` block releases is a fact about each library: psycopg 3, PyMySQL,
            mysqlclient, aiosqlite and SQLAlchemy do release, and are not reported.
        """,
        ignore="""
            When the connection is meant to live as long as the process. Then keep it where that can be seen: on an object or at
            module level.
        """,
    )
    bad = dedent("""\
        import sqlite3


        def add_user(path, name):
            with sqlite3.connect(path) as conn:
                conn.execute("INSERT INTO users (name) VALUES (?)", (name,))
    """)
    good = dedent("""\
        import sqlite3
        from contextlib import closing


        def add_user(path, name):
            with closing(sqlite3.connect(path)) as conn:
                with conn:
                    conn.execute("INSERT INTO users (name) VALUES (?)", (name,))
    """)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from sqlite3.connect() is not closed by 'with', which only ends the transaction; use closing()`."""
        resource, lease = verdict.resource, verdict.resource.lease
        wrapper = closing_wrapper(lease)
        block = "async with" if lease.with_exit is WithExit.NOTHING and lease.async_with_exit is WithExit.TRANSACTION else "with"
        keeps = WithExit.TRANSACTION in (lease.with_exit, lease.async_with_exit) and ":" not in lease.type_name
        effect = ", which only ends the transaction" if wrapper and keeps else ""
        cure = f"use {wrapper}" if wrapper else way_out(resource, width)
        return f"{subject(resource, width)} is not {given_back(lease)} by '{block}'{effect}; {cure}"


class CursorWithDoesNotClose(WithDoesNotClose):
    """The same for a cursor of a connection that came from outside."""

    code = "UNC134"
    name = "cursor-with-does-not-close"
    summary = "leaving the `with` block does not release a cursor of a connection from outside the function (pyodbc)"
    of_cursors = True
    bad = dedent("""\
        import pyodbc


        def add_user(conn: pyodbc.Connection, name: str) -> None:
            with conn.cursor() as cur:
                cur.execute("INSERT INTO users (name) VALUES (?)", name)
    """)
    good = dedent("""\
        from contextlib import closing

        import pyodbc


        def add_user(conn: pyodbc.Connection, name: str) -> None:
            with closing(conn.cursor()) as cur:
                cur.execute("INSERT INTO users (name) VALUES (?)", name)
                cur.commit()
    """)
