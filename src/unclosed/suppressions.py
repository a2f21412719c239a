"""Where `# noqa` applies, as flake8 reads it.

A comment `# noqa` silences every code of its *line*: the physical line, together with those that a backslash or a string over several
lines joins to it. Inside brackets each line is one of its own, so the comment stands where the finding is reported. `# noqa: UNC103,UNC1`
silences the codes that begin with one of these. `# flake8: noqa` at the start of a line silences the whole file, also where codes
follow it. The reading is that of flake8 6 and 7 (`defaults.py`, `processor.py`, `violation.py`), to the letter, because the same
comment must mean the same in both tools: `#noqa` without the space is no such comment, the word `noqa` in a string counts, codes
are compared in their own case, the first comment of a line decides, and what follows `noqa` without being a list of codes makes it
silence everything.
"""

from __future__ import annotations

import functools
import math
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from unclosed.source import split_lines
from unclosed.text import Position

_LINE = re.compile(r"# noqa(?::\s?(?P<codes>(?:[a-z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,\s]+")
_NO_LINE_TOKENS = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_LINE_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})


class Comment(NamedTuple):
    """A `# noqa` with codes: where it begins, its text from there to the last code, the codes, and the rows that it covers."""

    start: Position
    text: str
    codes: tuple[str, ...]
    rows: range


@dataclass(frozen=True)
class Suppressions:
    """The comments of one file that silence findings. Nothing is read before the first question."""

    text: str

    def covers(self, code: str, row: int) -> bool:
        """Whether a finding with this code, reported in this row (from 1), is silenced."""
        if not self._has_word:
            return False
        return self._whole_file or _silences(self._joined_line(row), code)

    def rows_of(self, row: int) -> range:
        """The rows of the line on which a finding in this row is searched for a comment; the row itself where that is not known."""
        return next((range(first, last + 1) for first, last in self._ranges if first <= row <= last), range(row, row + 1))

    @functools.cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments with codes that decide for their line, in order; none where the whole file is silenced or cannot be tokenized."""
        if not self._has_word or self._whole_file:
            return ()
        starts = {token.start[0]: token.start[1] for token in self._tokens if token.type == tokenize.COMMENT}
        found = (_comment(self._lines[first - 1 : last], first) for first, last in self._ranges)
        return tuple(each for each in found if each is not None and each.start.column >= starts.get(each.start.row, math.inf))

    @functools.cached_property
    def _has_word(self) -> bool:
        return "noqa" in self.text.lower()

    @functools.cached_property
    def _lines(self) -> Sequence[str]:
        return split_lines(self.text)

    @functools.cached_property
    def _whole_file(self) -> bool:
        return any(_FILE.match(line) for line in self._lines)

    @functools.cached_property
    def _joined_lines(self) -> Mapping[int, str]:
        return {row: "".join(self._lines[first - 1 : last]) for first, last in self._ranges for row in range(first, last + 1)}

    @functools.cached_property
    def _ranges(self) -> Sequence[tuple[int, int]]:
        return _line_ranges(self._tokens)

    @functools.cached_property
    def _tokens(self) -> Sequence[tokenize.TokenInfo]:
        return _tokens(self._lines)

    def _joined_line(self, row: int) -> str:
        """The text that is searched for a finding in this row; the physical line where the file cannot be tokenized."""
        found = self._joined_lines.get(row)
        if found is None and 0 < row <= len(self._lines):
            return self._lines[row - 1]
        return found or ""


def _silences(line: str, code: str) -> bool:
    comment = _LINE.search(line)
    if comment is None:
        return False
    codes = comment["codes"]
    return codes is None or code.startswith(tuple(filter(None, _SEPARATORS.split(codes))))


def _comment(lines: Sequence[str], first: int) -> Comment | None:
    """The comment with codes that decides for the joined lines from this row on; `None` if there is none, or a bare one."""
    text = "".join(lines)
    found = _LINE.search(text)
    if found is None or found["codes"] is None:
        return None
    before = text[: found.start()]
    row = before.count("\n")
    start = Position(first + row, len(before) - before.rfind("\n") - 1)
    codes = tuple(filter(None, _SEPARATORS.split(found["codes"])))
    return Comment(start, found.group().rstrip(", \t\n"), codes, range(first, first + len(lines)))


def _tokens(lines: Sequence[str]) -> Sequence[tokenize.TokenInfo]:
    """The tokens of a file; none where it cannot be tokenized."""
    try:
        return list(tokenize.generate_tokens(iter(lines).__next__))
    except (tokenize.TokenError, SyntaxError):
        return ()


def _line_ranges(tokens: Iterable[tokenize.TokenInfo]) -> Sequence[tuple[int, int]]:
    """First and last row of each line, with what is joined to it."""
    found: list[tuple[int, int]] = []
    first: int | None = None
    for token in tokens:
        if token.type in _NO_LINE_TOKENS:
            continue
        first = token.start[0] if first is None else first
        if token.type in _LINE_ENDS:
            found.append((first, token.end[0]))
            first = None
    return found
