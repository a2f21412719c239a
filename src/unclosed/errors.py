"""The user's mistakes as exceptions.

`ConfigError` carries what a person needs: where it stands, what was found, what is accepted and the nearest match. The
front doors turn it into their own usage error; nothing else catches it.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Sequence


class UnclosedError(Exception):
    """Something the user can mend; `str()` of it is one line for a person."""


class ConfigError(UnclosedError):
    """A configuration, an option or a library model that is refused."""

    def __init__(self, where: str, problem: str, *, accepted: Iterable[str] = (), value: str | None = None) -> None:
        """`where`: file and key; `problem`: one clause; `accepted`: what would be right, for the nearest match to `value`."""
        choices = sorted(accepted)
        text = f"{where}: {problem}"
        near = _nearest(value, choices) if value is not None else None
        if near is not None:
            text += f"; did you mean {near!r}?"
        if choices:
            text += f" (accepted: {', '.join(choices)})"
        super().__init__(text)


class UnreadableFile(UnclosedError):
    """A file that cannot be read or decoded; the other files are still checked."""


class UnparsableFile(UnclosedError):
    """A text that is not valid Python.

    `row` (from 1) and `column` (from 0) are CPython's position of the error, `reason` its words.
    """

    def __init__(self, row: int, column: int, reason: str) -> None:
        super().__init__(f"line {row}: {reason}")
        self.row, self.column, self.reason = row, column, reason


def _nearest(value: str, choices: Sequence[str]) -> str | None:
    """The choice that `value` was probably meant to be: of those equally alike, the one with more characters in place.

    `None`: nothing is alike.
    """

    def likeness(choice: str) -> tuple[float, int]:
        return difflib.SequenceMatcher(None, choice, value).ratio(), sum(map(operator.eq, choice, value))

    alike = difflib.get_close_matches(value, choices, n=max(len(choices), 1))
    return max(sorted(alike), key=likeness, default=None)


class TooDeep(Exception):
    """The text is valid Python, but nested too deeply (or too strange for libcst) to be analysed; the file is skipped."""
