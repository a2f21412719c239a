"""Where the linter and the oracle differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unclosed.confidence import Confidence

from .execute import THOROUGH, UnjudgedError
from .grammar import programs
from .instrument import Program
from .linter import Reported, reported_codes
from .verdict import Expected, expected_codes

HANDOVER_CODES = ("UNC103", "UNC133")
NO_EXPECTATION = Expected("")
NO_REPORT = Reported("", Confidence.CERTAIN)


@dataclass(frozen=True)
class Difference:
    """One acquire of which linter and oracle think differently; an empty code is silence."""

    label: str
    expected: str
    reported: str

    @property
    def kind(self) -> str:
        """`missed alarm`, `false alarm`, `other code` or `confidence`."""
        if not self.reported:
            return "missed alarm"
        if not self.expected:
            return "false alarm"
        return "confidence" if self.reported.split()[0] == self.expected.split()[0] else "other code"

    def __str__(self) -> str:
        return f'{self.kind} at "{self.label}": expected {self.expected or "silence"}, reported {self.reported or "silence"}'


def differences(program: Program) -> tuple[Difference, ...]:
    """All of them, sorted by label; raises `UnjudgedError`. An acquire that no run reaches is not compared.

    Where there are any, the program is run again with wider bounds, for some leaks take three rounds of a loop; one that is too large for
    that is not judged.
    """
    reported = reported_codes(program)
    found = _differences(program, expected_codes(program), reported)
    if not found:
        return ()
    try:
        return _differences(program, expected_codes(program, THOROUGH), reported)
    except UnjudgedError:
        return ()


def _differences(program: Program, expected: Mapping[str, Expected], reported: Mapping[str, Reported]) -> tuple[Difference, ...]:
    """The differences between what is expected and what is reported."""
    unreached = {*program.acquires.values()} - {*expected}
    found = []
    for label in sorted({*expected, *reported} - unreached):
        left, right = expected.get(label, NO_EXPECTATION), reported.get(label, NO_REPORT)
        if left.code != right.code:
            found.append(Difference(label, left.code, right.code))
        elif left.code in HANDOVER_CODES and left.is_handover and right.confidence is not Confidence.POSSIBLE:
            found.append(Difference(label, f"{left.code} possible", f"{right.code} {right.confidence.label}"))
    return tuple(found)


def judged(seed: int, count: int) -> Iterator[Program]:
    """The first `count` programs of this seed that the oracle can judge."""
    return itertools.islice((program for program in programs(seed) if is_judged(program)), count)


def is_judged(program: Program) -> bool:
    """The oracle has an opinion of the program."""
    try:
        expected_codes(program)
    except UnjudgedError:
        return False
    return True
