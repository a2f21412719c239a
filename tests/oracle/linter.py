"""What the linter says of a program, in the oracle's terms."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from unclosed.engine import analyse

from unclosed.analysis.verdicts import Loss
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.text import SourceFile

from .instrument import Program
from .verdict import CURSOR_CODES

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
    """What the linter reports of each acquire, by label; a function that it skips gives the label `skipped`."""
    module = analyse(SourceFile("program.py", program.text), catalog())
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
