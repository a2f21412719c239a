"""How long a call may take: its time limit as the code gives it, in seconds.

A limit is told by an argument, by the constructor of the client that makes the call, or by the library's default; `Limits.of` finds it
with the model's help. `math.inf`: no limit; `None`: there is one, or may be, and how long it is is not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from unclosed.analysis.attempts import attempts, number
from unclosed.analysis.origins import Origin, constant_text, mentioned, origin_of, sources_of
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Limit

_HOPS = 6
_UNLIMITED = frozenset({"math.inf", "inf", "numpy.inf", "np.inf"})


def limit_of(scope: ScopeTypes, info: CallInfo, hops: int = _HOPS) -> float | None:
    """How long a modelled call may take, its attempts included, in seconds."""
    model = info.model
    if model is None or model.limit is None:
        return None
    limit = model.limit
    owner = _owner(scope, info.event.callee.receiver) if limit.from_owner or limit.attempts_by else None
    seconds = _told(scope, info, limit, hops)
    if seconds is None and not _is_told(scope, info, limit):
        receiver = info.event.callee.receiver
        is_changed = any(_is_changed(scope, client, limit) for client in clients(scope, receiver))
        seconds = None if is_changed or _is_set(scope, limit) else _default(limit, owner, hops)
    tried = attempts(scope, info, limit, owner)
    return None if seconds is None or tried is None else seconds * tried


def limiting_argument(scope: ScopeTypes, info: CallInfo) -> tuple[str, bool]:
    """The argument by which a modelled call is given a limit, and whether it is one of its client's constructor; empty: there is none."""
    limit = info.model.limit if info.model is not None else None
    if limit is not None and limit.by:
        return limit.by[0][0], False
    receiver = info.receiver if limit is not None and limit.from_owner else None
    made = scope.catalog.function(receiver.name) if receiver is not None and receiver.sort is Sort.INSTANCE else None
    return (made.limit.by[0][0], True) if made is not None and made.limit is not None and made.limit.by else ("", False)


def scope_limit(scope: ScopeTypes, info: CallInfo) -> float | None:
    """How long what is awaited in a scope such as `asyncio.timeout(5)` may take, in seconds."""
    if info.model is None or info.model.limits is None:
        return math.inf
    limit = info.model.limits
    seconds = _told(scope, info, limit, _HOPS)
    return limit.default if seconds is None and not _is_told(scope, info, limit) else seconds


def never_waits(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether the call is told to return at once: `block=False`. Flags that are combined may hold the one that says so."""
    for name, position, spelling in info.model.never_waits if info.model is not None else ():
        place = argument_of(info, name, position)
        text = constant_text(scope, place) if place is not None else None
        if text == spelling or (text is None and "." in spelling and any(a.key in (name, position) for a in info.event.arguments)):
            return True
    return False


def _told(scope: ScopeTypes, info: CallInfo, limit: Limit, hops: int) -> float | None:
    """What the arguments say; `None` where they say nothing or nothing that is known."""
    told: list[float | None] = []
    for name, position in limit.by:
        argument = next((a for a in info.event.arguments if a.key in (name, position) and a.key is not None), None)
        if argument is not None:
            told.append(None if argument.value is None else _seconds(scope, argument.value, limit, hops))
    for scope_of, argument_place in _bound_before(scope, info, limit):
        told.append(_seconds(scope_of, argument_place, limit, hops))
    if limit.takes_first:
        del told[1:]
    known = [seconds for seconds in told if seconds is not None]
    return min(known) / limit.per_second if known and len(known) == len(told) else None


def _bound_before(scope: ScopeTypes, info: CallInfo, limit: Limit) -> Iterator[tuple[ScopeTypes, PlaceId]]:
    """The limits that a `functools.partial` has bound by keyword."""
    place = info.event.callee.place
    made = origin_of(scope, place) if place is not None and _is_bound(scope, place) else None
    names = {name for name, _ in limit.by}
    for argument in made[1].event.arguments if made is not None else ():
        if made is not None and argument.key in names and argument.value is not None:
            yield made[0], argument.value


def _is_bound(scope: ScopeTypes, place: PlaceId) -> bool:
    value = scope.value(place)
    return value is not None and value.sort is Sort.CALLABLE


def _is_told(scope: ScopeTypes, info: CallInfo, limit: Limit) -> bool:
    """Whether some argument says it, or may say it, though how long is not known."""
    names = {name for name, _ in limit.by}
    for argument in info.event.arguments:
        is_named = argument.key in names or argument.key in {position for _, position in limit.by if position is not None}
        if argument.key in ("*", "**"):
            return True
        if is_named and not (limit.none_is_default and argument.value is not None and constant_text(scope, argument.value) == "None"):
            return True
    place = info.event.callee.place
    if place is None or not _is_bound(scope, place):
        return False
    made = origin_of(scope, place)
    return made is None or any(argument.key in names or argument.key == "**" for argument in made[1].event.arguments)


def _default(limit: Limit, owner: Origin | None, hops: int) -> float | None:
    if not limit.from_owner:
        return limit.default
    if owner is None or hops == 0:
        return None
    made = owner[1].model
    if made is None or made.limit is None:
        return None
    seconds = _told(owner[0], owner[1], made.limit, hops - 1)
    if seconds is not None or _is_told(owner[0], owner[1], made.limit):
        return seconds
    if _is_set(owner[0], made.limit):
        return None
    before = _owner(owner[0], owner[1].event.callee.receiver) if made.limit.from_owner else None
    inherited = _default(made.limit, before, hops - 1)  # `service.get_blob_client(…)` hands the limit of the service on
    return limit.default if inherited is None else inherited


def _is_set(scope: ScopeTypes, limit: Limit) -> bool:
    """Whether a text of the project sets the default that the library leaves out."""
    modules = scope.module.modules
    return bool(limit.settings) and modules is not None and modules.sets(scope.module.name, limit.settings)


def _owner(scope: ScopeTypes, receiver: PlaceId | None) -> Origin | None:
    """The call that made the client whose method, or whose part's method (`client.messages.create()`), is called."""
    return next(filter(None, (origin_of(scope, client) for client in clients(scope, receiver))), None)


def clients(scope: ScopeTypes, receiver: PlaceId | None) -> Iterator[PlaceId]:
    """A receiver and the library's objects that it is a part of, innermost first."""
    while receiver is not None:
        yield receiver
        key = scope.graph.places.keys[receiver]
        value = scope.value(key.base) if isinstance(key, ev.Attribute) else None
        is_part = isinstance(key, ev.Attribute) and value is not None and value.sort is Sort.INSTANCE
        receiver = key.base if is_part and isinstance(key, ev.Attribute) else None


def _is_changed(scope: ScopeTypes, client: PlaceId, limit: Limit) -> bool:
    """Whether a client is not as its library makes it: of a class of the project, a method replaced, or a part put in that is not known."""
    for there, place in sources_of(scope, client):
        value = there.value(place)
        if value is not None and value.sort is Sort.OBJECT:
            return True
        if value is not None and value.sort is Sort.NAME:
            return False  # a module or a class
        for at, seat in mentioned(there, place):
            if any(_changes(at, NodeId(node), event, seat, limit) for node, event in enumerate(at.graph.events)):
                return True
    return False


def _changes(scope: ScopeTypes, node: NodeId, event: ev.Event, client: PlaceId, limit: Limit) -> bool:
    """Whether an event replaces a method of a client, gives it a part that its library did not make (`session.mount(…)`), or its limit."""
    match event:
        case ev.Store(ev.StoreKind.ATTRIBUTE, base, name, _, _) if base == client:
            value = scope.value(client)
            return value is not None and scope.catalog.method(value.name, name) is not None
        case ev.Call(callee, arguments, _, _, _, _) if callee.receiver == client:
            if callee.method in limit.changed_by:
                return True
            model = scope.call(node).model
            return model is not None and model.keeps and any(_is_unknown_part(scope, a.value) for a in arguments)
    return False


def _is_unknown_part(scope: ScopeTypes, place: PlaceId | None) -> bool:
    if place is None or isinstance(scope.graph.places.keys[place], ev.Constant):
        return False
    value = scope.value(place)
    return value is None or value.sort is not Sort.INSTANCE or not scope.catalog.knows_root(value.name.partition(".")[0])


def _seconds(scope: ScopeTypes, place: PlaceId, limit: Limit, hops: int) -> float | None:
    """The seconds that an argument's value says."""
    text = constant_text(scope, place)
    if text is not None:
        return _spelled(text, limit)
    made = origin_of(scope, place)
    if made is None or hops == 0:
        return _of_tuple(scope, place, limit, hops)
    model = made[1].model
    if model is None or model.limit is None:
        return None
    seconds = _told(made[0], made[1], model.limit, hops - 1)
    return model.limit.default if seconds is None and not _is_told(made[0], made[1], model.limit) else seconds


def _of_tuple(scope: ScopeTypes, place: PlaceId, limit: Limit, hops: int) -> float | None:
    """The seconds that the item of a tuple says."""
    if limit.pair is None or hops == 0:
        return None
    item = str(limit.pair)
    for there, at in sources_of(scope, place):
        text = there.graph.literals.get(at, {}).get(item)
        if text is not None:
            return _spelled(text, limit)
        for event in there.graph.events:
            is_item = isinstance(event, ev.Store) and event.kind is ev.StoreKind.CONTAINER and event.base == at
            if is_item and isinstance(event, ev.Store) and event.name == item and event.value is not None:
                return _seconds(there, event.value, limit, hops - 1)
    return None


def _spelled(text: str, limit: Limit) -> float | None:
    """The seconds that a literal or a constant of a library says."""
    if text == "None":
        return None if limit.none_is_default else math.inf
    return math.inf if text in limit.unlimited or text in _UNLIMITED else number(text)


def argument_of(info: CallInfo, name: str, position: int | None) -> PlaceId | None:
    """The argument with a name, or at a position from 0; `None` if it is not given."""
    named = next((a.value for a in info.event.arguments if a.key == name), None)
    return named if named is not None or position is None else argument_at(info.event, position)
