"""The format `flake8`: one line per finding, as flake8 prints it."""

from __future__ import annotations

from unclosed.findings import Finding
from unclosed.report.paint import Paint
from unclosed.report.report import Report


def render(report: Report, paint: Paint) -> str:
    """`path:row:column: CODE message` for each finding, columns from 1."""
    return "".join(f"{headline(finding, paint)}\n" for finding in report.findings)


def headline(finding: Finding, paint: Paint) -> str:
    """The line of one finding."""
    row, column = finding.start
    return f"{paint.path(finding.path)}:{row}:{column + 1}: {paint.code(finding.code)} {finding.message}"
