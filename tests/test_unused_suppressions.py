"""UNC902: which comments silence nothing, what is said of them, and what is not judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from leaks import BROKEN, BY_CONVENTION, CLEAN, LEAK
from unclosed.catalog import Catalog
from unclosed.cli import main
from unclosed.config import Config, override
from unclosed.lint import check_source
from unclosed.text import SourceFile

CATALOG = Catalog.load()


def reported(text: str, **settings: object) -> list[str]:
    """Place, code and message of what is reported as UNC902."""
    config = override(Config(), extend_select=["UNC902"], **settings)  # type: ignore[arg-type]  # as the command line gives them
    found = check_source(SourceFile("app.py", text), config, CATALOG).findings
    return [f"{finding.start.row}:{finding.start.column + 1}: {finding.message}" for finding in found if finding.code == "UNC902"]


def leak(comment: str) -> str:
    """A program that leaks (UNC103) in its fifth row, with a comment there."""
    return LEAK.replace("connect(path)\n", f"connect(path)  {comment}\n")


@pytest.mark.parametrize(
    ("comment", "messages"),
    [
        ("# noqa: UNC103", []),
        ("# noqa: UNC1", []),
        ("# noqa: UNC101", ["5:35: '# noqa: UNC101' suppresses nothing; remove it"]),
        ("# noqa: UNC101 as it was", ["5:35: '# noqa: UNC101' suppresses nothing; remove it"]),
        ("# noqa: UNC101,UNC103", ["5:35: UNC101 in '# noqa: UNC101,UNC103' suppresses nothing; take it out"]),
        ("# noqa: E501, UNC106", ["5:35: UNC106 in '# noqa: E501, UNC106' suppresses nothing; take it out"]),
        ("# noqa: UNC101,UNC106", ["5:35: '# noqa: UNC101,UNC106' suppresses nothing; remove it"]),
        ("# noqa: UNC13", ["5:35: '# noqa: UNC13' suppresses nothing; remove it"]),
        ("# noqa: UNC111", ["5:35: '# noqa: UNC111' suppresses nothing (no rule has the code UNC111); remove it"]),
        ("# noqa: unc103", ["5:35: '# noqa: unc103' suppresses nothing (no rule has the code unc103); remove it"]),
        ("# why  # noqa: UNC101", ["5:42: '# noqa: UNC101' suppresses nothing; remove it"]),
        ("# noqa", []),
        ("# noqa: E501", []),
        ("# noqa: UNC205", []),
        ("# noqa: UNC902", []),
        ("# noqa: UNC101,UNC902", []),
    ],
)
def test_a_comment_is_held_against_what_is_found_on_its_line(comment: str, messages: list[str]) -> None:
    """Row and column are the comment's; what can be taken away is said."""
    assert reported(leak(comment)) == messages


def test_a_file_that_matters_to_no_rule_is_looked_at() -> None:
    """There nothing is silenced."""
    assert reported("import os\n\nos.getcwd()  # noqa: UNC103\n") == ["3:14: '# noqa: UNC103' suppresses nothing; remove it"]


def test_it_is_off_by_default() -> None:
    """And runs with any prefix that selects it."""
    text = CLEAN.replace("as conn:\n", "as conn:  # noqa: UNC101\n")
    assert check_source(SourceFile("app.py", text), Config(), CATALOG).findings == ()
    assert len(check_source(SourceFile("app.py", text), override(Config(), select=["UNC"]), CATALOG).findings) == 1


def test_what_the_confidence_hides_counts_as_silenced() -> None:
    """The comment is right for whoever shows more."""
    text = BY_CONVENTION.replace("getconn()\n", "getconn()  # noqa: UNC103\n")
    assert reported(text, min_confidence="certain") == []


def test_a_code_whose_rule_does_not_run_is_not_judged() -> None:
    """Nobody knows what it would have said; a prefix needs all of its rules."""
    text = leak("# noqa: UNC101")
    assert reported(text, ignore=["UNC101"]) == []
    assert reported(leak("# noqa: UNC13"), ignore=["UNC135"]) == []
    assert len(reported(leak("# noqa: UNC13"), ignore=["UNC103"])) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# flake8: noqa\n" + CLEAN.replace("as conn:\n", "as conn:  # noqa: UNC101\n"), id="the-whole-file-is-silenced"),
        pytest.param('TEXT = "# noqa: UNC103"\n', id="in-a-string"),
        pytest.param('TEXT = """\n# noqa: UNC103\n"""\n', id="in-a-string-of-several-lines"),
        pytest.param("def f(:  # noqa: UNC103\n", id="not-python"),
        pytest.param(BROKEN + "# noqa: UNC103\n", id="broken"),
    ],
)
def test_what_is_no_comment_with_a_meaning_is_left_alone(text: str) -> None:
    """Strings, whole files, and files that nobody could check."""
    assert reported(text) == []


def test_a_file_in_which_something_was_skipped_is_not_judged() -> None:
    """What was skipped may be what the comment is for."""
    deep = "import sqlite3\nx = 1" + " + 1" * 1500 + "\n"
    assert check_source(SourceFile("a.py", deep), Config(), CATALOG).skipped != ()
    assert reported(deep + "y = 1  # noqa: UNC103\n") == []


def test_the_command_and_the_table_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`per-file-ignores` takes a rule away from a file, and so its codes are not judged there."""
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(
        "[tool.unclosed]\nextend-select = ['UNC902']\n[tool.unclosed.per-file-ignores]\n'tests/' = ['UNC101']\n", encoding="utf-8"
    )
    for name in ("app.py", "tests/test_app.py"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(CLEAN.replace("as conn:\n", "as conn:  # noqa: UNC101\n"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check"])
    assert result.stdout == "./app.py:6:51: UNC902 '# noqa: UNC101' suppresses nothing; remove it\n"
