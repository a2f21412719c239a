"""The ledger of the run: what was checked of each library, printed at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.ledger import CHECKED, Ledger, write_record

_LEDGER = pytest.StashKey[Ledger]()
_HERE = Path(__file__).parent


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
    """Print the table of what was checked, and write it down if that was asked for."""
    rows = config.stash[_LEDGER]
    if rows.is_empty():
        return
    terminalreporter.section("library × claim: how many were run, how many read")
    for line in rows.table():
        terminalreporter.write_line(line)
    if config.getoption("--record-conformance"):
        write_record(rows, CHECKED)
        terminalreporter.write_line(f"written to {CHECKED.relative_to(Path.cwd())}")
