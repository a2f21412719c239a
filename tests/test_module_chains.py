"""Long chains and circles of modules: how far they are followed depends on the code only, and what lies beyond is not reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config
from unclosed.engine import Engine
from unclosed.file_result import FileResult
from unclosed.lint import check_source
from unclosed.text import SourceFile

LINK = """\
import m{after:02}


def open{here:02}(path):
    return m{after:02}.open{after:02}(path)


def shut{here:02}(conn):
    m{after:02}.shut{after:02}(conn)


def never_closed(path):
    conn = open{here:02}(path)
    conn.in_transaction


def closed(path):
    conn = open{here:02}(path)
    shut{here:02}(conn)
"""
LAST = (
    LINK.replace("import m{after:02}", "import sqlite3")
    .replace("m{after:02}.open{after:02}", "sqlite3.connect")
    .replace("m{after:02}.shut{after:02}(conn)", "conn.close()")
)
CIRCLE = """\
import sqlite3

import m{after:02}, m{far:02}


def open{here:02}(path, depth):
    if depth == {here}:
        return sqlite3.connect(path)
    return m{after:02}.open{after:02}(path, depth) if depth else m{far:02}.open{far:02}(path, depth)


def shut{here:02}(conn, depth):
    if depth == {here}:
        conn.close()
    elif depth:
        m{after:02}.shut{after:02}(conn, depth)
    else:
        m{far:02}.shut{far:02}(conn, depth)


def never_closed(path):
    conn = sqlite3.connect(path)
    conn.in_transaction


def closed(path):
    conn = open{here:02}(path, 3)
    shut{here:02}(conn, 3)
"""
HEIR = """\
from m{after:02} import C{after:02}


class C{here:02}(C{after:02}):
    def total{here:02}(self):
        return self.conn.total_changes


def never_closed(path):
    heir = C{here:02}(path)
    heir.conn.in_transaction


def closed(path):
    heir = C{here:02}(path)
    heir.close()
"""
FIRST_BASE = """\
import sqlite3


class C{here:02}:
    def __init__(self, path):
        self.conn = sqlite3.connect(path)

    def close(self):
        self.conn.close()
"""
SHAPES = {
    "a short chain": (LINK, LAST, 5),
    "a long chain": (LINK, LAST, 40),
    "a circle": (CIRCLE, CIRCLE, 20),
    "a long line of classes": (HEIR, FIRST_BASE, 30),
}


@pytest.fixture(params=SHAPES.values(), ids=list(SHAPES))
def linked(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SourceFile]:
    """Modules in the working directory, each of which calls the next."""
    link, last, count = request.param
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").touch()
    sources = []
    for here in range(count):
        template = last if here == count - 1 else link
        text = template.format(here=here, after=(here + 1) % count, far=(here * 7 + 3) % count)
        Path(f"m{here:02}.py").write_text(text, encoding="utf-8")
        sources.append(SourceFile(f"m{here:02}.py", text))
    return sources


def asked(sources: list[SourceFile], engine: Engine | None = None) -> dict[str, FileResult]:
    """What one engine says of these files in turn, the least sure findings included; a fresh one for each where `None`."""
    settings = Config(min_confidence=Confidence.POSSIBLE)
    return {source.path: check_source(source, settings, Catalog.load(), engine=engine) for source in sources}


def test_how_far_helpers_are_followed_does_not_depend_on_the_order(linked: list[SourceFile]) -> None:
    """From the top, from the bottom, each alone: the same, and no crash."""
    alone = asked(linked)
    assert [result.error for result in alone.values() if result.error or result.skipped] == []
    assert asked(linked, Engine(Catalog.load())) == alone
    assert asked(linked[::-1], Engine(Catalog.load())) == alone


def test_correct_code_is_silent_however_far_its_helpers_are(linked: list[SourceFile]) -> None:
    """What lies beyond the bound is unknown, and unknown is not reported."""
    first_rows = {source.path: source.text.partition("def closed(path)")[0].count("\n") for source in linked}
    findings = [finding for result in asked(linked).values() for finding in result.findings]
    sure = [finding for finding in findings if finding.confidence >= Confidence.LIKELY]
    assert [finding.path for finding in sure if finding.start.row > first_rows[finding.path]] == []
