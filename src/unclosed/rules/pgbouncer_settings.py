"""UNC306: a pgbouncer.ini lets clients wait or hold without limit, or orders its limits badly."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction
from unclosed.findings import Finding
from unclosed.pgbouncer.judge import JudgedSettings, SettingFault, SettingVerdict
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule


class PgbouncerSettings(Rule):
    """Allow pgbouncer-settings: limits of PgBouncer that are none, or that undo each other."""

    code = "UNC306"
    name = "pgbouncer-settings"
    default = False
    reads_settings = True
    summary = "a `pgbouncer.ini` lets clients wait or hold without limit, or orders its limits badly; on for a file that is named"
    explanation = sections(
        does="""
            Reads a `pgbouncer.ini` with PgBouncer's defaults, `%include` and what `[databases]` and `[users]` say for themselves,
            and reports timeouts told to be 0 where that means no limit (`query_wait_timeout`, `server_connect_timeout`,
            `client_login_timeout`, `cancel_wait_timeout`); no `idle_transaction_timeout`, unless `transaction_timeout` is set;
            a `query_wait_timeout` of more than half of `query_timeout`; other limits that never come to bear because a shorter one
            goes before them; a `max_client_conn` below the pools that it serves; and `pool_mode = session` for all databases of a
            project whose requirements make it a web service. `server_lifetime = 0` is no missing limit: it closes a connection
            after one use. On for a file that is named on the command line; when the rule is selected, also for each file called
            `pgbouncer.ini` below the directories.
        """,
        why="""
            One client that is idle in a transaction, or a server that does not answer, takes a server connection out of the pool,
            and those who wait for it wait as long as they are let. PgBouncer holds a waiting client against `query_timeout` first,
            so it then dies of the wrong limit.
        """,
        release="""
            A number of seconds. A value that is not known, such as `${TIMEOUT}`, is not reported, nor is a missing setting when an
            included file cannot be read.
        """,
        ignore="""
            When the database server sets the limit itself, by `idle_in_transaction_session_timeout`, or when clients need what
            belongs to a session (UNC307) on every database.
        """,
        options="""
            `; noqa: UNC306` on a line of its own above the setting, or behind the head of the section, silences one place: PgBouncer
            takes what stands behind a value for a part of it.
        """,
    )
    example = "pgbouncer.ini"
    bad = dedent("""\
        [databases]
        shop = host=db.example pool_size=20

        [pgbouncer]
        pool_mode = transaction
        idle_transaction_timeout = 60
        query_wait_timeout = 0
    """)
    good = dedent("""\
        [databases]
        shop = host=db.example pool_size=20

        [pgbouncer]
        pool_mode = transaction
        idle_transaction_timeout = 60
        query_wait_timeout = 20
    """)

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """Nothing: it is about settings."""
        yield from ()

    def check_settings(self, settings: JudgedSettings) -> Iterator[Finding]:
        """One finding for each fault."""
        for verdict in settings.verdicts:
            name = verdict.written.split()[0]
            yield Finding(self.code, verdict.path, verdict.span, _sentence(verdict), verdict.confidence, resource=name)


def _sentence(verdict: SettingVerdict) -> str:
    """`query_wait_timeout = 0 lets clients queue without limit; give it a number of seconds`."""
    written, other = verdict.written, verdict.other
    match verdict.fault:
        case SettingFault.UNLIMITED:
            return f"{written} {verdict.why}; give it a number of seconds"
        case SettingFault.IDLE_TRANSACTIONS:
            unset = written if "=" in written else f"{written} is not set"
            return f"{unset}: a client idle in a transaction keeps its server connection; set a number of seconds"
        case SettingFault.ORDER:
            return f"{written} is not {other}, which {verdict.why}"
        case SettingFault.FEW_CLIENTS:
            return f"{written} is below the {other} server connections of the pools that it serves"
        case SettingFault.SESSIONS:
            return f"{written} keeps a server connection for each client of a web service ({other}); use transaction"
