"""Which definitions of the project the user's models describe: what they say of a class or function stands in for its source.

A model names it as an importer would, `shop.db.Pool`, also through a package that hands it on (`shop.Pool`). Found from texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from unclosed.catalog import Catalog
from unclosed.project.bearing import Bearing, imported_names

_DEFINITION = r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{}\b"
_MAX_HOPS = 5
"""Packages through which a name is handed on."""


class OwnNames:
    """Asked for each definition by its file and its dotted name in it."""

    def __init__(self, catalog: Catalog, bearing: Bearing) -> None:
        self._names, self._bearing = sorted(catalog.own_names), bearing
        self._found: dict[Path, Mapping[tuple[Path, str], str]] = {}

    def name(self, path: Path, dotted: str) -> str | None:
        """The name under which the models describe this definition; `None`: they do not."""
        if not self._names:
            return None
        folder = path.parent
        if folder not in self._found:
            self._found[folder] = {place: name for name in self._names for place in self._places(name, path)}
        return self._found[folder].get((path, dotted))

    def _places(self, name: str, importer: Path) -> Iterator[tuple[Path, str]]:
        """Where a name is defined as seen from a file: at one place, or at none if it is not of the project."""
        layout, parts = self._bearing.layout(importer), name.split(".")
        for count in range(len(parts) - 1, 0, -1):
            path = layout.find(".".join(parts[:count]), importer)
            if path is not None:
                yield from self._defined(path, parts[count:], _MAX_HOPS)
                return

    def _defined(self, path: Path, names: list[str], hops: int) -> Iterator[tuple[Path, str]]:
        text = self._bearing.text(path)
        if re.search(_DEFINITION.format(re.escape(names[0])), text, re.MULTILINE):
            yield path, ".".join(names)
            return
        for imported in imported_names(text) if hops else ():
            module, _, last = imported.rpartition(".")
            source = self._bearing.layout(path).find(module or ".", path) if last == names[0] else None
            if source is not None and source != path:
                yield from self._defined(source, names, hops - 1)
                return
