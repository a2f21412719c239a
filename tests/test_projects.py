"""Projects of several files: what the comments say, whichever files are asked for, in whichever order, of whichever engine."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixture_files import PROJECTS, FixtureFile, FixtureProject, fixture_projects, malformed_markers
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config, find_config
from unclosed.engine import Engine
from unclosed.file_result import FileResult
from unclosed.findings import Finding
from unclosed.flake8_plugin import Plugin
from unclosed.lint import check_paths, check_source
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.text import SourceFile

CATALOG = Catalog.load()
ALL = Config(min_confidence=Confidence.POSSIBLE, requires_python=(3, 10))
ROOT = PROJECTS.parent.parent
EVERY = fixture_projects()
FILES = [file for project in EVERY for file in project.files]

every_project = pytest.mark.parametrize("project", EVERY, ids=repr)
every_file = pytest.mark.parametrize("file", FILES, ids=repr)


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to the root of the repository, as on the command line."""
    monkeypatch.chdir(ROOT)


# What the comments say


def report_on(*paths: Path) -> Report:
    """The report of the command line on these paths of one project; nothing may go wrong."""
    report = check_paths([str(path) for path in paths], find_config(paths[0].parent), CATALOG)
    assert (report.errors, report.skipped) == ((), ())
    return report


def seen(file: FixtureFile, findings: Iterable[Finding]) -> list[str]:
    """The findings in one file, in the words of its comments."""
    mine = [finding for finding in findings if Path(finding.path).resolve() == file.path]
    return file.seen((finding.start.row, finding.start.column + 1, finding.code) for finding in mine)


@every_project
def test_the_tree_says_what_the_comments_say(project: FixtureProject) -> None:
    """All files of a project at once."""
    report = report_on(project.folder)
    assert {file.name: seen(file, report.findings) for file in project.files} == {file.name: file.expected() for file in project.files}


@every_file
def test_a_file_alone_says_what_the_comments_say(file: FixtureFile) -> None:
    """One file, as pre-commit names it."""
    assert seen(file, report_on(file.path).findings) == file.expected()


@every_project
def test_a_file_alone_gives_the_findings_of_the_tree(project: FixtureProject) -> None:
    """Messages and trails with their paths included, also under absolute paths."""
    tree = report_on(project.folder).findings
    alone = [finding for file in project.files for finding in report_on(file.path).findings]
    assert sorted(alone, key=lambda finding: (finding.path, finding.start, finding.code)) == list(tree)


@every_file
def test_the_plugin_says_what_the_comments_say(file: FixtureFile) -> None:
    """One file, as flake8 hands it over; its process keeps the engine for the next one. What is off by default flake8 itself leaves out."""
    lines = file.text.splitlines(keepends=True)
    off = {rule.code for rule in all_rules() if not rule.default}
    given = [(row, column + 1, message[:6]) for row, column, message, _ in Plugin(ast.parse(file.text), str(file.path), lines).run()]
    assert file.seen(found for found in given if found[2] not in off) == file.expected()


@every_project
def test_a_file_says_the_same_from_its_own_folder(project: FixtureProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory does not matter."""
    for file in project.files:
        monkeypatch.chdir(file.path.parent)
        assert seen(file, report_on(Path(file.path.name)).findings) == file.expected()


@every_file
def test_no_marker_is_misspelt(file: FixtureFile) -> None:
    """A comment that means to be a marker is one, and Python 3.10 parses the file."""
    assert malformed_markers(file) == []
    ast.parse(file.text, feature_version=(3, 10))


def test_three_silent_functions_for_each_loud_one() -> None:
    """Correct code is the larger part; every project holds some of it, and has a marker of its root."""
    functions = {project.name: [file.functions() for file in project.files] for project in EVERY}
    silent = {name: sum(len(names) for names, _ in found) for name, found in functions.items()}
    loud = {name: sum(len(names) for _, names in found) for name, found in functions.items()}
    assert [name for name in functions if not loud[name] or silent[name] < 1.5 * loud[name]] == []
    assert sum(silent.values()) >= 3 * sum(loud.values())
    assert [project.name for project in EVERY if not (project.folder / "pyproject.toml").is_file()] == []


# Orders, subsets, engines


def shown_path(file: FixtureFile) -> str:
    """The path of a file as the user names it."""
    return str(file.path.relative_to(ROOT))


def ask(file: FixtureFile, engine: Engine | None = None, text: str | None = None) -> FileResult:
    """Everything that an engine (a fresh one for `None`) says of a file, the least sure findings included."""
    source = SourceFile(shown_path(file), file.text if text is None else text)
    return check_source(source, ALL, CATALOG, engine=engine or new_engine())


def new_engine() -> Engine:
    """An engine that has seen nothing."""
    return Engine(CATALOG, ALL.requires_python)


@pytest.fixture(scope="module")
def fresh() -> dict[str, FileResult]:
    """What a fresh engine says of each file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return {file.name: ask(file) for file in FILES}


@every_project
def test_the_order_and_the_set_of_files_do_not_matter(project: FixtureProject, fresh: dict[str, FileResult]) -> None:
    """Messages, trails and confidence included; asked again, the answer is the same."""
    wanted = {file.name: fresh[file.name] for file in project.files}

    @settings(max_examples=3, deadline=None, derandomize=True, database=None)
    @given(st.permutations(project.files), st.integers(1, len(project.files)))
    def holds(files: Sequence[FixtureFile], count: int) -> None:
        engine = new_engine()
        for file in (*files[:count], *files[:count]):
            assert ask(file, engine) == wanted[file.name]

    holds()


def test_one_engine_for_all_projects_says_the_same(fresh: dict[str, FileResult]) -> None:
    """Files of several projects, in turns."""
    engine = new_engine()
    files = random.Random(0).sample(FILES, len(FILES))
    assert {file.name: ask(file, engine) for file in files} == fresh


@pytest.mark.processes
def test_the_order_of_sets_does_not_matter() -> None:
    """What is printed is the same under every seed of Python's hashes."""
    command = [sys.executable, "-m", "unclosed", "check", "--exit-zero", "--output-format", "full", "fixtures/projects"]
    printed = [
        subprocess.run(command, env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}, capture_output=True, check=True, cwd=ROOT).stdout
        for seed in ("0", "1")
    ]
    assert printed[0] == printed[1]


# Unsaved texts


@every_project
def test_unsaved_text_counts(project: FixtureProject, fresh: dict[str, FileResult]) -> None:
    """Whatever was read before: the saved text of this file and of those that import it. Saved again, it is as it was."""
    engine = new_engine()
    for file in project.files:
        ask(file, engine)
    for file in project.files:
        changed = "\n\n" + re.sub(r"\.(?:a?close|putconn)\b", ".commit", file.text)
        assert ask(file, engine, changed) == ask(file, text=changed)
        assert ask(file, engine) == fresh[file.name]


def test_unsaved_text_makes_and_mends_a_leak(tmp_path: Path) -> None:
    """The release is taken out of the text and put back; the saved one has none."""
    path = tmp_path / "app.py"
    leak = "import sqlite3\n\n\ndef run(path):\n    conn = sqlite3.connect(path)\n    conn.in_transaction\n"
    path.write_text(leak, encoding="utf-8")
    engine = new_engine()
    texts = [leak, leak + "    conn.close()\n", leak]
    codes = [[f.code for f in check_source(SourceFile(str(path), text), Config(), CATALOG, engine=engine).findings] for text in texts]
    assert codes == [["UNC101"], [], ["UNC101"]]


# The trail


def test_the_trail_walks_through_the_helpers() -> None:
    """File by file, to the library's own acquire; and what rests on resolved helpers is certain."""
    report = report_on(PROJECTS / "three_hops")
    first = next(finding for finding in report.findings if finding.path.endswith("orders.py") and finding.start.row == 13)
    steps = [(Path(step.path).name, step.span.start.row) for step in first.trail]
    assert steps[:4] == [("orders.py", 13), ("service.py", 7), ("settings.py", 7), ("driver.py", 7)]
    assert first.confidence is Confidence.CERTAIN
