"""`unclosed models` says what is known of a library, and what is wrong with what the user says."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from unclosed.catalog_files import MODELS, shipped_shelf
from unclosed.cli import main
from unclosed.toml_text import parse_toml

OWN = '[tool.unclosed.pools."shop.db.Pool"]\nacquire = "checkout"\nrelease = "checkin"\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def models(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["models", *arguments])


def configured(text: str) -> None:
    """The project's file."""
    Path("pyproject.toml").write_text(text, encoding="utf-8")


def test_a_type_in_words_and_as_it_is_written() -> None:
    """With its methods, what it inherits, and the source of the facts."""
    configured(
        '[tool.unclosed.models]\nsource = "acme 1.0, pool.py"\n'
        '[tool.unclosed.models.types."acme.BasePool"]\nkind = "pool"\nacquires = true\nrelease = ["stop"]\n'
        '[tool.unclosed.models.types."acme.BasePool".methods]\n'
        'lend = { returns = "psycopg2.extensions.connection", acquires = true, release = ["owner.take(0)"], wrong_release = ["close"] }\n'
        '[tool.unclosed.models.types."acme.Pool"]\nextends = "acme.BasePool"\nalso = ["acme.pool.Pool"]\n'
    )
    shown = models("show", "acme.pool.Pool").stdout
    assert shown.splitlines()[:10] == [
        "# acme.pool.Pool is another name of acme.Pool",
        "# acme.Pool: a pool",
        "#   released by stop()",
        "#   with: not a context manager",
        "#   async with: not a context manager",
        "# lend(): acquires psycopg2.extensions.connection, a connection",
        "#   released by owner.take(it)",
        "#   not released by close()",
        "#   with: leaving the block ends the transaction and leaves it open",
        "#   async with: not a context manager",
    ]
    assert shown.count("pyproject.toml: acme 1.0, pool.py") == 2
    types = parse_toml(shown, "shown")["types"]
    assert isinstance(types, dict)
    assert (list(types), types["acme.BasePool"]["release"]) == (["acme.Pool", "acme.BasePool"], ["stop"])


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("psycopg2.connect", "# psycopg2.connect: acquires psycopg2.extensions.connection, a connection"),
        ("asyncpg.Pool.acquire", "# asyncpg.Pool.acquire: acquires, once awaited, asyncpg.pool.PoolConnectionProxy, a connection"),
        ("psycopg2.pool.SimpleConnectionPool.getconn", "# psycopg2.pool.SimpleConnectionPool.getconn: acquires "),
        ("asyncpg.pool.Pool", "# asyncpg.pool.Pool is another name of asyncpg.Pool"),
        ("django.db.connection", "# django.db.connection"),
    ],
)
def test_whatever_has_a_name_is_shown(name: str, first: str) -> None:
    """A function, a method, an inherited one, an alias, an object."""
    result = models("show", name)
    assert (result.stdout.splitlines()[0][: len(first)], result.exit_code) == (first, 0)


def test_every_shipped_name_is_shown_as_toml() -> None:
    """Nothing that a model says breaks the page."""
    shelf = shipped_shelf()
    for name in (*list(shelf.types)[::7], *list(shelf.functions)[::25], *shelf.objects):
        result = models("show", name)
        assert (result.exit_code, result.exception) == (0, None), name
        parse_toml(result.stdout, name)


def test_an_own_class_is_shown_in_full() -> None:
    """What three lines mean."""
    configured(OWN)
    shown = models("show", "shop.db.Pool").stdout.splitlines()
    assert shown[:3] == [
        "# shop.db.Pool: a type",
        "# checkout(): acquires shop.db.Pool._Lent, a connection",
        "#   released by owner.checkin(it)",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("psycopg2.conect", "no model has the name 'psycopg2.conect'; did you mean 'psycopg2.connect' or "),
        ("SimpleConnectionPool", "'psycopg2.pool.SimpleConnectionPool'"),
        ("qqqqqq", "no model has the name 'qqqqqq'; 'unclosed models list' lists what is known"),
    ],
)
def test_an_unknown_name_is_one_line_with_the_nearest(name: str, words: str) -> None:
    """Exit status 2."""
    result = models("show", name)
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1)
    assert words in result.stderr


def test_the_list_has_a_line_for_each_library() -> None:
    """With where its facts are from."""
    printed = models("list").stdout.splitlines()
    assert len(printed) == len(list(MODELS.glob("*.toml")))
    assert any(line.startswith("psycopg2.pool: psycopg2 2.9") for line in printed)


def test_the_list_begins_with_the_projects_own() -> None:
    """With the file that describes them."""
    configured(OWN + '[tool.unclosed.clients."shop.http.Api"]\nrelease = "close"\nwith = true\n')
    first, second = models("list").stdout.splitlines()[:2]
    assert first == f"your own, in {Path.cwd() / 'pyproject.toml'}: shop.db.Pool, shop.http.Api"
    assert not second.startswith("your own")


def test_names_are_found_by_a_part_of_them() -> None:
    """Own ones too; what each is stands behind it."""
    configured(OWN)
    assert models("list", "connectionpool").stdout.splitlines().count("psycopg2.pool.ThreadedConnectionPool: a pool") == 1
    assert models("list", "shop").stdout.splitlines() == ["shop.db.Pool: a type", "shop.db.Pool._Lent: a connection"]
    assert models("list", "qqqqqq").stdout == ""


def test_the_projects_own_models_are_checked() -> None:
    """Every mistake of every table, a line each; silence and status 0 where all is right."""
    configured(OWN)
    assert (models("check").output, models("check").exit_code) == ("", 0)
    configured(
        '[tool.unclosed.pools."shop.Pool"]\naquire = "get"\n[tool.unclosed.clients."shop.Api"]\nrelease = 1\nwith = "maybe"\n'
        "[tool.unclosed.models.types.'acme.A']\nkind = 'conection'\n"
    )
    result = models("check")
    assert [line.partition(": ")[2].partition(": ")[0] for line in result.stdout.splitlines()] == [
        'tool.unclosed.models.types."acme.A".kind',
        'tool.unclosed.clients."shop.Api".release',
        'tool.unclosed.clients."shop.Api".with',
        'tool.unclosed.pools."shop.Pool".aquire',
    ]
    assert (result.stderr, result.exit_code) == ("", 1)


def test_another_configuration_can_be_named() -> None:
    """As for `check`."""
    Path("other.toml").write_text(OWN, encoding="utf-8")
    assert models("show", "shop.db.Pool").exit_code == 2
    assert models("show", "--config", "other.toml", "shop.db.Pool").exit_code == 0
