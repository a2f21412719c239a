"""Answers about functions that ask about other functions, without end and without depending on who asked first.

Each answer is found at a *level*; what it asks about others it asks one level below, and below the lowest level everything is unknown.
So no circle
of calls can run for ever. An answer that never met the bottom is *exact* and holds on every level; one that did is kept for its own level
alone. Both depend on the code only: a chain of helpers is followed for `LEVELS` calls, and a circle gives what so many rounds through it
give.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
LEVELS = 8
"""How many calls deep helpers are followed."""


class Answers:
    """The answers of one program."""

    def __init__(self) -> None:
        # Heterogeneous by design: each question's key names its sort, and `ask` gives back what `find` of that sort made.
        self._exact: dict[Hashable, tuple[Any, int]] = {}
        """Exact answers, each with the number of levels below its own that it asked on."""
        self._at_level: dict[tuple[Hashable, int], Any] = {}
        self._level = LEVELS
        self._is_exact = True
        self._depth = 0

    def ask(self, question: Hashable, find: Callable[[], T], unknown: T) -> T:
        """The answer to a question, found one level below the one that asks."""
        level = self._level - 1
        if question in self._exact:
            found, depth = self._exact[question]
            if depth <= level:  # else it would not have been exact here, and whoever asked first must not matter
                self._depth = max(self._depth, depth + 1)
                answer: T = found
                return answer
        if level < 0:
            self._is_exact = False
            return unknown
        if (question, level) in self._at_level:
            self._is_exact = False
            kept: T = self._at_level[question, level]
            return kept
        outer = self._level, self._is_exact, self._depth
        self._level, self._is_exact, self._depth = level, True, 0
        try:
            made = find()
        finally:
            exact, depth = self._is_exact, self._depth
            self._level, self._is_exact, self._depth = outer
        if exact:
            self._exact[question] = made, depth
            self._depth = max(self._depth, depth + 1)
        else:
            self._at_level[question, level] = made
            self._is_exact = False
        return made
