"""The source of a finding with the leaking path drawn along it, as HTML.

A *panel* is the part of one file that the path leads through: the lines of its steps and some around them. The path is a bar beside the
lines from the first step in the file to the last; each step is a dot on it, with the step's number and what happens there below its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from unclosed.findings import Finding, TrailStep
from unclosed.report.excerpt import drawn

_AROUND = 2
"""Lines shown before and after each step."""
_GAP = 4
"""So many lines between two steps are left out, fewer are shown."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The drawing for one file."""

    path: str
    html: str


def panels(finding: Finding, texts: Mapping[str, Sequence[str]]) -> Iterator[Panel]:
    """A panel for each file of the trail, in the order in which the path comes to them; `texts`: the lines of those that are at hand.

    A finding without a trail is one step.
    """
    steps = finding.trail or (TrailStep(finding.path, finding.span, "reported here"),)
    for path in dict.fromkeys(step.path for step in steps):
        numbered = [(number, step) for number, step in enumerate(steps, 1) if step.path == path]
        lines = texts.get(path, ())
        if any(step.span.start.row <= len(lines) for _, step in numbered):
            yield Panel(path, _panel(lines, numbered))
        else:
            yield Panel(path, "".join(_note(number, step) for number, step in numbered))


def _panel(lines: Sequence[str], steps: Sequence[tuple[int, TrailStep]]) -> str:
    """The lines around the steps; a keyboard can scroll them."""
    rows = sorted({step.span.start.row for _, step in steps})
    parts: list[str] = []
    before = 0
    for row in _shown(rows, len(lines)):
        if before and row > before + 1:
            parts.append(_gap(row - before - 1, is_on=rows[0] < row <= rows[-1]))
        here = [(number, step) for number, step in steps if step.span.start.row == row]
        parts.append(_line(lines[row - 1], row, here, _way(row, rows)))
        before = row
    return f'<div class="source" tabindex="0" role="group" aria-label="Source">\n{"".join(parts)}</div>\n'


def _shown(rows: Sequence[int], last: int) -> Sequence[int]:
    """The rows to show: those around each step, and what lies between two steps if it is not much."""
    shown = {each for row in rows for each in range(row - _AROUND, row + _AROUND + 1) if 0 < each <= last}
    for row in sorted(shown):
        following = min((each for each in shown if each > row), default=row)
        if following - row <= _GAP:
            shown.update(range(row, following))
    return sorted(shown)


def _way(row: int, rows: Sequence[int]) -> str:
    """The classes of the bar beside a row: whether the path goes along, begins or ends there."""
    if not rows[0] <= row <= rows[-1]:
        return "way"
    return "way on" + (" first" if row == rows[0] else "") + (" last" if row == rows[-1] else "")


def _line(line: str, row: int, steps: Sequence[tuple[int, TrailStep]], way: str) -> str:
    dot = '<span class="dot"></span>' if steps else ""
    notes = "".join(_note(number, step) for number, step in steps)
    kind = "line step" if steps else "line"
    gutter = f'<span class="row">{row}</span><span class="{way}" aria-hidden="true">{dot}</span>'
    return f'<div class="{kind}">{gutter}<span><code>{_marked(line.rstrip(), [step for _, step in steps])}</code>{notes}</span></div>\n'


def _marked(line: str, steps: Sequence[TrailStep]) -> str:
    """The line with what its steps are about marked."""
    if not steps:
        return escape(drawn(line))
    start = min(step.span.start.column for step in steps)
    last = max(step.span.end.column if step.span.end.row == step.span.start.row else len(line) for step in steps)
    before, part, after = (escape(drawn(text)) for text in (line[:start], line[start:last], line[last:]))
    return f"{before}<mark>{part}</mark>{after}" if part else before + after


def _note(number: int, step: TrailStep) -> str:
    return f'<span class="note">{number}. {escape(drawn(step.text))}</span>'


def _gap(number: int, *, is_on: bool) -> str:
    way = "way on" if is_on else "way"
    text = f"{number} lines"
    return f'<div class="line gap"><span class="row">\u22ee</span><span class="{way}" aria-hidden="true"></span><span>{text}</span></div>\n'
