"""A line of source and the carets under a part of it, as wide as a terminal draws them.

Tabs are drawn as four spaces, control characters as a replacement character, so no source can write to the terminal. A long line is
cut at its right, and at its left if the part would not be seen.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

WIDTH = 120
_TAB = "    "
_CUT = "..."


class Excerpt(NamedTuple):
    """Two lines of equal indentation: the source, and carets under the part of interest."""

    source: str
    carets: str


def excerpt(line: str, start: int, end: int | None) -> Excerpt:
    """The excerpt for the columns from `start` to before `end`; `None`: to the end of the line. There is at least one caret."""
    line = line.rstrip()
    before, part, after = line[:start], line[start:end], line[end:] if end is not None else ""
    drawn_before, drawn_part, drawn_after = drawn(before), drawn(part), drawn(after)
    if _cells(drawn_before) > WIDTH // 2:
        drawn_before = _CUT + drawn_before[-WIDTH // 4 :]
    room = WIDTH - _cells(drawn_before)
    whole = drawn_part + drawn_after
    if len(whole) > room:
        whole = whole[: room - len(_CUT)] + _CUT
        drawn_part = drawn_part[: room - len(_CUT)]
    return Excerpt(drawn_before + whole, " " * _cells(drawn_before) + "^" * max(_cells(drawn_part), 1))


def drawn(text: str) -> str:
    """The text with tabs as spaces and nothing that a terminal would obey."""
    return "".join(_TAB if char == "\t" else "\ufffd" if _is_control(char) else char for char in text)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)
