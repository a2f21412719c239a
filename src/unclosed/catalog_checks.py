"""Checks a model file and says everything that is wrong with it: the shape of each entry, and whether the types it names exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from unclosed.catalog_files import (
    FILE_KEYS,
    PATTERN_LISTS,
    REQUIRED_KEYS,
    SHORT_LISTS,
    Shelf,
    UserModels,
    Written,
    read_model_file,
    shipped_shelf,
)
from unclosed.catalog_lineage import Lineage
from unclosed.catalog_own import WITH_WORDS, in_full
from unclosed.catalog_schema import (
    CONVENTION_KEYS,
    FUNCTION_KEYS,
    OBJECT_KEYS,
    TYPE_KEYS,
    CallEntry,
    TypeEntry,
    read_call,
    read_type,
)
from unclosed.catalog_table import Table
from unclosed.catalog_versions import SPECIFIER, VERSION_KEYS, Variant
from unclosed.catalog_web import WEB_KEYS
from unclosed.errors import ConfigError
from unclosed.library import Acquires, Kind, WithExit

_KINDS = tuple(kind.value for kind in Kind)
_PATTERN = re.compile(r"([\w*?]+\.)*[\w*?]+")


def check_model_file(path: Path) -> list[str]:
    """One line for each mistake in a model file, in the order of the file; empty if it is right."""
    try:
        tables = read_model_file(path)
    except ConfigError as error:
        return [str(error)]
    return [str(problem) for problem in problems_of_tables(tables, str(path))]


def problems_of_tables(
    tables: Mapping[str, object],
    where: str,
    *,
    key: str = "",
    required: Collection[str] = REQUIRED_KEYS,
    below: Shelf | None = None,
) -> list[ConfigError]:
    """The mistakes in the tables of a model file, or of the user's own models, which stand at `key` of their file.

    `below`: what they are laid over; `None`: the shipped files.
    """
    problems: list[ConfigError] = []
    head = Table(where, key, tables, problems, FILE_KEYS)
    for name in required:
        if name not in tables:
            head.refuse(name, "is missing")
    shelf = (below or shipped_shelf()).copy()
    shelf.add(where, tables)
    _Checks(shelf, head).run()
    for inner in head.list_of_tables("versions", VERSION_KEYS):
        _check_version(inner, shelf)
    return problems


def _check_version(table: Table, shelf: Shelf) -> None:
    """Note the mistakes in what a file says of other versions; `shelf` holds the file itself."""
    if not SPECIFIER.fullmatch(table.text("admits") or ""):
        table.refuse("admits", f"is {table.values.get('admits')!r}, but must say versions such as '<1.0' or '>=0.9,<1.0'")
    if not any(key in table.values for key in ("functions", "types")):
        table.refuse("types", "is missing: what differs in these versions?")
    _Checks(shelf.with_variants([Variant("", "", table.where, table.values, ())]), table).run()


def problems_of_models(models: UserModels, below: Shelf) -> list[ConfigError]:
    """The mistakes in models of the user, in full or in the short form; `below`: what they are laid over."""
    full, problems = in_full(models)
    shelf = below.copy()
    shelf.add(models.where, full.tables, rank=1)
    if full is not models:
        _check_own(models, shelf, problems)
    return problems or problems_of_tables(full.tables, models.where, key=models.key, required=(), below=below)


def _check_own(models: UserModels, shelf: Shelf, problems: list[ConfigError]) -> None:
    """Note what the short form leaves open: how a class that no other model describes is released, and what its block does."""
    lineage, outer = Lineage(shelf), Table(models.where, models.key, models.tables, problems)
    for name in models.tables if not problems else ():
        entry = outer.table(name)
        if entry is None:
            continue
        if models.key.endswith(".pools"):
            lent = entry.text("lends")
            if lent is not None and lineage.entry(lineage.canonical(lent)) is None:
                entry.refuse("lends", f"{lent!r} is no type that a model describes")
            continue
        terms = lineage.terms(name)
        if terms.with_exit is None and terms.async_with_exit is None:
            entry.refuse("with", "is missing: does leaving a 'with' block release it?", accepted=WITH_WORDS)
        elif not terms.release and WithExit.RELEASE not in (terms.with_exit, terms.async_with_exit):
            entry.refuse("release", "is missing: which method gives it back?")


class _Checks:
    """The checks of one file against a shelf that holds it and the shipped files."""

    def __init__(self, shelf: Shelf, head: Table) -> None:
        self._shelf, self._head = shelf, head
        self._lineage = Lineage(shelf)

    def run(self) -> None:
        """Note every mistake in the problems of the head."""
        self._check_head()
        for name, table in self._head.tables("functions", FUNCTION_KEYS):
            self._check_names(table, name)
            whole = self._whole(self._shelf.functions, name, table)
            self._check_call(whole, read_call(name, whole, ""))
        for name, table in self._head.tables("types", TYPE_KEYS):
            self._check_names(table, name)
            whole = self._whole(self._shelf.types, name, table)
            self._check_type(whole, read_type(name, whole, ""))
        for name, table in self._head.tables("objects", OBJECT_KEYS):
            self._check_names(table, name)
            if "type" not in table.values:
                table.refuse("type", "is missing")
            self._check_known(table, "type", table.qualified("type"))
        for name, table in self._head.tables("conventions", CONVENTION_KEYS):
            whole = self._whole(self._shelf.conventions, name, table)
            if not whole.texts("names"):
                whole.refuse("names", "is missing: without a pattern the convention never holds")
            self._check_call(whole, read_call(name, whole, ""))

    def _whole(self, entries: Mapping[str, Written], name: str, table: Table) -> Table:
        """The entry with what an earlier file says of the same name, told at its place in this file."""
        written = entries.get(self._lineage.canonical(name))
        return table if written is None else Table(table.where, table.key, written.values, table.problems)

    def _check_head(self) -> None:
        head = self._head
        for key in ("library", "source"):
            if head.text(key) == "":
                head.refuse(key, "is empty")
        head.texts("words")
        head.texts("io_words")
        for key in SHORT_LISTS:
            head.qualifieds(key)
        web = head.table("web", WEB_KEYS)
        for key in web.values if web is not None else ():
            web.texts(key)  # type: ignore[union-attr]  # there is one
        for key in PATTERN_LISTS:
            _check_patterns(head, key, head.texts(key) or ())

    def _check_names(self, table: Table, name: str) -> None:
        """The entry's own name and its aliases are qualified names, and no alias hides another entry."""
        Table(table.where, table.key, {"also": [name]}, table.problems).qualifieds("also")
        for alias in table.qualifieds("also"):
            if any(alias in entries for entries in (self._shelf.functions, self._shelf.types, self._shelf.objects)):
                table.refuse("also", f"{alias!r} has an entry of its own")

    def _check_type(self, table: Table, entry: TypeEntry) -> None:
        for base in entry.extends:
            self._check_known(table, "extends", base)
        for name, type_name in entry.attributes.items():
            self._check_known(_at(table, "attributes"), name, type_name)
        for name, type_name in entry.classes.items():
            self._check_known(_at(table, "classes"), name, type_name)
        self._check_known(table, "items", entry.items)
        if entry.constructor.model.acquires is not Acquires.NO and self._lineage.terms(entry.name).kind is None:
            table.refuse("acquires", "needs a kind: what is acquired?", accepted=_KINDS)
        if entry.call is not None:
            self._check_call(_at(table, "call"), entry.call)
        for name, method in entry.methods.items():
            self._check_call(_at(table, f"methods.{name}"), method)

    def _check_call(self, table: Table, entry: CallEntry) -> None:
        model = entry.model
        if model.returns != "self":
            self._check_known(table, "returns", model.returns)
        self._check_known(table, "lends", model.lends)
        self._check_known(table, "decorates", model.decorates)
        for keyword, _, type_name in model.returns_when:
            self._check_known(_at(table, "returns_when"), keyword, type_name)
        for shared in model.unless_is:
            for type_name in shared.types:
                self._check_known(_at(table, f"unless_is.{shared.argument}"), "type", type_name)
            _check_patterns(_at(table, f"unless_is.{shared.argument}"), "named", shared.named)
        if model.acquires is not Acquires.NO:
            if model.returns in (None, "self"):
                table.refuse("acquires", "needs a type in 'returns': what is acquired? (A method that opens its receiver is 'opened_by'.)")
            elif (entry.terms.kind or self._lineage.terms(model.returns or "").kind) is None:
                table.refuse("acquires", f"needs a kind, here or at the type {model.returns!r}", accepted=_KINDS)
        elif model.lends is not None and WithExit.RELEASE not in (entry.terms.with_exit, entry.terms.async_with_exit):
            table.refuse("lends", 'needs with_exit or async_with_exit = "release": which block gives it back?')
        if model.acquires is Acquires.AWAITED and not model.is_coroutine and model.lends is None:
            table.refuse("acquires", "\"awaited\" needs coroutine = true, or 'lends' if the result may be entered un-awaited")
        _check_patterns(table, "names", entry.names)
        _check_patterns(table, "unless_named", entry.unless_named)

    def _check_known(self, table: Table, key: str, type_name: str | None) -> None:
        """A type that an entry names is a modelled one."""
        if type_name is None or self._lineage.entry(self._lineage.canonical(type_name)) is not None:
            return
        known = self._shelf.types
        siblings = [name for name in known if name.split(".")[0] == type_name.split(".")[0] and name != type_name]
        near = [] if siblings else difflib.get_close_matches(type_name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        table.refuse(key, f"{type_name!r} is no modelled type{hint}", accepted=siblings, value=type_name)


def _check_patterns(table: Table, key: str, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            table.refuse(key, f"{pattern!r} is no pattern such as '*pool*.acquire' or 'SessionLocal'")


def _at(table: Table, key: str) -> Table:
    """The same table for messages about something below it."""
    return Table(table.where, f"{table.key}.{key}", table.values, table.problems)
