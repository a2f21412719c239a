"""Helpers that leave a transaction open on a session that everybody shares: `db.session`, a registry, what `User.query` works on.

def find(email):
    return User.query.filter_by(email=email).first()

user = find(email)                   # begins: the session is handed to nobody, and yet its transaction is open now
requests.post(HOOK)                  # a hit
db.session.commit()                  # ends: the commit of any session may be that of the shared one
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from unclosed.analysis.facts import FactFlow
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.solver import Budget, GivenUp
from unclosed.analysis.subjects import Begin, How
from unclosed.analysis.transaction_flow import TransactionSolver, TransactionTransfer
from unclosed.confidence import Confidence
from unclosed.flow import events as ev

if TYPE_CHECKING:
    from unclosed.analysis.begins import Begins
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

MOST_NODES = 400
"""A helper with a larger graph is not followed."""


class SharedSessions:
    """Answers which functions of a project leave a transaction open on a shared session."""

    def __init__(self, summaries: Summaries, begins: Begins) -> None:
        self._summaries, self._begins = summaries, begins

    def left_open_by(self, target: Target) -> Confidence | None:
        """How sure it is that a function may return with such a transaction open that it began; `None`: it does not."""
        if target.facts.is_generator or not target.runs() or len(target.facts.graph.events) > MOST_NODES:
            return None
        return self._summaries.answers.ask(("leaves shared", *target.key), lambda: self._left_open_by(target), None)

    def _left_open_by(self, target: Target) -> Confidence | None:
        scope = target.types.scope(target.facts.id)
        begins = [begin for begin in self._begins.of(scope) if begin.is_shared and begin.how is How.STATEMENT]
        if not begins:
            return None
        meaning = Meaning(scope, self._summaries)
        facts = FactFlow(meaning.graph, meaning.edges)
        found = (self._confidence(meaning, facts, group) for group in _by_subject(begins))
        return max((sure for sure in found if sure is not None), default=None)

    def _confidence(self, meaning: Meaning, facts: FactFlow, group: list[Begin]) -> Confidence | None:
        transfer = TransactionTransfer(self._summaries, meaning, facts, group[0])
        try:
            outcome = TransactionSolver(meaning, facts, group, transfer, Budget()).solve()
        except (GivenUp, RecursionError):
            return None
        is_open = not outcome.released and (bool(outcome.exits.get(ev.ExitKind.RETURN)) or bool(outcome.returned))
        return max(begin.confidence for begin in group) if is_open else None


def _by_subject(begins: Iterable[Begin]) -> list[list[Begin]]:
    groups: dict[object, list[Begin]] = {}
    for begin in begins:
        groups.setdefault(begin.subject, []).append(begin)
    return list(groups.values())
