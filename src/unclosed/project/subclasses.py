"""Which classes of a project may extend a class, from their texts alone: more rather than fewer, and nothing is parsed for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from unclosed.project.bearing import Bearing
from unclosed.project.layout import Layout

_CLASS = re.compile(r"^[ \t]*class[ \t]+(\w+)[ \t]*\(([^)]*)\)", re.MULTILINE)
_ALIAS = re.compile(r"\b(\w+)[ \t]+as[ \t]+(\w+)")


class Subclasses:
    """The classes of the projects of one run by the last names of their bases."""

    def __init__(self, bearing: Bearing) -> None:
        self._bearing = bearing
        self._by_base: dict[Path, dict[str, list[tuple[Path, str]]]] = {}

    def below(self, path: Path, name: str) -> list[tuple[Path, str]]:
        """File and last name of each class of the project around `path` that may extend a class with this last name, however far."""
        layout = self._bearing.layout(path)
        if layout.top not in self._by_base:
            self._by_base[layout.top] = self._read(layout)
        by_base = self._by_base[layout.top]
        found: dict[tuple[Path, str], None] = {}
        names, pending = {name}, [name]
        while pending:
            for each in by_base.get(pending.pop(), ()):
                found[each] = None
                if each[1] not in names:
                    names.add(each[1])
                    pending.append(each[1])
        return sorted(found)

    def _read(self, layout: Layout) -> dict[str, list[tuple[Path, str]]]:
        by_base: dict[str, list[tuple[Path, str]]] = {}
        for path in layout.files():
            for name, base in _bases_in(self._bearing.text(path)):
                by_base.setdefault(base, []).append((path, name))
        return by_base


def _bases_in(text: str) -> Iterator[tuple[str, str]]:
    """Each class of a text with each name among its bases, and with what that name is another name of."""
    aliases: dict[str, str] | None = None
    for match in _CLASS.finditer(text):
        if aliases is None:
            aliases = {new: old for old, new in _ALIAS.findall(text)}
        for word in re.findall(r"\w+", match.group(2)):
            yield match.group(1), word
            if word in aliases:
                yield match.group(1), aliases[word]
