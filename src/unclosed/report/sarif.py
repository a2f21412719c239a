"""The format `sarif`: a log of version 2.1.0 of the Static Analysis Results Interchange Format (OASIS).

Paths are relative to the root of the repository (`%SRCROOT%`), columns count code points. A result keeps its fingerprint
`unclosed/v1` when lines move. The key `primaryLocationLineHash` is left to GitHub's upload action, which computes it and complains of
any other value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from unclosed import __version__
from unclosed.confidence import Confidence
from unclosed.findings import Finding, TrailStep
from unclosed.report.paint import Paint
from unclosed.report.paths import is_inside, printable, uri
from unclosed.report.report import FileError, Report
from unclosed.report.severity import SARIF
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.text import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_Object = dict[str, object]


def render(report: Report, paint: Paint) -> str:
    """The log as JSON, with one run, and with the rules that found something."""
    found = {finding.code for finding in report.findings}
    rules = [rule for rule in all_rules() if rule.code in found]
    run = {
        "tool": {"driver": _driver(rules)},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(finding, rules, report) for finding in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(rules: Sequence[Rule]) -> _Object:
    return {"name": "unclosed", "version": __version__, "rules": [_rule(rule) for rule in rules]}


def _rule(rule: Rule) -> _Object:
    """The metadata of a rule."""
    summary = f"{rule.summary[:1].upper()}{rule.summary[1:]}."
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": rule.explanation.strip(), "markdown": _markdown(rule)},
        "defaultConfiguration": {"enabled": rule.default, "level": SARIF[Confidence.CERTAIN]},
        "properties": {"tags": ["reliability", "database"], "precision": "high"},
    }


def _markdown(rule: Rule) -> str:
    examples = f"## Bad\n\n```python\n{rule.bad.strip()}\n```\n\n## Good\n\n```python\n{rule.good.strip()}\n```"
    return f"{rule.explanation.strip()}\n\n{examples}"


def _invocation(report: Report) -> _Object:
    """Whether the run went well; each file that was not checked is a notification."""
    return {
        "executionSuccessful": not report.errors,
        "toolExecutionNotifications": [_notification(error, report) for error in report.errors],
    }


def _notification(error: FileError, report: Report) -> _Object:
    location = {"physicalLocation": {"artifactLocation": _artifact(error.path, report)}}
    return {"level": "error", "message": {"text": f"{printable(error.path)}: {error.reason}"}, "locations": [location]}


def _result(finding: Finding, rules: Sequence[Rule], report: Report) -> _Object:
    result: _Object = {
        "ruleId": finding.code,
        "ruleIndex": next((index for index, rule in enumerate(rules) if rule.code == finding.code), -1),
        "level": SARIF[finding.confidence],
        "message": {"text": finding.message},
        "locations": [_location(finding.path, finding.span, report, finding.function)],
        "partialFingerprints": {"unclosed/v1": finding.fingerprint},
        "properties": {"confidence": finding.confidence.label, "resource": finding.resource},
    }
    if finding.trail:
        steps = [{"location": _step(step, report)} for step in finding.trail]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _step(step: TrailStep, report: Report) -> _Object:
    return {**_location(step.path, step.span, report), "message": {"text": step.text}}


def _location(path: str, span: Span, report: Report, function: str = "") -> _Object:
    """A place; the end column is the one after the last character."""
    (row, column), (end_row, end_column) = span
    region = {"startLine": row, "startColumn": column + 1, "endLine": end_row, "endColumn": end_column + 1}
    location: _Object = {"physicalLocation": {"artifactLocation": _artifact(path, report), "region": region}}
    if function:
        location["logicalLocations"] = [{"fullyQualifiedName": function, "kind": "function"}]
    return location


def _artifact(path: str, report: Report) -> _Object:
    base = {"uriBaseId": _ROOT} if is_inside(path, report.root) else {}
    return {"uri": uri(path, report.root), **base}
