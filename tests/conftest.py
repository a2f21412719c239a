"""Options of the test command."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record-conformance` writes what the conformance run has checked to `tests/conformance/checked.json`."""
    parser.addoption("--record-conformance", action="store_true", help="write what was checked to tests/conformance/checked.json")
