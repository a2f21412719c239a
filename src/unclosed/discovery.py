"""From the paths that the user names to the files that are checked.

A named file is checked whatever its name, a named directory is walked for Python files. Links to directories are not followed, so
a walk ends; links to files are. Only regular files are read during a walk. A file that is reached twice is checked once. Paths are
shown as flake8 shows them: what the user named, and what lies below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unclosed.config import Config
from unclosed.ignores import configured, is_left_out, of_directory, of_repository
from unclosed.source import STDIN

_SUFFIXES = (".py", ".pyw")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A path that could not be looked at, and why. `is_missing`: it was named, and is not there."""

    path: str
    reason: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files to check, sorted and each once, and what was found besides."""

    files: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    empty: tuple[str, ...] = ()
    """Directories that were named and hold no Python file."""


def discover(
    paths: Sequence[str],
    config: Config,
    *,
    force_exclude: bool = False,
    stdin_name: str | None = None,
    also: frozenset[str] = frozenset(),
) -> Discovery:
    """The files that these paths stand for. `force_exclude` holds the configured patterns against named paths too.

    Standard input (`-`) is a named file; its path for patterns is `stdin_name`. `also`: names of files that are wanted besides Python's.
    """
    files: dict[str, str] = {}
    troubles: list[Trouble] = []
    empty: list[str] = []
    for path in paths:
        if force_exclude and _is_excluded(stdin_name if path == STDIN else path, config):
            continue
        if path == STDIN:
            files.setdefault(STDIN, STDIN)
        elif os.path.isdir(path):
            found = list(_walk(path, config, troubles, also))
            if not found:
                empty.append(path)
            for file in found:
                files.setdefault(os.path.realpath(file), file)
        elif os.path.exists(path):
            files.setdefault(os.path.realpath(path), path)
        else:
            reason = "broken symbolic link" if os.path.islink(path) else "no such file or directory"
            troubles.append(Trouble(path, reason, is_missing=True))
    return Discovery(tuple(sorted(files.values(), key=os.path.normpath)), tuple(troubles), tuple(empty))


def common_directory(paths: Iterable[str]) -> Path:
    """The directory that holds all these paths; the working directory where there is none, or no path."""
    directories = [path if os.path.isdir(path) else os.path.dirname(path) for path in map(os.path.abspath, paths)]
    try:
        return Path(os.path.commonpath(directories))
    except ValueError:  # no path at all, or paths on several drives
        return Path.cwd()


def repository_root(directory: Path) -> Path:
    """The root of the repository that holds the directory; outside of one the working directory, or this one where it lies elsewhere."""
    for folder in (directory, *directory.parents):
        if (folder / ".git").exists():
            return folder
    here = Path.cwd()
    return here if directory.is_relative_to(here) else directory


def _is_excluded(path: str | None, config: Config) -> bool:
    if path is None:
        return False
    absolute = _absolute(path)
    return is_left_out(absolute + "/" if os.path.isdir(path) else absolute, configured(config), ())


def _walk(root: str, config: Config, troubles: list[Trouble], also: frozenset[str]) -> Iterator[str]:
    """The Python files below a directory, and those of these names; adds to `troubles` the directories that cannot be read."""
    top = _absolute(root).rstrip("/") + "/"
    settings = configured(config, top)
    waiting = [(root, top, of_repository(top))]
    while waiting:
        shown, absolute, above = waiting.pop()
        git_files = (*above, *of_directory(absolute, top))
        try:
            with os.scandir(shown) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            troubles.append(Trouble(shown, f"cannot be read: {error.strerror or error}"))
            continue
        for entry in found:
            path, place = os.path.join(shown, entry.name), absolute + entry.name
            if entry.is_dir(follow_symlinks=False):
                if not is_left_out(place + "/", settings, git_files):
                    waiting.append((path, place + "/", git_files))
            elif _is_wanted(entry, also) and not is_left_out(place, settings, git_files):
                yield path


def _is_wanted(entry: os.DirEntry[str], also: frozenset[str]) -> bool:
    """Whether this is a regular file, or a link to one, with a suffix of Python source or one of these names."""
    try:
        return (entry.name.endswith(_SUFFIXES) or entry.name in also) and entry.is_file()
    except OSError:  # a link that points to itself
        return False


def _absolute(path: str) -> str:
    return os.path.abspath(path).replace(os.sep, "/")
