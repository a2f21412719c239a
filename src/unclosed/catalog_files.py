"""Gathers the model files: every entry under its canonical name, not yet read.

A *written* entry is a table as it stands in a file, with its place for messages. `Shelf` holds the written entries of all files; an
entry of a later file is laid over the same entry of an earlier one, key by key, so that a user's table may override a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from unclosed.catalog_versions import Variant, variants_of
from unclosed.errors import ConfigError
from unclosed.toml_text import parse_toml

MODELS = Path(__file__).parent / "models"

SHORT_LISTS = ("cannot_raise", "exits", "borrows", "keeps")
"""Lists of function names at the head of a file, short for a `functions` entry with that flag."""
PATTERN_LISTS = (
    *("calm", "releasing_names", "stopping_names", "keeping_names", "reflecting_names", "patching_names", "test_names", "expecting_names"),
    *("providers", "fixtures", "transparent", "lifespans", "injecting_names", "left_to_base", "plain_metaclasses", "plain_methods"),
    *("statement_names", "executing_names", "ending_names", "other_names", "intercepting_names", "sharing_words", "caching_names"),
    *("program_names", "program_decorators", "program_methods"),
    *("postgresql", "any_database", "direct_names"),
    *("startup_names", "startup_decorators", "startup_methods", "startup_words", "paired_words", "paired_startups", "set_up_names"),
)
REQUIRED_KEYS = ("library", "words", "source")
_TABLES = ("web", "functions", "types", "objects", "conventions", "versions")
FILE_KEYS = frozenset({*REQUIRED_KEYS, *SHORT_LISTS, *PATTERN_LISTS, "io_words", *_TABLES})


@dataclass(frozen=True, slots=True)
class UserModels:
    """Library models of the user, unchecked: the file that they stand in, the tables, and their dotted key in that file."""

    where: str
    tables: Mapping[str, object]
    key: str = "tool.unclosed.models"


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as it stands in a file: `where` is the file, `key` its dotted key there."""

    where: str
    key: str
    values: Mapping[str, object]
    source: str
    rank: int = 0
    """Naming conventions of a higher rank are asked first."""

    def over(self, other: Written | None) -> Written:
        """This entry laid over another one of the same name."""
        if other is None:
            return self
        return replace(self, values=laid_over(self.values, other.values), source=self.source or other.source)


@dataclass(slots=True)
class Shelf:
    """All written entries by canonical name; filled while loading, only read afterwards."""

    functions: dict[str, Written] = field(default_factory=dict)
    types: dict[str, Written] = field(default_factory=dict)
    objects: dict[str, Written] = field(default_factory=dict)
    conventions: dict[str, Written] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    io_words: set[str] = field(default_factory=set)
    patterns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    web: dict[str, tuple[str, ...]] = field(default_factory=dict)
    variants: list[Variant] = field(default_factory=list)
    """What differs in other versions of the libraries, in the order of the files."""

    def copy(self) -> Shelf:
        """A shelf with the same entries, to be filled further."""
        return Shelf(
            dict(self.functions),
            dict(self.types),
            dict(self.objects),
            dict(self.conventions),
            dict(self.aliases),
            set(self.words),
            set(self.io_words),
            dict(self.patterns),
            dict(self.web),
            list(self.variants),
        )

    def add(self, where: str, tables: Mapping[str, object], rank: int = 0) -> None:
        """Put the entries of one file on the shelf. What has a wrong shape is passed over: the schema check names it."""
        source = tables.get("source")
        source = source if isinstance(source, str) else ""
        for key in SHORT_LISTS:
            for name in _texts(tables, key):
                self._put(self.functions, name, Written(where, key, {key: True}, source, rank))
        kinds = (("functions", self.functions), ("types", self.types), ("objects", self.objects), ("conventions", self.conventions))
        for key, entries in kinds:
            for name, values in _tables(tables, key).items():
                self._put(entries, name, Written(where, f'{key}."{name}"', values, source, rank))
        for key in PATTERN_LISTS:
            self.patterns[key] = (*_texts(tables, key), *self.patterns.get(key, ()))
        web = tables.get("web")
        if isinstance(web, dict):
            self.web.update({key: (*_texts(web, key), *self.web.get(key, ())) for key in web})
        roots = (name.split(".")[0] for key in ("functions", "types", "objects") for name in _tables(tables, key) if rank)
        words = (*_texts(tables, "words"), *roots)
        self.words.update(words)
        self.io_words.update(_texts(tables, "io_words"))
        self.variants += variants_of(where, tables, (*words, *_texts(tables, "io_words")))

    def with_variants(self, variants: Iterable[Variant]) -> Shelf:
        """A shelf with what these variants say laid over its entries."""
        shelf = self.copy()
        for variant in variants:
            shelf.add(variant.where, {key: variant.tables[key] for key in ("functions", "types") if key in variant.tables})
        return shelf

    def _put(self, entries: dict[str, Written], name: str, entry: Written) -> None:
        name = self.aliases.get(name, name)
        entries[name] = entry.over(entries.get(name))
        for alias in _texts(entry.values, "also"):
            self.aliases[alias] = name


def read_model_file(path: Path) -> dict[str, object]:
    """The tables of a model file. Raises `ConfigError` if it cannot be read or is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(str(path), f"cannot be read: {reason}") from error
    return parse_toml(text, str(path))


@lru_cache(maxsize=1)
def shipped_shelf() -> Shelf:
    """The entries of the shipped model files, read once per process; copy it before adding to it."""
    shelf = Shelf()
    for path in sorted(MODELS.glob("*.toml")):
        shelf.add(path.name, read_model_file(path))
    return shelf


def laid_over(upper: Mapping[str, object], lower: Mapping[str, object]) -> dict[str, object]:
    """`lower` with the keys of `upper`; tables within are joined, everything else is replaced."""
    joined = dict(lower)
    for key, value in upper.items():
        old = joined.get(key)
        joined[key] = laid_over(value, old) if isinstance(value, dict) and isinstance(old, dict) else value
    return joined


def _texts(tables: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = tables.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _tables(tables: Mapping[str, object], key: str) -> Mapping[str, dict[str, object]]:
    value = tables.get(key)
    return {name: inner for name, inner in value.items() if isinstance(inner, dict)} if isinstance(value, dict) else {}
