"""A project's own pools, connections, sessions and clients, in the short form: what docs/own-pools.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from unclosed.catalog import Catalog
from unclosed.catalog_checks import problems_of_models
from unclosed.catalog_files import UserModels, shipped_shelf
from unclosed.catalog_own import KINDS, in_full
from unclosed.cli import main
from unclosed.errors import ConfigError

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "own-pools.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```toml\n(.*?)^```\n.*?^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
SOURCE = """\
class {name}:
    def __init__(self, *arguments):
        self.things = list(arguments)

    def checkout(self):
        return self.things.pop()

    def checkin(self, conn):
        self.things.append(conn)

    async def take(self):
        return self.things.pop()

    async def put(self, conn):
        self.things.append(conn)

    def get(self, name):
        return self.things[0]

    def open(self):
        self.things.append(1)

    def close(self):
        self.things.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.things.clear()
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str) -> None:
    """One file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def reported(path: str) -> list[tuple[int, str]]:
    """Row and finding of each line that the command prints."""
    result = CliRunner().invoke(main, ["check", path])
    assert result.stderr == ""
    return [(int(line.split(":")[1]), line.split(" ", 1)[1]) for line in result.stdout.splitlines()]


def assert_reported(path: str, program: str) -> None:
    """The lines with a comment on a rule are reported, with findings that begin as the comment does, and no other line is."""
    found = [(row, line.partition("  # UNC")[2]) for row, line in enumerate(program.splitlines(), 1)]
    commented = [(row, f"UNC{text}") for row, text in found if text]
    cut = {row: len(text) for row, text in commented}
    assert [(row, text[: cut.get(row)]) for row, text in reported(path)] == commented


def test_the_page_has_its_examples() -> None:
    """One for each sort of thing that a project may own."""
    assert len(EXAMPLES) == 10
    assert {key for _, table, _ in EXAMPLES for key in KINDS if f"unclosed.{key}." in table} == set(KINDS)


@pytest.mark.parametrize(("table", "program"), [pytest.param(table, program, id=title) for title, table, program in EXAMPLES])
def test_an_example_for_an_installed_package_is_true(table: str, program: str) -> None:
    """The classes are not in the project."""
    write("pyproject.toml", table)
    write("app.py", program)
    assert_reported("app.py", program)


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
@pytest.mark.parametrize(("table", "program"), [pytest.param(table, program, id=title) for title, table, program in EXAMPLES])
def test_an_example_for_the_projects_own_source_is_true(table: str, program: str, relative: bool) -> None:
    """The entry stands in for the source, however it is imported."""
    write("pyproject.toml", table)
    write("src/shop/__init__.py", "")
    for module, names in re.findall(r"^from shop\.(\w+) import (.+)$", program, flags=re.MULTILINE):
        texts = [SOURCE.format(name=name) if name[0].isupper() else f"def {name}():\n    return 1\n" for name in names.split(", ")]
        write(f"src/shop/{module}.py", "\n\n".join(texts))
    write("src/shop/app.py", program.replace("from shop.", "from .") if relative else program)
    assert_reported("src/shop/app.py", program)


TABLE = '[tool.unclosed.pools."shop.Pool"]\nacquire = "checkout"\nrelease = "checkin"\n'
USER = "def use():\n    conn = pool.checkout()\n    conn.run()\n"


def test_a_name_that_a_package_hands_on_is_the_same_class() -> None:
    """The table says `shop.Pool`, the class stands in `shop/db/pool.py`, and a third file imports it from there."""
    write("pyproject.toml", TABLE)
    write("shop/__init__.py", "from .db import Pool\n")
    write("shop/db/__init__.py", "from shop.db.pool import Pool as Pool\n")
    write("shop/db/pool.py", SOURCE.format(name="Pool"))
    write("shop/app.py", f"from .db.pool import Pool\n\npool = Pool()\n\n\n{USER}")
    assert [(row, text.split()[0]) for row, text in reported("shop")] == [(7, "UNC101")]


def test_another_class_of_the_same_name_is_not_meant() -> None:
    """Nothing is guessed from the last name."""
    write("pyproject.toml", TABLE)
    write("shop/__init__.py", SOURCE.format(name="Pool"))
    write("shop/other.py", SOURCE.format(name="Pool"))
    write("shop/app.py", f"from .other import Pool\n\npool = Pool()\n\n\n{USER}")
    assert reported("shop") == []


def test_the_rest_of_the_package_is_still_followed() -> None:
    """An entry for `shop.Pool` says nothing of `shop.make`, whose source is read."""
    write("pyproject.toml", TABLE)
    write("shop/__init__.py", SOURCE.format(name="Pool"))
    write("shop/files.py", "import sqlite3\n\n\ndef make():\n    return sqlite3.connect('a')\n")
    write("shop/app.py", "from shop.files import make\n\n\ndef use():\n    make().execute('SELECT 1')\n")
    assert [(row, text.split()[0]) for row, text in reported("shop/app.py")] == [(5, "UNC106")]


def test_what_the_project_makes_of_it_owes_the_same() -> None:
    """A helper that returns what was lent, and a subclass."""
    write("pyproject.toml", TABLE + '[tool.unclosed.connections."shop.Db"]\nrelease = "close"\nwith = true\n')
    write("shop/__init__.py", SOURCE.format(name="Pool") + "\n\n" + SOURCE.format(name="Db"))
    write(
        "shop/app.py", "from shop import Db, Pool\n\n\ndef take(pool: Pool):\n    return pool.checkout()\n\n\nclass Mine(Db):\n    pass\n"
    )
    write(
        "shop/use.py",
        "from .app import Mine, take\n\n\ndef one(pool):\n    conn = take(pool)\n    conn.run()\n\n\n"
        "def two():\n    db = Mine()\n    db.run()\n",
    )
    assert [(row, text.split()[0]) for row, text in reported("shop")] == [(5, "UNC101"), (10, "UNC101")]


def test_a_pool_of_unknown_type_that_is_called_like_the_class_lends_by_convention() -> None:
    """Likely, with the releases that convention knows besides; not where anything may have such a method, or the name is another."""
    write("pyproject.toml", '[tool.unclosed.pools."shop.ShopPool"]\nacquire = ["checkout", "get"]\nrelease = "checkin"\n')
    write(
        "app.py",
        "def parameter(pool):\n    conn = pool.checkout()\n    conn.run()\n\n\n"
        "def attribute(request):\n    conn = request.app.state.shop_pool.checkout()\n    conn.run()\n\n\n"
        "def given_back(pool):\n    conn = pool.checkout()\n    try:\n        conn.run()\n    finally:\n        pool.checkin(conn)\n\n\n"
        "def given_back_otherwise(pool):\n    conn = pool.checkout()\n    try:\n        conn.run()\n    finally:\n"
        "        conn.close()\n\n\n"
        "def of_a_dictionary(pool, key):\n    item = pool.get(key)\n    item.run()\n\n\n"
        "def called_otherwise(library):\n    book = library.checkout()\n    book.read()\n",
    )
    assert [(row, text.split(" (")[0]) for row, text in reported("app.py")] == [
        (2, "UNC101 connection from pool.checkout() is never given back; call pool.checkin(conn) in 'finally'"),
        (7, "UNC101 connection from ...shop_pool.checkout() is never given back; call ...app.state.shop_pool.checkin(conn) in 'finally'"),
    ]
    assert CliRunner().invoke(main, ["check", "--min-confidence", "certain", "app.py"]).stdout == ""


def test_entries_of_an_extended_file_count() -> None:
    """And are laid under those of the file itself."""
    write("base.toml", TABLE)
    write("pyproject.toml", '[tool.unclosed]\nextend = "base.toml"\n[tool.unclosed.clients."shop.Api"]\nrelease = "stop"\nwith = false\n')
    write("app.py", f"from shop import Api, Pool\n\npool = Pool()\n\n\n{USER}\n\ndef call():\n    api = Api()\n    api.run()\n")
    assert [(row, text.split()[0]) for row, text in reported("app.py")] == [(7, "UNC101"), (12, "UNC101")]


def refused(key: str, tables: dict[str, object]) -> list[str]:
    """The mistakes of one table."""
    models = UserModels("pyproject.toml", tables, f"tool.unclosed.{key}")
    return [str(problem) for problem in problems_of_models(models, shipped_shelf())]


@pytest.mark.parametrize(
    ("key", "entry", "problem"),
    [
        pytest.param("pools", {"aquire": "get"}, ".aquire: is no key here; did you mean 'acquire'? (accepted: ", id="unknown-key"),
        pytest.param("pools", {"release": "put"}, ".acquire: is missing: which methods of the pool lend?", id="pool-without-acquire"),
        pytest.param(
            "pools", {"acquire": "get"}, ".release: is missing: which method of the pool takes back what was lent?", id="without-release"
        ),
        pytest.param("pools", {"acquire": 1, "with": "a"}, ".acquire: is 1, but must be a list of texts", id="number"),
        pytest.param(
            "pools", {"acquire": "shop.Pool.get", "release": "put"}, ".acquire: 'shop.Pool.get' must be a method of the class", id="dotted"
        ),
        pytest.param("pools", {"acquire": "get()", "release": "put"}, ".acquire: 'get()' is no name such as 'close'", id="no-name"),
        pytest.param(
            "pools",
            {"acquire": "get", "release": "put", "lends": "acme.Missing"},
            ".lends: 'acme.Missing' is no type that a model describes",
            id="lends-unknown",
        ),
        pytest.param(
            "clients", {"release": "close"}, ".with: is missing: does leaving a 'with' block release it? (accepted: ", id="without-with"
        ),
        pytest.param(
            "clients",
            {"release": "close", "with": "tru"},
            ".with: is 'tru'; did you mean 'true'? (accepted: false, transaction, true)",
            id="with",
        ),
        pytest.param("clients", {"with": False}, ".release: is missing: which method gives it back?", id="client-without-release"),
        pytest.param("clients", {"lends": "a.B", "with": True}, ".lends: is no key here", id="key-of-pools"),
        pytest.param("connections", {"release": "pool.put", "with": True}, ".release: 'pool.put' must be a method", id="release-dotted"),
    ],
)
def test_a_mistake_names_the_key(key: str, entry: dict[str, object], problem: str) -> None:
    """File, table, key, what is wrong, and the nearest match."""
    (message,) = refused(key, {"shop.Thing": entry})
    assert message.startswith(f'pyproject.toml: tool.unclosed.{key}."shop.Thing"{problem}')


def test_an_entry_is_a_table_under_a_qualified_name() -> None:
    """Everything else is told."""
    assert refused("pools", {"Pool": {"acquire": "get", "release": "put"}}) == [
        "pyproject.toml: tool.unclosed.pools.Pool: is not a qualified name such as 'shop.db.Pool'"
    ]
    assert refused("pools", {"shop.Pool": "get"}) == ["pyproject.toml: tool.unclosed.pools.\"shop.Pool\": is 'get', but must be a table"]


def test_the_first_mistake_ends_the_run_in_one_line() -> None:
    """Exit status 2, with the file."""
    write("pyproject.toml", '[tool.unclosed.pools."shop.Pool"]\nacquire = "get"\n')
    result = CliRunner().invoke(main, ["check"])
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1)
    assert 'pyproject.toml: tool.unclosed.pools."shop.Pool".release: is missing' in result.stderr


@pytest.mark.parametrize(("table", "program"), [pytest.param(table, program, id=title) for title, table, program in EXAMPLES])
def test_the_full_form_of_an_example_has_no_mistake(table: str, program: str) -> None:
    """What the short form is put into is a right model file."""
    from unclosed.config import read_config

    write("pyproject.toml", table)
    for models in read_config(Path("pyproject.toml")).models:
        full, problems = in_full(models)
        assert problems == []
        assert full.key == models.key
        assert set(full.tables) == {"types", "functions", "conventions", "words"}


def test_models_in_full_stay_as_they_are() -> None:
    """Only the four tables are short."""
    models = UserModels("pyproject.toml", {"words": ["acme"]})
    assert in_full(models) == (models, [])
    with pytest.raises(ConfigError):
        Catalog.load([UserModels("pyproject.toml", {"wrds": ["acme"]})])
