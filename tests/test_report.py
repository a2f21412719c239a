"""What is printed, to the letter."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from unclosed.confidence import Confidence
from unclosed.config import OutputFormat
from unclosed.findings import Finding, Skipped, TrailStep
from unclosed.report import flake8, full, rule_page, statistics
from unclosed.report.excerpt import WIDTH, Excerpt, excerpt
from unclosed.report.formats import RENDERERS
from unclosed.report.paint import Paint
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.text import Position, Span

TEXT = """\
import sqlite3

def names(path):
\tconn = sqlite3.connect(path)
\trows = conn.execute("SELECT name FROM users").fetchall()
\tconn.close()
\treturn rows
"""


def span(row: int, start: int, end: int) -> Span:
    """A span in one row."""
    return Span(Position(row, start), Position(row, end))


LEAK = Finding(
    "UNC103",
    "app.py",
    span(4, 8, 29),
    "connection from sqlite3.connect() is not closed when execute() (line 5) raises; use closing()",
    Confidence.CERTAIN,
    (
        TrailStep("app.py", span(4, 8, 29), "acquired here"),
        TrailStep("app.py", span(5, 8, 48), "conn.execute() raises here"),
        TrailStep("app.py", span(3, 0, 3), "leaves the function here"),
    ),
)
BROKEN = Finding("UNC901", "other.py", span(9, 0, 0), "not valid Python: invalid syntax", Confidence.CERTAIN)
REPORT = Report((LEAK, BROKEN), (Skipped("app.py", "Big.method", 12, "more than 20000 nodes"),), 3, 2, 0.25, texts={"app.py": TEXT})


def test_flake8() -> None:
    """One line for each finding, columns from 1."""
    assert flake8.render(REPORT, Paint()) == (
        "app.py:4:9: UNC103 connection from sqlite3.connect() is not closed when execute() (line 5) raises; use closing()\n"
        "other.py:9:1: UNC901 not valid Python: invalid syntax\n"
    )


def test_full() -> None:
    """The source with carets, the numbered trail, the confidence; no source where the text is not at hand."""
    assert full.render(REPORT, Paint()) == (
        "app.py:4:9: UNC103 connection from sqlite3.connect() is not closed when execute() (line 5) raises; use closing()\n"
        "    4 |     conn = sqlite3.connect(path)\n"
        "      |            ^^^^^^^^^^^^^^^^^^^^^\n"
        "  1. app.py:4: acquired here\n"
        "       conn = sqlite3.connect(path)\n"
        "  2. app.py:5: conn.execute() raises here\n"
        '       rows = conn.execute("SELECT name FROM users").fetchall()\n'
        "  3. app.py:3: leaves the function here\n"
        "       def names(path):\n"
        "  confidence: certain\n"
        "\n"
        "other.py:9:1: UNC901 not valid Python: invalid syntax\n"
        "  confidence: certain\n"
        "\n"
        "2 findings in 2 files (3 files checked)\n"
    )


@pytest.mark.parametrize("output_format", [each for each in OutputFormat if each.is_for_people])
def test_colour_adds_nothing_but_colour(output_format: OutputFormat) -> None:
    """Every format for people can be printed with and without."""
    render = RENDERERS[output_format]
    plain, coloured = render(REPORT, Paint()), render(REPORT, Paint(colour=True))
    assert "\x1b" not in plain
    assert "\x1b[31m" in coloured
    assert click.unstyle(coloured) == plain


@pytest.mark.parametrize(
    ("report", "flake8_text", "full_text"),
    [
        (Report(), "", ""),
        (Report(files=1), "", "no findings (1 file checked)\n"),
        (Report(files=2), "", "no findings (2 files checked)\n"),
    ],
)
def test_nothing_to_say(report: Report, flake8_text: str, full_text: str) -> None:
    """Silence, or one line."""
    assert (flake8.render(report, Paint()), full.render(report, Paint())) == (flake8_text, full_text)


def test_statistics() -> None:
    """Findings by code, what was skipped and why, and the totals."""
    more = replace(REPORT, skipped=(*REPORT.skipped, Skipped("other.py", "", 9, "invalid syntax")))
    assert statistics.render(more) == (
        "     1 UNC103\n"
        "     1 UNC901\n"
        "skipped app.py:12 Big.method(): more than 20000 nodes\n"
        "skipped other.py:9: invalid syntax\n"
        "2 findings, 3 files, 2 parsed, 0.25 seconds\n"
    )


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "carets"),
    [
        pytest.param("x = f()\n", 4, 7, "x = f()", "    ^^^", id="plain"),
        pytest.param("x = f(\n", 4, None, "x = f(", "    ^^", id="goes-on-in-the-next-line"),
        pytest.param("\t\tx = f()\n", 6, 9, "        x = f()", "            ^^^", id="tabs"),
        pytest.param("名 = f()\n", 4, 7, "名 = f()", "     ^^^", id="wide-characters"),
        pytest.param("x = f('名')\n", 4, 10, "x = f('名')", "    ^^^^^^^", id="wide-characters-inside"),
        pytest.param("e\u0301 = f()\n", 5, 8, "e\u0301 = f()", "    ^^^", id="combining-characters"),
        pytest.param("x = '\x1b[31m' + f()\n", 14, 17, "x = '\ufffd[31m' + f()", "              ^^^", id="control-characters"),
        pytest.param("x = f('\u202e')\n", 4, 10, "x = f('\ufffd')", "    ^^^^^^", id="characters-that-turn-the-writing"),
        pytest.param("def f(:\n", 7, 7, "def f(:", "       ^", id="nothing-to-underline"),
        pytest.param("", 3, 3, "", "^", id="beyond-the-end"),
        pytest.param("x = f()  \r\n", 4, 7, "x = f()", "    ^^^", id="crlf-and-trailing-blanks"),
    ],
)
def test_excerpt(line: str, start: int, end: int | None, shown: str, carets: str) -> None:
    """The carets stand under the part, as a terminal draws it."""
    assert excerpt(line, start, end) == Excerpt(shown, carets)


@pytest.mark.parametrize(("start", "end"), [(0, 5), (500, 507), (985, 990), (0, 990)])
def test_excerpt_of_a_long_line_is_cut_around_the_part(start: int, end: int) -> None:
    """To the width of a terminal."""
    line = "".join(f"{number:>9}," for number in range(99))
    shown = excerpt(line, start, end)
    assert len(shown.source) <= WIDTH
    assert len(shown.carets) <= WIDTH
    first = shown.carets.index("^")
    seen = shown.source[first:].removesuffix("...")
    assert line[start:].startswith(seen[: shown.carets.count("^")])


def test_a_rule_page_has_all_its_parts() -> None:
    """Head, explanation, and both examples, indented as code."""
    for rule in all_rules():
        page = rule_page.render(rule)
        assert page.startswith(f"# {rule.code} {rule.name}\n\n")
        assert rule.explanation.strip() in page
        assert "\n## Bad\n\n    " in page
        assert "\n## Good\n\n    " in page
