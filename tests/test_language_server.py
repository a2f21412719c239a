"""Editors: python-lsp-server as a process, driven by a client that opens buffers and edits them without saving."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from language_client import LanguageClient, Message, language_server
from leaks import BROKEN, CLEAN, LEAK
from unclosed.cli import main
from unclosed.toml_text import parse_toml

pytest.importorskip("pylsp")
pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
FLAKE8 = {"enabled": True, "executable": f"{Path(sys.executable).parent}/flake8", "select": ["UNC"]}
OFF = {name: {"enabled": False} for name in ("autopep8", "flake8", "mccabe", "pycodestyle", "pyflakes", "yapf")}
MESSAGE = "UNC103 connection from sqlite3.connect() is not closed when conn.execute() (line 6) raises; use closing()"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that servers run in, with the plugins that `pyproject.toml` declares, also where another version is installed."""
    project: Any = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "pyproject.toml")["project"]
    metadata = tmp_path_factory.mktemp("installed") / "unclosed_plugins-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: unclosed-plugins\nVersion: 0\n", encoding="utf-8")
    lines = ["[pylsp]", *(f"{name} = {value}" for name, value in project["entry-points"]["pylsp"].items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{metadata.parent}")
        yield tmp_path_factory.mktemp("workspace")


@pytest.fixture
def project(root: Path, request: pytest.FixtureRequest) -> Path:
    """A project of this test's own in the folder."""
    folder = root / re.sub(r"\W", "_", request.node.name)
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'\n", encoding="utf-8")
    return folder


@pytest.fixture
def app(project: Path) -> str:
    """The name of a buffer in the project, as seen from the folder."""
    return f"{project.name}/app.py"


def server(root: Path, **plugins: Message) -> Any:
    """The server with these plugins switched on and nothing else."""
    return language_server([sys.executable, "-m", "pylsp"], root, {"pylsp": {"plugins": {**OFF, **plugins}}})


@pytest.fixture(scope="module")
def flake8(root: Path) -> Iterator[LanguageClient]:
    """The server with flake8, one for all tests."""
    with server(root, flake8=FLAKE8) as client:
        yield client


@pytest.fixture(scope="module")
def unclosed(root: Path) -> Iterator[LanguageClient]:
    """The server with the plugin of our own, one for all tests."""
    with server(root, unclosed={"enabled": True}) as client:
        yield client


def place(line: int, start: int, end: int) -> Message:
    """A range on one line."""
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def ranges(found: list[Message]) -> list[tuple[str, int, int, int]]:
    """Code, line, first character and the one behind the last of each diagnostic."""
    places = [(each["code"], each["range"]["start"], each["range"]["end"]) for each in found]
    return [(code, start["line"], start["character"], end["character"]) for code, start, end in places]


def test_flake8_shows_a_leak_in_a_buffer_and_forgets_it_when_it_is_mended(flake8: LanguageClient, app: str) -> None:
    """Opened, edited in place and never saved; flake8 knows no end, so the range goes to the end of the line."""
    assert flake8.open(app, LEAK) == [{"source": "flake8", "code": "UNC103", "range": place(4, 11, 33), "message": MESSAGE, "severity": 2}]
    assert flake8.change(app, CLEAN) == []
    assert [each["code"] for each in flake8.change(app, LEAK)] == ["UNC103"]


@pytest.mark.parametrize(
    ("before", "character"),
    [
        pytest.param("    conn = ", 11, id="spaces"),
        pytest.param("\tconn = ", 8, id="a-tab-is-one-character"),
        pytest.param("    word = '漢字かな'; conn = ", 26, id="wide-characters-are-one-each"),
        pytest.param("    word = 'e\u0301'; conn = ", 24, id="a-combining-mark-is-one"),
    ],
)
def test_flake8_shows_the_column_as_the_editor_counts(flake8: LanguageClient, app: str, before: str, character: int) -> None:
    """Characters of the basic plane are one unit in both."""
    text = LEAK.replace("    conn = ", before).replace("\n    ", "\n\t" if "\t" in before else "\n    ")
    assert [(code, line, start) for code, line, start, _ in ranges(flake8.open(app, text))] == [("UNC103", 4, character)]


def test_behind_an_emoji_flake8s_range_begins_one_early(flake8: LanguageClient, app: str) -> None:
    """As docs/editors.md says: python-lsp-server hands on characters where UTF-16 code units are meant, and the call stands at 24."""
    text = LEAK.replace("    conn = ", "    word = '🐍'; conn = ")
    assert [found[:3] for found in ranges(flake8.open(app, text))] == [("UNC103", 4, 23)]


def test_our_own_plugin_marks_the_acquire_and_shows_the_trail(unclosed: LanguageClient, project: Path, app: str) -> None:
    """The range ends with the call; each step of the trail has its place."""
    (found,) = unclosed.open(app, LEAK)
    related = found.pop("relatedInformation")
    assert found == {"source": "unclosed", "code": "UNC103", "range": place(4, 11, 32), "message": MESSAGE, "severity": 2}
    assert [(step["location"]["uri"], step["location"]["range"]["start"]["line"]) for step in related] == [
        ((project / "app.py").as_uri(), line) for line in (4, 5, 5)
    ]
    assert related[0]["message"] == "acquired here"


def test_our_own_plugin_follows_each_edit(unclosed: LanguageClient, app: str) -> None:
    """A release is put into a `finally`, taken out again; nothing is saved."""
    before = "import sqlite3\n\n\ndef names(path):\n    conn = sqlite3.connect(path)\n    conn.execute('SELECT 1')\n"
    assert ranges(unclosed.open(app, before)) == [("UNC101", 4, 11, 32)]
    assert unclosed.edit(app, (5, 0), (6, 0), "    try:\n        conn.execute('SELECT 1')\n    finally:\n        conn.close()\n") == []
    assert ranges(unclosed.edit(app, (7, 4), (9, 0), "except KeyError:\n        conn.close()\n")) == [("UNC102", 4, 11, 32)]


@pytest.mark.parametrize(
    ("before", "start"),
    [
        pytest.param("\tconn = ", 8, id="a-tab-is-one-unit"),
        pytest.param("    word = '漢字かな'; conn = ", 26, id="wide-characters-are-one-each"),
        pytest.param("    word = '🐍'; conn = ", 24, id="an-emoji-is-two"),
        pytest.param("    word = '👩‍👩‍👧'; conn = ", 30, id="joined-emoji"),
        pytest.param("    word = '\u0010'; conn = ", 23, id="a-control-character"),
    ],
)
def test_our_own_plugin_counts_as_the_protocol_does(unclosed: LanguageClient, app: str, before: str, start: int) -> None:
    """In UTF-16 code units."""
    text = LEAK.replace("    conn = ", before).replace("\n    ", "\n\t" if "\t" in before else "\n    ")
    assert ranges(unclosed.open(app, text)) == [("UNC103", 4, start, start + len("sqlite3.connect(path)"))]


def test_our_own_plugin_takes_the_settings_of_the_command(unclosed: LanguageClient, project: Path, app: str) -> None:
    """As they are now: codes by file, excludes, `# noqa`, own pools; a mistake in them is shown."""
    assert len(unclosed.open(app, LEAK)) == 1
    settings = project / "pyproject.toml"
    settings.write_text("[tool.unclosed.per-file-ignores]\n'app.py' = ['UNC103']\n", encoding="utf-8")
    assert unclosed.change(app, LEAK + "\n") == []
    settings.write_text("[tool.unclosed]\nslect = []\n", encoding="utf-8")
    (refused,) = unclosed.change(app, LEAK)
    assert (refused["range"], refused["severity"]) == (place(0, 0, 0), 1)
    assert refused["message"].startswith(f"{settings}: tool.unclosed.slect: unknown key; did you mean 'select'?")
    settings.write_text('[tool.unclosed.pools."shop.Pool"]\nacquire = "take"\nrelease = "put"\n', encoding="utf-8")
    program = "from shop import Pool\n\n\ndef f(pool: Pool):\n    conn = pool.take()\n    conn.run()\n"
    assert ranges(unclosed.change(app, program)) == [("UNC101", 4, 11, 22)]
    assert unclosed.change(app, program.replace("take()", "take()  # noqa: UNC101")) == []


def test_our_own_plugin_leaves_out_what_is_excluded(unclosed: LanguageClient, project: Path, app: str) -> None:
    """A file that the command would not look at."""
    (project / "pyproject.toml").write_text("[tool.unclosed]\nextend-exclude = ['gen/']\n", encoding="utf-8")
    (project / "gen").mkdir()
    (project / "gen" / "app.py").write_text("", encoding="utf-8")
    assert unclosed.open(f"{project.name}/gen/app.py", LEAK) == []
    assert len(unclosed.open(app, LEAK)) == 1


def test_our_own_plugin_follows_helpers_in_other_files(unclosed: LanguageClient, project: Path, app: str) -> None:
    """The trail leads into them."""
    (project / "db.py").write_text("import sqlite3\n\n\ndef connect():\n    return sqlite3.connect('a')\n", encoding="utf-8")
    (found,) = unclosed.open(app, "from db import connect\n\n\ndef f():\n    connect().execute('SELECT 1')\n")
    assert ranges([found]) == [("UNC106", 4, 4, 13)]
    assert (project / "db.py").as_uri() in [step["location"]["uri"] for step in found["relatedInformation"]]


def test_a_text_that_is_no_python_yet_is_one_diagnostic(unclosed: LanguageClient, app: str) -> None:
    """Somebody is typing."""
    assert ranges(unclosed.open(app, BROKEN)) == [("UNC901", 0, 6, 6)]
    assert ranges(unclosed.change(app, LEAK)) == [("UNC103", 4, 11, 32)]


def documented(language: str) -> list[str]:
    """The code blocks of docs/editors.md in a language."""
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def test_the_settings_that_are_documented_switch_it_on(root: Path, app: str) -> None:
    """As they stand in docs/editors.md."""
    settings = json.loads(documented("json")[0])
    settings["pylsp"]["plugins"] = {**OFF, **settings["pylsp"]["plugins"]}
    with language_server([sys.executable, "-m", "pylsp"], root, settings) as client:
        assert [(each["source"], each["code"]) for each in client.open(app, LEAK)] == [("unclosed", "UNC103")]


def test_what_editors_are_told_to_run_works(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """flake8's file is accepted, JSON is JSON, and the commands of editors without flake8 print what their patterns read."""
    monkeypatch.chdir(project)
    assert [json.loads(block) for block in documented("json")]
    Path(".flake8").write_text(documented("ini")[0], encoding="utf-8")
    command = [sys.executable, "-m", "flake8", "--select", "UNC", "--stdin-display-name", "app.py", "-"]
    shown = subprocess.run(command, input=LEAK, capture_output=True, text=True, check=False).stdout
    assert shown.startswith("app.py:5:12: UNC103 ")
    arguments = re.search(r"args = \{ (.*) \}", documented("lua")[0])
    assert arguments is not None
    given = [each.strip('"').replace("$FILENAME", "app.py") for each in arguments[1].split(", ")]
    result = CliRunner().invoke(main, given, input=LEAK)
    assert (result.stdout, result.exit_code) == (shown, 1)
    assert (
        [word in documented("elisp")[1] for word in given[:3]]
        == [f'"{word}"' in documented("elisp")[1] for word in given[:3]]
        == [True] * 3
    )


def test_our_own_plugin_is_off_by_default(root: Path, app: str) -> None:
    """So that nobody sees each finding twice."""
    with server(root) as client:
        assert client.open(app, LEAK) == []


def test_the_entry_point_is_declared() -> None:
    """Beside those of flake8 and the command."""
    project: Any = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"), "pyproject.toml")["project"]
    assert project["entry-points"]["pylsp"] == {"unclosed": "unclosed.pylsp_plugin"}
    assert project["scripts"] == {"unclosed": f"{main.callback.__module__}:main"}
