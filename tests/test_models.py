"""The shipped model files: each is right, names its source, and names what really exists in the installed libraries."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.catalog_checks import check_model_file
from unclosed.catalog_conventions import split_patterns
from unclosed.catalog_files import FILE_KEYS, MODELS, read_model_file, shipped_shelf
from unclosed.catalog_lineage import Lineage
from unclosed.catalog_schema import CONVENTION_KEYS, FUNCTION_KEYS, OBJECT_KEYS, TYPE_KEYS, TypeEntry
from unclosed.library import Acquires, WithExit

FILES = sorted(MODELS.glob("*.toml"))
SHELF = shipped_shelf()
NAMES = sorted({*SHELF.functions, *SHELF.types, *SHELF.objects, *SHELF.aliases})
LIBRARIES = sorted({name.split(".")[0] for name in NAMES} - {"unclosed"})


def can_be_imported(library: str) -> bool:
    """Whether a library is here and loads; a driver may want a system library that is not."""
    if importlib.util.find_spec(library) is None:
        return False
    try:
        importlib.import_module(library)
    except ImportError:
        return False
    return True


INSTALLED = [library for library in LIBRARIES if can_be_imported(library)]

GONE = {"ssl.wrap_socket": (3, 12)}
"""Names of the standard library, and the version from which on they are no more."""
NEWER = {
    "asyncio.timeout": (3, 11),
    "asyncio.timeout_at": (3, 11),
    "asyncio.TaskGroup": (3, 11),
    "asyncio.Runner": (3, 11),
    "asyncio.Barrier": (3, 11),
    "typing.assert_never": (3, 11),
    "typing.assert_type": (3, 11),
    "typing.reveal_type": (3, 11),
    "sqlite3.Blob": (3, 11),
}
"""Names that the standard library has from a version on."""

ELSEWHERE = {
    "mysql.connector.connection_cext.CMySQLConnection": "only in builds with the C extension",
    "mysql.connector.CMySQLConnection": "only in builds with the C extension",
    "flask_sqlalchemy.BaseQuery": "up to 2.5",
}
"""Names that an installed library need not have."""

INSTANCES = {
    "aio_pika.Channel": {"default_exchange"},
    "alembic.runtime.migration.MigrationContext": {"connection"},
    "asyncio.Condition": {"locked", "release"},
    "django.db.backends.utils.CursorWrapper": {"close"},
    "flask_sqlalchemy.SQLAlchemy": {"session"},
    "flask_sqlalchemy.model.Model": {"query"},
    "ldap3.Connection": {"open"},
    "mysql.connector.aio.pooling.PooledMySQLConnection": {"disconnect", "shutdown"},
    "mysql.connector.pooling.PooledMySQLConnection": {"disconnect", "shutdown"},
    "paramiko.ChannelFile": {"channel"},
    "psycopg2.pool.AbstractConnectionPool": {"closeall", "closed", "getconn", "putconn"},
    "pymysql.cursors.Cursor": {"connection"},
    "sendgrid.SendGridAPIClient": {"client"},
    "sqlalchemy.PoolProxiedConnection": {"commit", "cursor", "rollback"},
    "sqlalchemy.engine.Connection": {"connect", "engine"},
    "sqlalchemy.engine.Transaction": {"connection"},
    "sqlalchemy.ext.asyncio.AsyncSession": {"sync_session"},
    "sqlalchemy.orm.DeclarativeBase": {"query"},
    "sqlalchemy.orm.SessionTransaction": {"session"},
    "sqlite3.Connection": {"blobopen"},
    "threading.Condition": {"acquire", "release"},
    "threading.Lock": {"__enter__", "__exit__", "acquire", "locked", "release"},
    "threading.RLock": {"__enter__", "__exit__", "acquire", "release"},
}
"""Methods and attributes that only instances or subclasses have (set in `__init__`, passed on by `__getattr__`), or older versions."""


def real(name: str) -> object:
    """What a qualified name names; raises `ImportError` or `AttributeError` if there is no such thing."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def exists(name: str) -> bool:
    """Whether there is something of this name."""
    try:
        real(name)
    except (ImportError, AttributeError):
        return False
    return True


def missing_members(entry: TypeEntry) -> set[str]:
    """The methods and attributes that an entry names and the class does not have."""
    terms = Lineage(SHELF).terms(entry.name)
    members = {*entry.methods, *entry.attributes, *entry.begin, *entry.commit, *entry.rollback, *entry.closed_when, *entry.open_when}
    members.update(release.method for release in terms.release or ())
    members.update(terms.opened_by or (), terms.ends_itself_by or (), terms.wrong_release or ())
    for method in entry.methods.values():
        members.update(release.method for release in method.terms.release or () if release.owner)
    return {member for member in members if not hasattr(real(entry.name), member)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_file_is_right(path: Path) -> None:
    """`unclosed models check` has nothing to say of it."""
    assert check_model_file(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_file_says_where_its_facts_are_from(path: Path) -> None:
    """Library and source are there and say something."""
    tables = read_model_file(path)
    assert [key for key in ("library", "source") if not tables[key]] == []


def test_no_entry_stands_in_two_files() -> None:
    """One place for one fact."""
    places = [(name, path.name) for path in FILES for kind in ("functions", "types") for name in _table(read_model_file(path), kind)]
    names = [name for name, _ in places]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def _table(tables: dict[str, object], key: str) -> dict[str, object]:
    value = tables.get(key, {})
    assert isinstance(value, dict)
    return value


def test_the_standard_library_is_checked() -> None:
    """The names below are checked for what is installed here; the libraries that are not are told in a warning."""
    assert {"asyncio", "builtins", "contextlib", "smtplib", "socket", "sqlite3"} <= set(INSTALLED)
    if INSTALLED != LIBRARIES:
        absent = ", ".join(sorted(set(LIBRARIES) - set(INSTALLED)))
        warnings.warn(f"names not checked, for want of the library: {absent}", stacklevel=1)


@pytest.mark.parametrize("library", INSTALLED)
def test_every_name_exists(library: str) -> None:
    """Each function, type, object and alias is really there."""
    names = [name for name in NAMES if name.split(".")[0] == library and name not in ELSEWHERE]
    running = sys.version_info[:2]
    assert [name for name in names if NEWER.get(name, (3, 0)) <= running < GONE.get(name, (4, 0)) and not exists(name)] == []


@pytest.mark.parametrize("library", INSTALLED)
def test_every_method_exists(library: str) -> None:
    """Each method, attribute and release of a type is one of the class."""
    lineage = Lineage(SHELF)
    entries = [lineage.entry(name) for name in sorted(SHELF.types) if name.split(".")[0] == library and exists(name)]
    missing = {entry.name: missing_members(entry) - INSTANCES.get(entry.name, set()) for entry in entries if entry is not None}
    assert {name: sorted(members) for name, members in missing.items() if members} == {}


def test_every_entry_makes_a_model() -> None:
    """Each function and each type can be asked for, and what acquires has a lease."""
    catalog = Catalog.load()
    models = [catalog.function(name) for name in SHELF.functions]
    for name in SHELF.types:
        model = catalog.type(name)
        assert model is not None
        models += [model.constructor, model.call, *model.methods.values()]
    acquiring = [model for model in models if model is not None and model.acquires is not Acquires.NO]
    assert len(acquiring) > 100
    assert [model.name for model in acquiring if model.lease is None] == []


def test_every_resource_can_be_given_back() -> None:
    """A lease names a release or a block that is one; a pool of mysql-connector has neither."""
    catalog = Catalog.load()
    leases = [model.lease for name in sorted(SHELF.types) if (model := catalog.type(name)) is not None and model.lease is not None]
    stuck = [lease for lease in leases if not lease.release and WithExit.RELEASE not in (lease.with_exit, lease.async_with_exit)]
    assert [lease.type_name for lease in stuck] == ["mysql.connector.pooling.MySQLConnectionPool"]


def test_words_are_found_in_every_text_that_uses_a_library() -> None:
    """The import root of each resource's type, and a part of each convention's name, holds one of the words."""
    catalog = Catalog.load()
    words = {word.lower() for word in catalog.words}
    roots = {name.split(".")[0].lower() for name in SHELF.types if (model := catalog.type(name)) is not None and model.kind is not None}
    assert sorted(root for root in roots - {"unclosed", "asyncio", "ssl"} if not any(word in root for word in words)) == []
    conventions = _table(read_model_file(MODELS / "conventions.toml"), "conventions")
    acquiring = [entry for name, entry in conventions.items() if name != "to_sql"]
    patterns = [pattern for entry in acquiring if isinstance(entry, dict) for pattern in split_patterns(entry["names"])]
    assert [pattern for pattern in patterns if not any(word in ".".join(pattern).lower() for word in words)] == []


def test_every_key_is_explained() -> None:
    """`docs/models.md` names each key that an entry may have."""
    text = (Path(__file__).parent.parent / "docs" / "models.md").read_text(encoding="utf-8")
    keys = FILE_KEYS | FUNCTION_KEYS | CONVENTION_KEYS | TYPE_KEYS | OBJECT_KEYS
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


def test_the_explained_example_is_right(tmp_path: Path) -> None:
    """The example of `docs/models.md` passes the check."""
    text = (Path(__file__).parent.parent / "docs" / "models.md").read_text(encoding="utf-8")
    path = tmp_path / "acme.toml"
    path.write_text(text.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    assert check_model_file(path) == []
