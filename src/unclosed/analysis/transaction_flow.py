"""What the events of a function do to one open transaction, and the worklist that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unclosed.analysis.autocommit import says_autocommit
from unclosed.analysis.externals import External
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.givens import NOTHING_GIVEN, Given
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import End, Obligation, Site, State
from unclosed.analysis.solver import Budget, Solver
from unclosed.analysis.subjects import Begin, How, is_under, model_at, subject_of
from unclosed.analysis.transaction_ends import TransactionEnds
from unclosed.analysis.ways import Key
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import ANYTHING, IS_TRUE, Assumption, Edge, EdgeKind
from unclosed.library import Kind, Lease, TypeModel

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries


class TransactionTransfer:
    """The effects of a function's events on one open transaction. It stands where `analysis.transfer.Transfer` stands for resources."""

    def __init__(self, summaries: Summaries, meaning: Meaning, facts: FactFlow, begin: Begin, *,
        reads_names: bool = True, given: Given = NOTHING_GIVEN) -> None:  # fmt: skip
        """`reads_names`: as in `TransactionEnds`. `given`: the literals that the function is given."""
        self._summaries, self._meaning, self._facts, self._begin = summaries, meaning, facts, begin
        self._graph, self._scope, self._given = meaning.graph, meaning.scope, given
        self._returned = meaning.graph.places.find(ev.Returned())
        self._ends = TransactionEnds(summaries, meaning.scope, begin, reads_names=reads_names)
        self.hits: dict[Key, tuple[External, ...]] = {}
        self._seen: set[NodeId] = set()
        self.yields = False
        """Whether the function yields while the transaction is open."""

    def hit_spans(self) -> Iterator[SpanId]:
        """The calls that were hit."""
        return (external.span for externals in self.hits.values() for external in externals)

    def step(self, node: NodeId, state: Obligation) -> tuple[State, State]:
        """The states after the event at a node, on its normal edges and on its exception edges."""
        event = self._graph.events[node]
        before = state
        state = state._replace(facts=self._facts.after(event, state.facts))
        if state.is_ended:
            return state, End.RELEASED
        if self._begin.how is How.BY_HAND and self._ends.is_handed_on(event, state):
            return End.ESCAPED, End.ESCAPED
        match event:
            case ev.Call():
                if self._ends.by_call(event, node, state):
                    return End.RELEASED, End.RELEASED
            case ev.Bind(target, value, _):
                after = self._bound(state, target, value)
                return after, after
            case ev.Unbind(place, _, _):
                after = self._bound(state, place, None)
                return after, after
            case ev.EndStatement(temps, _):
                after = self._dropped(state, temps)
                return after, after
            case ev.Yield():
                self.yields = True
            case ev.Leave(manager, _, _, _):
                if self._ends.by_leaving(manager, state):
                    return End.RELEASED, End.RELEASED
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, value, _) if base is not None and base in state.aliases and value is not None:
                model = model_at(self._scope, base)
                if model is not None and says_autocommit(self._scope, model, name, value):
                    return End.RELEASED, End.RELEASED
        after = state
        for call in self._summaries.running.at(self._scope, node):
            called = self._graph.events[call]
            if isinstance(called, ev.Call) and isinstance(after, Obligation):
                after = self._called(called, call, (node, before), after)
        if after is not state:
            return after, End.RELEASED  # a helper that fails before it ends it: its own affair
        return state, End.VOID if isinstance(event, ev.Call) and self._only_reads(event, state) else state

    def _only_reads(self, event: ev.Call, state: Obligation) -> bool:
        """Whether a call takes rows from a cursor of the subject: where that raises, there is no connection any more."""
        receiver = event.callee.receiver
        model = model_at(self._scope, receiver) if receiver is not None else None
        if receiver is None or model is None or model.kind is not Kind.CURSOR or event.callee.method in model.statements:
            return False
        return subject_of(self._scope, receiver, model)[0] in state.aliases

    def _bound(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        if value == target:
            return state
        left = frozenset(p for p in state.aliases if p != target and not is_under(self._graph, p, target))
        if value is not None and value in state.aliases:
            left |= {target}
        if not left:
            return End.REBOUND
        key = self._graph.places.keys[target]
        if self._returned is not None and isinstance(key, ev.Item) and key.base == self._returned:
            state = state._replace(facts=state.facts | {(self._returned, IS_TRUE)})  # a tuple
        if state.when is None:
            return state._replace(aliases=left)
        holding = state.when.places | {target} if value in state.when.places else state.when.places - {target}
        return self._told_by(state._replace(aliases=left), holding)

    def _dropped(self, state: Obligation, temps: tuple[PlaceId, ...]) -> State:
        left = state.aliases - set(temps)
        if not left:
            return End.REBOUND
        state = state._replace(aliases=left)
        return state if state.when is None else self._told_by(state, state.when.places - set(temps))

    def _told_by(self, state: Obligation, places: frozenset[PlaceId]) -> State:
        """The state when other places hold the result that tells whether the transaction is open; with none it cannot be told any more."""
        assert state.when is not None
        if places:
            return state._replace(when=state.when._replace(places=places))
        return state._replace(when=None) if state.when.is_sure else End.RELEASED

    def _called(self, event: ev.Call, call: NodeId, at: Key, state: Obligation) -> State:
        """Note what a call does outside when its work is done; the transaction after it."""
        info, is_open = self._scope.call(call), state.when is None or state.when.is_sure
        if info.model is None and not info.is_class:
            answers = self._summaries.transactions
            effects = [answers.effect(self._scope, info, a, self._given) for a in event.arguments if a.value in state.aliases]
            names = self._attributes_of(event.callee.receiver, state)
            effects += [answers.effect_on_self(self._scope, info, name, self._given) for name in names]
            for effect in effects:
                hits = tuple(External(event.span, e.what, e.seconds, min(e.confidence, info.confidence), e.is_wait, e.sleeps, e.via)
                             for e in effect.hits)  # fmt: skip
                if is_open:
                    self._hit(call, at, hits)
                if effect.ends:
                    when = effect.after(event.result) if call == at[0] and state.when is None else None
                    return state._replace(when=when) if when is not None else End.RELEASED
            if any(effect.is_known for effect in effects):
                return state
            if self._ends.may_be(event, info, state, self._given):
                if is_open:
                    self._hit(call, at, self._summaries.other_ends.before(self._scope, info, self._given))
                return End.RELEASED
        if is_open:
            found = self._summaries.externals.at(self._scope, call, self._given)
            waits_for_it = any(e.is_wait for e in found) and any(self._is_of(a.value, state) for a in event.arguments)
            self._hit(call, at, tuple(e for e in found if not (e.is_wait and waits_for_it)))
        return state

    def _is_of(self, place: PlaceId | None, state: Obligation) -> bool:
        """Whether a value is the subject, what its own method gives, or a display of these: `select([conn.fileno()], [], [])`."""
        if place is None or place in state.aliases:
            return place is not None
        made = self._scope.call_behind(place)
        if made is not None:
            return made.event.callee.receiver in state.aliases
        members = (e.value for e in self._graph.events if isinstance(e, ev.Store) and e.kind is ev.StoreKind.CONTAINER and e.base == place)
        return any(member != place and self._is_of(member, state) for member in members)

    def _attributes_of(self, receiver: PlaceId | None, state: Obligation) -> Iterator[str]:
        """The attributes of a receiver that are the subject: a method of it may use them."""
        for place in state.aliases:
            key = self._graph.places.keys[place]
            if isinstance(key, ev.Attribute) and key.base == receiver:
                yield key.name

    def _hit(self, call: NodeId, at: Key, externals: tuple[External, ...]) -> None:
        if externals and call not in self._seen:
            self._seen.add(call)
            self.hits[at] = (*self.hits.get(at, ()), *externals)


class TransactionSolver(Solver):
    """Runs the transactions of one subject."""

    def __init__(self, meaning: Meaning, facts: FactFlow, begins: list[Begin], transfer: TransactionTransfer, budget: Budget) -> None:
        first = begins[0]
        lease = Lease(type_name="", kind=Kind.TRANSACTION)
        site = Site(first.node, min(first.subject), lease, None, first.span, first.confidence)
        super().__init__(meaning, facts, site, transfer, budget)  # type: ignore[arg-type]
        self._begins = begins
        models = [model for begin in begins for model in map(partial(model_at, meaning.scope), sorted(begin.subject)) if model is not None]
        self._tests = TypeModel(
            name="",
            closed_when=frozenset().union(*(model.closed_when for model in models)),
            open_when=frozenset().union(*(model.open_when | model.begun_when for model in models)),
        )

    def _seed(self) -> None:
        for begin in self._begins:
            event = self._graph.events[begin.node]
            for facts in sorted(self._facts.reaching(begin.node), key=sorted):
                owed = Obligation(begin.subject, facts=self._facts.after(event, facts), when=begin.when)
                start = (begin.node, owed)
                self._outcome.starts.add(start)
                for edge in self._meaning.edges(begin.node):
                    if edge.kind is EdgeKind.NORMAL:
                        self._pass(start, begin.node, edge, owed)

    def _assume(self, owed: Obligation, assume: Assumption | None) -> State | None:
        when = owed.when
        if assume is None or when is None or assume.place not in when.places:
            return super()._assume(owed, assume)
        allowed = when.allowed & assume.allowed
        if not allowed:
            return End.RELEASED
        when = when._replace(allowed=allowed, ended=when.ended & assume.allowed)
        return super()._assume(owed._replace(when=when), assume)

    def _arrive(self, key: Key, kind: ev.ExitKind) -> None:
        if key[1].when is not None and not key[1].when.is_sure:
            self._outcome.released = True  # no test has said that it is open
        else:
            super()._arrive(key, kind)


class ResultSolver(TransactionSolver):
    """Follows transactions of a helper for its callers: also after they have ended, to the results that it returns."""

    stays = 0
    """With which results the function may return while the transaction is open."""
    ends = 0
    """With which results it may return after that has ended."""

    def _assume(self, owed: Obligation, assume: Assumption | None) -> State | None:
        if not owed.is_ended:
            return super()._assume(owed, assume)
        facts = self._facts.narrowed(owed.facts, assume)
        return None if facts is None else owed._replace(facts=facts)

    def _end(self, key: Key, node: NodeId, edge: Edge, end: End) -> None:
        super()._end(key, node, edge, end)
        if end is not End.VOID and edge.kind in (EdgeKind.NORMAL, EdgeKind.SUPPRESS):
            facts = self._facts.after(self._graph.events[node], key[1].facts)
            self._pass(key, node, edge, key[1]._replace(facts=facts, when=None, is_ended=True))

    def _arrive(self, key: Key, kind: ev.ExitKind) -> None:
        if kind is ev.ExitKind.RETURN:
            stays, ends = self._results(key[1])
            self.stays |= stays
            self.ends |= ends
        if not key[1].is_ended:
            super()._arrive(key, kind)

    def _results(self, owed: Obligation) -> tuple[int, int]:
        """The results with which the transaction is open at a return, and those with which it is not."""
        returned = self._graph.places.find(ev.Returned())
        given = ANYTHING if returned is None else self._facts.known(owed.facts, returned)
        if owed.is_ended:
            return 0, given
        if returned in owed.aliases:
            return IS_TRUE, 0
        if owed.when is None or (owed.when.is_sure and returned not in owed.when.places):
            return given, 0
        if returned not in owed.when.places:
            return 0, given
        left = given & owed.when.allowed
        return left, 0 if owed.when.is_sure else given & ~owed.when.allowed
