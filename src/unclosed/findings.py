"""What is reported: one finding, the steps of its trail, and functions that had to be skipped."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    """What it is about as the user wrote it: mostly the acquiring call, `pool.getconn()`; a setting; a comment. Empty: nothing."""
    function: str = ""
    """Dotted name of the function inside its module; empty at module level."""
    ordinal: int = 1
    """Which one it is, from 1, of the findings in its file that agree in code, function and resource, suppressed ones included."""

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay when lines or files move: made of code, function, resource and ordinal, not of the path.

        Findings of one file differ in it; like-named functions of two files may not.
        """
        words = "\0".join((self.code, self.function, self.resource, str(self.ordinal)))
        return hashlib.sha256(words.encode("utf-8", "backslashreplace")).hexdigest()[:32]

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


def numbered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, in their order, each with its ordinal."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    result: list[Finding] = []
    for finding in findings:
        alike = (finding.path, finding.code, finding.function, finding.resource)
        seen[alike] += 1
        result.append(replace(finding, ordinal=seen[alike]))
    return tuple(result)
