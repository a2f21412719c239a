"""Which paths are left out of a walk: the patterns of the configuration and the repository's `.gitignore` files.

A *root* is a file or directory that the user named. Naming it is an order: no pattern that matches the root itself, or a directory
above it, counts during its walk, so `unclosed check build/` works in a repository that ignores `build/`; what lies below the root is
held against the other patterns. All paths here are absolute and written with `/`.

Approximation: `!src/` in one file brings back all that another file takes from below `src/`, while git asks each level anew (more
files are checked than git would add, never fewer).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from unclosed.config import Config, Patterns


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """Patterns and the directory that they are relative to, with a `/` at its end."""

    base: str
    spec: GitIgnoreSpec

    def decision(self, path: str) -> bool | None:
        """Whether the path (of a directory: with a `/` at its end) is left out; `None`: these patterns do not speak of it."""
        return self.spec.check_file(path.removeprefix(self.base)).include if path.startswith(self.base) else None


def configured(config: Config, root: str | None = None) -> tuple[IgnoreFile, ...]:
    """The patterns of the configuration; with a root, those of them that leave it in.

    For a root outside the directory that the patterns are relative to, they are relative to the root.
    """
    found: list[IgnoreFile] = []
    for patterns in (config.exclude, *config.extend_exclude):
        base = _slashed(str(patterns.base))
        if root is not None and not root.startswith(base):
            base = root
        found.append(_ignore_file(base, patterns.lines, root))
    return tuple(found)


def of_patterns(patterns: Patterns) -> IgnoreFile:
    """These patterns, relative to their own directory."""
    return _ignore_file(_slashed(str(patterns.base)), patterns.lines, None)


def of_repository(root: str) -> tuple[IgnoreFile, ...]:
    """What git reads for the directory `root` from the directories above it, weakest first; empty outside of a repository."""
    above = [Path(root), *Path(root).parents]
    top = next((index for index, directory in enumerate(above) if (directory / ".git").exists()), None)
    if top is None:
        return ()
    repository = above[top]
    files = [_ignore_file(_slashed(str(repository)), _lines(_git_directory(repository) / "info" / "exclude"), root)]
    files += [_ignore_file(_slashed(str(directory)), _lines(directory / ".gitignore"), root) for directory in reversed(above[1 : top + 1])]
    return tuple(file for file in files if len(file.spec))


def of_directory(directory: str, root: str | None = None) -> tuple[IgnoreFile, ...]:
    """The patterns of the `.gitignore` file in this very directory, none or one."""
    lines = _lines(Path(directory) / ".gitignore")
    return (_ignore_file(directory, lines, root),) if lines else ()


def is_left_out(path: str, configured_files: Iterable[IgnoreFile], git_files: Iterable[IgnoreFile]) -> bool:
    """Whether any of the configuration's patterns leaves the path out, or the strongest of git's that speaks of it (the last)."""
    if any(file.decision(path) for file in configured_files):
        return True
    decisions = (file.decision(path) for file in reversed(tuple(git_files)))
    return next((decision for decision in decisions if decision is not None), False)


def _ignore_file(base: str, lines: Iterable[str], root: str | None) -> IgnoreFile:
    return IgnoreFile(base, GitIgnoreSpec.from_lines(_leaving_in(lines, base, root)))


def _leaving_in(lines: Iterable[str], base: str, root: str | None) -> Iterator[str]:
    """The patterns that git understands and that do not speak of the root."""
    below = root.removeprefix(base) if root is not None and root.startswith(base) else ""
    for written in lines:
        # pathspec 0.12 and 1.1 let `deep/**` match `deep/` itself, git only what is in it
        line = re.sub(r"(^!?|/)\*\*(/?)\s*$", r"\1**/*\2", written)
        pattern = _pattern(line)
        if pattern is not None and not (below and pattern.check_file(below).include is not None):
            yield line


@functools.lru_cache(maxsize=4096)
def _pattern(line: str) -> GitIgnoreSpec | None:
    """One pattern on its own; `None` for a line that is none (git passes over it in silence)."""
    try:
        return GitIgnoreSpec.from_lines([line])
    except ValueError:
        return None


def _lines(path: Path) -> list[str]:
    """The lines of a file of patterns; none if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if path.is_file() else []
    except OSError:
        return []


def _git_directory(repository: Path) -> Path:
    """Where git keeps what all work trees of the repository share."""
    dot_git = repository / ".git"
    pointer = _lines(dot_git)
    if not pointer:
        return dot_git
    directory = repository / pointer[0].removeprefix("gitdir:").strip()
    common = _lines(directory / "commondir")
    return directory / common[0] if common else directory


def _slashed(directory: str) -> str:
    return directory.replace("\\", "/").rstrip("/") + "/"
