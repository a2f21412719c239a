"""Questions that come back to themselves.

A question asked again while it is being answered gets "unknown" (`None`). What was concluded from that is not kept for good, so that an
answer never depends on where the asking began: only the outermost question, and those that met no such circle, are kept. A conclusion
is *provisional* as long as the question that it rests on is open: asked again meanwhile, it is given again. Without that, each way
through a circle of questions would be gone anew, and their number is exponential.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")
MAX_DEPTH = 60
"""Questions inside questions; beyond, the answer is "unknown"."""


class Recursion:
    """The questions that are being answered now."""

    def __init__(self) -> None:
        self._open: dict[Hashable, int] = {}
        self._lowest = MAX_DEPTH + 1
        """The outermost question that an unfinished answer was taken from."""
        # Heterogeneous by design: each question's key names its sort, and `answer` gives back what `find` of that sort made.
        self._provisional: dict[Hashable, tuple[Any, int]] = {}
        """Answers that rest on an open question, each with the depth of the outermost of those."""
        self._resting: dict[int, list[Hashable]] = {}
        """The provisional answers by the depth of the question that they rest on."""

    def answer(self, question: Hashable, find: Callable[[], T | None], keep: Callable[[T | None], None]) -> T | None:
        """The answer to a question; `keep` is called with it if it rests on nothing unfinished."""
        depth = len(self._open)
        asked = self._open.get(question)
        if asked is not None or depth >= MAX_DEPTH:
            self._lowest = min(self._lowest, asked if asked is not None else 0)
            return None
        if question in self._provisional:
            known, rests_on = self._provisional[question]
            self._lowest = min(self._lowest, rests_on)
            return cast("T | None", known)
        before, self._lowest = self._lowest, MAX_DEPTH + 1
        self._open[question] = depth
        try:
            found = find()
        finally:
            del self._open[question]
            for other in self._resting.pop(depth, ()):
                self._provisional.pop(other, None)
        if self._lowest >= depth:
            keep(found)
            self._lowest = before
        else:
            self._provisional[question] = (found, self._lowest)
            self._resting.setdefault(self._lowest, []).append(question)
            self._lowest = min(self._lowest, before)
        return found
