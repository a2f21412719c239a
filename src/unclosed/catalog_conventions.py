"""Naming conventions: what the written names of an unknown call suggest.

A *pattern* is `receiver.method` with the wildcards of `fnmatch`, or `method` alone, which takes any receiver and none. The receiver is
the last name of what stands before the dot, in lower case; the method's case counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache
from typing import NamedTuple

from unclosed.library import CallModel


class Pattern(NamedTuple):
    """A pattern, split at its last dot."""

    receiver: str
    method: str

    def matches(self, receiver: str, method: str) -> bool:
        """True if the pattern fits; `receiver` must be in lower case."""
        return _fits(method, self.method) and _fits(receiver, self.receiver)


class Convention(NamedTuple):
    """One naming convention: what it says of a call, its patterns, and those of calls that are something else."""

    model: CallModel
    names: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]

    def matches(self, receiver: str, method: str) -> bool:
        """True if the convention holds; `receiver` must be in lower case."""
        return any(pattern.matches(receiver, method) for pattern in self.names) and not any(
            pattern.matches(receiver, method) for pattern in self.unless
        )


class Conventions:
    """All naming conventions, the first that matches wins; answers are kept, the same names are asked for again and again."""

    def __init__(self, conventions: Iterable[Convention]) -> None:
        self._conventions = tuple(conventions)
        self._answers: dict[tuple[str, str], CallModel | None] = {}

    def find(self, receiver: str, method: str) -> CallModel | None:
        """What the convention for these names says of the call."""
        key = (receiver.lower(), method)
        if key not in self._answers:
            self._answers[key] = next((each.model for each in self._conventions if each.matches(*key)), None)
        return self._answers[key]


class NamePatterns:
    """A list of patterns that is asked whether any of them fits."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._patterns = split_patterns(texts)
        self._answers: dict[tuple[str, str], bool] = {}

    def fit(self, receiver: str, method: str) -> bool:
        """True if a pattern fits these names."""
        key = (receiver.lower(), method)
        if key not in self._answers:
            self._answers[key] = any(pattern.matches(*key) for pattern in self._patterns)
        return self._answers[key]

    def methods(self) -> tuple[str, ...]:
        """The methods of the patterns, as written."""
        return tuple(dict.fromkeys(pattern.method for pattern in self._patterns))


def split_patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """The patterns that the texts spell."""
    return tuple(Pattern(receiver or "*", method) for receiver, _, method in (text.rpartition(".") for text in texts))


def _fits(name: str, pattern: str) -> bool:
    """What `fnmatch.fnmatchcase` says, without its detours for a pattern without wildcards."""
    if pattern.isidentifier():
        return name == pattern
    return pattern == "*" or _compiled(pattern).match(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
