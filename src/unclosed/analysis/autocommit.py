"""Whether a connection or session was told never to begin a transaction by itself.

It is told when it is made (`connect(dsn, autocommit=True)`), by the engine or pool that it comes from, by an attribute or a method
afterwards (`conn.autocommit = True`), here or wherever the function of the project stands that made it.
"""

from __future__ import annotations

from unclosed.analysis.limits import argument_of
from unclosed.analysis.origins import constant_text, mentioned, sources_of
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Kind, TypeModel

_MAKERS = 4
"""How far from a session to its engine."""
_ANYTHING = "*"
"""The spelling that stands for whatever is given."""


def is_autocommit(scope: ScopeTypes, subject: PlaceId, model: TypeModel, makers: int = _MAKERS) -> bool:
    """Whether a subject, or what made it, was told to begin nothing by itself. `model`: that of its type."""
    for there, place in sources_of(scope, subject):
        if any(_is_told(at, p, model) for at, p in mentioned(there, place)):
            return True
        node = there.producer.get(place)
        if node is not None and _is_made_so(there, there.call(node), makers):
            return True
    return False


def tells_autocommit(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether a call says that its value, or its receiver, begins nothing by itself."""
    said = info.model.autocommit if info.model is not None else ()
    if said and any(argument.key == "**" for argument in info.event.arguments):
        return True  # who knows what is in it (missed alarms only)
    return any(_is_spelled(scope, argument_of(info, name, position), spelling) for name, position, spelling in said)


def _is_made_so(scope: ScopeTypes, info: CallInfo, makers: int) -> bool:
    """Whether the call that made the subject says so, or an engine, pool or connection that it was made from."""
    if tells_autocommit(scope, info):
        return True
    if makers == 0:
        return False
    for place in (info.event.callee.receiver, info.event.callee.place, *(argument.value for argument in info.event.arguments)):
        model = _maker(scope, place)
        if place is not None and model is not None and is_autocommit(scope, place, model, makers - 1):
            return True
    return False


def _maker(scope: ScopeTypes, place: PlaceId | None) -> TypeModel | None:
    """The model of what may have made a connection or session: a pool, a connection, a factory."""
    value = scope.value(place) if place is not None else None
    model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
    if model is None or model.kind in (Kind.CURSOR, Kind.CLIENT, Kind.TRANSACTION):
        return None
    return model if model.kind in (Kind.POOL, Kind.CONNECTION) or model.call is not None else None


def _is_told(scope: ScopeTypes, subject: PlaceId, model: TypeModel) -> bool:
    """Whether an attribute or a method of the subject says so somewhere in a scope."""
    for node, event in enumerate(scope.graph.events):
        match event:
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, value, _) if base == subject and value is not None:
                if says_autocommit(scope, model, name, value):
                    return True
            case ev.Call(callee, _, _, _, _, _) if callee.receiver == subject and model.kind is not Kind.POOL:  # options make a new engine
                if tells_autocommit(scope, scope.call(NodeId(node))):
                    return True
    return False


def says_autocommit(scope: ScopeTypes, model: TypeModel, attribute: str, value: PlaceId) -> bool:
    """Whether an assignment to an attribute says that nothing begins by itself: `conn.autocommit = True`."""
    return any(name == attribute and _is_spelled(scope, value, spelling) for name, spelling in model.autocommit)


def _is_spelled(scope: ScopeTypes, place: PlaceId | None, spelling: str) -> bool:
    """Whether an argument is given as this literal or library's constant; one that is given and not known counts as well."""
    if place is None:
        return False
    text = constant_text(scope, place)
    key, _, item = spelling.rpartition(":")
    if key:  # an item of a dict
        held = [there.graph.literals.get(at, {}) for there, at in sources_of(scope, place)]
        return any(name.strip("'\"") == key and value == item for literals in held for name, value in literals.items())
    if spelling == _ANYTHING:
        return True
    if text is None:
        return True
    return text.strip("'\"") == spelling or (text[:1].isalpha() and text.rpartition(".")[2] == spelling)
