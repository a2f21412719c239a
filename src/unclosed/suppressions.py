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
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unclosed.source import split_lines

_LINE = re.compile(r"# noqa(?::\s?(?P<codes>(?:[a-z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,\s]+")
_NO_LINE_TOKENS = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_LINE_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})


@dataclass(frozen=True)
class Suppressions:
    """The comments of one file that silence findings. Nothing is read before the first question."""

    text: str

    def covers(self, code: str, row: int) -> bool:
        """Whether a finding with this code, reported in this row (from 1), is silenced."""
        if not self._has_word:
            return False
        return self._whole_file or _silences(self._joined_line(row), code)

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
        return _joined_lines(self._lines)

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


def _joined_lines(lines: Sequence[str]) -> Mapping[int, str]:
    """The text of the line of each row, with what is joined to it; empty for a file that cannot be tokenized."""
    try:
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    except (tokenize.TokenError, SyntaxError):
        return {}
    found: dict[int, str] = {}
    first: int | None = None
    for token in tokens:
        if token.type in _NO_LINE_TOKENS:
            continue
        first = token.start[0] if first is None else first
        if token.type in _LINE_ENDS:
            rows = range(first, token.end[0] + 1)
            found.update(dict.fromkeys(rows, "".join(lines[first - 1 : token.end[0]])))
            first = None
    return found
