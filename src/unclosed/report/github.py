"""The format `github`: a workflow command for each finding, which GitHub shows at the line in a pull request.

Escapes are those of the runner's own toolkit (`@actions/core`, command.ts): `%`, carriage return and line feed in the message, and
`:` and `,` in a property besides.
"""

from __future__ import annotations

from unclosed.findings import Finding
from unclosed.report.paint import Paint
from unclosed.report.paths import relative
from unclosed.report.report import FileError, Report
from unclosed.report.severity import GITHUB


def render(report: Report, paint: Paint) -> str:
    """`::error title=…,file=…,line=…::…`, one line for each finding and for each file that was not checked."""
    lines = [*(_finding(finding, report) for finding in report.findings), *(_error(error, report) for error in report.errors)]
    return "".join(f"{line}\n" for line in lines)


def _finding(finding: Finding, report: Report) -> str:
    (row, column), (end_row, end_column) = finding.span
    path = relative(finding.path, report.root)
    properties = {"title": f"unclosed {finding.code}", "file": path, "line": str(row), "endLine": str(end_row)}
    if row == end_row:  # columns over several lines are refused
        properties |= {"col": str(column + 1), "endColumn": str(end_column + 1)}
    return _command(GITHUB[finding.confidence], properties, f"{path}:{row}:{column + 1}: {finding.code} {finding.message}")


def _error(error: FileError, report: Report) -> str:
    path = relative(error.path, report.root)
    return _command("error", {"title": "unclosed", "file": path}, f"{path}: {error.reason}")


def _command(level: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items())
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
