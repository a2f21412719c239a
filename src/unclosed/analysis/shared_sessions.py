"""Helpers that leave a transaction open on a session that everybody shares: `db.session`, a registry, what `User.query` works on.

def find(email):
    return User.query.filter_by(email=email).first()

user = find(email)                   # begins: the session is handed to nobody, and yet its transaction is open now
requests.post(HOOK)                  # a hit
db.session.commit()                  # ends: the commit of any session may be that of the shared one
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.facts import FactFlow
from unclosed.analysis.givens import NOTHING_GIVEN, Given, entry_facts
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import When
from unclosed.analysis.solver import Budget, GivenUp
from unclosed.analysis.subjects import Begin, How
from unclosed.analysis.transaction_flow import ResultSolver, TransactionTransfer
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId

if TYPE_CHECKING:
    from unclosed.analysis.begins import Begins
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

MOST_NODES = 400
"""A helper with a larger graph is not followed."""


@dataclass(frozen=True, slots=True)
class LeftShared:
    """A transaction that a function leaves open with some `results`; with others it has `ended`. Unions of IS_NONE, IS_FALSE, IS_TRUE."""

    results: int
    ended: int
    confidence: Confidence

    def when(self, result: PlaceId) -> When:
        """What the result of a call says of it."""
        return When(frozenset({result}), self.results, self.ended)


class SharedSessions:
    """Answers which functions of a project leave a transaction open on a shared session."""

    def __init__(self, summaries: Summaries, begins: Begins) -> None:
        self._summaries, self._begins = summaries, begins

    def left_open_by(self, target: Target, given: Given = NOTHING_GIVEN) -> LeftShared | None:
        """What a function returns with such a transaction open that it began; `None`: it does not. `given`: literals that it is given."""
        if target.facts.is_generator or not target.runs() or len(target.facts.graph.events) > MOST_NODES:
            return None
        return self._summaries.answers.ask(("leaves shared", *target.key, given), lambda: self._left_open_by(target, given), None)

    def _left_open_by(self, target: Target, given: Given) -> LeftShared | None:
        scope = target.types.scope(target.facts.id)
        begins = [begin for begin in self._begins.of(scope, given) if begin.is_shared and begin.how is How.STATEMENT]
        if not begins:
            return None
        meaning = Meaning(scope, self._summaries)
        returned = scope.graph.places.find(ev.Returned())
        kept = () if returned is None else (returned,)
        facts = FactFlow(meaning.graph, meaning.edges, entry=entry_facts(scope, given), kept=kept)
        found = (self._of_one(meaning, facts, group, given) for group in _by_subject(begins))
        return next((left for left in found if left is not None), None)

    def _of_one(self, meaning: Meaning, facts: FactFlow, group: list[Begin], given: Given) -> LeftShared | None:
        transfer = TransactionTransfer(self._summaries, meaning, facts, group[0], given=given)
        solver = ResultSolver(meaning, facts, group, transfer, Budget())
        try:
            solver.solve()
        except (GivenUp, RecursionError):
            return None
        results = solver.stays & ~solver.ends
        return LeftShared(results, solver.ends, max(begin.confidence for begin in group)) if results else None


def _by_subject(begins: Iterable[Begin]) -> list[list[Begin]]:
    groups: dict[object, list[Begin]] = {}
    for begin in begins:
        groups.setdefault(begin.subject, []).append(begin)
    return list(groups.values())
