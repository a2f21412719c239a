"""Which version of a package a project runs, from its lock and requirement files.

A lock says it exactly. Of a range the newest version that it admits counts, because that is what gets installed; a range without an upper
bound says nothing. Files in the nearest folder that speaks of the package win.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from unclosed.errors import UnclosedError
from unclosed.toml_text import parse_toml

Version = tuple[int, ...]
_NEWEST = 9999
_LOCKED = re.compile(r'^name = "([\w.-]+)"\r?\nversion = "v?(\d+(?:\.\d+)*)', re.MULTILINE)
_LOCKED_JSON = re.compile(r'"([\w.-]+)":\s*\{[^{}]*"version":\s*"==\s*(\d+(?:\.\d+)*)')
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<bounds>[^;#@)]*)")
_BOUND = re.compile(r"(?P<sign>===?|~=|<=|<|\^|~|>=|>|!=)?\s*v?(?P<number>\d+(?:\.\d+)*)(?P<star>\.\*)?")


class Pins:
    """The versions that the files of projects pin; each file is read once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Path, str], Version | None] = {}
        self._folders: dict[Path, _Folder] = {}

    def version(self, folder: Path, top: Path, package: str) -> Version | None:
        """The version of a package for the code in a folder of the project at `top`; `None` where no file says one, so the newest."""
        key = folder, package
        if key not in self._found:
            self._found[key] = self._version(folder, top, package)
        return self._found[key]

    def _version(self, folder: Path, top: Path, package: str) -> Version | None:
        if folder not in self._folders:
            self._folders[folder] = _Folder(folder)
        here = self._folders[folder]
        if package in here.locked:
            return here.locked[package]
        bounds = list(here.bounds(package))
        if bounds:
            return newest_admitted(",".join(bounds))
        return None if folder in (top, folder.parent) else self.version(folder.parent, top, package)


def required_packages(folder: Path) -> frozenset[str]:
    """The packages that the requirement files of one folder ask for, in lower case with hyphens."""
    path = folder / "pyproject.toml"
    listed, poetry = _dependencies(path, _text(path))
    matches = map(_REQUIREMENT.match, (*listed, *poetry, *_of_texts(folder)))
    return frozenset(_normal(match["name"]) for match in matches if match is not None)


def newest_admitted(specifier: str) -> Version | None:
    """The newest version that `>=0.100,<0.118` admits, its last part 9999 where nothing names it; `None` without an upper bound."""
    upper: Version | None = None
    for match in _BOUND.finditer(specifier):
        number = tuple(int(part) for part in match["number"].split("."))
        found = _upper(match["sign"] or "==", number, is_open=match["star"] is not None)
        if found is not None and (upper is None or found < upper):
            upper = found
    return upper


def _upper(sign: str, number: Version, *, is_open: bool) -> Version | None:
    if sign in ("==", "==="):
        return (*number, _NEWEST) if is_open else number
    if sign == "<=":
        return number
    if sign == "<":
        return _below(number)
    if sign == "~=":
        return (*number[:-1], _NEWEST)
    if sign == "~":
        return (*number[:2], _NEWEST)
    if sign == "^":
        fixed = next((index for index, part in enumerate(number) if part), len(number) - 1)
        return (*number[: fixed + 1], _NEWEST)
    return None


def _below(number: Version) -> Version:
    """The newest version below another."""
    while len(number) > 1 and number[-1] == 0:
        number = number[:-1]
    return (*number[:-1], max(number[-1] - 1, 0), _NEWEST)


class _Folder:
    """What the files of one folder say of versions."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "pyproject.toml"
        self._pyproject = _text(self._path)
        self._requirements = list(_of_texts(folder))
        self.locked: dict[str, Version] = {}
        """The versions in the lock files, by normalised name."""
        for lock in _LOCKS:  # searched as text, because reading a large one as TOML takes seconds
            pattern = _LOCKED_JSON if lock == "Pipfile.lock" else _LOCKED
            for name, version in pattern.findall(_text(folder / lock)):
                self.locked.setdefault(_normal(name), tuple(int(part) for part in version.split(".")))

    def bounds(self, package: str) -> Iterator[str]:
        """What the requirement files say of a package: `>=0.100,<0.118`."""
        for requirement in (*self._of_pyproject(package), *self._requirements):
            match = _REQUIREMENT.match(requirement)
            if match is not None and _normal(match["name"]) == package:
                yield match["bounds"].strip()

    def _of_pyproject(self, package: str) -> Iterator[str]:
        if package not in _normal(self._pyproject):
            return
        listed, poetry = _dependencies(self._path, self._pyproject)
        yield from listed
        for name, said in poetry.items():
            version = said.get("version") if isinstance(said, dict) else said
            if _normal(name) == package and isinstance(version, str):
                yield f"{package} {version}"


def _normal(name: str) -> str:
    """The name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _dependencies(path: Path, text: str) -> tuple[list[str], Mapping[str, object]]:
    """The dependencies that a `pyproject.toml` lists, and those of Poetry's table by name; none where it is no TOML."""
    try:
        tables = parse_toml(text, str(path))
    except UnclosedError:
        return [], {}
    listed = _table(tables, "project").get("dependencies")
    poetry = _table(_table(_table(tables, "tool"), "poetry"), "dependencies")
    return [line for line in listed if isinstance(line, str)] if isinstance(listed, list) else [], poetry


def _of_texts(folder: Path) -> Iterator[str]:
    try:
        paths = sorted([*folder.glob("requirements*.txt"), *folder.glob("requirements/*.txt")])
    except OSError:
        return
    for path in paths:
        yield from _text(path).splitlines()


def _table(tables: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = tables.get(key)
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
