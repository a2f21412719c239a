"""What the events of a function do to one open transaction, and the worklist that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unclosed.analysis.autocommit import says_autocommit, tells_autocommit
from unclosed.analysis.begins import ENDS
from unclosed.analysis.externals import External
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import End, Obligation, Site, State
from unclosed.analysis.solver import Budget, Key, Solver
from unclosed.analysis.subjects import Begin, How, aliases_of, is_under, model_at, model_of, sql, subject_of
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import EdgeKind
from unclosed.infer.calls import CallInfo
from unclosed.library import Kind, Lease, TypeModel

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries


class TransactionTransfer:
    """The effects of a function's events on one open transaction. It stands where `analysis.transfer.Transfer` stands for resources."""

    def __init__(self, summaries: Summaries, meaning: Meaning, facts: FactFlow, begin: Begin) -> None:
        self._summaries, self._meaning, self._facts, self._begin = summaries, meaning, facts, begin
        self._graph, self._scope = meaning.graph, meaning.scope
        self.hits: dict[Key, tuple[External, ...]] = {}
        self._seen: set[NodeId] = set()
        self.reads_names = False
        """Whether a method that is not known counts as an end if one of its name in the project is one. It costs reading the project."""
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
        if self._begin.how is How.BY_HAND and self._is_handed_on(event, state):
            return End.ESCAPED, End.ESCAPED
        match event:
            case ev.Call():
                if self._ends(event, node, state):
                    return End.RELEASED, End.RELEASED
            case ev.Bind(target, value, _):
                after = self._bound(state, target, value)
                return after, after
            case ev.Unbind(place, _, _):
                after = self._bound(state, place, None)
                return after, after
            case ev.EndStatement(temps, _):
                left = state.aliases - set(temps)
                after = state._replace(aliases=left) if left else End.REBOUND
                return after, after
            case ev.Yield():
                self.yields = True
            case ev.Leave(manager, _, _, _):
                if self._leaves(manager, state):
                    return End.RELEASED, End.RELEASED
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, value, _) if base is not None and base in state.aliases and value is not None:
                model = model_at(self._scope, base)
                if model is not None and says_autocommit(self._scope, model, name, value):
                    return End.RELEASED, End.RELEASED
        for call in self._summaries.externals.running_at(self._scope, node):
            called = self._graph.events[call]
            if isinstance(called, ev.Call) and self._called(called, call, (node, before), state):
                return End.RELEASED, End.RELEASED  # a helper that fails before it ends it: its own affair
        return state, state

    def _is_handed_on(self, event: ev.Event, state: Obligation) -> bool:
        """Whether somebody else is made to end a transaction that was begun by hand."""
        match event:
            case ev.Bind(target, value, _) if value in state.aliases:
                return isinstance(self._graph.places.keys[target], ev.Returned) or self._is_part_of_returned(target)
            case ev.Store(_, _, _, value, _):
                return value in state.aliases
            case ev.Capture(places, _, _, _):
                return not state.aliases.isdisjoint(places)
            case ev.Call(_, arguments, _, _, _, _):
                return any(a.value is not None and self._hands_on(event, a, state) for a in arguments)
        return False

    def _is_part_of_returned(self, place: PlaceId) -> bool:
        key = self._graph.places.keys[place]
        return isinstance(key, ev.Item) and isinstance(self._graph.places.keys[key.base], ev.Returned)

    def _hands_on(self, event: ev.Call, argument: ev.Argument, state: Obligation) -> bool:
        """Whether an argument is the transaction itself, or a method of it: `stack.callback(trans.rollback)`."""
        assert argument.value is not None
        key = self._graph.places.keys[argument.value]
        if isinstance(key, ev.Attribute) and key.base in state.aliases and self._scope.value(argument.value) is None:
            return True
        if argument.value not in state.aliases:
            return False
        begun = self._graph.events[self._begin.node]
        model = model_at(self._scope, argument.value)
        is_transaction = model is not None and model.kind is Kind.TRANSACTION
        if not is_transaction and not (isinstance(begun, ev.Call) and argument.value in aliases_of(self._scope, begun.result)):
            return False
        info = self._scope.call(self._scope.producer[event.result])
        return not self._summaries.transactions.effect(self._scope, info, argument).is_known

    def _bound(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        if value == target:
            return state
        left = frozenset(p for p in state.aliases if p != target and not is_under(self._graph, p, target))
        if value is not None and value in state.aliases:
            left |= {target}
        return state._replace(aliases=left) if left else End.REBOUND

    def _leaves(self, manager: PlaceId, state: Obligation) -> bool:
        """Whether the block that is left ends the transaction: its own, or that of the connection."""
        inside = self._entered(manager) | aliases_of(self._scope, manager)
        if inside.isdisjoint(state.aliases) and not any(is_under(self._graph, p, base) for p in state.aliases for base in inside):
            return False
        value = self._scope.value(manager)
        model = model_of(self._scope, value) if value is not None else None
        return model is None or not model.of_parent or model.kind is Kind.TRANSACTION

    def _entered(self, manager: PlaceId) -> frozenset[PlaceId]:
        """What a manager's block has bound."""
        results = {e.result for e in self._graph.events if isinstance(e, ev.Enter) and e.manager == manager}
        return frozenset(results | {e.target for e in self._graph.events if isinstance(e, ev.Bind) and e.value in results})

    def _ends(self, event: ev.Call, node: NodeId, state: Obligation) -> bool:
        receiver, method = event.callee.receiver, event.callee.method
        catalog = self._scope.catalog
        model = model_at(self._scope, receiver) if receiver is not None else None
        if receiver is not None and receiver in state.aliases:
            if model is None:
                return catalog.names_ending(self._scope.calls.receiver_name(event), method)
            names = model.commit | model.rollback
            if model.lease is not None:
                names |= {r.method for r in model.lease.release if not r.owner} | model.lease.wrong_release
            if method in names or tells_autocommit(self._scope, self._scope.call(node)):
                return True
        if receiver is not None and model is not None and self._is_ended_by_part(receiver, model, method, state):
            return True
        if self._says_end(event, state):
            return True
        if any(a.value in state.aliases for a in event.arguments) and catalog.names_release(method):
            return True
        if self._begin.how is not How.BLOCK and catalog.names_ending(self._scope.calls.receiver_name(event), method):
            return self._begin.is_loose or model is None  # the commit of who knows what may be that of any session
        return False

    def _is_ended_by_part(self, receiver: PlaceId, model: TypeModel, method: str, state: Obligation) -> bool:
        """Whether `trans.commit()`, or a cursor's method, ends the transaction of the connection. A savepoint ends only itself."""
        if not model.of_parent or method not in model.commit | model.rollback:
            return False
        subject, owner, _ = subject_of(self._scope, receiver, model)
        if subject not in state.aliases:
            return False
        made = self._scope.call_behind(receiver)
        return model.kind is not Kind.TRANSACTION or (made is not None and made.event.callee.method in owner.begin)

    def _says_end(self, event: ev.Call, state: Obligation) -> bool:
        """`cur.execute("COMMIT")`."""
        receiver = event.callee.receiver
        model = model_at(self._scope, receiver) if receiver is not None else None
        if receiver is None or model is None or event.callee.method not in model.statements:
            return False
        subject, _, _ = subject_of(self._scope, receiver, model)
        words = sql(self._scope, event).replace(";", " ").split()
        return subject in state.aliases and bool(words) and words[0] in ENDS and "TO" not in words[1:3]

    def _called(self, event: ev.Call, call: NodeId, at: Key, state: Obligation) -> bool:
        """Note what a call does outside when its work is done; whether it ends the transaction."""
        info = self._scope.call(call)
        if info.model is None and not info.is_class:
            answers = self._summaries.transactions
            given = [answers.effect(self._scope, info, a) for a in event.arguments if a.value in state.aliases]
            given += [answers.effect_on_self(self._scope, info, name) for name in self._attributes_of(event.callee.receiver, state)]
            for effect in given:
                hits = tuple(External(event.span, e.what, e.seconds, min(e.confidence, info.confidence), e.is_wait, e.sleeps, e.via)
                             for e in effect.hits)  # fmt: skip
                self._hit(call, at, hits)
                if effect.ends:
                    return True
            if any(effect.is_known for effect in given):
                return False
            if self._begin.how is not How.BLOCK and self._may_end(event, info, state):
                return True
        self._hit(call, at, self._summaries.externals.at(self._scope, call))
        return False

    def _may_end(self, event: ev.Call, info: CallInfo, state: Obligation) -> bool:
        """Whether a call that is not followed with the subject may end its transaction all the same."""
        target = self._summaries.target(self._scope, info)
        if target is not None:
            return self._summaries.transactions.may_end(target)
        catalog = self._scope.catalog
        if info.name and (info.name.startswith("builtins.") or catalog.knows_root(info.name.partition(".")[0])):
            return False
        if any(argument.value in state.aliases for argument in event.arguments):
            return True  # a function that is not known, and gets it
        receiver = event.callee.receiver
        if receiver is None or info.receiver is not None or not self.reads_names or isinstance(self._graph.places.keys[receiver], ev.Temp):
            return False  # the last: `session.query(Order).filter(…).first()`
        return event.callee.method in self._summaries.ending_methods(self._scope.module.name)

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
                owed = Obligation(begin.subject, facts=self._facts.after(event, facts))
                start = (begin.node, owed)
                self._outcome.starts.add(start)
                for edge in self._meaning.edges(begin.node):
                    if edge.kind is EdgeKind.NORMAL:
                        self._pass(start, begin.node, edge, owed)
