"""The HTML report as text: whole, escaped, and alone."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sample_report import REPORT, ROOT, written
from unclosed.config import OutputFormat
from unclosed.findings import Finding, TrailStep
from unclosed.report.drawing import panels
from unclosed.report.report import FileError, Report
from unclosed.text import Position, Span

_VOID = {"meta", "input"}


class Elements(HTMLParser):
    """The elements of a page; refuses tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.seen.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


PAGE = written(OutputFormat.HTML)


def test_the_page_is_well_formed_and_ascii() -> None:
    """Every element is closed, no attribute is there twice; so is an empty page."""
    assert PAGE.isascii()
    tags = [tag for tag, _ in Elements(PAGE).seen]
    assert (tags.count("script"), tags.count("style"), tags.count("details")) == (1, 1, 4 + 3)
    assert "No findings (0 files checked)" in Elements(written(OutputFormat.HTML, Report())).text


def test_nothing_is_loaded_from_anywhere() -> None:
    """No element that loads, no address; the policy admits what is on the page, by its digest."""
    elements = Elements(PAGE)
    attributes = [(tag, name) for tag, found in elements.seen for name in found]
    assert [each for each in attributes if each[1] in ("src", "srcset", "style", "action", "poster") or each[1].startswith("on")] == []
    assert {tag for tag, _ in elements.seen} & {"link", "img", "iframe", "object", "embed", "base", "svg", "video", "audio"} == set()
    assert [found["href"] for tag, found in elements.seen if tag == "a" and not (found["href"] or "").startswith("#")] == []
    assert re.findall(r"https?:|//[a-z]|@import|url\(", PAGE) == []
    policy = next(found["content"] or "" for tag, found in elements.seen if found.get("http-equiv") == "Content-Security-Policy")
    for element in ("style", "script"):
        text = PAGE.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
        assert f"{element}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")


NASTY = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\u202e\x1b"


def test_all_text_is_escaped() -> None:
    """Wherever it comes from: paths, messages, names, trails, source, errors."""
    where = Span(Position(1, 0), Position(1, len(NASTY)))
    finding = replace(
        REPORT.findings[1],
        path=f"{ROOT}/{NASTY}",
        span=where,
        message=NASTY,
        function=NASTY,
        resource=NASTY,
        trail=(TrailStep(f"{ROOT}/{NASTY}", where, NASTY),),
    )
    report = Report((finding,), errors=(FileError(NASTY, NASTY),), texts={f"{ROOT}/{NASTY}": NASTY}, root=ROOT)
    page = written(OutputFormat.HTML, report)
    nasty, plain = Elements(page), Elements(written(OutputFormat.HTML, replace(report, findings=(REPORT.findings[1],), errors=())))
    assert "img" not in {tag for tag, _ in nasty.seen}
    assert [tag for tag, _ in nasty.seen].count("script") == [tag for tag, _ in plain.seen].count("script") == 1
    shown = NASTY.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
    assert nasty.text.count(shown) == 9
    assert "\u202e" not in page and "&#8238;" not in page and "\x1b" not in page


def drawing(finding: Finding, texts: dict[str, str]) -> list[str]:
    """The panels of a finding as text: rows, `*` for a step, `|` where the path goes along."""
    lines: list[str] = []
    for panel in panels(finding, {path: text.splitlines(keepends=True) for path, text in texts.items()}):
        lines.append(panel.path)
        for part in panel.html.split('<div class="line')[1:]:
            row = part.partition('<span class="row">')[2].partition("<")[0]
            mark = "*" if 'class="dot"' in part else "|" if "way on" in part else " "
            notes = " ".join(re.findall(r'<span class="note">(\d+)', part))
            lines.append(f"{row:>3} {mark} {notes}".rstrip())
    return lines


def step(path: str, row: int) -> TrailStep:
    """A step in this row."""
    return TrailStep(path, Span(Position(row, 0), Position(row, 1)), "x")


LONG = "".join(f"line {row}\n" for row in range(1, 41))


@pytest.mark.parametrize(
    ("steps", "drawn"),
    [
        pytest.param([("a", 5), ("a", 7)], ["a", "  3", "  4", "  5 * 1", "  6 |", "  7 * 2", "  8", "  9"], id="near"),
        pytest.param([("a", 1), ("a", 1)], ["a", "  1 * 1 2", "  2", "  3"], id="one-line"),
        pytest.param(
            [("a", 10), ("a", 30)],
            ["a", "  8", "  9", " 10 * 1", " 11 |", " 12 |", "  \u22ee |", " 28 |", " 29 |", " 30 * 2", " 31", " 32"],
            id="far",
        ),
        pytest.param(
            [("a", 40), ("b", 2), ("a", 39)], ["a", " 37", " 38", " 39 * 3", " 40 * 1", "b", "  1", "  2 * 2", "  3", "  4"], id="files"
        ),
        pytest.param(
            [("a", 10), ("a", 18)],
            ["a", "  8", "  9", " 10 * 1", *(f" {row} |" for row in range(11, 18)), " 18 * 2", " 19", " 20"],
            id="filled",
        ),
        pytest.param([("gone", 3)], ["gone"], id="no-text"),
    ],
)
def test_the_path_is_drawn_along_the_lines(steps: list[tuple[str, int]], drawn: list[str]) -> None:
    """From the first step in a file to the last, with the numbers of the steps in their order."""
    trail = tuple(step(path, row) for path, row in steps)
    finding = replace(REPORT.findings[1], trail=trail)
    assert drawing(finding, {"a": LONG, "b": LONG}) == drawn


def test_steps_without_a_text_are_told() -> None:
    """The file may be gone."""
    finding = replace(REPORT.findings[1], trail=(step("gone", 3),))
    assert [panel.html for panel in panels(finding, {})] == ['<span class="note">1. x</span>']
