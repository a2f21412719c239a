"""The format `full`: each finding with its source line, the numbered trail of what happens, and its confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from unclosed.findings import Finding, TrailStep
from unclosed.report.excerpt import drawn, excerpt
from unclosed.report.flake8 import headline
from unclosed.report.paint import Paint
from unclosed.report.report import Report
from unclosed.source import split_lines
from unclosed.text import Span


def render(report: Report, paint: Paint) -> str:
    """A block of lines for each finding, an empty line after each, and a last line that counts them."""
    lines = {path: split_lines(text) for path, text in report.texts.items()}
    blocks = ["\n".join(_block(finding, lines, paint)) + "\n\n" for finding in report.findings]
    return "".join(blocks) + _count(report)


def _block(finding: Finding, lines: Mapping[str, Sequence[str]], paint: Paint) -> Iterator[str]:
    yield headline(finding, paint)
    yield from _source(finding, lines.get(finding.path, ()), paint)
    for number, step in enumerate(finding.trail, 1):
        yield from _step(number, step, lines.get(step.path, ()), paint)
    yield f"  confidence: {finding.confidence.label}"


def _source(finding: Finding, lines: Sequence[str], paint: Paint) -> Iterator[str]:
    """The source line of the finding with carets under it; nothing where the text is not at hand."""
    line = _line(lines, finding.span)
    if line is None:
        return
    (row, start), (last_row, last_column) = finding.span
    shown = excerpt(line, start, last_column if last_row == row else None)
    margin = f"{row:>5}"
    yield f"{paint.margin(f'{margin} |')} {shown.source}"
    yield f"{paint.margin(' ' * len(margin) + ' |')} {paint.mark(shown.carets)}"


def _step(number: int, step: TrailStep, lines: Sequence[str], paint: Paint) -> Iterator[str]:
    """One step of the trail: where, what happens, and the line on which it does."""
    yield f"  {paint.margin(f'{number}.')} {step.path}:{step.span.start.row}: {step.text}"
    line = _line(lines, step.span)
    if line is not None and line.strip():
        yield f"       {drawn(line.strip())}"


def _line(lines: Sequence[str], span: Span) -> str | None:
    """The line on which a span starts; `None` where the text is not at hand."""
    row = span.start.row
    return lines[row - 1] if 0 < row <= len(lines) else None


def _count(report: Report) -> str:
    """How much was found in how much; nothing where no file was looked at."""
    if not report.files:
        return ""
    places = len({finding.path for finding in report.findings})
    found = f"{_several(len(report.findings), 'finding')} in {_several(places, 'file')}" if places else "no findings"
    known = f", {_several(report.known, 'known finding')} left out" if report.known else ""
    return f"{found} ({_several(report.files, 'file')} checked{known})\n"


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
