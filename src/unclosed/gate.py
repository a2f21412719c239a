"""What a run lets through: known findings, by a baseline, and old ones, by what has changed since a revision.

Both are read before anything is checked, so that a mistake shows at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unclosed.baseline import Baseline, Comparison, Entry, compare, read_baseline
from unclosed.changes import Changes, changes_since, touched
from unclosed.confidence import Confidence
from unclosed.config import Config
from unclosed.discovery import common_directory
from unclosed.file_rules import FileRules
from unclosed.report.report import Report


@dataclass(frozen=True, slots=True)
class Gate:
    """A baseline and changes to hold a report against; `None`: neither was asked for."""

    baseline: Baseline | None = None
    changes: Changes | None = None


def gate(paths: Sequence[str], baseline: Path | None, revision: str | None) -> Gate:
    """The gate for a run over these paths; raises `ConfigError` for a baseline that cannot be read and a revision that is not there."""
    return Gate(
        None if baseline is None else read_baseline(baseline),
        None if revision is None else changes_since(revision, common_directory(paths)),
    )


def passed(report: Report, closed: Gate, config: Config, paths: Sequence[str]) -> tuple[Report, tuple[Entry, ...]]:
    """The report with what does not pass the gate, and the entries of the baseline that are paid off."""
    paid_off: tuple[Entry, ...] = ()
    if closed.baseline is not None:
        comparison = compared(report, closed.baseline, config, paths)
        report = replace(report, findings=comparison.new, known=len(comparison.known))
        paid_off = comparison.paid_off
    if closed.changes is not None:
        report = touched(report, closed.changes)
    return report, paid_off


def compared(report: Report, baseline: Baseline, config: Config, paths: Sequence[str]) -> Comparison:
    """The report on these paths held against a baseline.

    An entry counts as paid off only if the run could have found it: its file was looked at, or is gone from a directory that was
    named; its rule runs there; its confidence is shown.
    """
    rules, of_named = FileRules(config), FileRules(config, is_named=True)
    files = {os.path.realpath(path) for path in paths}
    checked = {os.path.realpath(path): path for path in report.checked}
    skipped = {os.path.realpath(each.path) for each in report.skipped}
    named = tuple(os.path.join(os.path.realpath(path), "") for path in paths if os.path.isdir(path))

    def is_seen(entry: Entry) -> bool:
        path = baseline.path_of(entry)
        is_gone = path.startswith(named) and not os.path.exists(path)
        if path in skipped or not (path in checked or is_gone):
            return False
        is_shown = Confidence.parse(entry.confidence) >= config.min_confidence
        running = (of_named if path in files else rules).of(checked.get(path, path))
        return is_shown and any(rule.code == entry.code for rule in running)

    return compare(report, baseline, is_seen)
