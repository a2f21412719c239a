"""A run that is kept: said again as it was as long as nothing has changed, and forgotten whenever something has."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unclosed.cache import Cache
from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.lint import check_paths
from unclosed.report.report import Report

HELPER = "import sqlite3\n\n\ndef opened(path):\n    return sqlite3.connect(path)\n"
USER = "from helper import opened\n\n\ndef count(path):\n    conn = opened(path)\n    return conn.execute('select 1').fetchone()\n"
CLOSING = USER.replace("return conn", "try:\n        return conn").replace("fetchone()", "fetchone()\n    finally:\n        conn.close()")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    for name, text in {"pyproject.toml": "", "helper.py": HELPER, "user.py": USER}.items():
        Path(name).write_text(text)
    return tmp_path / "project"


class Runs:
    """Runs over a project, counted."""

    def __init__(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cache, self.checked = Cache(project.parent / "cache"), 0
        from unclosed import lint

        check_file = lint.check_file

        def counted(*arguments: object, **options: object) -> object:
            self.checked += 1
            return check_file(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(lint, "check_file", counted)

    def run(self, *paths: str, settings: Config | None = None) -> Report:
        return check_paths(paths or (".",), settings or Config(), Catalog.load(), cache=self.cache)


@pytest.fixture
def runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(project, monkeypatch)


def test_an_unchanged_project_is_not_checked_again(runs: Runs) -> None:
    first, second = runs.run(), runs.run()
    assert runs.checked == 2
    assert first.findings == second.findings != ()
    assert replace(first, seconds=0) == replace(second, seconds=0)


def later(path: str, text: str) -> None:
    """Another text, and a later time even where the clock is coarse."""
    Path(path).write_text(text)
    state = os.stat(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1_000_000))


def inner_project() -> None:
    Path("inner").mkdir()
    later("inner/setup.cfg", "")
    later("inner/a.py", "")


CHANGES: dict[str, Callable[[], object]] = {
    "the file itself": lambda: later("user.py", CLOSING),
    "same size, another time": lambda: later("user.py", USER),
    "a file that it imports": lambda: later("helper.py", HELPER.replace("sqlite3.connect(path)", "object()")),
    "a new module": lambda: later("other.py", "x = 1\n"),
    "a module that is gone": lambda: Path("helper.py").unlink(),
    "a new file of requirements": lambda: later("requirements-dev.txt", "fastapi==0.100\n"),
    "the marker of a project further in": inner_project,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(runs: Runs, change: Callable[[], object]) -> None:
    runs.run()
    before = runs.checked
    change()
    found = runs.run()
    assert runs.checked > before
    assert found.findings == check_paths((".",), Config(), Catalog.load()).findings


def test_other_settings_and_paths_are_another_run(runs: Runs) -> None:
    runs.run()
    for settings in (Config(slow_io_seconds=1), replace(Config(), requires_python=(3, 10))):
        before = runs.checked
        runs.run(settings=settings)
        assert runs.checked == before + 2
    before = runs.checked
    assert runs.run("helper.py").findings == ()
    assert runs.checked == before + 1


def test_a_file_that_could_not_be_checked_is_tried_again(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> object:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr("unclosed.engine.Engine.analyse", broken)
        assert runs.run().errors
    assert runs.run().findings
    assert runs.checked == 4


def test_without_a_projects_marker_nothing_is_kept(runs: Runs) -> None:
    Path("pyproject.toml").unlink()
    runs.run()
    runs.run()
    assert runs.checked == 4


def test_a_damaged_entry_is_none(runs: Runs) -> None:
    found = runs.run().findings
    for path in (runs.cache.folder).glob("??/*"):
        path.write_bytes(b"x")
    assert runs.run().findings == found
    assert runs.checked == 4
