"""The poolers of a project: its `pgbouncer.ini` files, the version that runs them, and whether the project is a web service."""

from __future__ import annotations

import os
import re
from pathlib import Path

from unclosed.errors import UnreadableFile
from unclosed.pgbouncer.ini import read_ini, read_settings_file
from unclosed.pgbouncer.known import Version, knowledge, parse_version
from unclosed.pgbouncer.pooler import Pooler
from unclosed.project.layout import MAX_ASCENT, is_marked, is_of_project, project_root
from unclosed.project.pins import required_packages
from unclosed.text import SourceFile

FILE_NAME = "pgbouncer.ini"
_IMAGES = re.compile(r"(?:(?:docker-)?compose[\w.-]*\.ya?ml|(?:Docker|Container)file[\w.-]*)", re.IGNORECASE)
_TAG = re.compile(r"\bpgbouncer:v?(\d+\.\d+(?:\.\d+)*)")
_REPOSITORIES = (".git", ".hg")
_MAX_FOLDERS = 5_000


def is_settings_file(path: str) -> bool:
    """Whether a path is one of settings, and not of Python code, by its name."""
    return path.endswith(".ini")


def pooler_of(source: SourceFile) -> Pooler:
    """The pooler that a file describes, in the version that the project around it names."""
    return Pooler(source.path, read_ini(source), _version(project_root(Path(source.path).absolute())))


def web_package(path: str) -> str:
    """The package by which the project around a file is a web service, by its requirements; empty if it is none."""
    required = required_packages(project_root(Path(path).absolute()))
    return next((package for package in knowledge().web_packages if package in required), "")


class Poolers:
    """The poolers of projects, looked for once for each."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[Pooler, ...]] = {}

    def of(self, path: Path) -> tuple[Pooler, ...]:
        """Those of the project around a file."""
        root = project_root(path)
        if root not in self._found:
            self._found[root] = find_poolers(root)
        return self._found[root]


def find_poolers(root: Path) -> tuple[Pooler, ...]:
    """The poolers that the files of a project describe; without any, those in the repository around it that are of no other."""
    found = _files(root)
    if not found and not _is_repository(root):
        around = next((folder for folder in root.parents[:MAX_ASCENT] if _is_repository(folder)), None)
        found = _files(around) if around is not None else []
    return tuple(pooler for path in found if (pooler := _read(path)) is not None)


def _read(path: Path) -> Pooler | None:
    try:
        return pooler_of(read_settings_file(_shown(path)))
    except UnreadableFile:
        return None


def _shown(path: Path) -> str:
    """The path as trails show it: relative to the working directory if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _is_repository(folder: Path) -> bool:
    return any((folder / marker).exists() for marker in _REPOSITORIES)


def _files(top: Path) -> list[Path]:
    """The files of this name below a folder, sorted; folders that are projects of their own are left out."""
    found: list[Path] = []
    if not is_marked(top):
        return [top / FILE_NAME] if (top / FILE_NAME).is_file() else []
    for number, (folder, folders, names) in enumerate(os.walk(top)):
        folders[:] = sorted(name for name in folders if is_of_project(name) and not is_marked(Path(folder, name)))
        if FILE_NAME in names:
            found.append(Path(folder, FILE_NAME))
        if number > _MAX_FOLDERS:
            break
    return sorted(found)


def _version(root: Path) -> Version | None:
    """The version of the one image of PgBouncer that the files in a project's root name; `None` if they name none, or several."""
    found: set[str] = set()
    try:
        paths = [path for path in root.iterdir() if _IMAGES.fullmatch(path.name)]
        for path in paths:
            found.update(_TAG.findall(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return None
    return parse_version(found.pop()) if len(found) == 1 else None
