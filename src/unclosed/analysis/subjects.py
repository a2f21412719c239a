"""Whose transaction it is: the connection or session behind a cursor, under all its names, and where its transactions begin."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from unclosed.analysis.obligations import When
from unclosed.analysis.origins import origin_of
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import FlowGraph
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Kind, TypeModel

_HOPS = 6


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
    when: When | None = None
    """With which results of the helper that opened it there is one."""
    is_shared: bool = False
    """The session is one that everybody shares: that of a registry."""
    via: tuple[TrailStep, ...] = ()


def subject_of(scope: ScopeTypes, receiver: PlaceId, model: TypeModel) -> tuple[PlaceId, TypeModel, bool]:
    """Whose transaction a statement on a receiver is: the place, its model, and whether that is only the cursor at hand.

    Of a cursor whose connection has no place here, the model is still the connection's if that is known.
    """
    if model.elsewhere:
        return _root_of_chain(scope, receiver), model, True
    for _ in range(_HOPS):
        if not model.of_parent:
            return receiver, model, False
        made = scope.call_behind(receiver)
        parent = made.event.callee.receiver if made is not None else None
        parent_model = model_at(scope, parent) if parent is not None else None
        if parent is None or parent_model is None:
            return receiver, _connection_of(scope, receiver, model), True
        receiver, model = parent, parent_model
    return receiver, model, True


def is_shared(scope: ScopeTypes, subject: PlaceId, owner: TypeModel) -> bool:
    """Whether a statement's session is one that the rest of the project works on too: that behind `User.query`, a registry of a module."""
    if owner.elsewhere:
        return True
    if owner.call is None:
        return False
    key = scope.graph.places.keys[subject]
    while isinstance(key, ev.Attribute):
        key = scope.graph.places.keys[key.base]
    return isinstance(key, ev.Imported) or (isinstance(key, ev.Local) and not scope.binds(key.name))


def _root_of_chain(scope: ScopeTypes, receiver: PlaceId) -> PlaceId:
    """What a chain of calls begins with: `User.query` of `User.query.filter_by(name=name).first()`."""
    while (made := scope.call_behind(receiver)) is not None and made.event.callee.receiver is not None:
        receiver = made.event.callee.receiver
    return receiver


def _connection_of(scope: ScopeTypes, cursor: PlaceId, model: TypeModel) -> TypeModel:
    """The model of the connection of a cursor that was made elsewhere, or else the cursor's own."""
    made = origin_of(scope, cursor)
    parent = made[1].event.callee.receiver if made is not None else None
    if made is not None and parent is not None:
        return model_at(made[0], parent) or model
    named = model.attributes.get("connection")
    return (scope.catalog.type(named) if named is not None else None) or model


def aliases_of(scope: ScopeTypes, place: PlaceId, hops: int = _HOPS) -> frozenset[PlaceId]:
    """A place and those that surely hold the same: `session`, what it was bound to, and what was bound to it alone."""
    found = {place}
    for _ in range(hops):
        before = _only_source(scope, place)
        if before is None:
            break
        place = before
        found.add(place)
    size = 0
    while size != len(found):
        size = len(found)
        bound = (event for event in scope.graph.events if isinstance(event, ev.Bind) and event.value in found)
        found |= {event.target for event in bound if _only_source(scope, event.target) is not None}
    return frozenset(p for p in found if not isinstance(scope.graph.places.keys[p], ev.Returned | ev.Constant))


def _only_source(scope: ScopeTypes, place: PlaceId) -> PlaceId | None:
    sources = scope.sources(place)
    return sources[0].place if len(sources) == 1 else None


def place_of(scope: ScopeTypes, dotted: str) -> PlaceId | None:
    """The place of `name` or `self.name`; `None` if the function never mentions it."""
    root, *attributes = dotted.split(".")
    place = scope.graph.places.find(ev.Local(root))
    for name in attributes:
        place = scope.graph.places.find(ev.Attribute(place, name)) if place is not None else None
    return place


def model_of(scope: ScopeTypes, value: Value) -> TypeModel | None:
    """The model of a value's type, for an instance of a project class that of the library class it extends."""
    if value.sort is Sort.OBJECT:
        home = scope.home(value)
        base = home.library_base(value.name) if home is not None else None
        return scope.catalog.type(base) if base is not None else None
    return scope.catalog.type(value.name) if value.sort is Sort.INSTANCE else None


def model_at(scope: ScopeTypes, place: PlaceId) -> TypeModel | None:
    """The model of the type of what a place holds."""
    value = scope.value(place)
    return model_of(scope, value) if value is not None else None


def sql(scope: ScopeTypes, event: ev.Call) -> str:
    """The SQL literal that a statement is given first, in upper case; empty where it is none."""
    place = next((a.value for a in event.arguments if a.key == 0), None)
    for _ in range(3):
        if place is None:
            return ""
        key = scope.graph.places.keys[place]
        if isinstance(key, ev.Constant):
            return key.text.lstrip("rRbBuUfF").strip("'\"").strip().upper()
        made = scope.call_behind(place)
        if made is not None and made.model is not None and made.model.passes is not None:
            place = argument_at(made.event, made.model.passes)  # `text("BEGIN")`
            continue
        sources = scope.sources(place)
        place = sources[0].place if len(sources) == 1 else None
    return ""


def is_statement(scope: ScopeTypes, place: PlaceId) -> bool:
    """Whether a place holds a statement that a library has made: `select(Order)`, and what the methods of that give."""
    seen, waiting = {place}, [place]
    while waiting:
        at = waiting.pop()
        node = scope.producer.get(at)
        made = scope.call(node) if node is not None else None
        if made is not None and made.model is not None and made.model.statement:
            return True
        before = [made.event.callee.receiver] if made is not None else [source.place for source in scope.sources(at)]
        found = [each for each in before if each is not None and each not in seen]
        seen.update(found)
        waiting += found
    return False


def is_under(graph: FlowGraph, place: PlaceId, base: PlaceId) -> bool:
    """Whether a place is an attribute or item, however deep, of another."""
    keys = graph.places.keys
    key = keys[place]
    while isinstance(key, ev.Attribute | ev.Item):
        if key.base == base:
            return True
        key = keys[key.base]
    return False


def is_pooled(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether a call takes a connection out of a pool."""
    model, receiver = info.model, info.receiver
    if model is None or model.lease is None or model.lease.kind is not Kind.CONNECTION:
        return False
    owner = scope.catalog.type(receiver.name) if receiver is not None and receiver.sort is Sort.INSTANCE else None
    return (owner is not None and owner.kind is Kind.POOL) or any(release.owner for release in model.lease.release)
