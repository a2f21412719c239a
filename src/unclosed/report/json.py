"""The format `json`: everything that is known of a run as one document.

Its shape is `docs/report.schema.json`, and `docs/formats.md` says how it may change. Only ASCII characters are printed, so the
document survives every terminal and pipe.
"""

from __future__ import annotations

import json

from unclosed import __version__
from unclosed.findings import Finding, TrailStep
from unclosed.report.paint import Paint
from unclosed.report.paths import printable
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.text import Span

VERSION = 1
"""Counts changes of the shape that take something away or give it another meaning."""

_Value = str | int | bool | list[dict[str, "_Value"]] | dict[str, "_Value"]


def render(report: Report, paint: Paint) -> str:
    """One JSON object, indented, keys always in the same order."""
    names = {rule.code: rule.name for rule in all_rules()}
    document: dict[str, _Value] = {
        "version": VERSION,
        "tool": {"name": "unclosed", "version": __version__},
        "findings": [_finding(finding, names) for finding in report.findings],
        "skipped": [
            {"path": printable(each.path), "row": each.row, "function": each.function, "reason": each.reason} for each in report.skipped
        ],
        "errors": [{"path": printable(each.path), "reason": each.reason, "internal": each.is_internal} for each in report.errors],
        "files": report.files,
        "parsed": report.parsed,
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding, names: dict[str, str]) -> dict[str, _Value]:
    return {
        "code": finding.code,
        "name": names.get(finding.code, ""),
        "path": printable(finding.path),
        **_region(finding.span),
        "message": finding.message,
        "confidence": finding.confidence.label,
        "function": finding.function,
        "resource": finding.resource,
        "fingerprint": finding.fingerprint,
        "trail": [_step(step) for step in finding.trail],
    }


def _step(step: TrailStep) -> dict[str, _Value]:
    return {"path": printable(step.path), **_region(step.span), "text": step.text}


def _region(span: Span) -> dict[str, _Value]:
    """Rows and columns from 1; the end is the column after the last one."""
    (row, column), (end_row, end_column) = span
    return {"row": row, "column": column + 1, "end_row": end_row, "end_column": end_column + 1}
