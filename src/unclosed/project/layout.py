"""Module names and paths: which file of the project an import means.

Found from the file system alone; nothing is imported or run. *Roots* of a file are the folders in which its absolute imports may start:
the folder
above its outermost package, its own folder, and every folder up to the project's root, `src` folders included. The nearest root that has
the first part of the name wins. Installed packages are never looked at.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git", ".hg")
_SCRIPTS = ("setup.py",)
_INSTALLED = frozenset({"site-packages", "dist-packages", "node_modules", ".venv", "venv", ".tox", ".nox", ".git"})
_SOURCE_FOLDERS = ("src", "lib", "app", "backend")
MAX_FILES = 20_000
MAX_ASCENT = 12
"""Folders between a file and its project's root."""


class Layout:
    """The files of one project, by module name. `top`: the project's root, above which nothing is read."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._files: dict[tuple[Path, str], Path | None] = {}
        self._listed: dict[Path, frozenset[str]] = {}
        self._roots_of: dict[Path, tuple[Path, ...]] = {}
        self._all: tuple[Path, ...] | None = None
        self._is_marked = is_marked(top)

    def find(self, name: str, importer: Path) -> Path | None:
        """The file of the module `name` (relative names with their dots) as imported by the file `importer`; `None` if not of the
        project.
        """
        if name.startswith("."):
            return self._relative(name, importer)
        first = name.partition(".")[0]
        for root in self._roots(importer.parent):
            entries = self._entries(root)
            if f"{first}.py" in entries or first in entries:
                found = self._in_root(root, name)
                if found is not None:
                    return found
        return None

    def _roots(self, folder: Path) -> tuple[Path, ...]:
        if folder not in self._roots_of:
            self._roots_of[folder] = tuple(root for root in roots(folder / "module.py", self.top) if self._entries(root))
        return self._roots_of[folder]

    def files(self) -> tuple[Path, ...]:
        """The Python files of the project, sorted, the first `MAX_FILES` of them."""
        if self._all is None:
            found: list[Path] = []
            for folder, folders, names in os.walk(self.top):
                folders[:] = sorted(name for name in folders if self._is_searched(Path(folder, name)))
                found += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
                if len(found) > MAX_FILES:
                    break
            self._all = tuple(found[:MAX_FILES])
        return self._all

    def _is_searched(self, folder: Path) -> bool:
        """Whether a folder below is of the project. Where no marker says what the project is, packages alone are: not all of a home."""
        if not is_of_project(folder.name):
            return False
        return self._is_marked or (folder / "__init__.py").is_file()

    def _relative(self, name: str, importer: Path) -> Path | None:
        dots = len(name) - len(name.lstrip("."))
        folder = importer.parent
        for _ in range(dots - 1):
            folder = folder.parent
        rest = name[dots:]
        if not self._is_inside(folder):
            return None
        return self._module(folder, rest.split(".")) if rest else self._package(folder)

    def _in_root(self, root: Path, name: str) -> Path | None:
        key = (root, name)
        if key not in self._files:
            self._files[key] = self._module(root, name.split("."))
        return self._files[key]

    def _module(self, folder: Path, parts: list[str]) -> Path | None:
        for part in parts[:-1]:
            if part not in self._entries(folder):
                return None
            folder = folder / part
        if _INSTALLED & set(folder.parts[len(self.top.parts) :]):
            return None
        entries = self._entries(folder)
        package = self._package(folder / parts[-1]) if parts[-1] in entries else None
        as_file = folder / f"{parts[-1]}.py" if f"{parts[-1]}.py" in entries else None
        return package or as_file  # a package hides the module beside it

    def _package(self, folder: Path) -> Path | None:
        return folder / "__init__.py" if "__init__.py" in self._entries(folder) else None

    def _entries(self, folder: Path) -> frozenset[str]:
        """The names in a folder; none if it cannot be read."""
        if folder not in self._listed:
            try:
                self._listed[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._listed[folder] = frozenset()
        return self._listed[folder]

    def _is_inside(self, folder: Path) -> bool:
        return folder == self.top or self.top in folder.parents


@lru_cache(maxsize=4096)
def roots(importer: Path, top: Path) -> tuple[Path, ...]:
    """The folders in which absolute imports of a file may start, nearest first."""
    package = importer.parent
    while (package / "__init__.py").is_file() and package not in (top, package.parent):
        package = package.parent
    found = [package, importer.parent]
    folder = importer.parent
    for _ in range(MAX_ASCENT):
        found.append(folder)
        found += [folder / name for name in _SOURCE_FOLDERS]
        if folder in (top, folder.parent):
            break
        folder = folder.parent
    return tuple(dict.fromkeys(found))


def is_of_project(name: str) -> bool:
    """Whether a folder of this name may hold files of the project: not what is installed, not what is hidden."""
    return name not in _INSTALLED and not name.startswith(".")


def is_marked(folder: Path) -> bool:
    """Whether a folder is the root of a project. A module of a package that is called `setup.py` does not make it one."""
    is_package = (folder / "__init__.py").is_file()
    return any((folder / marker).exists() for marker in MARKERS if marker not in _SCRIPTS or not is_package)


@lru_cache(maxsize=4096)
def project_root(path: Path) -> Path:
    """The nearest folder above a file with a project's marker, else the folder of the outermost package around it."""
    folder = path.parent
    for _ in range(MAX_ASCENT):
        if is_marked(folder):
            return folder
        if folder.parent == folder:
            break
        folder = folder.parent
    package = path.parent
    while (package / "__init__.py").is_file() and package.parent != package:
        package = package.parent
    return package
