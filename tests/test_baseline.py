"""Known findings: written down once, left out from then on, taken out when they are gone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from git_repository import commit, git, put, repository
from leaks import BY_CONVENTION, CLEAN, LEAK, NEVER
from unclosed.cli import main

SECOND = LEAK.replace("names", "others").removeprefix("import sqlite3\n")
HEAD = '{"unclosed": "baseline", "version": 1}\n'
ENTRY = (
    '{"path": "app.py", "code": "UNC103", "function": "names", "resource": "sqlite3.connect()", "ordinal": 1, "confidence": "certain"}\n'
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one leak."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "app.py", LEAK)
    return tmp_path


def run(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, arguments)


def checked(*arguments: str) -> tuple[list[str], list[str]]:
    """What `check` finds against the baseline, and what it says of the baseline."""
    result = run("check", "--baseline", "unclosed.baseline", *(arguments or (".",)))
    return [" ".join(line.split(" ")[:2]).removeprefix("./") for line in result.stdout.splitlines()], result.stderr.splitlines()


def baseline() -> str:
    """The text of the file."""
    return Path("unclosed.baseline").read_text(encoding="utf-8")


def test_written_findings_are_left_out() -> None:
    """New ones are not."""
    result = run("baseline", "write")
    assert (result.output, result.exit_code) == ("1 finding written to unclosed.baseline\n", 0)
    assert baseline() == HEAD + ENTRY
    assert checked() == ([], [])
    put(Path(), "app.py", LEAK + SECOND)
    assert checked() == (["app.py:12:12: UNC103"], [])


def test_lines_may_move(project: Path) -> None:
    """Above it and within it."""
    run("baseline", "write")
    put(project, "app.py", "import os\n\n\n" + LEAK.replace("rows =", "os.listdir()\n    rows =") + SECOND)
    assert checked() == (["app.py:16:12: UNC103"], [])


def test_files_may_move(project: Path) -> None:
    """If the old one is gone: a copy is new. `prune` writes down the new name."""
    run("baseline", "write")
    put(project, "lib/moved.py", LEAK)
    assert checked() == (["lib/moved.py:5:12: UNC103"], [])
    (project / "app.py").unlink()
    assert checked() == ([], [])
    assert run("baseline", "prune").output == "0 findings taken out of unclosed.baseline, 1 left\n"
    assert baseline() == HEAD + ENTRY.replace("app.py", "lib/moved.py")


def test_the_second_of_its_kind_is_new(project: Path) -> None:
    """Findings that agree in everything but their lines are counted."""
    put(project, "app.py", NEVER)
    run("baseline", "write")
    put(project, "app.py", NEVER + NEVER.splitlines(keepends=True)[-1])
    assert checked() == (["app.py:6:12: UNC101"], [])
    run("baseline", "write")
    assert [json.loads(line).get("ordinal") for line in baseline().splitlines()] == [None, 1, 2]
    put(project, "app.py", NEVER)
    gone = "app.py: UNC101 of sqlite3.connect() in touch(), number 2: no longer found"
    assert checked() == ([], [f"unclosed: {gone}, 'unclosed baseline prune' takes it out"])


def test_what_is_paid_off_is_named_and_taken_out(project: Path) -> None:
    """It does not fail the run."""
    put(project, "app.py", LEAK + SECOND)
    put(project, "gone.py", LEAK)
    run("baseline", "write")
    put(project, "app.py", LEAK)
    (project / "gone.py").unlink()
    put(project, "new.py", CLEAN)
    gone = ["app.py: UNC103 of sqlite3.connect() in others()", "gone.py: UNC103 of sqlite3.connect() in names()"]
    assert checked() == ([], [f"unclosed: {each}: no longer found, 'unclosed baseline prune' takes it out" for each in gone])
    assert run("check", "--baseline", "unclosed.baseline").exit_code == 0
    result = run("baseline", "prune")
    assert result.output.splitlines() == [
        *(f"{each}: no longer found" for each in gone),
        "2 findings taken out of unclosed.baseline, 1 left",
    ]
    assert (baseline(), result.exit_code) == (HEAD + ENTRY, 0)
    assert run("baseline", "prune").output == "0 findings taken out of unclosed.baseline, 1 left\n"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["other.py"], id="another-file"),
        pytest.param(["lib"], id="another-directory"),
        pytest.param([".", "--select", "UNC101"], id="another-rule"),
        pytest.param([".", "--exclude", "app.py"], id="left-out"),
    ],
)
def test_what_a_run_could_not_find_is_not_paid_off(arguments: list[str], project: Path) -> None:
    """Nobody looked."""
    for name in ("other.py", "lib/a.py"):
        put(project, name, CLEAN)
    run("baseline", "write")
    assert checked(*arguments) == ([], [])
    assert run("baseline", "prune", *arguments).output == "0 findings taken out of unclosed.baseline, 1 left\n"


def test_less_confidence_is_not_paid_off(project: Path) -> None:
    """A run that shows only what is certain says nothing of what is likely."""
    put(project, "app.py", BY_CONVENTION)
    run("baseline", "write")
    assert checked(".", "--min-confidence", "certain") == ([], [])
    put(project, "app.py", CLEAN)
    assert checked(".", "--min-confidence", "certain") == ([], [])
    assert len(checked(".")[1]) == 1


def test_a_suppressed_finding_is_paid_off(project: Path) -> None:
    """It is no longer found."""
    run("baseline", "write")
    put(project, "app.py", LEAK.replace("connect(path)\n", "connect(path)  # noqa: UNC103\n"))
    assert [line.partition(" of ")[0] for line in checked()[1]] == ["unclosed: app.py: UNC103"]


def test_a_file_that_cannot_be_checked_changes_nothing(project: Path) -> None:
    """Half a run is no run."""
    run("baseline", "write")
    before = baseline()
    for command in ("write", "prune"):
        result = run("baseline", command, "app.py", "missing.py")
        assert (result.stdout, result.stderr, result.exit_code) == ("", "unclosed: missing.py: no such file or directory\n", 2)
    assert baseline() == before


def test_paths_are_relative_to_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From wherever the run starts."""
    run("baseline", "write")
    (project / "lib").mkdir()
    monkeypatch.chdir(project / "lib")
    assert run("check", "--baseline", "../unclosed.baseline", "..").output == ""


def test_the_configuration_names_the_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to itself, for all three commands; the option goes before it."""
    put(project, "pyproject.toml", "[tool.unclosed]\nbaseline = 'known/findings'\n")
    put(project, "known/.keep", "")
    put(project, "lib/.keep", "")
    monkeypatch.chdir(project / "lib")
    assert run("baseline", "write", "..").output == f"1 finding written to {project / 'known' / 'findings'}\n"
    assert run("check", "..").output == ""
    assert run("baseline", "prune", "..").exit_code == 0
    assert run("check", "..", "--baseline", "none").exit_code == 2


def test_the_count_is_shown(project: Path) -> None:
    """Where people read."""
    run("baseline", "write")
    result = run("check", "--baseline", "unclosed.baseline", "--output-format", "full", "--statistics")
    assert result.stdout.splitlines()[:2] == ["no findings (1 file checked, 1 known finding left out)", "1 known findings left out"]


def test_the_file_is_sorted_and_the_same_for_the_same_findings(project: Path) -> None:
    """A diff shows what was added and taken out, and nothing else."""
    for name in ("z.py", "a/b.py", "ä.py"):
        put(project, name, LEAK + SECOND + NEVER.removeprefix("import sqlite3\n"))
    run("baseline", "write")
    entries = [tuple(json.loads(line).values()) for line in baseline().splitlines()[1:]]
    assert (entries, len(entries)) == (sorted(entries), 10)
    before = baseline()
    run("baseline", "write", "z.py", "ä.py", "a", "app.py")
    assert baseline() == before


def test_two_branches_merge(project: Path) -> None:
    """Each with a finding of its own; a line that is there twice counts once."""
    repository(project)
    put(project, ".gitattributes", "*.baseline merge=union\n")
    run("baseline", "write")
    commit(project)
    for branch, name in (("one", "b.py"), ("two", "c.py")):
        git(project, "checkout", "--quiet", "-b", branch, "main")
        put(project, name, LEAK)
        run("baseline", "write")
        commit(project)
    git(project, "merge", "--quiet", "one")
    assert len(baseline().splitlines()) == 4
    assert checked() == ([], [])
    Path("unclosed.baseline").write_text(baseline() + baseline(), encoding="utf-8")
    assert checked() == ([], [])
    run("baseline", "prune")
    assert len(baseline().splitlines()) == 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(None, "--baseline: unclosed.baseline does not exist; 'unclosed baseline write' makes it", id="missing"),
        pytest.param("import os\n", "unclosed.baseline:1: is no line of a baseline: not valid JSON", id="no-json"),
        pytest.param("[]\n", f"unclosed.baseline:1: is no baseline: the first line must be {HEAD.strip()}", id="another-json"),
        pytest.param(
            HEAD.replace("1", "2"), "unclosed.baseline:1: is a baseline of version 2; this release reads version 1", id="newer-version"
        ),
        pytest.param(
            HEAD + "<<<<<<< HEAD\n", "unclosed.baseline:2: a merge conflict is left here; keep the lines of both sides", id="conflict"
        ),
        pytest.param(HEAD + "[1]\n", "unclosed.baseline:2: is no line of a baseline: not an object", id="no-object"),
        pytest.param(
            HEAD + ENTRY.replace('"app.py"', "1"), "unclosed.baseline:2: is no line of a baseline: 'path' must be a string", id="no-string"
        ),
        pytest.param(
            HEAD + ENTRY.replace('"ordinal": 1', '"ordinal": "1"'),
            "unclosed.baseline:2: is no line of a baseline: 'ordinal' must be a number",
            id="no-number",
        ),
        pytest.param(
            HEAD + ENTRY.replace("certain", "certian"),
            "unclosed.baseline:2: 'certian' is no confidence; did you mean 'certain'? (accepted: certain, likely, possible)",
            id="no-confidence",
        ),
    ],
)
def test_a_file_that_is_refused_is_one_line(text: str | None, complaint: str) -> None:
    """Before anything is checked."""
    if text is not None:
        Path("unclosed.baseline").write_text(text, encoding="utf-8")
    for command in (("check", "--baseline", "unclosed.baseline"), ("baseline", "prune")):
        result = run(*command)
        assert (result.stdout, result.stderr, result.exit_code) == ("", f"Error: {complaint}\n", 2)


def test_an_empty_file_is_an_empty_baseline() -> None:
    """Everything is new."""
    Path("unclosed.baseline").touch()
    assert checked() == (["app.py:5:12: UNC103"], [])


def test_a_file_that_cannot_be_written_is_one_line(project: Path) -> None:
    """And stays as it was."""
    result = run("baseline", "write", "--baseline", "app.py/x")
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1)
    assert re.match(r"Error: --baseline: app\.py/x cannot be written: \w", result.stderr)


def test_with_changes_both_count(project: Path) -> None:
    """What is known is left out, whatever has changed; what has not changed too."""
    repository(project)
    put(project, "app.py", LEAK.replace("SELECT name", "SELECT id"))
    put(project, "b.py", LEAK)
    run("baseline", "write", "app.py")
    assert checked(".", "--diff", "main") == (["b.py:5:12: UNC103"], [])


def test_a_leak_that_comes_back_in_another_file_is_new(project: Path) -> None:
    """Only a file that is gone can have moved."""
    run("baseline", "write")
    put(project, "app.py", CLEAN)
    put(project, "lib/app.py", LEAK)
    places, said = checked()
    assert (places, len(said)) == (["lib/app.py:5:12: UNC103"], 1)


def test_a_file_that_is_gone_from_elsewhere_is_not_paid_off(project: Path) -> None:
    """Nobody looked there."""
    put(project, "lib/calm.py", CLEAN)
    run("baseline", "write")
    (project / "app.py").unlink()
    assert checked("lib") == ([], [])
    assert len(checked(".")[1]) == 1


def test_a_file_that_was_skipped_is_not_paid_off(project: Path) -> None:
    """It could not be analysed, so nothing is known of what it held."""
    run("baseline", "write")
    put(project, "app.py", "import sqlite3\nx = " + "(" * 5000 + ")" * 5000 + "\n")
    assert checked(".", "--ignore", "UNC901") == ([], [])


def test_a_named_file_is_judged_by_the_rules_for_named_files(project: Path) -> None:
    """UNC306 runs on a pgbouncer.ini that is named."""
    put(project, "pgbouncer.ini", "[pgbouncer]\nquery_wait_timeout = 0\nidle_transaction_timeout = 60\n")
    run("baseline", "write", "pgbouncer.ini")
    known = baseline().count("UNC306")
    assert known > 0
    put(project, "pgbouncer.ini", "[pgbouncer]\nquery_wait_timeout = 30\nidle_transaction_timeout = 60\nquery_timeout = 120\n")
    assert len(checked("pgbouncer.ini")[1]) == known
    assert checked(".")[1] == []
