"""Which functions can give a fresh resource at all: a cheap look backwards from what they return or keep.

A function is worth running for its callers only if something that it returns comes, through bindings and calls, from a call that may
acquire. The look is flow-insensitive and takes more for possible than is, so nothing is missed by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.types import ScopeTypes
from unclosed.library import Acquires


def may_give_fresh(scope: ScopeTypes) -> bool:
    """Whether what the function returns may come from an acquire."""
    places = scope.graph.places
    returned = [e.value for e in scope.graph.events if isinstance(e, ev.Bind) and e.value is not None and _is_returned(places, e.target)]
    return _may_come_from_acquire(scope, returned)


def may_keep_fresh(scope: ScopeTypes, receiver: PlaceId) -> bool:
    """Whether what a method keeps on `receiver` may come from an acquire."""
    stores = (e for e in scope.graph.events if isinstance(e, ev.Store) and e.kind is ev.StoreKind.ATTRIBUTE and e.base == receiver)
    return _may_come_from_acquire(scope, [store.value for store in stores if store.value is not None])


def _is_returned(places: ev.Places, place: PlaceId) -> bool:
    key = places.keys[place]
    while isinstance(key, ev.Item):
        key = places.keys[key.base]
    return isinstance(key, ev.Returned)


def _may_come_from_acquire(scope: ScopeTypes, roots: Iterable[PlaceId]) -> bool:
    seen: set[PlaceId] = set()
    pending = list(roots)
    while pending:
        place = pending.pop()
        if place in seen:
            continue
        seen.add(place)
        key = scope.graph.places.keys[place]
        if isinstance(key, ev.Attribute | ev.Item):
            pending.append(key.base)
        if isinstance(key, ev.Attribute) and scope.getter_behind(place) is not None:
            return True
        for source in scope.sources(place):
            if source.place is not None:
                pending.append(source.place)
            if source.node is not None:
                event = scope.graph.events[source.node]
                if isinstance(event, ev.Call) and _may_acquire(scope, source.node):
                    return True
                pending += _inputs(event)
    return False


def _inputs(event: ev.Event) -> list[PlaceId]:
    match event:
        case ev.Call(callee, arguments, _, _, _, _):
            return [place for place in (callee.receiver, *(a.value for a in arguments)) if place is not None]
        case ev.Await(value, _, _) if value is not None:
            return [value]
        case ev.Enter(manager, _, _, _):
            return [manager]
    return []


def _may_acquire(scope: ScopeTypes, node: int) -> bool:
    info = scope.call(node)
    if info.target is not None:
        return True
    model = info.model
    return model is not None and (model.acquires is not Acquires.NO or model.advances is not None or model.calls is not None)
