"""Positions, spans and the text of one file.

A *row* counts lines from 1. A *column* counts code points from 0; the front doors add one where their format wants it.
"""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """A place in a text: row from 1, column from 0 in code points."""

    row: int
    column: int


class Span(NamedTuple):
    """A half-open stretch of text, from `start` to before `end`."""

    start: Position
    end: Position


class SourceFile(NamedTuple):
    """The decoded text of one file and the path under which it is shown to the user.

    `text` has no byte order mark; its line ends are as in the file.
    """

    path: str
    text: str
