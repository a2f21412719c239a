"""The ledger of the run: what was checked of each library, printed at its end."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from conformance.ledger import CHECKED, Ledger, write_record
from conformance.pgbouncer import PROGRAM

_LEDGER = pytest.StashKey[Ledger]()
_HERE = Path(__file__).parent
_CAN_ASK_PGBOUNCER = PROGRAM is not None and all(find_spec(name) for name in ("asyncpg", "psycopg", "sqlalchemy"))
collect_ignore = [] if _CAN_ASK_PGBOUNCER else ["test_pgbouncer.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty ledger."""
    config.stash[_LEDGER] = Ledger()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder has the marker, so that the plain test command leaves it out."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("conformance")


@pytest.fixture
def ledger(pytestconfig: pytest.Config) -> Ledger:
    """Where a test notes what it has checked."""
    return pytestconfig.stash[_LEDGER]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of what was checked, and write it down if that was asked for; say what could not be looked at."""
    if PROGRAM is None and "not conformance" not in config.getoption("-m"):
        terminalreporter.write_line(
            "PgBouncer is not installed: what is said of it was not checked (UNCLOSED_TEST_PGBOUNCER names the program)"
        )
    rows = config.stash[_LEDGER]
    if rows.is_empty():
        return
    terminalreporter.section("library × claim: how many were run, how many read")
    for line in rows.table():
        terminalreporter.write_line(line)
    if config.getoption("--record-conformance"):
        write_record(rows, CHECKED)
        terminalreporter.write_line(f"written to {CHECKED.relative_to(Path.cwd())}")
