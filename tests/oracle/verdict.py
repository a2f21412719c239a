"""From what was seen of an acquire to the code that `rules.md` asks for: the first, in its order, that is true."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from .execute import USUAL, Bounds, Observed, observe
from .instrument import Program
from .world import Exit, Loss

CURSOR_CODES = {
    "UNC104": "UNC134", "UNC106": "UNC136", "UNC101": "UNC131", "UNC105": "UNC135", "UNC102": "UNC132", "UNC103": "UNC133",
}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """The code of one acquire, empty for silence.

    `is_handover`: the resource is never released, only handed over, so that a 103 is but possible.
    """

    code: str
    is_handover: bool = False


@functools.lru_cache(maxsize=8)
def expected_codes(program: Program, bounds: Bounds = USUAL) -> Mapping[str, Expected]:
    """What must be reported of each acquire that some run reaches, by label; raises `UnjudgedError`."""
    expected = {}
    for label, observed in observe(program, bounds).items():
        code = expected_code(observed)
        shown = CURSOR_CODES.get(code, code) if program.flavour.is_child else code
        expected[label] = Expected(shown, observed.was_escaped and not observed.was_released)
    return expected


def expected_code(observed: Observed) -> str:
    """The code for one acquire, empty for silence."""
    was_done = observed.was_released or observed.was_escaped
    if not observed.is_leaked:
        return ""
    if not was_done:
        if observed.was_kept_by_with:
            return "UNC104"
        return "UNC106" if Loss.DISCARDED in observed.losses else "UNC101"
    if observed.losses:
        return "UNC105"
    order = ((Exit.RETURN, "UNC102"), (Exit.RAISE, "UNC103"), (Exit.CANCEL, "UNC112"))
    return next(code for end, code in order if end in observed.exits)
