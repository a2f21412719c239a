"""Which modules of a project can matter, from their texts alone.

A module *bears* if its text, or that of a project module that it imports, holds a word of the catalog: only then can a resource come
from it. Imports are read with a regular expression that takes more for imports than there are, so a module is never wrongly left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from unclosed.catalog import Catalog
from unclosed.errors import UnclosedError
from unclosed.prefilter import HasWords, Words, matters
from unclosed.project.layout import Layout, project_root
from unclosed.source import read_source

MAX_TEXTS = 5_000
"""Modules looked at in search of one that bears."""
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^#\n]*)|import[ \t]+([\w., \t]+))", re.MULTILINE)


class Bearing:
    """The texts of a project's modules, and which of them bear."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._layouts: dict[Path, Layout] = {}
        self._texts: dict[Path, str] = {}
        self._bears: dict[Path, bool] = {}
        self._reaches: dict[Path, bool] = {}
        self._outside = Words(catalog.io_words | catalog.words)
        self._pools: dict[Path, bool] = {}
        self._making = Words(catalog.pool_words)
        self._shares: dict[Path, bool] = {}
        self._sharing = Words(catalog.sharing_words)
        self._varying: dict[Path, bool] = {}
        self._versioned = Words(catalog.version_words)

    def text(self, path: Path) -> str:
        """The text of a module; empty if it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = read_source(str(path)).text
            except UnclosedError:
                self._texts[path] = ""
        return self._texts[path]

    def set_text(self, path: Path, text: str) -> None:
        """Take this text for the module's (it may be unsaved)."""
        self._texts[path] = text

    def has_other_text(self, path: Path, text: str) -> bool:
        """Whether another text of this file has been read or taken before."""
        return self._texts.get(path.absolute(), text) != text

    def layout(self, importer: Path) -> Layout:
        """The files of the project that a file belongs to."""
        top = project_root(importer)
        if top not in self._layouts:
            self._layouts[top] = Layout(top)
        return self._layouts[top]

    def bears(self, path: Path) -> bool:
        """Whether a resource can come from a module."""
        if path not in self._bears:
            self._search(path, self._bears, self._catalog)
        return self._bears[path]

    def reaches_outside(self, path: Path) -> bool:
        """Whether a function of a module can reach something that is not the database."""
        if path not in self._reaches:
            self._search(path, self._reaches, self._outside)
        return self._reaches[path]

    def makes_pools(self, path: Path) -> bool:
        """Whether a function of a module can make a pool."""
        if path not in self._pools:
            self._search(path, self._pools, self._making)
        return self._pools[path]

    def shares_sessions(self, path: Path) -> bool:
        """Whether a function of a module can reach a session that everybody shares."""
        if path not in self._shares:
            self._search(path, self._shares, self._sharing)
        return self._shares[path]

    def varies(self, path: Path) -> bool:
        """Whether what a module means can depend on the version of a library."""
        if path not in self._varying:
            self._search(path, self._varying, self._versioned)
        return self._varying[path]

    def imports_bearing(self, path: Path, text: str) -> bool:
        """Whether a text at a path imports a project module that bears."""
        path = path.absolute()
        self.set_text(path, text)
        return any(self.bears(imported) for imported in self._imported(path))

    def _search(self, start: Path, known: dict[Path, bool], words: HasWords) -> None:
        """Find out whether a word stands in a module or in one that it reaches by imports."""
        came_from: dict[Path, Path | None] = {start: None}
        pending = [start]
        while pending and len(came_from) < MAX_TEXTS:
            path = pending.pop()
            if known.get(path) or matters(self.text(path), words):
                _mark(path, came_from, known)
                return
            for imported in self._imported(path):
                if imported not in came_from and known.get(imported) is not False:
                    came_from[imported] = path
                    pending.append(imported)
        # Nothing that can be reached has one, so nothing on the way has.
        known.update(dict.fromkeys(came_from, False))

    def _imported(self, path: Path) -> Iterable[Path]:
        layout = self.layout(path)
        for name in imported_names(self.text(path)):
            found = layout.find(name, path)
            if found is not None and found != path:
                yield found


def _mark(path: Path, came_from: dict[Path, Path | None], known: dict[Path, bool]) -> None:
    at: Path | None = path
    while at is not None:
        known[at] = True
        at = came_from.get(at)


def imported_names(text: str) -> list[str]:
    """Module names that a text may import, more rather than fewer: `from a import b` gives `a` and `a.b`."""
    names = []
    for match in _IMPORT.finditer(text):
        module, members, plain = match.groups()
        if plain:
            names += [part.split()[0] for part in plain.split(",") if part.split()]
            continue
        names.append(module)
        joint = "" if module.endswith(".") else "."
        names += [f"{module}{joint}{word}" for word in re.findall(r"\w+", re.sub(r"#.*", "", members)) if word != "as"]
    return names
