"""The outcome of one run, ready to be printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unclosed.findings import Finding, Skipped


@dataclass(frozen=True, slots=True)
class FileError:
    """A path that was not checked, and why. `is_internal`: the fault is the linter's; `is_missing`: what the user named is not there."""

    path: str
    reason: str
    is_internal: bool = False
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. Findings are sorted by path, row, column and code, each once."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    files: int = 0
    """How many files were looked at."""
    parsed: int = 0
    """How many of them were analysed, because they hold a word that matters."""
    seconds: float = 0.0
    errors: tuple[FileError, ...] = ()
    empty: tuple[str, ...] = ()
    """Directories that were named and hold no Python file."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of each file with a finding or a step of a trail, by the path under which it is shown."""
    checked: tuple[str, ...] = ()
    """The paths of the files that were looked at and could be read, as they are shown."""
    known: int = 0
    """How many findings were left out because a baseline lists them."""
    root: Path = field(default_factory=Path)
    """The directory that paths are relative to in formats for other programs: the repository's root."""

    @property
    def exit_status(self) -> int:
        """3: the linter failed in a file or could not read it; 2: a named path is not there; 1: there are findings; 0: all is clean."""
        if any(not error.is_missing for error in self.errors):
            return 3
        if self.errors:
            return 2
        return 1 if self.findings else 0
