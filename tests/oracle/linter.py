"""What the linter says of a program, in the oracle's terms."""

from __future__ import annotations

import contextlib
import functools
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.analysis.verdicts import Loss
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.engine import analyse
from unclosed.text import SourceFile

from .instrument import Program
from .verdict import CURSOR_CODES

SECONDS = 5.0
"""Much more than the linter needs for any program; a bound, so that a solver that never ends shows as one more difference."""
CODES = {
    Loss.WITH_KEEPS_OPEN: "UNC104",
    Loss.DISCARDED: "UNC106",
    Loss.NEVER: "UNC101",
    Loss.OVERWRITTEN: "UNC105",
    Loss.EARLY_EXIT: "UNC102",
    Loss.EXCEPTION: "UNC103",
    Loss.CANCELLATION: "UNC112",
}


@dataclass(frozen=True)
class Reported:
    """The code of one acquire, and how sure the linter is."""

    code: str
    confidence: Confidence


@functools.lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The models that the linter ships."""
    return Catalog.load()


def reported_codes(program: Program) -> dict[str, Reported]:
    """What the linter reports of each acquire, by label; what it should never say has a label of its own."""
    try:
        with _within(SECONDS):
            module = analyse(SourceFile("program.py", program.text), catalog())
    except _TooSlowError:
        return {"too slow": Reported("too slow", Confidence.CERTAIN)}
    labels = program.acquires
    reported = {f"skipped: {skipped.reason}": Reported("skipped", Confidence.CERTAIN) for skipped in module.skipped}
    for function in module.functions:
        for verdict in function.verdicts:
            code = CODES[verdict.loss]
            start = verdict.resource.span.start
            label = labels.get((start.row, start.column), f"no acquire: {start}")
            shown = CURSOR_CODES.get(code, code) if verdict.resource.is_child else code
            reported[label] = Reported(shown, verdict.confidence)
        for fault in function.faults:
            reported[f"fault: {fault.fault} {fault.span.start}"] = Reported("fault", fault.confidence)
    return reported


class _TooSlowError(Exception):
    """The linter took too long."""


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """The block is left with `_TooSlowError` when the time is over (where the system has timers)."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
