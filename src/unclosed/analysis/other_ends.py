"""Functions that may end a transaction though they are not given its session: they commit one that may be the same.

def audit(order):
    requests.post(AUDIT, json=order)     # before the end: still in the caller's transaction
    registry.session().commit()          # an end, for all that is known

session.flush()
audit(order)                             # a hit; after it no transaction is open
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.externals import External
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.givens import NOTHING_GIVEN, Given, entry_facts
from unclosed.analysis.origins import sources_of
from unclosed.analysis.subjects import model_at
from unclosed.analysis.transaction_ends import ended_by
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target


@dataclass(frozen=True, slots=True)
class Passing:
    """What a function does to a transaction whose session it is not given: `ends`: on some path it may end it.

    `before`: what it does outside until then.
    """

    ends: bool = False
    before: tuple[External, ...] = ()


class OtherEnds:
    """Answers what functions do to the transactions of sessions that they are not given."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def may_end(self, target: Target, given: Given = NOTHING_GIVEN) -> bool:
        """Whether a function ends transactions of connections or sessions that it did not make itself."""
        return self._passing(target, given).ends

    def before(self, scope: ScopeTypes, info: CallInfo, given: Given) -> tuple[External, ...]:
        """What a called function does outside before it may end the transaction."""
        target = self._summaries.target(scope, info)
        if target is None or not target.runs() or (target.is_coroutine() and not info.event.awaited):
            return ()
        found = self._passing(target, self._summaries.givens.to(target, scope, info, given)).before
        sure = info.confidence
        return tuple(
            replace(
                each, span=info.event.span, confidence=min(each.confidence, sure), via=self._summaries.externals.steps(target, each)
            )
            for each in found
        )  # fmt: skip

    def _passing(self, target: Target, given: Given) -> Passing:
        question = ("may end", *target.key, given)
        return self._summaries.answers.ask(question, lambda: self._explored(target, given), Passing())

    def _explored(self, target: Target, given: Given) -> Passing:
        """Goes through the function from its start, on each path as far as the first end."""
        scope, meaning = target.types.scope(target.facts.id), self._summaries.meaning(target.types.scope(target.facts.id))
        entry = entry_facts(scope, given)
        facts = FactFlow(scope.graph, meaning.edges, entry=entry) if entry else None
        before: dict[tuple[bool, bool], External] = {}
        is_ended, seen, waiting = False, {NodeId(0)}, [NodeId(0)]
        while waiting:
            node = waiting.pop(0)
            event = scope.graph.events[node]
            passing = self._ended(scope, event, node, given) if isinstance(event, ev.Call) else None
            found = passing.before if passing is not None else self._outside(scope, node, given)
            for external in found:
                before.setdefault((external.is_wait, external.is_unlimited), external)
            if passing is not None:
                is_ended = True
                continue
            for edge in meaning.edges(node):
                if edge.target not in seen and (facts is None or facts.passes(node, edge)):
                    seen.add(edge.target)
                    waiting.append(edge.target)
        return Passing(True, tuple(before.values())) if is_ended else Passing()

    def _ended(self, scope: ScopeTypes, event: ev.Call, node: NodeId, given: Given) -> Passing | None:
        """What a call does that may be an end; `None` for any other."""
        ended = ended_by(scope, event)
        if ended is not None and not is_own(scope, ended):
            return Passing(True)
        info = scope.call(node)
        inner = self._summaries.target(scope, info) if info.model is None and not info.is_class else None
        if inner is None or not self._summaries.is_bearing(inner.types.name):
            return None
        passing = self._passing(inner, self._summaries.givens.to(inner, scope, info, given))
        return Passing(True, self.before(scope, info, given)) if passing.ends else None

    def _outside(self, scope: ScopeTypes, node: NodeId, given: Given) -> tuple[External, ...]:
        externals = self._summaries.externals
        return tuple(external for call in self._summaries.running.at(scope, node) for external in externals.at(scope, call, given))


def is_own(scope: ScopeTypes, place: PlaceId) -> bool:
    """Whether a function makes what a place holds itself, or lets a function of the project make it: no other function has it."""
    before = scope, place
    for there, at in sources_of(scope, place):
        if there is not before[0] and not before[0].has_sources(before[1]):
            return False  # a global, or an attribute
        before = there, at
    there, at = before
    node = there.producer.get(at)
    made = there.call(node) if node is not None else None
    if made is None or made.model is None or made.model.lease is None:
        return False
    maker = model_at(there, made.event.callee.place) if made.event.callee.place is not None else None
    return maker is None or not maker.commit  # a registry gives the same to all
