"""The plugin inside real flake8 processes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from leaks import BROKEN, BY_CONVENTION, CLEAN, IN_A_TRANSACTION, LEAK, NEVER
from unclosed.cli import main
from unclosed.config_keys import KEYS
from unclosed.flake8_plugin import Plugin

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory in which flake8 shows our codes and its own errors only."""
    monkeypatch.chdir(tmp_path)
    write(".flake8", "[flake8]\nextend-ignore = E1,E2,E3,E5,E7,W,F\n")
    return tmp_path


def write(name: str, text: str) -> None:
    """One file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def flake8(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The outcome of flake8."""
    command = [sys.executable, "-m", "flake8", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})


def shown(*arguments: str, stdin: str | None = None) -> str:
    """What flake8 prints; nothing may go wrong."""
    done = flake8(*arguments, stdin=stdin)
    assert done.stderr == ""
    return done.stdout


def ours(*arguments: str, stdin: str | None = None) -> str:
    """What our own command prints."""
    return CliRunner().invoke(main, ["check", *arguments], input=stdin).stdout


TEXTS = {
    "leak": LEAK,
    "never": NEVER,
    "clean": CLEAN,
    "by-convention": BY_CONVENTION,
    "several": LEAK + NEVER.removeprefix("import sqlite3\n"),
    "noqa": LEAK.replace("connect(path)\n", "connect(path)  # noqa: UNC103\n"),
    "other-noqa": LEAK.replace("connect(path)\n", "connect(path)  # noqa: UNC101\n"),
    "noqa-on-another-line-of-the-call": LEAK.replace("connect(path)\n", "connect(\n        path,\n    )  # noqa\n"),
    "noqa-after-a-string-of-several-lines": LEAK.replace("connect(path)\n", 'connect("""file:a\n?mode=ro""")  # noqa\n'),
    "whole-file": "# flake8: noqa\n" + LEAK,
    "byte-order-mark": "\ufeff" + LEAK,
    "crlf": LEAK.replace("\n", "\r\n"),
    "form-feed": LEAK.replace("\n\n", "\n\x0c\n", 1),
    "columns-are-code-points": LEAK.replace("conn =", "änderung = conn ="),
    "tabs": LEAK.replace("    ", "\t"),
    "no-newline-at-the-end": LEAK.rstrip("\n"),
    "empty": "",
}


@pytest.fixture
def files() -> None:
    """One file for each text."""
    for name, text in TEXTS.items():
        write(f"src/{name}.py", text)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("jobs", ["1", "4"])
def test_flake8_prints_what_the_command_prints(jobs: str) -> None:
    """The same lines, in one process and in four."""
    printed = shown("--jobs", jobs, "src")
    assert printed == ours("src")
    assert {line.partition(":")[0] for line in printed.splitlines()} == {
        f"src/{name}.py" for name in TEXTS if name not in ("clean", "noqa", "noqa-after-a-string-of-several-lines", "whole-file", "empty")
    }


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_unsaved_text_counts_not_the_file(text: str) -> None:
    """What comes by standard input under the name of a file."""
    write("app.py", "import sqlite3\n\n\n\n\nsqlite3.connect('other')\n")
    printed = shown("--stdin-display-name", "app.py", "-", stdin=text)
    assert printed == ours("-", "--stdin-filename", "app.py", stdin=text)


def test_the_plugin_reads_the_lines_that_it_is_given() -> None:
    """As an editor hands them over, for a file that need not exist."""
    lines = LEAK.splitlines(keepends=True)
    (error,) = Plugin(ast.parse(LEAK), "unsaved.py", lines).run()
    assert (error[0], error[1], error[2].split()[0], error[3]) == (5, 11, "UNC103", Plugin)


def test_a_syntax_error_is_flake8s() -> None:
    """Once, as E999."""
    write("app.py", BROKEN)
    assert [line.split()[1] for line in shown("app.py").splitlines()] == ["E999"]


def test_selection_is_flake8s() -> None:
    """On its command line and in its file."""
    write("app.py", LEAK + NEVER.removeprefix("import sqlite3\n"))
    assert [line.split()[1] for line in shown("--select", "UNC101", "app.py").splitlines()] == ["UNC101"]
    write(".flake8", "[flake8]\nextend-ignore = E,W,UNC101\n")
    assert [line.split()[1] for line in shown("app.py").splitlines()] == ["UNC103"]
    assert len(shown("--disable-noqa", "app.py").splitlines()) == 1


def test_codes_that_are_off_by_default_are_ignored_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--extend-select` turns them on, as everywhere in flake8."""
    write("app.py", LEAK)
    program = (
        "import sys; from unclosed.rules import all_rules; from flake8.main.cli import main;"
        "setattr(next(type(rule) for rule in all_rules() if rule.code == 'UNC103'), 'default', False);"
        "sys.exit(main(sys.argv[1:]))"
    )

    def codes(*arguments: str) -> list[str]:
        command = [sys.executable, "-c", program, *arguments, "app.py"]
        return [line.split()[1] for line in subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()]

    assert codes() == []
    assert codes("--extend-select", "UNC103") == ["UNC103"]


def test_confidence_comes_from_flake8s_options_and_else_from_the_project() -> None:
    """The command line over flake8's file over `pyproject.toml`."""
    write("app.py", BY_CONVENTION)
    assert "UNC103" in shown("app.py")
    assert shown("--unclosed-min-confidence", "certain", "app.py") == ""
    write("pyproject.toml", "[tool.unclosed]\nmin-confidence = 'certain'\n")
    assert shown("app.py") == ""
    write(".flake8", "[flake8]\nextend-ignore = E,W\nunclosed-min-confidence = likely\n")
    assert "UNC103" in shown("app.py")


def test_slow_io_seconds_come_from_flake8s_options_and_else_from_the_project() -> None:
    """The command line over flake8's file over `pyproject.toml`."""
    write("app.py", IN_A_TRANSACTION)
    assert shown("app.py") == ""
    assert "UNC204" in shown("--unclosed-slow-io-seconds", "10", "app.py")
    write("pyproject.toml", "[tool.unclosed]\nslow-io-seconds = 5\n")
    assert "UNC204" in shown("app.py")
    write(".flake8", "[flake8]\nextend-ignore = E,W\nunclosed-slow-io-seconds = 30.5\n")
    assert shown("app.py") == ""


@pytest.mark.parametrize(("value", "words"), [("-1", "not -1"), ("nan", "not nan"), ("soon", "not 'soon'")])
def test_seconds_that_cannot_be_meant_are_flake8s_error(value: str, words: str) -> None:
    """One line that names the option."""
    done = flake8("--unclosed-slow-io-seconds", value, ".")
    assert done.returncode == 1
    assert f"unclosed-slow-io-seconds: must be a number of seconds, 0 or more, {words}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_io_on_a_connection_is_asked_for_where_flake8_selects_it() -> None:
    """UNC205 is off by default."""
    program = (
        "import psycopg_pool\nimport requests\n\npool = psycopg_pool.ConnectionPool()\n\n\n"
        "def fetch(url):\n    with pool.connection():\n        return requests.get(url)\n"
    )
    write("app.py", program)
    assert shown("app.py") == ""
    assert shown("--extend-select", "UNC205", "app.py").split()[:2] == ["app.py:9:16:", "UNC205"]


def test_what_a_pooler_breaks_is_asked_for_where_flake8_selects_it() -> None:
    """UNC307 is off by default, and settings are no business of flake8."""
    write("pyproject.toml", "")
    write("deploy/pgbouncer.ini", "[pgbouncer]\npool_mode = transaction\nquery_wait_timeout = 0\n")
    write("app.py", "import psycopg\n\n\ndef listen(conn: psycopg.Connection):\n    conn.execute('LISTEN orders')\n")
    assert shown(".") == ""
    assert [line.split()[:2] for line in shown("--extend-select", "UNC3", ".").splitlines()] == [["./app.py:5:5:", "UNC307"]]


def test_flake8_has_an_option_for_each_key_that_applies_to_it() -> None:
    """By the name that docs/configuration.md gives."""
    options = set(re.findall(r"--[\w-]+", shown("--help")))
    assert [key.flake8 for key in KEYS if key.flake8 and f"--{key.flake8}" not in options] == []
    assert {"--unclosed-config", *(f"--{key.flake8}" for key in KEYS if key.flake8.startswith("unclosed-"))} == {
        option for option in options if option.startswith("--unclosed-")
    }


def test_codes_are_ignored_by_file_as_flake8_says() -> None:
    """Its own key; that of `pyproject.toml` is the command's."""
    write("pyproject.toml", "[tool.unclosed.per-file-ignores]\n'app.py' = ['UNC103']\n")
    write("app.py", LEAK)
    write("tests/test_app.py", LEAK)
    write(".flake8", "[flake8]\nextend-ignore = E,W\nper-file-ignores =\n    tests/*:UNC103\n")
    assert [line.split()[0] for line in shown(".").splitlines()] == ["./app.py:5:12:"]


def test_own_pools_of_the_project_count() -> None:
    """In the short form, as for the command."""
    write("pyproject.toml", '[tool.unclosed.pools."shop.Pool"]\nacquire = "take"\nrelease = "put"\n')
    write("app.py", "from shop import Pool\n\n\ndef f(pool: Pool):\n    conn = pool.take()\n    conn.run()\n")
    assert shown("app.py") == ours("app.py")
    assert [line.split()[1] for line in shown("app.py").splitlines()] == ["UNC101"]


def test_models_of_the_project_count() -> None:
    """Of the nearest configuration upwards from the file, or of the one that is named."""
    text = '[tool.unclosed.models]\nwords = ["acme"]\n[tool.unclosed.models.types."acme.Line"]\nkind = "connection"\nacquires = true\n'
    text += 'release = ["hang_up"]\n'
    program = "import acme\n\n\ndef call():\n    line = acme.Line()\n    line.say('hello')\n"
    write("one/pyproject.toml", text)
    write("one/src/app.py", program)
    write("two/app.py", program)
    assert [line.split()[:2] for line in shown(".").splitlines()] == [["./one/src/app.py:5:12:", "UNC101"]]
    assert [line.split()[0] for line in shown("--unclosed-config", "one/pyproject.toml", "two").splitlines()] == ["two/app.py:5:12:"]


def test_the_baseline_of_the_project_counts() -> None:
    """As for the command; a suppressed finding of the same kind does not shift the count. One that cannot be read is flake8's error."""
    twice = NEVER.replace('execute("SELECT 1")', 'execute("SELECT 1")  # noqa') + NEVER.splitlines(keepends=True)[-1]
    write("app.py", twice)
    write("pyproject.toml", "[tool.unclosed]\nbaseline = 'known'\n")
    assert CliRunner().invoke(main, ["baseline", "write"]).output == f"1 finding written to {Path('known').resolve()}\n"
    assert flake8("app.py").stdout == ""
    write("app.py", twice + LEAK.removeprefix("import sqlite3\n"))
    assert [line.split(" ")[1] for line in flake8("app.py").stdout.splitlines()] == ["UNC103"]
    Path("known").unlink()
    done = flake8("app.py")
    assert (done.returncode, "known does not exist; 'unclosed baseline write' makes it" in done.stderr + done.stdout) == (1, True)


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_wrong_configuration_is_flake8s_error(jobs: str) -> None:
    """One line, no traceback, from a worker process too."""
    write("pyproject.toml", "[tool.unclosed]\nslect = []\n")
    write("a.py", LEAK)
    write("b.py", LEAK)
    done = flake8("--jobs", jobs, ".")
    assert done.returncode == 1
    assert "unknown key; did you mean 'select'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_wrong_option_is_flake8s_error() -> None:
    """With what is accepted."""
    done = flake8("--unclosed-min-confidence", "likly", ".")
    assert done.returncode == 1
    assert "unclosed-min-confidence: 'likly' is not accepted; did you mean 'likely'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(("text", "loaded"), [("import os\n\n\nprint(os.name)\n", "[]"), (LEAK, "['libcst']")])
def test_libcst_is_loaded_for_files_that_matter_only(text: str, loaded: str) -> None:
    """And click never."""
    write("app.py", text)
    program = (
        "import sys; from flake8.main.cli import main; main(['app.py']);"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'libcst', 'click'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == loaded


def test_a_crash_is_one_line_on_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """flake8 goes on."""

    def crash(*_: object, **__: object) -> object:
        raise KeyError("place")

    monkeypatch.setattr("unclosed.engine.Engine.analyse", crash)
    assert list(Plugin(ast.parse(LEAK), "app.py", LEAK.splitlines(keepends=True)).run()) == []
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("unclosed: app.py: internal error, please report it: KeyError: 'place' (")


def test_the_language_server_shows_the_findings() -> None:
    """python-lsp-server runs flake8 over the text of its editor."""
    pylsp = pytest.importorskip("pylsp.plugins.flake8_lint")
    from pylsp.config.config import Config
    from pylsp.workspace import Document, Workspace

    workspace = Workspace(Path.cwd().as_uri(), None)
    workspace._config = Config(workspace.root_uri, {}, 0, {})
    workspace._config.update({"plugins": {"flake8": {"enabled": True, "executable": f"{Path(sys.executable).parent}/flake8"}}})
    document = Document((Path.cwd() / "app.py").as_uri(), workspace, LEAK)
    diagnostics = pylsp.pylsp_lint(workspace, document)
    assert [(found["code"], found["range"]["start"]) for found in diagnostics] == [("UNC103", {"line": 4, "character": 11})]
