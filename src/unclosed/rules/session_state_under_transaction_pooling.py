"""UNC307: code relies on one server connection, and the project's PgBouncer takes that away after each transaction."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction, SessionVerdict
from unclosed.findings import Finding
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted, shortened


class SessionStateUnderTransactionPooling(Rule):
    """Allow session-state-under-transaction-pooling: code that relies on one server connection behind a pooler of transactions."""

    code = "UNC307"
    name = "session-state-under-transaction-pooling"
    default = False
    needs_pooler = True
    summary = "code relies on what belongs to one server connection while the project's `pgbouncer.ini` pools by transaction"
    explanation = sections(
        does="""
            Looks for files called `pgbouncer.ini` in the project. Where they say `pool_mode = transaction` (or `statement`), reports
            `LISTEN` and waiting for notifications, advisory locks of the session, `SET` without `LOCAL`, `set_config(..., false)`,
            `PREPARE`, `DECLARE ... WITH HOLD` and temporary tables without `ON COMMIT DROP`, sent by psycopg2, psycopg, asyncpg,
            aiopg or SQLAlchemy; and connections, pools and engines whose driver prepares statements by itself, if PgBouncer does
            not carry them over: before 1.21, or with `max_prepared_statements = 0`. The version is that of the image in the
            project's compose file or Dockerfile; one that is not known is the newest.

            A connection that is seen to lead to another port than PgBouncer's is left alone. Where nothing is known of its way
            the finding is `likely`; it is only `possible` if a name says that the connection is direct, or if some databases are
            pooled otherwise.
        """,
        why="""
            After the transaction the server connection belongs to another client. Notifications and locks stay behind with it,
            settings and tables surprise whoever comes next, and a prepared statement is not there, or is another one's.
        """,
        release="""
            `pg_advisory_xact_lock()`, `SET LOCAL`, `set_config(..., true)` and `ON COMMIT DROP` end with the transaction. A lock that
            is given back in the same transaction is no harm. For `LISTEN` only a connection of its own to the server will do.
            What PgBouncer sets again for each client (`TimeZone`, `client_encoding`, `application_name`, `DateStyle`, and what
            `track_extra_parameters` names) is not reported.
        """,
        ignore="""
            For a connection that goes past PgBouncer, where the code does not show it.
        """,
    )
    bad = dedent("""\
        import psycopg2


        def refresh(dsn):
            conn = psycopg2.connect(dsn)
            try:
                with conn, conn.cursor() as cur:
                    cur.execute("SET statement_timeout = '5min'")
                    cur.execute("REFRESH MATERIALIZED VIEW sales")
            finally:
                conn.close()
    """)
    good = dedent("""\
        import psycopg2


        def refresh(dsn):
            conn = psycopg2.connect(dsn)
            try:
                with conn, conn.cursor() as cur:
                    cur.execute("SET LOCAL statement_timeout = '5min'")
                    cur.execute("REFRESH MATERIALIZED VIEW sales")
            finally:
                conn.close()
    """)
    beside = {  # noqa: RUF012
        "pgbouncer.ini": dedent("""\
            [databases]
            shop = host=db.example

            [pgbouncer]
            pool_mode = transaction
            idle_transaction_timeout = 60
        """)
    }

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each call that relies on a session."""
        for found in function.sessions:
            message = fitted(partial(_sentence, found))
            yield Finding(self.code, function.path, found.span, message, found.confidence, found.trail, found.written, function.name)


def _sentence(found: SessionVerdict, width: int) -> str:
    """`cur.execute(): LISTEN needs one session, and pool_mode = transaction changes it; use a direct connection`."""
    written = shortened(found.written, width)
    if found.is_prepared:
        return f"{written} prepares statements that this PgBouncer does not carry over; pass {found.instead}"
    return f"{written}: {found.what} needs one session, and pool_mode = {found.mode} changes it; use {found.instead}"
