"""Questions that come back to themselves.

A question asked again while it is being answered gets "unknown" (`None`). What was concluded from that is good for the moment and not
kept, so that an answer never depends on where the asking began. Only the outermost question, and those that met no such circle, are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")
MAX_DEPTH = 60
"""Questions inside questions; beyond, the answer is "unknown"."""


class Recursion:
    """The questions that are being answered now."""

    def __init__(self) -> None:
        self._open: dict[Hashable, int] = {}
        self._lowest = MAX_DEPTH + 1
        """The outermost question that an unfinished answer was taken from."""

    def answer(self, question: Hashable, find: Callable[[], T | None], keep: Callable[[T | None], None]) -> T | None:
        """The answer to a question; `keep` is called with it if it rests on nothing unfinished."""
        depth = len(self._open)
        asked = self._open.get(question)
        if asked is not None or depth >= MAX_DEPTH:
            self._lowest = min(self._lowest, asked if asked is not None else 0)
            return None
        self._open[question] = depth
        try:
            found = find()
        finally:
            del self._open[question]
        if self._lowest >= depth:
            self._lowest = MAX_DEPTH + 1
            keep(found)
        return found
