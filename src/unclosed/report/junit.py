"""The format `junit`: a test report, which nearly every CI server can show.

A suite for each file with findings, a failed case for each finding; a file that was not checked is a case with an error. Where nothing
was found, one passed case says so, because some servers take a report without cases for a mistake.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from unclosed.findings import Finding
from unclosed.report.paint import Paint
from unclosed.report.paths import relative
from unclosed.report.report import FileError, Report

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not have."""


def render(report: Report, paint: Paint) -> str:
    """One XML document, in ASCII."""
    suites = list(_suites(report)) or [_suite("unclosed", ['    <testcase classname="unclosed" name="no findings"/>\n'])]
    count = f'tests="{max(len(report.findings) + len(report.errors), 1)}" {_failures(len(report.findings), len(report.errors))}'
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="unclosed" {count}>\n{"".join(suites)}</testsuites>\n'
    return _NO_XML.sub("\ufffd", text).encode("ascii", "xmlcharrefreplace").decode()


def _suites(report: Report) -> Iterator[str]:
    for path, findings in itertools.groupby(report.findings, key=operator.attrgetter("path")):
        name = relative(path, report.root)
        yield _suite(name, [_case(finding, name) for finding in findings], failures=True)
    for error in report.errors:
        name = relative(error.path, report.root)
        yield _suite(name, [_error(error, name)], errors=True)


def _suite(name: str, cases: list[str], *, failures: bool = False, errors: bool = False) -> str:
    count = _failures(len(cases) if failures else 0, len(cases) if errors else 0)
    return f'  <testsuite name={_quoted(name)} tests="{len(cases)}" {count}>\n{"".join(cases)}  </testsuite>\n'


def _failures(failures: int, errors: int) -> str:
    return f'failures="{failures}" errors="{errors}" skipped="0"'


def _case(finding: Finding, path: str) -> str:
    row, column = finding.start
    place = f"{path}:{row}:{column + 1}"
    steps = "".join(f"\n{number}. {step.path}:{step.span.start.row}: {step.text}" for number, step in enumerate(finding.trail, 1))
    name = f"{finding.code} {finding.function or 'module'} line {row} column {column + 1}"
    return (
        f'    <testcase classname={_quoted(path)} name={_quoted(name)} file={_quoted(path)} line="{row}">\n'
        f"      <failure type={_quoted(finding.code)} message={_quoted(finding.message)}>"
        f"{escape(f'{place}: {finding.code} {finding.message} ({finding.confidence.label}){steps}')}</failure>\n"
        f"    </testcase>\n"
    )


def _error(error: FileError, path: str) -> str:
    return (
        f'    <testcase classname={_quoted(path)} name="not checked" file={_quoted(path)}>\n'
        f'      <error type="error" message={_quoted(error.reason)}/>\n'
        f"    </testcase>\n"
    )


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
