"""What is reported: one finding, the steps of its trail, and functions that had to be skipped."""

from __future__ import annotations

from dataclasses import dataclass

from unclosed.confidence import Confidence
from unclosed.text import Position, Span


@dataclass(frozen=True, slots=True)
class TrailStep:
    """One step of the way from the acquire to the end: a place in a file and what happens there."""

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic. `message` has neither the code nor a line break; `trail` begins at the acquire."""

    code: str
    path: str
    span: Span
    message: str
    confidence: Confidence
    trail: tuple[TrailStep, ...] = ()
    resource: str = ""
    """The acquiring expression as the user wrote it, `pool.getconn()`; empty where no resource is concerned."""
    function: str = ""
    """Dotted name of the function inside its module; empty at module level."""

    @property
    def start(self) -> Position:
        """Where the finding is reported."""
        return self.span.start


@dataclass(frozen=True, slots=True)
class Skipped:
    """A function (or a whole file, with an empty `function`) that was not analysed, and why."""

    path: str
    function: str
    row: int
    reason: str
