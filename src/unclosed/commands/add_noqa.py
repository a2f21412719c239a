"""`unclosed check --add-noqa`: silence each finding by a comment in its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import click

from unclosed.added_noqa import with_noqa
from unclosed.errors import ConfigError, UnclosedError
from unclosed.findings import Finding
from unclosed.lint import UNPARSABLE
from unclosed.pgbouncer.surroundings import is_settings_file
from unclosed.report.report import Report
from unclosed.source import STDIN, decode, encode_like
from unclosed.unused_suppressions import UNUSED

_NOT_SILENCED = (UNPARSABLE, UNUSED)


class NoqaWriter:
    """Silences the findings of a report, each by a comment in its file."""

    def __init__(self, paths: Sequence[str], reason: str) -> None:
        """`paths`: what was named; raises `ConfigError` where that is no file to write to. `reason`: what stands behind each comment."""
        if STDIN in paths:
            raise ConfigError("--add-noqa", "standard input is no file that comments can be written to")
        self._reason = " ".join(reason.split())

    def silenced(self, report: Report) -> Report:
        """Write the comments and say what was done, a line a file; the report with the findings that no comment could silence."""
        left: list[Finding] = []
        for path, found in groupby(report.findings, key=lambda finding: finding.path):
            left += self._in_file(path, tuple(found))
        return replace(report, findings=tuple(left))

    def _in_file(self, path: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Silence the findings of one file; those that are left."""
        ours = [finding for finding in findings if finding.code not in _NOT_SILENCED and not is_settings_file(path)]
        left = [finding for finding in findings if finding not in ours]
        try:
            left += _silence(path, ours, self._reason) if ours else []
        except (OSError, UnclosedError, UnicodeError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            click.echo(f"unclosed: {path}: cannot be written: {why}", err=True)
            return findings
        done = len(findings) - len(left)
        if done:
            click.echo(f"unclosed: {path}: {done} {'finding' if done == 1 else 'findings'} silenced", err=True)
        why = "is left: comments are written to Python files only" if is_settings_file(path) else "cannot be silenced by a comment there"
        for finding in left:
            click.echo(f"unclosed: {path}:{finding.start.row}: {finding.code} {why}", err=True)
        return left


def _silence(path: str, findings: Sequence[Finding], reason: str) -> list[Finding]:
    """Write comments for the findings of one file; those that are left."""
    data = Path(path).read_bytes()
    added = with_noqa(decode(data), [(finding.code, finding.start.row) for finding in findings], reason)
    written = encode_like(data, added.text)
    if written != data:
        Path(path).write_bytes(written)
    return [finding for finding in findings if (finding.code, finding.start.row) in added.left]
