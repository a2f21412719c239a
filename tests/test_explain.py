"""What `unclosed explain` prints, compared whole.

Each file under `explanations/` is a sentence that says what is true, the files of a small project, and commands with all that they print.
After a wanted change, `UNCLOSED_WRITE_EXPLANATIONS=1` writes the outputs anew; the difference is then to be read, not believed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leaks import BROKEN, LEAK
from unclosed.cli import main
from unclosed.errors import ConfigError
from unclosed.explain.place import Place, parse_place

EXPLANATIONS = Path(__file__).parent / "explanations"
FILES = sorted(EXPLANATIONS.glob("*.txt"))
_PART = re.compile(r"^== (.+)\n", re.MULTILINE)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project as working directory."""
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["explain", *arguments])


def explained(text: str) -> str:
    """The text with every output as it is now, once its files are written."""
    sentence, *parts = _PART.split(text)
    blocks = [sentence.strip()]
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        if title.startswith("explain "):
            body = run(*title.split()[1:]).output
        else:
            Path(title).write_text(body, encoding="utf-8")
        blocks.append(f"== {title}\n{body.strip()}")
    return "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_explanation_is_as_written(path: Path) -> None:
    """Every line of every output."""
    written = path.read_text(encoding="utf-8")
    found = explained(written)
    if os.environ.get("UNCLOSED_WRITE_EXPLANATIONS"):
        path.write_text(found, encoding="utf-8")
    assert found.splitlines() == written.splitlines()


def test_every_explanation_says_what_is_true_of_it() -> None:
    """The first line of each file is a sentence."""
    first = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in FILES}
    assert [stem for stem, line in first.items() if not (line.startswith("# ") and line.endswith("."))] == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("app.py:12", Place("app.py", 12)),
        ("app.py:12:5", Place("app.py", 12, 4)),
        ("src/app.py:12:5:", Place("src/app.py", 12, 4)),
        ("C:\\src\\app.py:12", Place("C:\\src\\app.py", 12)),
        ("odd:name.py:3", Place("odd:name.py", 3)),
    ],
)
def test_a_place_is_written_as_findings_print_it(text: str, place: Place) -> None:
    """The colon after it may come along; columns count from 0 inside."""
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["app.py", "app.py:", "app.py:x", ":12", "12", "app.py:0", "app.py:1:0", "app.py:-1"])
def test_anything_else_is_no_place(text: str) -> None:
    """The message repeats it."""
    with pytest.raises(ConfigError, match=re.escape(text)):
        parse_place(text)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("app.py", "app.py: this is no place; write PATH:LINE[:COLUMN], as in src/app.py:12"),
        ("app.py:0", "app.py:0: lines and columns count from 1"),
        ("missing.py:1", "missing.py: cannot be read: No such file or directory"),
        ("folder:1", "folder: cannot be read: Is a directory"),
        ("app.py:9", "app.py:9: the file has 8 lines"),
        ("one.py:2", "one.py:2: the file has 1 line"),
        ("empty.py:1", "empty.py:1: the file has 0 lines"),
        ("app.py:1", "app.py:1: no function stands around this line; only functions are analysed"),
        ("broken.py:1", "broken.py: line 1: invalid syntax"),
        ("latin.py:1", "latin.py: line 1: not valid utf-8: byte 0xe9 cannot be decoded"),
        ("deep.py:2", "deep.py: an expression has a chain of 1500 operators"),
    ],
)
def test_a_place_that_cannot_be_explained_is_one_line_and_status_2(place: str, message: str) -> None:
    """On standard error."""
    Path("folder").mkdir()
    texts = {"app.py": LEAK, "one.py": "x = 1\n", "empty.py": "", "broken.py": BROKEN, "deep.py": "\nx = 1" + " + 1" * 1500 + "\n"}
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    Path("latin.py").write_bytes(b"# \xe9\n")
    result = run(place)
    assert (result.stdout, result.stderr, result.exit_code) == ("", f"Error: {message}\n", 2)


def test_a_function_that_was_given_up_says_why() -> None:
    """Its calls are explained all the same."""
    Path("app.py").write_text("import sqlite3\n\n\ndef many(p):\n" + "    c = sqlite3.connect(p)\n" * 401, encoding="utf-8")
    lines = run("app.py:5").output.splitlines()
    assert lines[:5] == [
        "app.py:5: c = sqlite3.connect(p)",
        "in many, lines 4 to 405",
        "  not analysed: more than 400 acquires",
        "",
        "call sqlite3.connect() at column 9",
    ]
    assert lines[-1] == "  confidence: certain"


def test_the_configuration_counts() -> None:
    """Models of the project's own file, or of the one that is named; a mistake in it is one line and status 2."""
    model = '[tool.unclosed.models]\nwords = ["acme"]\n[tool.unclosed.models.types."acme.Line"]\nkind = "connection"\nacquires = true\n'
    Path("other.toml").write_text(model + 'release = ["hang_up"]\n', encoding="utf-8")
    Path("app.py").write_text("import acme\n\n\ndef call():\n    line = acme.Line()\n    line.hang_up()\n", encoding="utf-8")
    assert "  acquires: connection acme.Line, certain\n    released by hang_up()\n" in run("app.py:5", "--config", "other.toml").output
    assert "  acquires: nothing\n" in run("app.py:5").output
    Path("pyproject.toml").write_text("[tool.unclosed]\nslect = []\n", encoding="utf-8")
    assert (run("app.py:5").exit_code, run("app.py:5").stderr.count("\n")) == (2, 1)


def test_source_cannot_write_to_the_terminal() -> None:
    """Control characters are drawn, and a long line is cut."""
    Path("app.py").write_text('def f(g):\n    g("\x1b[31m' + "x" * 200 + '")\n', encoding="utf-8")
    first = run("app.py:2").output.splitlines()[0]
    assert first == 'app.py:2: g("\N{REPLACEMENT CHARACTER}[31m' + "x" * 89 + "..."


def test_help_fits_a_terminal() -> None:
    """80 columns."""
    result = run("--help")
    assert result.exit_code == 0
    assert [line for line in result.output.splitlines() if len(line) > 80] == []
