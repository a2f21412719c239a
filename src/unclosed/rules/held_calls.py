"""What the rules about open transactions have in common: which calls they report, and how they speak of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import TypeVar

from unclosed.analysis.verdicts import AnalysedFunction, HeldCall
from unclosed.config import SLOW_IO_SECONDS
from unclosed.findings import Finding
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted

Self = TypeVar("Self", bound="HeldCallRule")


class HeldCallRule(Rule):
    """Reports each call of one sort that is made while a transaction is open or a pooled connection is checked out."""

    slow_io_seconds: float = SLOW_IO_SECONDS

    def configured(self: Self, slow_io_seconds: float) -> Self:
        """The rule with its own idea of what is slow."""
        rule = copy(self)
        rule.slow_io_seconds = slow_io_seconds
        return rule

    @abstractmethod
    def applies(self, call: HeldCall) -> bool:
        """Whether this rule reports the call."""

    @abstractmethod
    def sentence(self, call: HeldCall, width: int) -> str:
        """The message, with written names at most about this wide."""

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each call that applies."""
        for call in function.held_calls:
            if self.applies(call):
                message = fitted(partial(self.sentence, call))
                yield Finding(self.code, function.path, call.span, message, call.confidence, call.trail, call.written, function.name)


def is_untimed(call: HeldCall) -> bool:
    """Whether the call is I/O that nothing ends."""
    return not call.is_wait and call.seconds == float("inf")


def is_slow(call: HeldCall, seconds: float) -> bool:
    """Whether the call is I/O with a limit of so many seconds or more; a limit that is not known is slow if any is."""
    if call.is_wait or is_untimed(call):
        return False
    return seconds == 0 if call.seconds is None else call.seconds >= seconds


def way_out(call: HeldCall, verb: str = "pass") -> str:
    """What to do instead: `move it or pass 'timeout'`, by the argument that the library has; `verb`: what is to be done with that."""
    if call.through_helper:
        return f"move or {'limit' if verb == 'pass' else 'shorten'} it"
    if not call.limited_by:
        return "move it out"
    return f"move it or {verb} '{call.limited_by}'{' to its client' if call.of_client and verb == 'pass' else ''}"


def where_begun(call: HeldCall) -> str:
    """`the transaction opened on line 12`."""
    return f"the transaction opened on line {call.began}"


def in_words(seconds: float | None) -> str:
    """`1800 s`."""
    return "some time" if seconds is None else f"{seconds:g} s"
