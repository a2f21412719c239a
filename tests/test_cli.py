"""The command as a person meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leaks import BROKEN, BY_CONVENTION, CLEAN, IN_A_TRANSACTION, LEAK, NEVER
from unclosed import __version__
from unclosed.analysis.verdicts import AnalysedModule
from unclosed.cli import main
from unclosed.engine import Engine
from unclosed.rules import all_rules
from unclosed.text import SourceFile


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str | bytes) -> None:
    """One file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, arguments, input=stdin)


def places(result: Result) -> list[str]:
    """`path:row:column: CODE` of each line on standard output."""
    return [" ".join(line.split(" ")[:2]) for line in result.stdout.splitlines()]


def test_a_leak_is_one_line_and_status_1() -> None:
    """The default is the working directory."""
    write("app.py", LEAK)
    result = run("check")
    assert places(result) == ["./app.py:5:12: UNC103"]
    assert (result.stderr, result.exit_code) == ("", 1)


def test_clean_code_is_silence_and_status_0() -> None:
    """On both streams."""
    write("app.py", CLEAN)
    result = run("check", "app.py")
    assert (result.output, result.exit_code) == ("", 0)


def test_findings_are_sorted_by_path_and_place() -> None:
    """Whatever the order of the arguments."""
    write("b.py", LEAK)
    write("a.py", LEAK + NEVER.removeprefix("import sqlite3\n"))
    assert places(run("check", "b.py", "a.py")) == ["a.py:5:12: UNC103", "a.py:12:12: UNC101", "b.py:5:12: UNC103"]


def test_exit_zero_is_about_findings_only() -> None:
    """A path that cannot be read stays an error."""
    write("app.py", LEAK)
    assert run("check", "--exit-zero", "app.py").exit_code == 0
    assert run("check", "--exit-zero", "app.py", "missing.py").exit_code == 2


def test_select_and_ignore() -> None:
    """By code or prefix, several between commas or repeated."""
    write("app.py", LEAK + NEVER.removeprefix("import sqlite3\n"))
    assert places(run("check", "--select", "UNC103")) == ["./app.py:5:12: UNC103"]
    assert places(run("check", "--ignore", "UNC103,UNC9")) == ["./app.py:12:12: UNC101"]
    assert places(run("check", "--ignore", "UNC103", "--ignore", "UNC101")) == ["./app.py:12:12: UNC101"][:0]
    assert places(run("check", "--ignore", "UNC1", "--extend-select", "UNC101")) == ["./app.py:12:12: UNC101"]


@pytest.mark.parametrize("option", ["--select", "--extend-select", "--ignore"])
def test_an_unknown_code_is_status_2_with_the_nearest(option: str) -> None:
    """One line, and nothing is checked."""
    result = run("check", option, "UNC1O3")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith(f"Error: {option}: no rule has the code or prefix 'UNC1O3'; did you mean 'UNC103'? (accepted: UNC101,")
    assert result.stderr.count("\n") == 1


def test_min_confidence() -> None:
    """A naming convention makes a finding likely at most."""
    write("app.py", BY_CONVENTION)
    assert places(run("check", "app.py")) == ["app.py:2:12: UNC103"]
    assert places(run("check", "--min-confidence", "certain", "app.py")) == []
    assert run("check", "--min-confidence", "sure").exit_code == 2


def test_slow_io_seconds() -> None:
    """From that limit on, I/O in a transaction is slow; the option over the project's file."""
    write("app.py", IN_A_TRANSACTION)
    assert places(run("check", "app.py")) == []
    assert places(run("check", "--slow-io-seconds", "10", "app.py")) == ["app.py:7:5: UNC204"]
    assert places(run("check", "--slow-io-seconds", "0", "app.py")) == ["app.py:7:5: UNC204"]
    write("pyproject.toml", "[tool.unclosed]\nslow-io-seconds = 5\n")
    assert places(run("check", "app.py")) == ["app.py:7:5: UNC204"]
    assert places(run("check", "--slow-io-seconds", "10.5", "app.py")) == []


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "a minute"])
def test_seconds_that_cannot_be_meant_are_status_2(value: str) -> None:
    """In one line that names the option."""
    result = run("check", "--slow-io-seconds", value)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "--slow-io-seconds" in result.stderr
    assert "Traceback" not in result.stderr


def test_full_format() -> None:
    """Source, trail, confidence."""
    write("app.py", LEAK)
    result = run("check", "--output-format", "full", "app.py")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("app.py:5:12: UNC103 connection from sqlite3.connect()")
    assert lines[1:3] == ["    5 |     conn = sqlite3.connect(path)", "      |            ^^^^^^^^^^^^^^^^^^^^^"]
    assert lines[3].startswith("  1. app.py:5: ")
    assert lines[-3:] == ["  confidence: certain", "", "1 finding in 1 file (1 file checked)"]


def test_statistics_follow_the_findings() -> None:
    """Counts and totals."""
    write("app.py", LEAK)
    write("other.py", "x = 1\n")
    lines = run("check", "--statistics").stdout.splitlines()
    assert lines[1] == "     1 UNC103"
    assert lines[-1].startswith("1 findings, 2 files, 1 parsed, ")


def test_codes_are_ignored_by_file() -> None:
    """In files that match a pattern, named or found; the option stands in the place of the table; unknown codes are refused."""
    write("pyproject.toml", "[tool.unclosed.per-file-ignores]\n'tests/' = ['UNC1']\n'*_gen.py' = ['UNC103']\n")
    for name in ("app.py", "tests/test_app.py", "src/app_gen.py"):
        write(name, LEAK + NEVER.removeprefix("import sqlite3\n"))
    assert places(run("check")) == ["./app.py:5:12: UNC103", "./app.py:12:12: UNC101", "./src/app_gen.py:12:12: UNC101"]
    assert places(run("check", "tests/test_app.py")) == []
    assert places(run("check", "-", "--stdin-filename", "tests/new.py", stdin=LEAK)) == []
    assert places(run("check", "--per-file-ignores", "app.py:UNC103,src/:UNC1", "app.py", "src")) == ["app.py:12:12: UNC101"]
    wrong = run("check", "--per-file-ignores", "tests/:UNC1O3")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)
    assert wrong.stderr.startswith("Error: --per-file-ignores: no rule has the code or prefix 'UNC1O3'; did you mean 'UNC103'?")


def test_what_is_extended_counts() -> None:
    """The nearest file wins where both speak."""
    write("base.toml", "[tool.unclosed]\nignore = ['UNC103']\noutput-format = 'full'\n")
    write("pyproject.toml", "[tool.unclosed]\nextend = 'base.toml'\noutput-format = 'flake8'\n")
    write("app.py", LEAK + NEVER.removeprefix("import sqlite3\n"))
    assert places(run("check")) == ["./app.py:12:12: UNC101"]


def test_noqa() -> None:
    """On the reported line, for the code or for all."""
    write("app.py", LEAK.replace("connect(path)\n", "connect(path)  # noqa: UNC103\n"))
    write("other.py", LEAK.replace("connect(path)\n", "connect(path)  # noqa: UNC101\n"))
    write("whole.py", "# flake8: noqa\n" + LEAK)
    assert places(run("check")) == ["./other.py:5:12: UNC103"]


def test_standard_input() -> None:
    """Under its own name, or the given one."""
    assert places(run("check", "-", stdin=LEAK)) == ["stdin:5:12: UNC103"]
    assert places(run("check", "-", "--stdin-filename", "src/app.py", stdin=LEAK)) == ["src/app.py:5:12: UNC103"]
    assert places(run("check", "-", stdin=BROKEN)) == ["stdin:1:7: UNC901"]
    assert run("check", "--force-exclude", "-", "--stdin-filename", "build/app.py", stdin=LEAK).exit_code == 0


def test_the_configuration_of_the_project_counts() -> None:
    """The nearest one of what is checked, unless one is named."""
    write("project/pyproject.toml", "[tool.unclosed]\nignore = ['UNC103']\n")
    write("project/app.py", LEAK)
    write("other.toml", "[tool.unclosed]\noutput-format = 'full'\n")
    assert run("check", "project").exit_code == 0
    assert run("check", "--config", "other.toml", "project").stdout.endswith("1 finding in 1 file (1 file checked)\n")


def test_a_model_of_the_user_counts() -> None:
    """A type and a function that returns it."""
    write(
        "pyproject.toml",
        """
        [tool.unclosed.models]
        words = ["acme"]
        [tool.unclosed.models.types."acme.Connection"]
        kind = "connection"
        acquires = true
        release = ["hang_up"]
        """,
    )
    write("app.py", "import acme\n\n\ndef call():\n    line = acme.Connection()\n    line.say('hello')\n")
    assert places(run("check")) == ["./app.py:5:12: UNC101"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.unclosed]\nslect = []\n", "unknown key; did you mean 'select'?"),
        ("[tool.unclosed", "not valid TOML"),
        ("[tool.unclosed.models.types.'acme.Connection']\nkind = 'conection'\n", "connection"),
        ("[tool.unclosed]\nignore = ['UNC1O3']\n", "did you mean 'UNC103'?"),
    ],
)
def test_a_wrong_configuration_is_one_line_and_status_2(text: str, words: str, project: Path) -> None:
    """With the file's name."""
    write("pyproject.toml", text)
    result = run("check")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith(f"Error: {project / 'pyproject.toml'}")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"\xef\xbb\xbf" + LEAK.encode(), ["app.py:5:12: UNC103"], id="byte-order-mark"),
        pytest.param(LEAK.replace("\n", "\r\n").encode(), ["app.py:5:12: UNC103"], id="crlf"),
        pytest.param(LEAK.replace("\n", "\r").encode(), ["app.py:5:12: UNC103"], id="carriage-returns"),
        pytest.param(LEAK.replace("\n\n", "\n\x0c\n", 1).encode(), ["app.py:5:12: UNC103"], id="form-feed"),
        pytest.param(b"# coding: latin-1\n# \xe9\n" + LEAK.encode(), ["app.py:7:12: UNC103"], id="cookie"),
        pytest.param(LEAK.replace("conn =", "änderung = conn =").encode(), ["app.py:5:23: UNC103"], id="columns-are-code-points"),
        pytest.param(LEAK.rstrip("\n").encode(), ["app.py:5:12: UNC103"], id="no-newline-at-the-end"),
        pytest.param(b"# \xe9\n" + LEAK.encode(), ["app.py:1:3: UNC901"], id="not-utf-8"),
        pytest.param(b"x = 1\n\0" + LEAK.encode(), ["app.py:2:1: UNC901"], id="null-byte"),
        pytest.param(bytes(range(256)) * 64, ["app.py:1:1: UNC901"], id="binary"),
        pytest.param(b"\x1f\x8b\x08\x00", ["app.py:1:1: UNC901"], id="compressed"),
        pytest.param(BROKEN.encode(), ["app.py:1:7: UNC901"], id="syntax-error"),
        pytest.param((LEAK + "\nreturn (\n").encode(), ["app.py:10:8: UNC901"], id="syntax-error-in-a-file-that-matters"),
        pytest.param(b"if x:\n        y\n    z\n", ["app.py:3:6: UNC901"], id="indentation"),
        pytest.param(b"\tif x:\n", ["app.py:1:1: UNC901"], id="unexpected-indent"),
    ],
)
def test_every_file_is_read_as_python_reads_it(data: bytes, found: list[str]) -> None:
    """A file that is no Python is one line, and the next file is checked."""
    write("app.py", data)
    write("next.py", LEAK)
    result = run("check", "app.py", "next.py")
    assert places(result) == [*found, "next.py:5:12: UNC103"]
    assert (result.stderr, result.exit_code) == ("", 1)


def test_a_file_that_is_nested_too_deeply_is_at_most_one_line() -> None:
    """And the next file is checked."""
    write("deep.py", "import sqlite3\nx = " + "(" * 5000 + ")" * 5000 + "\n")
    write("deeper.py", "import sqlite3\nx = " + "-" * 100_000 + "1\n")
    write("attributes.py", "import sqlite3\nx = a" + ".b" * 20_000 + "\n")
    write("next.py", LEAK)
    result = run("check", ".")
    assert places(result)[-1] == "./next.py:5:12: UNC103"
    assert len(result.output.splitlines()) <= 4


def test_paths_that_are_not_there_are_one_line_each_and_status_2() -> None:
    """The others are checked."""
    write("app.py", LEAK)
    os.symlink("nowhere", "broken.py")
    result = run("check", "missing.py", "app.py", "broken.py")
    assert places(result) == ["app.py:5:12: UNC103"]
    assert result.stderr == "unclosed: missing.py: no such file or directory\nunclosed: broken.py: broken symbolic link\n"
    assert result.exit_code == 2


def test_a_directory_without_python_is_one_line_and_status_0() -> None:
    """Nothing is wrong with it."""
    write("docs/index.md", "")
    result = run("check", "docs")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "unclosed: docs: no Python files\n", 0)


def test_a_crash_in_one_file_is_one_line_and_status_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings of the others are shown."""
    analyse = Engine.analyse

    def crash(engine: Engine, source: SourceFile) -> AnalysedModule:
        if "crash" in source.path:
            raise KeyError("place")
        return analyse(engine, source)

    monkeypatch.setattr(Engine, "analyse", crash)
    write("crash.py", LEAK)
    write("app.py", LEAK)
    result = run("check")
    assert places(result) == ["./app.py:5:12: UNC103"]
    assert result.stderr.startswith("unclosed: ./crash.py: internal error, please report it: KeyError: 'place' (")
    assert (result.stderr.count("\n"), result.exit_code) == (1, 3)


def test_rule_explains_one() -> None:
    """By code or name."""
    by_code, by_name = run("rule", "UNC103"), run("rule", "leak-on-exception")
    assert by_code.stdout == by_name.stdout
    assert by_code.stdout.startswith("# UNC103 leak-on-exception\n")


def test_rule_explains_all() -> None:
    """In order of their codes."""
    heads = [line for line in run("rule", "--all").stdout.splitlines() if line.startswith("# UNC")]
    assert heads == [f"# {rule.code} {rule.name}" for rule in all_rules()]


@pytest.mark.parametrize(
    "arguments", [["rule"], ["rule", "UNC103", "--all"], ["rule", "UNC1O3"], ["chek"], ["check", "--selekt", "UNC103"]]
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    """Click says what is right."""
    result = run(*arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "Error: " in result.stderr


def test_models_check() -> None:
    """Silence for a right file, a line for each mistake in a wrong one."""
    write("right.toml", 'library = "acme"\nwords = ["acme"]\nsource = "acme 1.0 manual"\n[types."acme.Line"]\nkind = "connection"\n')
    write("wrong.toml", 'library = "acme"\nwords = ["acme"]\nsource = "acme 1.0 manual"\n[types."acme.Line"]\nkind = "conection"\n')
    right, wrong = run("models", "check", "right.toml"), run("models", "check", "right.toml", "wrong.toml", "missing.toml")
    assert (right.output, right.exit_code) == ("", 0)
    assert [line.partition(":")[0] for line in wrong.stdout.splitlines()] == ["wrong.toml", "missing.toml"]
    assert wrong.exit_code == 1


def test_version_and_help() -> None:
    """`-h` works everywhere."""
    assert run("--version").stdout == f"unclosed, version {__version__}\n"
    assert [run(*command, "-h").exit_code for command in ([], ["check"], ["rule"], ["models"], ["models", "check"])] == [0] * 5


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The real command in a process of its own."""
    command = [sys.executable, "-m", "unclosed", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment})


def test_names_that_cannot_be_shown_are_escaped() -> None:
    """A file name may be any bytes."""
    Path(os.fsdecode(b"\xff.py")).write_text(LEAK, encoding="utf-8")
    done = process("check", ".", PYTHONUTF8="1")
    assert (done.stdout.partition(b" ")[0], done.stderr) == (b"./\\udcff.py:5:12:", b"")


def test_a_terminal_without_unicode_is_no_crash() -> None:
    """Every finding is a line."""
    write("ä.py", LEAK)
    done = process("check", ".", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert (done.stdout.count(b"\n"), b":5:12: UNC103" in done.stdout, done.stderr) == (1, True, b"")


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_on_a_terminal_only(environment: dict[str, str], coloured: bool) -> None:
    """And never with `NO_COLOR`."""
    import pty

    write("app.py", LEAK)
    plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"}
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "unclosed", "check", "app.py"]
        subprocess.run(command, stdout=theirs, stderr=theirs, check=False, env=plain | environment)
        assert (b"\x1b[" in os.read(ours, 10_000)) is coloured
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_colour_into_a_pipe() -> None:
    """Nor a progress bar, however many files there are."""
    for number in range(250):
        write(f"package/module_{number}.py", "x = 1\n")
    write("app.py", LEAK)
    done = process("check")
    assert (b"\x1b" in done.stdout, done.stderr, done.returncode) == (False, b"", 1)


def test_progress_on_a_terminal() -> None:
    """On standard error, for long runs."""
    import pty

    for number in range(250):
        write(f"package/module_{number}.py", "x = 1\n")
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "unclosed", "check"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False)
        assert (b"Checking" in os.read(ours, 10_000), done.stdout) == (True, b"")
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_reader_that_goes_away_is_no_crash() -> None:
    """`unclosed check | head -1`."""
    for number in range(50):
        write(f"module_{number}.py", LEAK)
    command = f"{sys.executable} -m unclosed check --output-format full . | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("./module_0.py:5:12: UNC103")
    assert "Traceback" not in done.stderr
