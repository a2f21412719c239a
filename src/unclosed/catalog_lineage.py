"""The modelled types as they stand on the shelf: canonical names, what a type extends, and the terms it ends up with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from unclosed.catalog_files import Shelf, Written
from unclosed.catalog_schema import CallEntry, TypeEntry, read_type
from unclosed.catalog_table import Table
from unclosed.catalog_terms import LeaseTerms

Entry = TypeVar("Entry")


class Lineage:
    """The type entries of a shelf, read when first asked for; the shelf must not change any more."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._entries: dict[str, TypeEntry | None] = {}

    def canonical(self, name: str) -> str:
        """The canonical name for an alias; a bare builtin's `builtins.` name; else the name itself."""
        name = self._shelf.aliases.get(name, name)
        if "." not in name and f"builtins.{name}" in self._shelf.functions:
            return f"builtins.{name}"
        return name

    def entry(self, name: str) -> TypeEntry | None:
        """The entry of a type; `name` is canonical."""
        if name not in self._entries:
            written = self._shelf.types.get(name)
            self._entries[name] = None if written is None else read_type(name, table_of(written), written.source)
        return self._entries[name]

    def types(self, name: str) -> Iterator[TypeEntry]:
        """The type and all that it extends, nearest first; each once, so that a circle of `extends` ends."""
        waiting, seen = [self.canonical(name)], set()
        while waiting:
            current = waiting.pop(0)
            entry = None if current in seen else self.entry(current)
            seen.add(current)
            if entry is not None:
                yield entry
                waiting.extend(self.canonical(base) for base in entry.extends)

    def methods(self, name: str, method: str) -> Iterator[CallEntry]:
        """What the type and those that it extends say of a method: by its name, then by a pattern."""
        for entry in self.types(name):
            if method in entry.methods:
                yield entry.methods[method]
        for entry in self.types(name):
            yield from _fitting(entry.methods, method)

    def attributes(self, name: str, attribute: str) -> Iterator[str]:
        """The types of an attribute, likewise."""
        for entry in self.types(name):
            if attribute in entry.attributes:
                yield entry.attributes[attribute]
        for entry in self.types(name):
            if attribute not in entry.methods:
                yield from _fitting(entry.attributes, attribute)

    def terms(self, type_name: str) -> LeaseTerms:
        """The terms of a type, the gaps filled by what it extends."""
        terms = LeaseTerms()
        for entry in self.types(type_name):
            terms = terms.over(entry.terms)
        return terms


def _fitting(entries: Mapping[str, Entry], name: str) -> Iterator[Entry]:
    """What stands under a pattern that a name fits, unless the name is a private one."""
    for pattern, entry in entries.items():
        if "*" in pattern and not name.startswith("_") and fnmatchcase(name, pattern):
            yield entry


def table_of(written: Written) -> Table:
    """A written entry as a table whose mistakes nobody asks for: they were told when its file was checked."""
    return Table(written.where, written.key, written.values, problems=[])
