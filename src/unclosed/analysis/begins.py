"""Where transactions begin in a function: blocks and decorators, `begin()` and `BEGIN`, statements, functions that leave one open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.analysis.around import decorators_around
from unclosed.analysis.autocommit import is_autocommit
from unclosed.analysis.givens import NOTHING_GIVEN, Given
from unclosed.analysis.limits import argument_of
from unclosed.analysis.origins import constant_text
from unclosed.analysis.running import all_calls
from unclosed.analysis.subjects import Begin, How, aliases_of, is_pooled, is_shared, is_statement, model_at, model_of, sql, subject_of
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort, Value, entered
from unclosed.library import ENTRIES, Acquires, CallModel, Kind

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

UNKNOWN_CONNECTION = "unclosed.Connection"
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_BEGINS = ("BEGIN", "START")
ENDS = ("COMMIT", "END", "ROLLBACK", "ABORT")
"""First words of the statements that end a transaction."""
_WALKING = frozenset({"list", "tuple", "set", "sorted", "dict", "max", "min", "sum"})
"""Builtins that walk through their first argument."""
_DECORATED = ev.Temp(-1)
"""What stands for the transaction that a decorator opens around the whole function."""
_SHARED = ev.Local("the shared session")
"""What stands for a session that a helper found by itself."""


class Begins:
    """Finds the begins of one function after the other."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def of(self, scope: ScopeTypes, given: Given = NOTHING_GIVEN) -> Iterator[Begin]:
        """Where a function's transactions begin; `given`: the literals that it is given."""
        yield from self._by_decorator(scope)
        blocks = list(self._blocks(scope))
        yield from blocks
        yield from self._walks(scope)
        covered = {place for begin in blocks for place in begin.subject}
        by_block = [begin for begin in blocks if begin.subject]
        for node, event in _begun(scope):
            for begin in self._at_call(scope, node, event, given):
                if begin.how is How.BY_HAND and self._is_entered(scope, event):
                    continue
                if begin.how is How.STATEMENT and not begin.subject.isdisjoint(covered) and self._is_inside(scope, node, begin, by_block):
                    continue
                yield begin

    def _walks(self, scope: ScopeTypes) -> Iterator[Begin]:
        """Where a query is sent because somebody walks through it: `for user in User.query:`, `list(User.query)`."""
        for number, event in enumerate(scope.graph.events):
            if not isinstance(event, ev.Step | ev.Call):
                continue
            walked = self._walked(scope, number, event)
            model = model_at(scope, walked) if walked is not None else None
            if walked is not None and model is not None and "__iter__" in model.statements:
                subject, owner, is_loose = subject_of(scope, walked, model)
                shared = is_shared(scope, subject, owner)
                places = aliases_of(scope, subject)
                yield Begin(NodeId(number), event.span, How.STATEMENT, places, Confidence.LIKELY, is_loose, is_shared=shared)

    def _walked(self, scope: ScopeTypes, node: int, event: ev.Step | ev.Call) -> PlaceId | None:
        """What the step of a loop, or a builtin, walks through."""
        if isinstance(event, ev.Step):
            return event.value if event.word == "next" else None
        method = event.callee.method
        is_builtin = method in _WALKING and scope.call(node).name == f"builtins.{method}"
        return argument_at(event, 0) if is_builtin else None

    def by_hand(self, scope: ScopeTypes) -> Iterator[Begin]:
        """The transactions that a function begins by hand."""
        for node, event in _begun(scope):
            receiver = event.callee.receiver
            begin = self._by_method(scope, node, event, receiver, event.callee.method) if receiver is not None else None
            if begin is not None and begin.how is How.BY_HAND and not self._is_entered(scope, event):
                yield begin

    def by_entry(self, scope: ScopeTypes) -> Iterator[Begin]:
        """The transactions whose managers a function enters without a block: `self.conn = self._cm.__enter__()`."""
        for node, event in _begun(scope):
            receiver = event.callee.receiver if event.callee.method in ENTRIES else None
            made = scope.call_behind(receiver) if receiver is not None else None
            opens = made is not None and _opens(scope, made)
            if receiver is not None and (opens or self._is_transaction(scope, entered(scope.value(receiver)))):
                yield Begin(node, event.span, How.BLOCK, aliases_of(scope, receiver) | {event.result}, Confidence.LIKELY)

    def _is_entered(self, scope: ScopeTypes, event: ev.Call) -> bool:
        """Whether what a call gives is the manager of a block: `with conn.begin():`."""
        managers = {e.manager for e in scope.graph.events if isinstance(e, ev.Enter)}
        return bool(managers) and event.result in _flowing_into(managers, scope)

    def _is_inside(self, scope: ScopeTypes, node: NodeId, begin: Begin, blocks: list[Begin]) -> bool:
        """Whether a statement runs in a block that has opened the transaction already."""
        around = set(self._summaries.externals.around(scope, node))
        return any(not begin.subject.isdisjoint(block.subject) and around & block.subject for block in blocks)

    def checked_out(self, scope: ScopeTypes) -> Iterator[Begin]:
        """Where connections are taken out of a pool, with a transaction or without."""
        for node in scope.graph.node_ids():
            event = scope.graph.events[node]
            if isinstance(event, ev.Enter):
                made = scope.call_behind(event.manager)
                if made is not None and made.model is not None and made.model.lends is not None and is_pooled(scope, made):
                    places = frozenset({event.manager, event.result})
                    yield Begin(NodeId(node), made.event.span, How.CHECKED_OUT, places, made.confidence)
            elif isinstance(event, ev.Call):
                info = scope.call(node)
                is_acquire = info.model is not None and info.model.acquires is not Acquires.NO
                is_now = info.model is not None and (info.model.acquires is Acquires.CALL or event.awaited)
                if is_acquire and is_now and is_pooled(scope, info):
                    yield Begin(NodeId(node), event.span, How.CHECKED_OUT, frozenset({event.result}), info.confidence)

    def _by_decorator(self, scope: ScopeTypes) -> Iterator[Begin]:
        outer = scope.module.scope(scope.facts.outer if scope.facts.outer is not None else scope.facts.id)
        for decorator in decorators_around(scope):
            value = outer.named(decorator.name) if decorator.name else None
            model = None
            if value is not None and value.sort is Sort.NAME:
                model = scope.catalog.function(value.name)
            elif value is None or value.sort in (Sort.INSTANCE, Sort.OBJECT):
                base, _, method = decorator.name.rpartition(".")
                owner = outer.named(base) if base else None
                if owner is not None and owner.sort is Sort.INSTANCE:
                    model = scope.catalog.method(owner.name, method)
            told = model is not None and any((each.name, each.spelling) in decorator.given for each in model.opens_when)
            if model is not None and (model.opens or told or (decorator.is_called and self._makes_transaction(scope, model))):
                place = scope.graph.places.intern(_DECORATED)
                yield Begin(NodeId(0), decorator.span, How.BLOCK, frozenset({place}), Confidence.CERTAIN)

    def _blocks(self, scope: ScopeTypes) -> Iterator[Begin]:
        """The blocks whose manager opens a transaction."""
        for node in scope.graph.node_ids():
            event = scope.graph.events[node]
            if not isinstance(event, ev.Enter):
                continue
            made = scope.call_behind(event.manager)
            value = scope.value(event.manager)
            inner = entered(value)
            opens = made is not None and _opens(scope, made)
            is_transaction = any(self._is_transaction(scope, v) for v in (value, inner))
            if not opens and not is_transaction and not self._is_opened_by_project(scope, event, made, value):
                continue
            subject = {event.manager, event.result}
            if made is not None and made.event.callee.receiver is not None and self._is_subject(scope, made.event.callee.receiver):
                subject |= aliases_of(scope, made.event.callee.receiver)
            sure = [v.confidence for v in (value,) if v is not None]
            confidence = min([made.confidence, *sure]) if made is not None else min(sure, default=Confidence.LIKELY)
            yield Begin(NodeId(node), made.event.span if made is not None else event.span, How.BLOCK, frozenset(subject), confidence)

    def _is_opened_by_project(self, scope: ScopeTypes, event: ev.Enter, made: CallInfo | None, value: Value | None) -> bool:
        """Whether a manager of the project, a provider or an instance of a class, has opened a transaction when its block is entered."""
        if value is not None and value.sort is Sort.OBJECT:
            target = self._summaries.method_of(scope, value, "__aenter__" if event.is_async else "__enter__")
            return target is not None and self._summaries.transactions.enters_open(target)
        return made is not None and self._is_open_provider(scope, made)

    def _is_open_provider(self, scope: ScopeTypes, made: CallInfo) -> bool:
        """Whether a context manager of the project has opened a transaction when its block is entered."""
        target = self._summaries.target(scope, made) if made.target is not None and made.model is None and not made.is_class else None
        if target is None or not target.facts.is_generator or not target.facts.decorators or not target.runs(providers=True):
            return False
        return self._summaries.transactions.lends_open(target)

    def _is_transaction(self, scope: ScopeTypes, value: Value | None) -> bool:
        model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model is not None and (model.kind is Kind.TRANSACTION or model.block_opens)

    def _makes_transaction(self, scope: ScopeTypes, model: CallModel) -> bool:
        made = scope.catalog.type(model.returns) if model.returns is not None else None
        return made is not None and made.kind is Kind.TRANSACTION

    def _is_subject(self, scope: ScopeTypes, place: PlaceId) -> bool:
        value = scope.value(place)
        model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model is not None and bool(model.statements or model.commit)

    def _at_call(self, scope: ScopeTypes, node: NodeId, event: ev.Call, given: Given) -> Iterator[Begin]:
        receiver, method = event.callee.receiver, event.callee.method
        info = scope.call(node)
        if receiver is not None:
            begin = self._by_method(scope, node, event, receiver, method)
            if begin is not None:
                yield begin
                return
        is_function = info.target is not None and info.model is None and not info.is_class
        if is_function and info.target is not None and self._summaries.shares_sessions(info.target.module):
            yield from self._on_shared(scope, node, event, info, given)
        if is_function and info.target is not None and self._may_begin(scope, event, info.target):
            yield from self._by_function(scope, node, event, info, given)

    def _by_method(self, scope: ScopeTypes, node: NodeId, event: ev.Call, receiver: PlaceId, method: str) -> Begin | None:
        value = scope.value(receiver)
        if value is None or value.sort in (Sort.NONE, Sort.OPAQUE) or (value.sort is Sort.NAME and scope.catalog.type(value.name) is None):
            return self._by_convention(scope, node, event, receiver, method)
        model = model_of(scope, value)
        if model is None and value.sort is Sort.INSTANCE and scope.catalog.names_statement(value.name.rpartition(".")[2], method):
            return self._by_convention(scope, node, event, receiver, method)  # `DBSession()` of a library that no model knows
        by_hand = model is not None and (method in model.begin or (event.awaited and method in model.begin_awaited))
        if model is None or not (by_hand or method in model.statements):
            return None
        subject, owner, is_loose = subject_of(scope, receiver, model)
        if by_hand:
            places = aliases_of(scope, subject) | aliases_of(scope, receiver) | {event.result}
            return Begin(node, event.span, How.BY_HAND, places, value.confidence)
        text = sql(scope, event)
        word = text.split()[0].strip(";") if text.split() else ""
        if word in _BEGINS:
            return Begin(node, event.span, How.BY_HAND, aliases_of(scope, subject), value.confidence, is_loose)
        if word in ENDS or is_autocommit(scope, subject, owner):
            return None
        if owner.implicit == "any" or (owner.implicit == "dml" and word in _WRITES):
            shared = is_shared(scope, subject, owner)
            return Begin(node, event.span, How.STATEMENT, aliases_of(scope, subject), value.confidence, is_loose, is_shared=shared)
        return None

    def _by_convention(self, scope: ScopeTypes, node: NodeId, event: ev.Call, receiver: PlaceId, method: str) -> Begin | None:
        name = scope.calls.receiver_name(event)
        if not scope.catalog.names_statement(name, method) and not self._is_executed(scope, event, name):
            return None
        words = sql(scope, event).replace(";", " ").split()
        if words and words[0] in ENDS:
            return None
        key = scope.graph.places.keys[receiver]
        used = (other.name for other in scope.graph.places.keys if isinstance(other, ev.Attribute) and other.base == receiver)
        if any(scope.catalog.names_other(name, attribute) for attribute in used):
            return None
        if isinstance(key, ev.Temp):
            return None
        is_begun = bool(words) and words[0] in _BEGINS
        made, unknown = scope.call_behind(receiver), scope.catalog.type(UNKNOWN_CONNECTION)
        parent = made.event.callee.receiver if made is not None else None
        if not is_begun and parent is not None and unknown is not None and is_autocommit(scope, parent, unknown):
            return None  # a cursor of an unknown connection that was told so
        return Begin(node, event.span, How.STATEMENT, aliases_of(scope, receiver), Confidence.LIKELY, is_loose=True)

    def _is_executed(self, scope: ScopeTypes, event: ev.Call, name: str) -> bool:
        """Whether something that only its name tells of is given a statement to execute, or a class to get an instance of."""
        if not scope.catalog.names_execution(name, event.callee.method):
            return False
        sources = scope.sources(event.callee.receiver) if event.callee.receiver is not None else []
        if any(s.place is not None and isinstance(scope.graph.places.keys[s.place], ev.Item) for s in sources):
            return False  # lent by a loop, which may end it
        given = argument_at(event, 0)
        if given is None or event.callee.method != "get":
            return given is not None and is_statement(scope, given)
        value = scope.value(given)
        home = scope.home(value) if value is not None and value.sort is Sort.DEFINITION else None
        return home is not None and value is not None and value.name in home.facts.classes and len(event.arguments) > 1

    def _may_begin(self, scope: ScopeTypes, event: ev.Call, target: Value) -> bool:
        """Whether a function of the project is worth asking: it is given a session or connection, or is a method of a module with some."""
        if any(argument.value is not None and self._may_be_subject(scope, argument.value) for argument in event.arguments):
            return True
        return event.callee.receiver is not None and self._summaries.is_bearing(target.module)

    def _by_function(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo, given: Given) -> Iterator[Begin]:
        """A function of the project that leaves a transaction open on what it is given."""
        for argument in event.arguments:
            place = argument.value
            if place is None or not self._may_be_subject(scope, place):
                continue
            when = self._summaries.transactions.effect(scope, info, argument, given).opening(event.result)
            if when is None:
                continue
            value = scope.value(place)
            sure = value.confidence if value is not None else Confidence.LIKELY
            model = model_of(scope, value) if value is not None else None
            subject, owner, is_loose = subject_of(scope, place, model) if model is not None else (place, None, True)
            if owner is None or (owner.implicit != "none" and not is_autocommit(scope, subject, owner)):
                yield Begin(node, event.span, How.STATEMENT, aliases_of(scope, subject), min(sure, info.confidence), is_loose, when)
        receiver, target = event.callee.receiver, self._summaries.transactions.method(scope, info)
        if receiver is None or target is None or target.types.scope(target.facts.id) is scope:
            return
        literals = self._summaries.givens.to(target, scope, info, given)
        for name, effect in self._summaries.transactions.opened_on_self(target, literals):
            place, when = scope.graph.places.intern(ev.Attribute(receiver, name)), effect.opening(event.result)
            if when is not None:
                kept = [each for each in self._summaries.holders.given_for(scope, receiver, name) if self._may_be_subject(scope, each)]
                places = aliases_of(scope, place).union(*(aliases_of(scope, each) for each in kept))
                yield Begin(node, event.span, How.STATEMENT, places, info.confidence, when=when)

    def _on_shared(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo, given: Given) -> Iterator[Begin]:
        """A function of the project that leaves a transaction open on a session that everybody shares."""
        target = self._summaries.target(scope, info)
        if target is None or (target.facts.is_async and not event.awaited) or target.types.scope(target.facts.id) is scope:
            return
        left = self._summaries.transactions.shared.left_open_by(target, self._summaries.givens.to(target, scope, info, given))
        if left is not None:
            subject = frozenset({scope.graph.places.intern(_SHARED)})
            sure, when = min(left.confidence, info.confidence), left.when(event.result)
            yield Begin(node, event.span, How.STATEMENT, subject, sure, is_loose=True, when=when, is_shared=True)

    def _may_be_subject(self, scope: ScopeTypes, place: PlaceId) -> bool:
        value = scope.value(place)
        if value is None:
            key = scope.graph.places.keys[place]
            name = key.name if isinstance(key, ev.Local | ev.Attribute) else ""
            return scope.catalog.names_statement(name, "scalars") or scope.catalog.names_statement(name, "execute")
        model = model_of(scope, value)
        return model is not None and bool(model.statements or model.commit)


def _begun(scope: ScopeTypes) -> Iterator[tuple[NodeId, ev.Call]]:
    """The calls of a scope, without coroutines that nobody awaits."""
    for node, event in all_calls(scope):
        if event.awaited or not event.bare or not _is_unawaited(scope.call(node)):
            yield node, event


def _flowing_into(places: set[PlaceId], scope: ScopeTypes) -> set[PlaceId]:
    """The places, and those that are bound to them, however far."""
    found, waiting = set(places), list(places)
    while waiting:
        for source in scope.sources(waiting.pop()):
            if source.place is not None and source.place not in found:
                found.add(source.place)
                waiting.append(source.place)
    return found


def _is_unawaited(info: CallInfo) -> bool:
    return info.model is not None and info.model.is_coroutine


def _opens(scope: ScopeTypes, made: CallInfo) -> bool:
    """Whether entering what a call gives opens a transaction, by the call alone or by what it is told."""
    if made.model is None:
        return False
    told = ((argument_of(made, each.name, each.position), each.spelling) for each in made.model.opens_when)
    return made.model.opens or any(said is not None and constant_text(scope, said) == spelling for said, spelling in told)
