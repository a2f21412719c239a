"""Options of the test command, and a cache of its own: no test reads what another run, or the user's, has kept."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import pytest

_CACHE = tempfile.mkdtemp(prefix="unclosed-tests-")
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
os.environ["UNCLOSED_CACHE_DIR"] = _CACHE


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record-conformance` writes what the conformance run has checked to `tests/conformance/checked.json`."""
    parser.addoption("--record-conformance", action="store_true", help="write what was checked to tests/conformance/checked.json")
