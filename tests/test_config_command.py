"""`unclosed config` says what holds and where it is from, and what its schema refuses the command refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from unclosed.catalog_files import MODELS, read_model_file
from unclosed.catalog_own import OWN_KEYS, POOL_KEYS
from unclosed.cli import main
from unclosed.config import read_config
from unclosed.config_keys import KEYS, NAMES
from unclosed.config_schema import schema
from unclosed.rules import all_rules
from unclosed.toml_text import parse_toml

ROOT = Path(__file__).resolve().parent.parent
EVERYTHING = """\
[tool.unclosed]
select = ["UNC1", "UNC2"]
extend-select = ["UNC305"]
ignore = ["UNC112"]
exclude = ["vendor", 'a "quoted" one', "with space/"]
extend-exclude = ["/docs/"]
min-confidence = "possible"
output-format = "full"
slow-io-seconds = 2.5
baseline = "known.json"

[tool.unclosed.per-file-ignores]
"tests/" = ["UNC101", "UNC2"]

[tool.unclosed.pools."shop.db.Pool"]
acquire = ["checkout", "await take"]
release = "checkin"
with = true
lends = "psycopg2.extensions.connection"
close = "shut"

[tool.unclosed.connections."shop.db.Db"]
release = "close"
with = "transaction"

[tool.unclosed.sessions."shop.db.Work"]
acquire = "begin"
release = "await close"
with = false

[tool.unclosed.clients."shop.http.Client"]
with = true

[tool.unclosed.models.types."acme.Line"]
kind = "connection"
acquires = true
release = ["hang_up"]

[tool.unclosed.models.types."acme.Line".methods]
say = { borrows = true }
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> Path:
    """One file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def config(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["config", *arguments])


def lines(*arguments: str) -> list[str]:
    """What the command prints, which must succeed."""
    result = config(*arguments)
    assert (result.stderr, result.exit_code) == ("", 0)
    return result.stdout.splitlines()


def test_without_a_file_all_is_default() -> None:
    """Each key that has a value by itself is there."""
    printed = lines()
    told = [line for line in printed if not line.startswith(("#", " ", "]", "[")) and line]
    assert [line.split(" = ")[0] for line in told] == [
        *("select", "extend-select", "ignore", "exclude", "extend-exclude", "min-confidence", "output-format", "slow-io-seconds")
    ]
    assert [line for line in told if not line.endswith("  # default")] == []


def test_what_is_printed_means_the_same() -> None:
    """It is TOML, and as a file of its own it gives the same settings."""
    path = write("pyproject.toml", EVERYTHING)
    before = read_config(path)
    path.write_text("\n".join(lines()), encoding="utf-8")
    assert read_config(path) == before


def test_each_value_says_where_it_is_from() -> None:
    """The file that extends, the one that is extended, or nobody."""
    write("base.toml", "[tool.unclosed]\nmin-confidence = 'certain'\nextend-exclude = ['gen']\nslow-io-seconds = 5\n")
    write("pyproject.toml", "[tool.unclosed]\nextend = 'base.toml'\nextend-exclude = ['tmp']\nslow-io-seconds = 6\n")
    printed = lines()
    assert printed[0] == "# pyproject.toml extends another file."
    assert 'min-confidence = "certain"  # base.toml' in printed
    assert 'extend-exclude = ["gen", "tmp"]  # base.toml, pyproject.toml' in printed
    assert "slow-io-seconds = 6  # pyproject.toml" in printed
    assert "ignore = []  # default" in printed


def test_the_rules_of_a_path_are_told() -> None:
    """With what is ignored for it."""
    write("pyproject.toml", "[tool.unclosed]\nselect = ['UNC101', 'UNC103']\n[tool.unclosed.per-file-ignores]\n'tests/' = ['UNC101']\n")
    assert "# Rules that run: UNC101 UNC103" in lines("app.py")
    assert "# Rules that run: UNC103" in lines("tests/test_app.py")
    assert any(line.startswith("# Rules that do not run: UNC101 UNC102") for line in lines("tests/test_app.py"))


def test_the_folder_of_the_cache_is_told(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """And whether the environment names it."""
    monkeypatch.delenv("UNCLOSED_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(project))
    assert any(line.startswith("# The cache is in ") and line.endswith(" (default)") for line in lines())
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", "/tmp/kept")
    assert "# The cache is in /tmp/kept (UNCLOSED_CACHE_DIR)" in lines()


def test_lines_are_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as values of one line are."""
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", "/tmp/kept")
    assert [line for line in lines() if len(line) > 80] == []


def test_another_file_can_be_named() -> None:
    """As for `check`."""
    write("other.toml", "[tool.unclosed]\nslow-io-seconds = 7\n")
    assert "slow-io-seconds = 7  # other.toml" in lines("--config", "other.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.unclosed]\nslect = []\n", "unknown key; did you mean 'select'?"),
        ("[tool.unclosed]\nignore = ['UNC1O3']\n", "did you mean 'UNC103'?"),
        ("[tool.unclosed.models.types.'acme.A']\nkind = 'conection'\n", "did you mean 'connection'?"),
        ("[tool.unclosed.pools.'acme.A']\naquire = 'get'\n", "did you mean 'acquire'?"),
    ],
)
def test_what_check_refuses_is_refused(text: str, words: str) -> None:
    """In one line, with exit status 2."""
    write("pyproject.toml", text)
    result = config()
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1)
    assert words in result.stderr


# The schema


def problems(text: str) -> list[str]:
    """What the schema has to say of a TOML text."""
    jsonschema: Any = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(schema())
    return [error.message for error in validator.iter_errors(parse_toml(text, "pyproject.toml"))]


def test_the_schema_is_one() -> None:
    """By the draft that it names, and the command prints it."""
    jsonschema: Any = pytest.importorskip("jsonschema")
    jsonschema.Draft7Validator.check_schema(schema())
    assert json.loads(config("--schema").stdout) == schema()


def test_every_key_is_in_the_schema_with_words() -> None:
    """No more and no fewer, so that an editor completes them all."""
    definitions: Any = schema()["definitions"]
    properties = definitions["settings"]["properties"]
    assert list(properties) == list(NAMES)
    assert [key.name for key in KEYS if properties[key.name]["description"] != key.summary] == []
    entries = {name: properties[name]["additionalProperties"]["properties"] for name in ("pools", "clients")}
    assert {name: tuple(entry) for name, entry in entries.items()} == {"pools": POOL_KEYS, "clients": OWN_KEYS}


def test_codes_are_completed_with_what_they_report() -> None:
    """Every rule is there."""
    definitions: Any = schema()["definitions"]
    known = {each["const"]: each["description"] for each in definitions["code"]["anyOf"] if "const" in each}
    assert known == {rule.code: f"{rule.name}: {rule.summary}" for rule in all_rules()}


def test_right_settings_pass() -> None:
    """Every key that there is."""
    assert problems(EVERYTHING + "\n[tool.other]\nx = 1\n[project]\nname = 'a'\n") == []


def test_the_page_on_configuration_has_every_key() -> None:
    """With how flake8's configuration says the same."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    assert [name for row in rows for name in re.findall(r"`([\w-]+)`", row[0])] == list(NAMES)
    flake8 = {name: row[2].strip("`") for row in rows for name in re.findall(r"`([\w-]+)`", row[0])}
    assert flake8 == {key.name: key.flake8 for key in KEYS}


@pytest.mark.parametrize("page", ["README.md", "docs/own-pools.md", "docs/configuration.md"])
def test_the_settings_that_documents_show_pass(page: str) -> None:
    """An editor has nothing to say of them."""
    blocks = re.findall(r"^```toml\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert blocks
    assert [found for block in blocks for found in problems(block)] == []


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.toml")), ids=lambda path: path.name)
def test_every_shipped_model_passes(path: Path) -> None:
    """What the reader accepts the schema accepts."""
    jsonschema: Any = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator({**schema(), "$ref": "#/definitions/models"})
    assert [error.message for error in validator.iter_errors(read_model_file(path))] == []


@pytest.mark.parametrize(
    "text",
    [
        "[tool.unclosed]\nslect = []",
        "[tool.unclosed]\nselect = 'UNC103'",
        "[tool.unclosed]\nselect = ['UNC1O3']",
        "[tool.unclosed]\nmin-confidence = 'likly'",
        "[tool.unclosed]\noutput-format = 'ful'",
        "[tool.unclosed]\nslow-io-seconds = -1",
        "[tool.unclosed]\nslow-io-seconds = '60'",
        "[tool.unclosed]\nexclude = ['a', 1]",
        "[tool.unclosed]\nextend = 1",
        "[tool.unclosed]\nmodels = 'acme.toml'",
        "[tool]\nunclosed = 1",
        "[tool.unclosed.per-file-ignores]\n'tests/' = 'UNC101'",
        "[tool.unclosed.per-file-ignores]\n'tests/' = ['X101']",
        "[tool.unclosed.pools.Pool]\nacquire = 'get'",
        "[tool.unclosed.pools.'shop.Pool']\naquire = 'get'",
        "[tool.unclosed.clients.'shop.Client']\nrelease = 'close'\nwith = 'tru'",
        "[tool.unclosed.clients.'shop.Client']\nlends = 'a.B'\nwith = true",
        "[tool.unclosed.models.types.'acme.A']\nkind = 'conection'",
        "[tool.unclosed.models.types.'acme.A'.methods.get]\naquires = true",
        "[tool.unclosed.models.functions.'acme.f']\nkeeps = 'yes'",
        "[tool.unclosed.models.functions.'acme.f']\npasses = -1",
    ],
)
def test_wrong_settings_are_refused_by_both(text: str) -> None:
    """The schema while writing, the command when running."""
    write("pyproject.toml", text + "\n")
    assert config().exit_code == 2
    assert problems(text) != []
