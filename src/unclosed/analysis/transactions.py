"""Where a function holds a transaction, and what it does outside the database meanwhile.

A *begin* opens a transaction: entering a manager, a `begin()` or `BEGIN` by hand, or a statement of a library that begins by itself.
From each begin on, the *subject* (the connection or session, under all its names) is followed through the graph like an acquired
value: by the same worklist, with other effects. Commit, rollback, release and the end of the block end it; calls that reach outside
while it is open are *hits*.

    session.add(order)
    session.flush()                      # begins: a statement, subject {session}
    requests.post(PAYMENTS, json=data)   # a hit
    session.commit()                     # ends
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.begins import Begins
from unclosed.analysis.externals import External, is_among
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.givens import NOTHING_GIVEN, Given, entry_facts
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import When
from unclosed.analysis.running import all_calls
from unclosed.analysis.shared_sessions import SharedSessions
from unclosed.analysis.solver import Budget, GivenUp, Outcome
from unclosed.analysis.subjects import Begin, How, model_at, place_of, subject_of
from unclosed.analysis.transaction_flow import ResultSolver, TransactionSolver, TransactionTransfer
from unclosed.analysis.ways import Key
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import ANYTHING
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Handed

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target


@dataclass(frozen=True, slots=True)
class Hit:
    """One call that reaches outside while a transaction is open. `began`: the span where that began."""

    external: External
    begin: Begin
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A transaction begun by hand that some path neither ends nor gives back. `kind`: how that path leaves the function."""

    begin: Begin
    kind: ev.ExitKind


@dataclass(frozen=True, slots=True)
class Held:
    """What a function does while it holds transactions."""

    hits: tuple[Hit, ...] = ()
    left_open: tuple[LeftOpen, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectEffect:
    """What a called function does with the transaction of a parameter.

    `hits`: what it does outside while the caller's transaction is open. `stays`, `ends`: with which results it may return with that still
    open, and after having ended it. `opens`, `closes`: the same of one that it opens itself. Unions of IS_NONE, IS_FALSE, IS_TRUE.
    """

    hits: tuple[External, ...] = ()
    stays: int = ANYTHING
    ends: int = 0
    opens: int = 0
    closes: int = 0
    is_known: bool = True
    """Whether the function was followed; otherwise only its externals are known."""

    def after(self, result: PlaceId) -> When | None:
        """When the caller's transaction is open after a call that may end it; `None` if no test of the result can tell."""
        left = self.stays & ~self.ends
        return When(frozenset({result}), left, self.ends) if left else None

    def opening(self, result: PlaceId) -> When | None:
        """When the function has left one open; `None` if it never does, or no result tells it from where it has ended it again."""
        left = self.opens & ~self.closes
        return When(frozenset({result}), left, self.closes) if left else None


NO_EFFECT = SubjectEffect(is_known=False)


class Transactions:
    """Answers what the functions of a project do with transactions."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._begins = Begins(summaries)
        self.shared = SharedSessions(summaries, self._begins)
        self.with_connections = False
        """Whether pooled connections without a transaction are followed too."""

    def of(self, scope: ScopeTypes, meaning: Meaning) -> Held:
        """What one function does while it holds transactions. Raises `GivenUp`, `RecursionError`."""
        if self._summaries.externals.may_be_in(scope):
            begins = [*self._begins.of(scope), *(self._begins.checked_out(scope) if self.with_connections else ())]
        else:
            begins = list(self._begins.by_hand(scope))
        if not begins:
            return Held()
        return self._run(scope, meaning, begins)

    def _run(self, scope: ScopeTypes, meaning: Meaning, begins: list[Begin]) -> Held:
        facts = FactFlow(meaning.graph, meaning.edges)
        budget = Budget()
        hits: dict[tuple[SpanId, bool, bool], Hit] = {}
        left: dict[SpanId, LeftOpen] = {}
        for group in _grouped(begins):
            transfer, outcome = self._follow(meaning, facts, group, budget, reads_names=False)
            if transfer.hits or (group[0].how is How.BY_HAND and outcome.exits):
                transfer, outcome = self._follow(meaning, facts, group, budget, reads_names=True)
            for key, externals in transfer.hits.items():
                begin = _began(outcome, key, group)
                for external in externals:
                    sure = min(begin.confidence, external.confidence)
                    if external.via and _is_test(scope):
                        sure = Confidence.POSSIBLE  # a fixture, of any file, may have put something else in its place
                    self._note(hits, Hit(external, begin, sure))
            if group[0].how is How.BY_HAND:
                for kind in ev.ExitKind:
                    if outcome.exits.get(kind) and self._is_ours(scope, group[0], outcome):
                        left.setdefault(group[0].span, LeftOpen(group[0], kind))
        return Held(tuple(hits[key] for key in sorted(hits)), tuple(left[span] for span in sorted(left)))

    def _follow(
        self, meaning: Meaning, facts: FactFlow, group: list[Begin], budget: Budget, *, reads_names: bool
    ) -> tuple[TransactionTransfer, Outcome]:
        transfer = TransactionTransfer(self._summaries, meaning, facts, group[0], reads_names=reads_names)
        return transfer, TransactionSolver(meaning, facts, group, transfer, budget).solve()

    def _is_ours(self, scope: ScopeTypes, begin: Begin, outcome: Outcome) -> bool:
        """Whether the function has to end what it began: not if another method of the class does, nor if beginning is all that it does."""
        if outcome.released:
            return True
        first = next((p.name for p in scope.facts.parameters if p.position == 0), "")
        is_of_self = scope.facts.owner and any(_root(scope, place) == first for place in begin.subject)
        if is_of_self and any(self._summaries.other_ends.may_end(other) for other in self._summaries.other_methods(scope)):
            return False
        return _works_on(scope, begin)

    def _note(self, hits: dict[tuple[SpanId, bool, bool], Hit], hit: Hit) -> None:
        """Keep one hit for each call and sort of external: a transaction before a mere connection, the surer one before the other."""
        key = (hit.external.span, hit.external.is_wait, hit.external.is_unlimited)
        present = hits.get(key)
        if present is None or _rank(hit) > _rank(present):
            hits[key] = hit

    # Called functions

    def effect(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument, given: Given = NOTHING_GIVEN) -> SubjectEffect:
        """What a function of the project does with the transaction of an argument; `given`: what the calling one was given."""
        if info.others:
            return _of_several([self.effect(scope, each, argument, given) for each in info.each()])
        target = self._summaries.target(scope, info)
        if target is None or not target.runs(providers=True) or target.facts.is_generator:
            return NO_EFFECT
        if target.facts.only_raises:
            bodies = list(self._summaries.overriding.implementations(target, info))
            return _of_several([self.effect(scope, each, argument, given) for each in bodies]) if bodies else NO_EFFECT
        name = target.parameter(info, argument)
        handed = self._summaries.givens.handed(target, scope, info)
        literals = self._summaries.givens.to(target, scope, info, given)
        return self._effect_of(target, name, literals, handed) if name else NO_EFFECT

    def effect_on_self(self, scope: ScopeTypes, info: CallInfo, attribute: str, given: Given = NOTHING_GIVEN) -> SubjectEffect:
        """What a method does with the transaction of an attribute of its object."""
        target = self.method(scope, info)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "") if target is not None else ""
        if target is None or not first:
            return NO_EFFECT
        literals, handed = self._summaries.givens.to(target, scope, info, given), self._summaries.givens.handed(target, scope, info)
        return self._effect_of(target, f"{first}.{attribute}", literals, handed)

    def method(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        target = self._summaries.target(scope, info) if info.receiver is not None else None
        if target is None or not target.facts.owner or not target.runs() or target.facts.is_generator:
            return None
        return target

    def _effect_of(self, target: Target, dotted: str, given: Given, handed: Handed) -> SubjectEffect:
        """`handed`: what the caller hands over, for parameters that do not say their own type."""
        question = ("transaction", *target.key, dotted, given, handed)
        return self._summaries.answers.ask(question, lambda: self._effect(target, dotted, given, handed), NO_EFFECT)

    def opened_on_self(self, target: Target, given: Given = NOTHING_GIVEN) -> tuple[tuple[str, SubjectEffect], ...]:
        """The attributes of `self` on which a method leaves a transaction open, with all that it does to theirs."""
        nothing: tuple[tuple[str, SubjectEffect], ...] = ()
        return self._summaries.answers.ask(("opens", *target.key, given), lambda: self._opened_on_self(target, given), nothing)

    def enters_open(self, target: Target) -> bool:
        """Whether a transaction that a function begins by hand is open when it returns: that of a class's `__enter__`."""
        return self._summaries.answers.ask(("enters open", *target.key), lambda: self._enters_open(target), False)

    def _enters_open(self, target: Target) -> bool:
        scope = target.types.scope(target.facts.id)
        meaning = Meaning(scope, self._summaries)
        facts = FactFlow(meaning.graph, meaning.edges)
        try:
            for begin in (*self._begins.by_hand(scope), *self._begins.by_entry(scope)):
                transfer = TransactionTransfer(self._summaries, meaning, facts, begin)
                outcome = TransactionSolver(meaning, facts, [begin], transfer, Budget()).solve()
                if outcome.exits.get(ev.ExitKind.RETURN) or outcome.returned or outcome.escaped:
                    return True
        except (GivenUp, RecursionError):
            pass
        return False

    def lends_open(self, target: Target) -> bool:
        """Whether a provider yields while a transaction is open that it opened."""
        return self._summaries.answers.ask(("lends open", *target.key), lambda: self._lends_open(target), False)

    def _opened_on_self(self, target: Target, given: Given) -> tuple[tuple[str, SubjectEffect], ...]:
        scope = target.types.scope(target.facts.id)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "")
        base = scope.graph.places.find(ev.Local(first))
        if base is None:
            return ()
        names = [
            key.name
            for begin in self._begins.of(scope)
            for key in (scope.graph.places.keys[place] for place in begin.subject)
            if begin.how is How.STATEMENT and isinstance(key, ev.Attribute) and key.base == base
        ]
        effects = ((name, self._effect_of(target, f"{first}.{name}", given, ())) for name in dict.fromkeys(names))
        return tuple((name, effect) for name, effect in effects if effect.opens)

    def _lends_open(self, target: Target) -> bool:
        """Whether a provider yields while a transaction is open that it opened."""
        scope = target.types.scope(target.facts.id)
        meaning = Meaning(scope, self._summaries)
        facts = FactFlow(meaning.graph, meaning.edges)
        try:
            for group in _grouped(list(self._begins.of(scope))):
                transfer = TransactionTransfer(self._summaries, meaning, facts, group[0])
                TransactionSolver(meaning, facts, group, transfer, Budget()).solve()
                if transfer.yields:
                    return True
        except (GivenUp, RecursionError):
            pass
        return False

    def _effect(self, target: Target, dotted: str, given: Given, handed: Handed) -> SubjectEffect:
        scope = target.types.scope(target.facts.id, handed)
        place = place_of(scope, dotted)
        if place is None:
            return NO_EFFECT
        meaning = Meaning(scope, self._summaries)
        facts = self._facts(meaning, given)
        try:
            entry = Begin(NodeId(0), target.facts.span, How.STATEMENT, frozenset({place}), Confidence.CERTAIN)
            transfer = TransactionTransfer(self._summaries, meaning, facts, entry, given=given)
            held = ResultSolver(meaning, facts, [entry], transfer, Budget())
            held.solve()
            own = [b for b in self._begins.of(scope, given) if place in b.subject and b.how is How.STATEMENT]
            after = TransactionTransfer(self._summaries, meaning, facts, own[0], given=given) if own else None
            opened = ResultSolver(meaning, facts, own, after, Budget()) if after is not None else None
            if opened is not None:
                opened.solve()
        except (GivenUp, RecursionError):
            return NO_EFFECT
        reported = set(after.hit_spans()) if after is not None else set()
        hits = [
            External(e.span, e.what, e.seconds, e.confidence, e.is_wait, e.sleeps, self._summaries.externals.steps(target, e))
            for externals in transfer.hits.values()
            for e in externals
            if e.span not in reported
        ]
        found = tuple(_first_of_each(hits))
        if opened is None:
            return SubjectEffect(found, held.stays, held.ends)
        return SubjectEffect(found, held.stays, held.ends, opened.stays, opened.ends)

    def _facts(self, meaning: Meaning, given: Given = NOTHING_GIVEN) -> FactFlow:
        """What is known of conditions in a function that is given this, and of what it returns."""
        returned = meaning.graph.places.find(ev.Returned())
        kept = () if returned is None else (returned,)
        return FactFlow(meaning.graph, meaning.edges, entry=entry_facts(meaning.scope, given), kept=kept)


def _of_several(effects: list[SubjectEffect]) -> SubjectEffect:
    """What one of several functions does: it may end the transaction if one does; it surely does only what all do."""
    first, *others = effects
    hits = tuple(hit for hit in first.hits if all(is_among(hit, other.hits) for other in others))
    found = SubjectEffect(hits, first.stays, first.ends, first.opens, first.closes, all(effect.is_known for effect in effects))
    for other in others:
        found = replace(
            found,
            stays=found.stays & other.stays,
            ends=found.ends | other.ends,
            opens=found.opens & other.opens,
            closes=found.closes | other.closes,
        )
    return found


def _root(scope: ScopeTypes, place: PlaceId) -> str:
    """The name with which a place begins: `self` of `self.store.conn`."""
    key = scope.graph.places.keys[place]
    while isinstance(key, ev.Attribute | ev.Item):
        key = scope.graph.places.keys[key.base]
    return key.name if isinstance(key, ev.Local) else ""


def _works_on(scope: ScopeTypes, begin: Begin) -> bool:
    """Whether the function sends a statement in the transaction that it began, or hands the connection to somebody."""
    for node, event in all_calls(scope):
        receiver = event.callee.receiver
        model = model_at(scope, receiver) if receiver is not None else None
        if node == begin.node:
            continue
        if any(argument.value in begin.subject for argument in event.arguments):
            return True
        if receiver is None or model is None or event.callee.method not in model.statements:
            continue
        if receiver in begin.subject or subject_of(scope, receiver, model)[0] in begin.subject:
            return True
    return False


def _grouped(begins: list[Begin]) -> list[list[Begin]]:
    """Statements on one subject together; every other begin on its own."""
    groups: dict[object, list[Begin]] = {}
    for number, begin in enumerate(begins):
        key = (begin.subject, begin.how) if begin.how is How.STATEMENT else number
        groups.setdefault(key, []).append(begin)
    return list(groups.values())


def _began(outcome: Outcome, key: Key, begins: list[Begin]) -> Begin:
    """The begin from which a state was reached."""
    seen: set[Key] = set()
    key = outcome.rounds.get(key, key)  # a call that leaves one open, and was reached with one open
    while key not in outcome.starts and key in outcome.previous and key not in seen:
        seen.add(key)
        key = outcome.previous[key][0]
    return next((begin for begin in begins if begin.node == key[0]), begins[0])


def _is_test(scope: ScopeTypes) -> bool:
    """Whether a function is a test, or is nested in one."""
    return any(scope.catalog.names_test(part) for part in scope.facts.name.split("."))


def _rank(hit: Hit) -> tuple[int, float, int]:
    return (0 if hit.begin.how is How.CHECKED_OUT else 1, hit.external.seconds or 0.0, int(hit.confidence))


def _first_of_each(hits: list[External]) -> list[External]:
    kept: dict[tuple[bool, bool], External] = {}
    for external in hits:
        kept.setdefault((external.is_wait, external.is_unlimited), external)
    return list(kept.values())
