"""What a function does while it holds transactions, in terms that rules can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unclosed.analysis.subjects import How
from unclosed.analysis.summaries import Run, Summaries
from unclosed.analysis.transactions import Hit, LeftOpen
from unclosed.analysis.verdicts import HeldCall, OpenTransaction
from unclosed.findings import TrailStep

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_BEGAN = {
    How.BLOCK: "the transaction is opened here",
    How.BY_HAND: "the transaction is begun here",
    How.STATEMENT: "this statement opens a transaction",
    How.CHECKED_OUT: "the connection is taken out of its pool here",
}


class Holding:
    """Reads what `Transactions` found in the functions of one file."""

    def __init__(self, path: str, spans: Spans, summaries: Summaries) -> None:
        self._path, self._spans, self._summaries = path, spans, summaries

    def of(self, run: Run) -> tuple[tuple[HeldCall, ...], tuple[OpenTransaction, ...]]:
        """The calls made while a transaction is open, and the transactions left open. Raises `GivenUp`, `RecursionError`."""
        held = self._summaries.transactions.of(run.meaning.scope, run.meaning)
        return tuple(self._call(hit) for hit in held.hits), tuple(self._open(left) for left in held.left_open)

    def _call(self, hit: Hit) -> HeldCall:
        external, began = hit.external, self._spans.span(hit.begin.span)
        span = self._spans.span(external.span)
        what = "waits for the" if external.is_wait and not external.sleeps else "makes the"
        done = "sleeps here" if external.sleeps and not external.via else f"{what} {external.what} here"
        if external.via:
            done = f"calls on to the {external.what} here"
        return HeldCall(
            span=span,
            written=f"{self._spans.callee_text(external.span)}()",
            what=external.what,
            seconds=external.seconds,
            began=began.start.row,
            confidence=hit.confidence,
            trail=(TrailStep(self._path, began, _BEGAN[hit.begin.how]), TrailStep(self._path, span, done), *external.via),
            is_wait=external.is_wait,
            sleeps=external.sleeps,
            in_transaction=hit.begin.how is not How.CHECKED_OUT,
            through_helper=bool(external.via),
            limited_by=external.limited_by,
            of_client=external.of_client,
        )

    def _open(self, left: LeftOpen) -> OpenTransaction:
        span = self._spans.span(left.begin.span)
        return OpenTransaction(
            span=span,
            written=f"{self._spans.callee_text(left.begin.span)}()",
            leaving=left.kind.value,
            confidence=left.begin.confidence,
            trail=(TrailStep(self._path, span, _BEGAN[left.begin.how]),),
        )
