"""The shipped model files: each is right, names its source, and names what really exists in the installed libraries."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.names import claims_of, names_by_file
from unclosed.catalog import Catalog
from unclosed.catalog_checks import check_model_file
from unclosed.catalog_conventions import split_patterns
from unclosed.catalog_files import FILE_KEYS, MODELS, read_model_file, shipped_shelf
from unclosed.catalog_schema import CONVENTION_KEYS, FUNCTION_KEYS, OBJECT_KEYS, TYPE_KEYS
from unclosed.library import Acquires, WithExit

FILES = sorted(MODELS.glob("*.toml"))
SHELF = shipped_shelf()
STANDARD = [file for file, names in names_by_file().items() if set(names.roots()) <= sys.stdlib_module_names]


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


@pytest.mark.parametrize("file", STANDARD)
def test_what_a_model_names_is_there(file: str) -> None:
    """Functions, types, methods and arguments are those of the standard library; `pytest -m conformance` looks at all other libraries."""
    assert [f"{claim.subject}: {claim.problem}" for claim in claims_of(file) if claim.problem] == []


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
    """The import root of each resource's type, and a part of each convention's name, holds one of the words.

    A root that is a common word is told by its imports; http.client and what is below `google` have words of their own.
    """
    catalog = Catalog.load()
    words = {word.lower() for word in catalog.words}
    roots = {name.split(".")[0].lower() for name in SHELF.types if (model := catalog.type(name)) is not None and model.kind is not None}
    imported = {root for root in roots if {f"import {root}", f"from {root}"} <= words}
    assert (
        sorted(
            root for root in roots - imported - {"unclosed", "asyncio", "ssl", "http", "google"} if not any(word in root for word in words)
        )
        == []
    )
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
