"""The format `html`: one page for a browser, which loads nothing else.

Findings stand file by file, each with the leaking path drawn along its source. The script filters them by code, confidence and words,
and groups them by rule; without it everything is there to read. All text from outside is escaped, and a content security policy admits
this style and this script alone, by their digests. The page is ASCII.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import operator
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

from unclosed import __version__
from unclosed.confidence import Confidence
from unclosed.findings import Finding
from unclosed.report.drawing import panels
from unclosed.report.excerpt import drawn
from unclosed.report.paint import Paint
from unclosed.report.paths import relative
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.source import split_lines

_CODE = re.compile(r"`([^`\n]+)`")


def render(report: Report, paint: Paint) -> str:
    """The whole page."""
    style, script = _part("page.css"), _part("page.js")
    rules = [rule for rule in all_rules() if rule.code in {finding.code for finding in report.findings}]
    body = "".join([*_head(report), *_filters(report, rules), *_findings(report), *_rules(rules)])
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>unclosed: {_several(len(report.findings), 'finding')}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}<footer>unclosed {__version__}</footer>\n<script>{script}</script>\n</body>\n</html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _part(name: str) -> str:
    """The style or the script, as it stands in the page: its digest is of this text."""
    return resources.files("unclosed.report").joinpath(name).read_text(encoding="ascii").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    """Text from outside: escaped, without characters that would turn the writing or show nothing."""
    return escape(drawn(text))


def _head(report: Report) -> Iterator[str]:
    """What was found in how much, and what was not checked."""
    files = len({finding.path for finding in report.findings})
    found = f"{_several(len(report.findings), 'finding')} in {_several(files, 'file')}" if files else "No findings"
    known = f", {_several(report.known, 'known finding')} left out" if report.known else ""
    yield '<a class="skip" href="#findings">Skip to the findings</a>\n'
    yield f"<header>\n<h1>unclosed</h1>\n<p>{found} ({_several(report.files, 'file')} checked{known})</p>\n"
    for error in report.errors:
        yield f'<p class="trouble">Not checked: {_text(relative(error.path, report.root))}: {_text(error.reason)}</p>\n'
    for skipped in report.skipped:
        what = f"{relative(skipped.path, report.root)}:{skipped.row} {skipped.function}"
        yield f'<p class="trouble">Skipped: {_text(what)}: {_text(skipped.reason)}</p>\n'
    yield "</header>\n"


def _filters(report: Report, rules: Sequence[Rule]) -> Iterator[str]:
    """The form that the script shows and reads."""
    by_degree = Counter(finding.confidence for finding in report.findings)
    by_code = Counter(finding.code for finding in report.findings)
    degrees = [(degree.label, degree.label, by_degree[degree]) for degree in reversed(Confidence)]
    codes = [(rule.code, f"{rule.code} {rule.name}", by_code[rule.code]) for rule in rules]
    yield '<div class="columns">\n<form class="filters" aria-label="Filters" hidden>\n'
    yield "<fieldset><legend>Group by</legend>\n"
    yield '<label><input type="radio" name="group" value="file" checked> file</label>\n'
    yield '<label><input type="radio" name="group" value="rule"> rule</label>\n</fieldset>\n'
    yield from _boxes("Confidence", "confidence", [each for each in degrees if each[2]])
    yield from _boxes("Rules", "code", codes)
    yield '<fieldset><legend><label for="words">Words</label></legend>\n<input type="search" id="words" name="words"></fieldset>\n'
    yield '<div class="buttons"><button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button> '
    yield '<button type="reset">Show everything</button></div>\n<p id="status" role="status"></p>\n</form>\n'


def _boxes(title: str, name: str, choices: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    """A box for each choice: its value, its label and how many findings have it."""
    yield f"<fieldset><legend>{title}</legend>\n"
    for value, label, number in choices:
        box = f'<input type="checkbox" name="{name}" value="{value}" checked>'
        yield f'<label>{box} <span>{label} <span class="count">({number})</span></span></label>\n'
    yield "</fieldset>\n"


def _findings(report: Report) -> Iterator[str]:
    """The findings, file by file."""
    names = {rule.code: rule.name for rule in all_rules()}
    lines = {path: split_lines(text) for path, text in report.texts.items()}
    yield '<main id="findings" class="by-file" tabindex="-1">\n'
    for path, group in itertools.groupby(report.findings, key=operator.attrgetter("path")):
        findings = tuple(group)
        yield f'<section>\n<h2>{_text(relative(path, report.root))} <span class="count">({len(findings)})</span></h2>\n'
        for finding in findings:
            yield from _finding(finding, names.get(finding.code, ""), report.root, lines)
        yield "</section>\n"
    yield "</main>\n</div>\n"


def _finding(finding: Finding, name: str, root: Path, lines: Mapping[str, Sequence[str]]) -> Iterator[str]:
    path, degree = _text(relative(finding.path, root)), finding.confidence.label
    row, column = finding.start
    data = f'data-file="{path}" data-rule="{finding.code} {name}" data-code="{finding.code}" data-confidence="{degree}"'
    yield f'<details class="finding" {data}>\n<summary><span class="file">{path}:</span><span class="place">{row}:{column + 1}</span> '
    yield f'<span class="code">{finding.code}</span> {_text(finding.message)} '
    yield f'<span class="degree {degree}">{degree}</span></summary>\n<div>\n'
    where = f"In <code>{_text(finding.function)}()</code>. " if finding.function else ""
    yield f'<p>{where}Rule <a href="#{finding.code}">{finding.code} {name}</a>.</p>\n'
    for panel in panels(finding, lines):
        yield f"<h3>{_text(relative(panel.path, root))}</h3>\n{panel.html}"
    yield "</div>\n</details>\n"


def _rules(rules: Sequence[Rule]) -> Iterator[str]:
    """What the rules mean that found something."""
    if not rules:
        return
    yield '<div class="columns"><div></div><section>\n<h2>The rules</h2>\n'
    for rule in rules:
        yield f'<details class="rule" id="{rule.code}">\n<summary>{rule.code} {rule.name}: {_prose(rule.summary)}</summary>\n'
        yield from map(_paragraph, rule.explanation.strip().split("\n\n"))
        yield f'<h3>Bad</h3>\n<pre tabindex="0">{escape(rule.bad.strip())}</pre>\n'
        yield f'<h3>Good</h3>\n<pre tabindex="0">{escape(rule.good.strip())}</pre>\n</details>\n'
    yield "</section></div>\n"


def _paragraph(text: str) -> str:
    """A paragraph or a heading of an explanation."""
    return f"<h3>{_prose(text[3:])}</h3>\n" if text.startswith("## ") else f"<p>{_prose(text)}</p>\n"


def _prose(text: str) -> str:
    """Escaped text in which what stands in backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(" ".join(text.split())))


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
