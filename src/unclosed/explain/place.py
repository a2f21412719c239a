"""The place that is asked about: `path:row` or `path:row:column`, as findings are printed."""

from __future__ import annotations

import re
from typing import NamedTuple

from unclosed.errors import ConfigError

FORM = "PATH:LINE[:COLUMN]"
_PLACE = re.compile(r"(?P<path>.+?):(?P<row>\d{1,9})(?::(?P<column>\d{1,9}))?:?", re.DOTALL)


class Place(NamedTuple):
    """A line of a file, and perhaps a column, which counts code points from 0; `None`: the whole line is meant."""

    path: str
    row: int
    column: int | None = None


def parse_place(text: str) -> Place:
    """The place that a text names, its column counting from 1; raises `ConfigError` for anything else."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise ConfigError(text, f"this is no place; write {FORM}, as in src/app.py:12")
    row, column = int(match["row"]), match["column"]
    if row == 0 or (column is not None and int(column) == 0):
        raise ConfigError(text, "lines and columns count from 1")
    return Place(match["path"], row, None if column is None else int(column) - 1)
