"""What checking one file gave."""

from __future__ import annotations

from dataclasses import dataclass

from unclosed.findings import Finding, Skipped
from unclosed.report.report import FileError


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file gave. `is_parsed`: it was analysed; `text` is kept only if there is a finding to show in it."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    error: FileError | None = None
    is_parsed: bool = False
    text: str = ""
