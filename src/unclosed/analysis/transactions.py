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

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.externals import External, all_calls
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.limits import is_spelled, origin_of
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import NO_PLACES, End, Obligation, Site, State
from unclosed.analysis.solver import Budget, GivenUp, Key, Outcome, Solver
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import EdgeKind, FlowGraph
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes, entered
from unclosed.infer.values import Sort, Value
from unclosed.library import Acquires, Kind, Lease, TypeModel

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries, Target

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_BEGINS = ("BEGIN", "START")
_ENDS = ("COMMIT", "END", "ROLLBACK", "ABORT")
_DECORATED = ev.Temp(-1)
"""What stands for the transaction that a decorator opens around the whole function."""


class How(enum.Enum):
    """How a transaction was opened."""

    BLOCK = "block"
    """By entering a manager, or by a decorator."""
    BY_HAND = "by hand"
    """By `conn.begin()` or `BEGIN`: the function has to end it itself."""
    STATEMENT = "statement"
    """By the library, with the first statement."""
    CHECKED_OUT = "checked out"
    """No transaction: a connection taken out of a pool."""


@dataclass(frozen=True, slots=True)
class Begin:
    """One place where a transaction begins. `subject`: the places under which its connection or session is known.

    `is_loose`: the subject is a cursor whose connection is not known, so that the commit of any connection may end it.
    """

    node: NodeId
    span: SpanId
    how: How
    subject: frozenset[PlaceId]
    confidence: Confidence
    is_loose: bool = False
    via: tuple[TrailStep, ...] = ()


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

    `hits`: what it does outside while the caller's transaction is open; `ends`: some path ends it, or none leaves it open; `opens`: it may
    be open where the function returns though it was not before.
    """

    hits: tuple[External, ...] = ()
    ends: bool = False
    opens: bool = False
    is_known: bool = True
    """Whether the function was followed; otherwise only its externals are known."""


NO_EFFECT = SubjectEffect(is_known=False)


class Transactions:
    """Answers what the functions of a project do with transactions."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self.with_connections = False
        """Whether pooled connections without a transaction are followed too."""

    def of(self, scope: ScopeTypes, meaning: Meaning) -> Held:
        """What one function does while it holds transactions. Raises `GivenUp`, `RecursionError`."""
        begins = list(self.begins(scope, meaning))
        begins += self._checked_out(scope) if self.with_connections else ()
        if not begins:
            return Held()
        return self._run(scope, meaning, begins)

    def _run(self, scope: ScopeTypes, meaning: Meaning, begins: list[Begin]) -> Held:
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        budget = Budget()
        hits: dict[SpanId, Hit] = {}
        left: dict[SpanId, LeftOpen] = {}
        for group in _grouped(begins):
            transfer = _Transfer(self._summaries, meaning, facts, group[0])
            outcome = _TransactionSolver(meaning, facts, group, transfer, budget).solve()
            for key, externals in transfer.hits.items():
                begin = _began(outcome, key, group)
                for external in externals:
                    self._note(hits, Hit(external, begin, min(begin.confidence, external.confidence)))
            if group[0].how is How.BY_HAND:
                for kind in ev.ExitKind:
                    for arrival in outcome.exits.get(kind, []):
                        begin = _began(outcome, arrival.key, group)
                        left.setdefault(begin.span, LeftOpen(begin, kind))
        return Held(tuple(hits[span] for span in sorted(hits)), tuple(left[span] for span in sorted(left)))

    def _note(self, hits: dict[SpanId, Hit], hit: Hit) -> None:
        """Keep one hit for each call: a transaction before a mere connection, an I/O without a limit before the rest."""
        present = hits.get(hit.external.span)
        if present is None or _rank(hit) > _rank(present):
            hits[hit.external.span] = hit

    # Begins

    def begins(self, scope: ScopeTypes, meaning: Meaning) -> Iterator[Begin]:
        """Where a function's transactions begin."""
        yield from self._by_decorator(scope)
        blocks = list(self._blocks(scope))
        yield from blocks
        covered = {place for begin in blocks for place in begin.subject}
        by_block = [begin for begin in blocks if begin.subject]
        entered_spans = {begin.span for begin in blocks}
        for node, event in all_calls(scope):
            if event.awaited is False and event.bare and scope.call(node).model is not None and _is_unawaited(scope.call(node)):
                continue
            for begin in self._at_call(scope, node, event) if event.span not in entered_spans else ():
                if begin.how is How.STATEMENT and not begin.subject.isdisjoint(covered) and self._is_inside(scope, node, begin, by_block):
                    continue
                yield begin

    def _is_inside(self, scope: ScopeTypes, node: NodeId, begin: Begin, blocks: list[Begin]) -> bool:
        """Whether a statement runs in a block that has opened the transaction already."""
        around = set(self._summaries.externals.around(scope, node))
        return any(not begin.subject.isdisjoint(block.subject) and around & block.subject for block in blocks)

    def _checked_out(self, scope: ScopeTypes) -> Iterator[Begin]:
        """Where connections are taken out of a pool, with a transaction or without."""
        for node in scope.graph.node_ids():
            event = scope.graph.events[node]
            if isinstance(event, ev.Enter):
                made = scope.call_behind(event.manager)
                if made is not None and made.model is not None and made.model.lends is not None and _is_pooled(scope, made):
                    places = frozenset({event.manager, event.result})
                    yield Begin(NodeId(node), made.event.span, How.CHECKED_OUT, places, made.confidence)
            elif isinstance(event, ev.Call):
                info = scope.call(node)
                is_acquire = info.model is not None and info.model.acquires is not Acquires.NO
                is_now = info.model is not None and (info.model.acquires is Acquires.CALL or event.awaited)
                if is_acquire and is_now and _is_pooled(scope, info):
                    yield Begin(NodeId(node), event.span, How.CHECKED_OUT, frozenset({event.result}), info.confidence)

    def _by_decorator(self, scope: ScopeTypes) -> Iterator[Begin]:
        outer = scope.module.scope(scope.facts.outer if scope.facts.outer is not None else scope.facts.id)
        for decorator in scope.facts.decorators:
            value = outer.named(decorator.name) if decorator.name else None
            model = None
            if value is not None and value.sort is Sort.NAME:
                model = scope.catalog.function(value.name)
            elif value is None or value.sort in (Sort.INSTANCE, Sort.OBJECT):
                base, _, method = decorator.name.rpartition(".")
                owner = outer.named(base) if base else None
                if owner is not None and owner.sort is Sort.INSTANCE:
                    model = scope.catalog.method(owner.name, method)
            if model is not None and model.opens:
                place = scope.graph.places.intern(_DECORATED)
                yield Begin(NodeId(0), scope.facts.span, How.BLOCK, frozenset({place}), Confidence.CERTAIN)

    def _blocks(self, scope: ScopeTypes) -> Iterator[Begin]:
        """The blocks whose manager opens a transaction."""
        for node in scope.graph.node_ids():
            event = scope.graph.events[node]
            if not isinstance(event, ev.Enter):
                continue
            made = scope.call_behind(event.manager)
            value = scope.value(event.manager)
            inner = entered(value)
            opens = made is not None and made.model is not None and made.model.opens
            is_transaction = any(self._is_transaction(scope, v) for v in (value, inner))
            if not opens and not is_transaction and not (made is not None and self._is_open_provider(scope, made)):
                continue
            subject = {event.manager, event.result}
            if made is not None and made.event.callee.receiver is not None and self._is_subject(scope, made.event.callee.receiver):
                subject |= aliases_of(scope, made.event.callee.receiver)
            sure = [v.confidence for v in (value,) if v is not None]
            confidence = min([made.confidence, *sure]) if made is not None else min(sure, default=Confidence.LIKELY)
            yield Begin(NodeId(node), made.event.span if made is not None else event.span, How.BLOCK, frozenset(subject), confidence)

    def _is_open_provider(self, scope: ScopeTypes, made: CallInfo) -> bool:
        """Whether a context manager of the project has opened a transaction when its block is entered."""
        target = self._summaries.target(scope, made) if made.target is not None and made.model is None and not made.is_class else None
        if target is None or not target.facts.is_generator or not target.facts.decorators or not target.is_transparent(providers=True):
            return False
        return self._summaries.answers.ask(("lends open", *target.key), lambda: self._lends_open(target), False)

    def _is_transaction(self, scope: ScopeTypes, value: Value | None) -> bool:
        model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model is not None and model.kind is Kind.TRANSACTION

    def _is_subject(self, scope: ScopeTypes, place: PlaceId) -> bool:
        value = scope.value(place)
        model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model is not None and bool(model.statements or model.commit)

    def _at_call(self, scope: ScopeTypes, node: NodeId, event: ev.Call) -> Iterator[Begin]:
        receiver, method = event.callee.receiver, event.callee.method
        info = scope.call(node)
        if receiver is not None:
            begin = self._by_method(scope, node, event, receiver, method)
            if begin is not None:
                yield begin
                return
        if info.target is not None and info.model is None and not info.is_class:
            yield from self._by_function(scope, node, event, info)

    def _by_method(self, scope: ScopeTypes, node: NodeId, event: ev.Call, receiver: PlaceId, method: str) -> Begin | None:
        value = scope.value(receiver)
        if value is None or value.sort is Sort.NONE:
            return self._by_convention(scope, node, event, receiver, method)
        model = _model_of(scope, value)
        if model is None or (method not in model.begin and method not in model.statements):
            return None
        subject, owner, is_loose = subject_of(scope, receiver, model)
        if method in model.begin:
            places = aliases_of(scope, subject) | aliases_of(scope, receiver) | {event.result}
            return Begin(node, event.span, How.BY_HAND, places, value.confidence)
        sql = _sql(scope, event)
        word = sql.split()[0].strip(";") if sql.split() else ""
        if word in _BEGINS:
            return Begin(node, event.span, How.BY_HAND, aliases_of(scope, subject), value.confidence, is_loose)
        if word in _ENDS or _is_autocommit(scope, subject, owner):
            return None
        if owner.implicit == "any" or (owner.implicit == "dml" and word in _WRITES):
            return Begin(node, event.span, How.STATEMENT, aliases_of(scope, subject), value.confidence, is_loose)
        return None

    def _by_convention(self, scope: ScopeTypes, node: NodeId, event: ev.Call, receiver: PlaceId, method: str) -> Begin | None:
        if not scope.catalog.names_statement(scope.calls.receiver_name(event), method):
            return None
        key = scope.graph.places.keys[receiver]
        if isinstance(key, ev.Temp):
            return None
        return Begin(node, event.span, How.STATEMENT, aliases_of(scope, receiver), Confidence.LIKELY, is_loose=True)

    def _by_function(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo) -> Iterator[Begin]:
        """A function of the project that leaves a transaction open on what it is given."""
        for argument in event.arguments:
            place = argument.value
            if place is None or not self._may_be_subject(scope, place):
                continue
            effect = self.effect(scope, info, argument)
            if effect.opens:
                value = scope.value(place)
                sure = value.confidence if value is not None else Confidence.LIKELY
                yield Begin(node, event.span, How.STATEMENT, aliases_of(scope, place), min(sure, info.confidence))
        receiver, target = event.callee.receiver, self._method(scope, info)
        if receiver is None or target is None or target.types.scope(target.facts.id) is scope:
            return
        nothing: tuple[str, ...] = ()
        for name in self._summaries.answers.ask(("opens", *target.key), lambda: self._opened_on_self(target), nothing):
            place = scope.graph.places.intern(ev.Attribute(receiver, name))
            yield Begin(node, event.span, How.STATEMENT, aliases_of(scope, place), info.confidence)

    def _may_be_subject(self, scope: ScopeTypes, place: PlaceId) -> bool:
        value = scope.value(place)
        if value is None:
            key = scope.graph.places.keys[place]
            name = key.name if isinstance(key, ev.Local | ev.Attribute) else ""
            return scope.catalog.names_statement(name, "scalars") or scope.catalog.names_statement(name, "execute")
        model = _model_of(scope, value)
        return model is not None and bool(model.statements or model.commit)

    # Called functions

    def effect(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument) -> SubjectEffect:
        """What a function of the project does with the transaction of an argument."""
        target = self._summaries.target(scope, info)
        if target is None or not target.is_transparent(providers=True) or target.facts.is_generator or target.facts.only_raises:
            return NO_EFFECT
        name = target.parameter(info, argument)
        return self._effect_of(target, name) if name else NO_EFFECT

    def effect_on_self(self, scope: ScopeTypes, info: CallInfo, attribute: str) -> SubjectEffect:
        """What a method does with the transaction of an attribute of its object."""
        target = self._method(scope, info)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "") if target is not None else ""
        return self._effect_of(target, f"{first}.{attribute}") if target is not None and first else NO_EFFECT

    def _method(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        target = self._summaries.target(scope, info) if info.receiver is not None else None
        if target is None or not target.facts.owner or not target.is_transparent() or target.facts.is_generator:
            return None
        return target

    def _effect_of(self, target: Target, dotted: str) -> SubjectEffect:
        return self._summaries.answers.ask(("transaction", *target.key, dotted), lambda: self._effect(target, dotted), NO_EFFECT)

    def _opened_on_self(self, target: Target) -> tuple[str, ...]:
        """The attributes of `self` on which a method leaves a transaction open."""
        scope = target.types.scope(target.facts.id)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "")
        base = scope.graph.places.find(ev.Local(first))
        if base is None:
            return ()
        names = [
            key.name
            for begin in self.begins(scope, Meaning(scope, self._summaries))
            for key in (scope.graph.places.keys[place] for place in begin.subject)
            if begin.how is How.STATEMENT and isinstance(key, ev.Attribute) and key.base == base
        ]
        return tuple(name for name in dict.fromkeys(names) if self._effect_of(target, f"{first}.{name}").opens)

    def _lends_open(self, target: Target) -> bool:
        """Whether a provider yields while a transaction is open that it opened."""
        scope = target.types.scope(target.facts.id)
        meaning = Meaning(scope, self._summaries)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        try:
            for group in _grouped(list(self.begins(scope, meaning))):
                transfer = _Transfer(self._summaries, meaning, facts, group[0])
                _TransactionSolver(meaning, facts, group, transfer, Budget()).solve()
                if transfer.yields:
                    return True
        except (GivenUp, RecursionError):
            pass
        return False

    def _effect(self, target: Target, dotted: str) -> SubjectEffect:
        scope = target.types.scope(target.facts.id)
        place = _place_of(scope, dotted)
        if place is None:
            return NO_EFFECT
        meaning = Meaning(scope, self._summaries)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        try:
            entry = Begin(NodeId(0), target.facts.span, How.STATEMENT, frozenset({place}), Confidence.CERTAIN)
            transfer = _Transfer(self._summaries, meaning, facts, entry)
            held = _TransactionSolver(meaning, facts, [entry], transfer, Budget()).solve()
            own = [b for b in self.begins(scope, meaning) if place in b.subject and b.how is How.STATEMENT]
            after = _Transfer(self._summaries, meaning, facts, own[0]) if own else None
            opened = _TransactionSolver(meaning, facts, own, after, Budget()).solve() if after is not None else None
        except (GivenUp, RecursionError):
            return NO_EFFECT
        reported = set(after.hit_spans()) if after is not None else set()
        hits = [
            External(e.span, e.what, e.seconds, e.confidence, e.is_wait, e.sleeps, self._summaries.externals.steps(target, e))
            for externals in transfer.hits.values()
            for e in externals
            if e.span not in reported
        ]
        is_open = bool(held.exits.get(ev.ExitKind.RETURN)) or bool(held.returned)
        opens = opened is not None and (bool(opened.exits.get(ev.ExitKind.RETURN)) or bool(opened.returned))
        return SubjectEffect(tuple(_first_of_each(hits)), held.released or (not is_open and _returns(meaning, facts)), opens)


def _place_of(scope: ScopeTypes, dotted: str) -> PlaceId | None:
    """The place of `name` or `self.name`; `None` if the function never mentions it."""
    root, *attributes = dotted.split(".")
    place = scope.graph.places.find(ev.Local(root))
    for name in attributes:
        place = scope.graph.places.find(ev.Attribute(place, name)) if place is not None else None
    return place


def _returns(meaning: Meaning, facts: FactFlow) -> bool:
    """Whether the function can return at all."""
    nodes = (NodeId(n) for n in meaning.graph.node_ids())
    return any(
        isinstance(meaning.graph.events[n], ev.Exit) and meaning.graph.events[n] == ev.Exit(ev.ExitKind.RETURN) and facts.reaching(n)
        for n in nodes
    )


class _Transfer:
    """The effects of a function's events on one open transaction. It stands where `analysis.transfer.Transfer` stands for resources."""

    def __init__(self, summaries: Summaries, meaning: Meaning, facts: FactFlow, begin: Begin) -> None:
        self._summaries, self._meaning, self._facts, self._begin = summaries, meaning, facts, begin
        self._graph, self._scope = meaning.graph, meaning.scope
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
        match event:
            case ev.Call():
                if self._ends(event, node, state):
                    return End.RELEASED, End.RELEASED
                return self._called(event, node, before, state)
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
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, value, _) if base in state.aliases and value is not None:
                key = self._graph.places.keys[value]
                if isinstance(key, ev.Constant) and (name, key.text) in _spellings(self._scope, base):
                    return End.RELEASED, End.RELEASED
        return state, state

    def _bound(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        if value == target:
            return state
        left = frozenset(p for p in state.aliases if p != target and not _is_under(self._graph, p, target))
        if value is not None and value in state.aliases:
            left |= {target}
        return state._replace(aliases=left) if left else End.REBOUND

    def _leaves(self, manager: PlaceId, state: Obligation) -> bool:
        """Whether the block that is left ends the transaction: its own, or that of the connection."""
        inside = self._entered(manager) | {manager}
        if inside.isdisjoint(state.aliases) and not any(_is_under(self._graph, p, base) for p in state.aliases for base in inside):
            return False
        value = self._scope.value(manager)
        model = _model_of(self._scope, value) if value is not None else None
        return model is None or not model.of_parent or model.kind is Kind.TRANSACTION

    def _entered(self, manager: PlaceId) -> frozenset[PlaceId]:
        """What a manager's block has bound."""
        results = {e.result for e in self._graph.events if isinstance(e, ev.Enter) and e.manager == manager}
        return frozenset(results | {e.target for e in self._graph.events if isinstance(e, ev.Bind) and e.value in results})

    def _ends(self, event: ev.Call, node: NodeId, state: Obligation) -> bool:
        receiver, method = event.callee.receiver, event.callee.method
        catalog = self._scope.catalog
        if receiver is not None and receiver in state.aliases:
            model = _model_at(self._scope, receiver)
            if model is None:
                return catalog.names_ending(self._scope.calls.receiver_name(event), method)
            info = self._scope.call(node)
            if info.model is not None and any(is_spelled(self._scope, info, *pair) for pair in info.model.autocommit):
                return True
            names = model.commit | model.rollback
            if model.lease is not None:
                names |= {r.method for r in model.lease.release if not r.owner} | model.lease.wrong_release
            if method in names:
                return True
        if self._says_end(event, state):
            return True
        if any(a.value in state.aliases for a in event.arguments) and catalog.names_release(method):
            return True
        if catalog.names_ending(self._scope.calls.receiver_name(event), method):
            return self._begin.is_loose or receiver is None or self._is_vague(receiver)
        return False

    def _is_vague(self, receiver: PlaceId) -> bool:
        """Whether it is not known what a receiver is: its commit may be that of any session."""
        return _model_at(self._scope, receiver) is None

    def _says_end(self, event: ev.Call, state: Obligation) -> bool:
        """`cur.execute("COMMIT")`."""
        receiver = event.callee.receiver
        model = _model_at(self._scope, receiver) if receiver is not None else None
        if receiver is None or model is None or event.callee.method not in model.statements:
            return False
        subject, _, _ = subject_of(self._scope, receiver, model)
        sql = _sql(self._scope, event)
        words = sql.replace(";", " ").split()
        return subject in state.aliases and bool(words) and words[0] in _ENDS and "TO" not in words[1:3]

    def _called(self, event: ev.Call, node: NodeId, before: Obligation, state: Obligation) -> tuple[State, State]:
        info = self._scope.call(node)
        if info.target is not None and info.model is None and not info.is_class:
            answers = self._summaries.transactions
            given = [answers.effect(self._scope, info, a) for a in event.arguments if a.value in state.aliases]
            given += [answers.effect_on_self(self._scope, info, name) for name in self._attributes_of(event.callee.receiver, state)]
            for effect in given:
                hits = tuple(External(event.span, e.what, e.seconds, min(e.confidence, info.confidence), e.is_wait, e.sleeps, e.via)
                             for e in effect.hits)  # fmt: skip
                if hits:
                    self._hit(node, before, hits)
                if effect.ends:
                    return End.RELEASED, state
            if any(effect.is_known for effect in given):
                return state, state
        self._hit(node, before, self._summaries.externals.at(self._scope, node))
        return state, state

    def _attributes_of(self, receiver: PlaceId | None, state: Obligation) -> Iterator[str]:
        """The attributes of a receiver that are the subject: a method of it may use them."""
        for place in state.aliases:
            key = self._graph.places.keys[place]
            if isinstance(key, ev.Attribute) and key.base == receiver:
                yield key.name

    def _hit(self, node: NodeId, before: Obligation, externals: tuple[External, ...]) -> None:
        if externals and node not in self._seen:
            self._seen.add(node)
            self.hits[node, before] = externals


class _TransactionSolver(Solver):
    """Runs the transactions of one subject."""

    def __init__(self, meaning: Meaning, facts: FactFlow, begins: list[Begin], transfer: _Transfer, budget: Budget) -> None:
        first = begins[0]
        lease = Lease(type_name="", kind=Kind.TRANSACTION)
        site = Site(first.node, min(first.subject), lease, None, first.span, first.confidence)
        super().__init__(meaning, facts, site, transfer, budget)  # type: ignore[arg-type]
        self._begins = begins

    def _seed(self) -> None:
        for begin in self._begins:
            event = self._graph.events[begin.node]
            for facts in sorted(self._facts.reaching(begin.node), key=sorted):
                owed = Obligation(begin.subject, NO_PLACES_PAIRS, NO_PLACES, NO_PLACES, self._facts.after(event, facts))
                start = (begin.node, owed)
                self._outcome.starts.add(start)
                for edge in self._meaning.edges(begin.node):
                    if edge.kind is EdgeKind.NORMAL:
                        self._pass(start, begin.node, edge, owed)


NO_PLACES_PAIRS: frozenset[tuple[PlaceId, str]] = frozenset()


def _is_pooled(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether a call takes a connection out of a pool."""
    model, receiver = info.model, info.receiver
    if model is None or model.lease is None or model.lease.kind is not Kind.CONNECTION:
        return False
    owner = scope.catalog.type(receiver.name) if receiver is not None and receiver.sort is Sort.INSTANCE else None
    return (owner is not None and owner.kind is Kind.POOL) or any(release.owner for release in model.lease.release)


def subject_of(scope: ScopeTypes, receiver: PlaceId, model: TypeModel) -> tuple[PlaceId, TypeModel, bool]:
    """Whose transaction a statement on a receiver is: the place, its model, and whether that is only the cursor at hand."""
    for _ in range(6):
        if not model.of_parent:
            return receiver, model, False
        made = scope.call_behind(receiver)
        parent = made.event.callee.receiver if made is not None else None
        parent_model = _model_at(scope, parent) if parent is not None else None
        if parent is None or parent_model is None:
            return receiver, model, True
        receiver, model = parent, parent_model
    return receiver, model, True


def aliases_of(scope: ScopeTypes, place: PlaceId, hops: int = 6) -> frozenset[PlaceId]:
    """A place and those whose value it surely is: `session`, and what `with … as session` bound."""
    found = {place}
    for _ in range(hops):
        sources = scope.sources(place)
        if len(sources) != 1:
            break
        before = sources[0].place
        if before is None:
            break
        place = before
        found.add(place)
    return frozenset(found)


def _model_of(scope: ScopeTypes, value: Value) -> TypeModel | None:
    if value.sort is Sort.OBJECT:
        home = scope.home(value)
        base = home.library_base(value.name) if home is not None else None
        return scope.catalog.type(base) if base is not None else None
    return scope.catalog.type(value.name) if value.sort is Sort.INSTANCE else None


def _model_at(scope: ScopeTypes, place: PlaceId) -> TypeModel | None:
    value = scope.value(place)
    return _model_of(scope, value) if value is not None else None


def _is_autocommit(scope: ScopeTypes, subject: PlaceId, model: TypeModel) -> bool:
    """Whether the subject, or what made it, was told to begin nothing by itself."""
    origin = origin_of(scope, subject)
    for _ in range(4):
        if origin is None:
            break
        there, made = origin
        if made.model is not None and any(is_spelled(there, made, *pair) for pair in made.model.autocommit):
            return True
        origin = origin_of(there, made.event.callee.receiver)
    for event in scope.graph.events:
        match event:
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, value, _) if base == subject and value is not None:
                key = scope.graph.places.keys[value]
                if isinstance(key, ev.Constant) and (name, key.text) in model.autocommit:
                    return True
            case ev.Bind(target, value, _) if value is not None:
                key, at = scope.graph.places.keys[value], scope.graph.places.keys[target]
                if isinstance(at, ev.Attribute) and at.base == subject and isinstance(key, ev.Constant):
                    if (at.name, key.text) in model.autocommit:
                        return True
    return any(_tells_autocommit(scope, node, event, subject) for node, event in all_calls(scope))


def _tells_autocommit(scope: ScopeTypes, node: NodeId, event: ev.Call, subject: PlaceId) -> bool:
    if event.callee.receiver != subject:
        return False
    info = scope.call(node)
    return info.model is not None and any(is_spelled(scope, info, *pair) for pair in info.model.autocommit)


def _spellings(scope: ScopeTypes, place: PlaceId | None) -> tuple[tuple[str, str], ...]:
    model = _model_at(scope, place) if place is not None else None
    return model.autocommit if model is not None else ()


def _sql(scope: ScopeTypes, event: ev.Call) -> str:
    """The SQL literal that a statement is given first, in upper case; empty where it is none."""
    place = next((a.value for a in event.arguments if a.key == 0), None)
    for _ in range(3):
        if place is None:
            return ""
        key = scope.graph.places.keys[place]
        if isinstance(key, ev.Constant):
            return key.text.lstrip("rRbBuUfF").strip("'\"").strip().upper()
        made = scope.call_behind(place)
        if made is not None and len(made.event.arguments) >= 1 and made.event.callee.method == "text":
            place = made.event.arguments[0].value
            continue
        sources = scope.sources(place)
        place = sources[0].place if len(sources) == 1 else None
    return ""


def _is_unawaited(info: CallInfo) -> bool:
    return info.model is not None and info.model.is_coroutine


def _is_under(graph: FlowGraph, place: PlaceId, base: PlaceId) -> bool:
    keys = graph.places.keys
    key = keys[place]
    while isinstance(key, ev.Attribute | ev.Item):
        if key.base == base:
            return True
        key = keys[key.base]
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
    while key not in outcome.starts and key in outcome.previous and key not in seen:
        seen.add(key)
        key = outcome.previous[key][0]
    return next((begin for begin in begins if begin.node == key[0]), begins[0])


def _rank(hit: Hit) -> tuple[int, int, int]:
    external = hit.external
    return (
        0 if hit.begin.how is How.CHECKED_OUT else 1,
        2 if external.is_unlimited and not external.is_wait else 1 if external.is_unlimited else 0,
        int(hit.confidence),
    )


def _first_of_each(hits: list[External]) -> list[External]:
    kept: dict[tuple[bool, bool], External] = {}
    for external in hits:
        kept.setdefault((external.is_wait, external.is_unlimited), external)
    return list(kept.values())
