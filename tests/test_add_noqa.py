"""`--add-noqa`: the comments that are written silence what was found, for the command and for flake8, and change nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from leaks import BROKEN, LEAK, NEVER
from unclosed.added_noqa import with_noqa
from unclosed.cli import main
from unclosed.source import split_lines
from unclosed.suppressions import Suppressions


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> Result:
    """The outcome of `check`."""
    return CliRunner().invoke(main, ["check", *arguments], input=stdin)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("f()\n", "f()  # noqa: UNC103\n", id="plain"),
        pytest.param("f()", "f()  # noqa: UNC103", id="no-newline-at-the-end"),
        pytest.param("f()  \n", "f()  # noqa: UNC103\n", id="spaces-at-the-end"),
        pytest.param("f()\r\ng()\r\n", "f()  # noqa: UNC103\r\ng()\r\n", id="crlf"),
        pytest.param("f()\rg()\r", "f()  # noqa: UNC103\rg()\r", id="carriage-returns"),
        pytest.param("f()  # why\n", "f()  # why  # noqa: UNC103\n", id="after-a-comment"),
        pytest.param("f()  # noqa: E501\n", "f()  # noqa: E501,UNC103\n", id="codes-of-another-tool"),
        pytest.param("f()  # noqa: E501 too long\n", "f()  # noqa: E501,UNC103 too long\n", id="codes-with-a-reason"),
        pytest.param("f()  # noqa:E501,\n", "f()  # noqa:E501,UNC103,\n", id="codes-with-a-comma"),
        pytest.param("f(\n    1,\n)\n", "f(  # noqa: UNC103\n    1,\n)\n", id="inside-brackets"),
        pytest.param('f("""\na""", 1)\n', 'f("""\na""", 1)  # noqa: UNC103\n', id="string-over-several-lines"),
        pytest.param("x = \\\n    f()\n", "x = \\\n    f()  # noqa: UNC103\n", id="backslash"),
        pytest.param("if f(): pass\nelse: pass\n", "if f(): pass  # noqa: UNC103\nelse: pass\n", id="one-line-block"),
        pytest.param("ä = f('🐍')\n", "ä = f('🐍')  # noqa: UNC103\n", id="unicode"),
    ],
)
def test_a_comment_stands_where_it_is_read(before: str, after: str) -> None:
    """For a finding in the first row."""
    assert with_noqa(before, [("UNC103", 1)]) == (after, ())


def test_codes_of_one_line_share_a_comment_and_a_reason() -> None:
    """Each once."""
    found = [("UNC101", 1), ("UNC103", 1), ("UNC101", 1)]
    assert with_noqa("f(); g()\n", found, "ends with the process") == ("f(); g()  # noqa: UNC101,UNC103 - ends with the process\n", ())


@pytest.mark.parametrize("text", ['f("# noqa: E501", """\n""")\n', "f('# noqa: E1')\n"])
def test_where_a_string_looks_like_a_comment_nothing_can_be_added(text: str) -> None:
    """flake8 reads the first that it finds, also in a string."""
    assert with_noqa(text, [("UNC103", 1)]).left == (("UNC103", 1),)


def test_what_would_change_the_program_is_not_done() -> None:
    """A text that is no program stays as it is."""
    text = "f()\nx = (\n"
    assert with_noqa(text, [("UNC103", 1)]) == (text, (("UNC103", 1),))


def test_syntax_that_is_newer_than_the_running_python_is_no_hindrance() -> None:
    """Tokens say enough."""
    assert with_noqa("def f[T](x: T): connect()\n", [("UNC101", 1)]).text == "def f[T](x: T): connect()  # noqa: UNC101\n"


statements = st.sampled_from(
    ["x = f()", "f(\n    1,\n    2,\n)", 'f("""\ntext\n""")', "x = 1 + \\\n    f()", "if f():\n    pass", "", "@f\ndef g():\n    return 1"]
)
comments = st.sampled_from(["", "  # why", "  # noqa: E501", "  # noqa: E501, W1 long", "  # type: ignore", "  #noqa", "  # noqa : E1"])
ends = st.sampled_from(["\n", "\r\n", "\r"])
programs = st.tuples(st.lists(st.tuples(statements, comments), min_size=1, max_size=5), ends).map(
    lambda made: "".join(f"{statement}{comment}\n" for statement, comment in made[0]).replace("\n", made[1])
)


@settings(deadline=None)
@given(programs, st.data())
def test_any_program_means_the_same_and_every_finding_is_silenced_or_told(text: str, data: st.DataObject) -> None:
    """Whatever is found on whichever lines; a second time nothing is left to do."""
    rows = st.integers(1, len(split_lines(text)))
    found = data.draw(st.lists(st.tuples(st.sampled_from(["UNC101", "UNC103"]), rows), min_size=1, max_size=4))
    added = with_noqa(text, found)
    assert ast.dump(ast.parse(added.text)) == ast.dump(ast.parse(text))
    read = Suppressions(added.text)
    assert [each for each in found if not read.covers(*each)] == list(added.left) == []
    assert with_noqa(added.text, []).text == added.text


@pytest.mark.processes
def test_the_command_silences_what_it_found(project: Path) -> None:
    """For itself and for flake8, with the reason; what was done is told on standard error."""
    (project / "a.py").write_text(LEAK + NEVER.removeprefix("import sqlite3\n"), encoding="utf-8")
    (project / "b.py").write_text(LEAK, encoding="utf-8")
    result = run("--add-noqa", "--noqa-reason", "moves to the  pool\nsoon", ".")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == "unclosed: ./a.py: 2 findings silenced\nunclosed: ./b.py: 1 finding silenced\n"
    assert "conn = sqlite3.connect(path)  # noqa: UNC103 - moves to the pool soon\n" in (project / "b.py").read_text(encoding="utf-8")
    assert (run("--extend-select", "UNC902", ".").output, run(".").exit_code) == ("", 0)
    command = [sys.executable, "-m", "flake8", "--isolated", "--select", "UNC", "."]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""


def test_only_what_is_selected_is_silenced(project: Path) -> None:
    """The options of a run choose."""
    (project / "a.py").write_text(LEAK + NEVER.removeprefix("import sqlite3\n"), encoding="utf-8")
    assert run("--add-noqa", "--select", "UNC101").exit_code == 0
    assert [line.split()[1] for line in run().stdout.splitlines()] == ["UNC103"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + LEAK.encode(), id="byte-order-mark"),
        pytest.param(b"# coding: latin-1\n# \xe9\n" + LEAK.encode(), id="cookie"),
        pytest.param(LEAK.replace("\n", "\r\n").encode(), id="crlf"),
    ],
)
def test_the_bytes_of_a_file_stay_as_they_are(data: bytes, project: Path) -> None:
    """All but the comment."""
    (project / "a.py").write_bytes(data)
    assert run("--add-noqa").exit_code == 0
    assert (project / "a.py").read_bytes().replace(b"  # noqa: UNC103", b"") == data


def test_what_cannot_be_silenced_is_told_with_status_1(project: Path) -> None:
    """A file that is no Python, a comment that silences nothing, a string that looks like a comment."""
    (project / "a.py").write_text(BROKEN, encoding="utf-8")
    (project / "b.py").write_text("x = 1  # noqa: UNC103\n", encoding="utf-8")
    (project / "c.py").write_text(LEAK.replace("(path)\n", "('# noqa: E501')\n", 1).replace("connect('#", "connect('#"), encoding="utf-8")
    before = [path.read_bytes() for path in sorted(project.iterdir())]
    result = run("--add-noqa", "--extend-select", "UNC902")
    assert ([line.split()[1] for line in result.stdout.splitlines()], result.exit_code) == (["UNC901", "UNC902", "UNC103"], 1)
    assert result.stderr.splitlines() == [
        "unclosed: ./a.py:1: UNC901 cannot be silenced by a comment there",
        "unclosed: ./b.py:1: UNC902 cannot be silenced by a comment there",
        "unclosed: ./c.py:5: UNC103 cannot be silenced by a comment there",
    ]
    assert [path.read_bytes() for path in sorted(project.iterdir())][:2] == before[:2]


def test_a_file_that_cannot_be_written_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are done."""
    for name in ("a.py", "b.py"):
        (project / name).write_text(LEAK, encoding="utf-8")
    write = Path.write_bytes

    def refuse(path: Path, data: bytes) -> int:
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    result = run("--add-noqa")
    assert result.stderr.splitlines() == ["unclosed: ./a.py: cannot be written: Permission denied", "unclosed: ./b.py: 1 finding silenced"]
    assert result.exit_code == 1


def test_standard_input_is_refused() -> None:
    """In one line with status 2."""
    result = run("--add-noqa", "-", stdin=LEAK)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr == "Error: --add-noqa: standard input is no file that comments can be written to\n"
