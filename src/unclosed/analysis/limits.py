"""How long a call may take: its time limit as the code gives it, in seconds.

A limit is told by an argument, by the constructor of the client that makes the call, or by the library's default; `Limits.of` finds it
with the model's help. `math.inf`: no limit; `None`: there is one, or may be, and how long it is is not known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Limit
from unclosed.lowering.facts import MODULE_BODY, Scope

_HOPS = 6
_UNLIMITED = frozenset({"math.inf", "inf", "numpy.inf", "np.inf"})

Origin = tuple[ScopeTypes, CallInfo]
"""A call and the scope in which it stands."""


def limit_of(scope: ScopeTypes, info: CallInfo, hops: int = _HOPS) -> float | None:
    """How long a modelled call may take, its attempts included, in seconds."""
    model = info.model
    if model is None or model.limit is None:
        return None
    limit = model.limit
    owner = origin_of(scope, info.event.callee.receiver) if limit.from_owner or limit.attempts_by is not None else None
    seconds = _told(scope, info, limit, hops)
    if seconds is None and not _is_told(scope, info, limit):
        seconds = _default(limit, owner, hops)
    attempts = _attempts(scope, info, limit, owner)
    return None if seconds is None or attempts is None else seconds * attempts


def scope_limit(scope: ScopeTypes, info: CallInfo) -> float | None:
    """How long what is awaited in a scope such as `asyncio.timeout(5)` may take, in seconds."""
    if info.model is None or info.model.limits is None:
        return math.inf
    return _told(scope, info, info.model.limits, _HOPS)


def never_waits(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether the call is told to return at once: `block=False`."""
    for name, position, spelling in info.model.never_waits if info.model is not None else ():
        place = _argument(info, name, position)
        if place is not None and _text(scope, place) == spelling:
            return True
    return False


def is_spelled(scope: ScopeTypes, info: CallInfo, name: str, spelling: str) -> bool:
    """Whether a keyword argument is given as this literal: `isolation_level=None`."""
    place = next((a.value for a in info.event.arguments if a.key == name), None)
    return place is not None and _text(scope, place) in (spelling, f'"{spelling}"', f"'{spelling}'")


def _told(scope: ScopeTypes, info: CallInfo, limit: Limit, hops: int) -> float | None:
    """What the arguments say; `None` where they say nothing or nothing that is known."""
    told: list[float | None] = []
    for name, position in limit.by:
        argument = next((a for a in info.event.arguments if a.key in (name, position) and a.key is not None), None)
        if argument is not None:
            told.append(None if argument.value is None else _seconds(scope, argument.value, limit, hops))
    for scope_of, argument_place in _bound_before(scope, info, limit):
        told.append(_seconds(scope_of, argument_place, limit, hops))
    if not told or any(seconds is None for seconds in told):
        return None
    return min(seconds for seconds in told if seconds is not None)


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
        if is_named and not (limit.none_is_default and argument.value is not None and _text(scope, argument.value) == "None"):
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
    if seconds is None and not _is_told(owner[0], owner[1], made.limit):
        return made.limit.default
    return seconds


def _attempts(scope: ScopeTypes, info: CallInfo, limit: Limit, owner: Origin | None) -> float | None:
    if limit.attempts_by is None:
        return limit.attempts
    name, more = limit.attempts_by
    for place_scope, call in ((scope, info), *((owner,) if owner is not None else ())):
        place = next((a.value for a in call.event.arguments if a.key == name), None)
        if any(a.key == name for a in call.event.arguments):
            seconds = None if place is None else _number(_text(place_scope, place) or "")
            return None if seconds is None else seconds + more
    return limit.attempts


def _seconds(scope: ScopeTypes, place: PlaceId, limit: Limit, hops: int) -> float | None:
    """The seconds that an argument's value says."""
    text = _text(scope, place)
    if text is not None:
        if text == "None":
            return None if limit.none_is_default else math.inf
        return math.inf if text in limit.unlimited or text in _UNLIMITED else _number(text)
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
    for source_scope, at in _sources(scope, place):
        for event in source_scope.graph.events:
            is_item = isinstance(event, ev.Store) and event.kind is ev.StoreKind.CONTAINER and event.base == at
            if is_item and isinstance(event, ev.Store) and event.name == str(limit.pair) and event.value is not None:
                return _seconds(source_scope, event.value, limit, hops - 1)
    return None


def _text(scope: ScopeTypes, place: PlaceId) -> str | None:
    """The literal, or the dotted name of a constant of a library, that a place holds; `None` for anything else."""
    for source_scope, at in _sources(scope, place):
        key = source_scope.graph.places.keys[at]
        if isinstance(key, ev.Constant):
            return key.text
        value = source_scope.value(at)
        if value is not None and value.sort is Sort.NAME and value.name in _UNLIMITED:
            return value.name
    return None


def _number(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None


def _sources(scope: ScopeTypes, place: PlaceId, hops: int = _HOPS) -> Iterator[tuple[ScopeTypes, PlaceId]]:
    """The places that one place's value comes from, as far as each has a single source: the place itself, last the first."""
    for _ in range(hops):
        yield scope, place
        found = _source(scope, place)
        if found is None:
            return
        scope, place = found


def _source(scope: ScopeTypes, place: PlaceId) -> tuple[ScopeTypes, PlaceId] | None:
    sources = scope.sources(place)
    if len(sources) == 1:
        return (scope, sources[0].place) if sources[0].place is not None else None
    key = scope.graph.places.keys[place]
    if sources:
        return None
    if isinstance(key, ev.Local) and not scope.binds(key.name):
        return _outside(scope, key.name)
    if isinstance(key, ev.Attribute):
        return _of_owner(scope, key)
    return None


def _outside(scope: ScopeTypes, name: str) -> tuple[ScopeTypes, PlaceId] | None:
    """The place of a free name in the scope that binds it: an enclosing function or the module."""
    outer = scope.facts.outer
    while outer is not None:
        there = scope.module.scope(outer)
        if there.facts.scope is not Scope.CLASS and there.binds(name):
            place = there.graph.places.find(ev.Local(name))
            return (there, place) if place is not None else None
        outer = there.facts.outer
    if scope.facts.id == MODULE_BODY:
        return None
    writers = scope.module.global_writers(name)
    if len(writers) == 1:
        place = writers[0].graph.places.find(ev.Local(name))
        return (writers[0], place) if place is not None else None
    return None


def _of_owner(scope: ScopeTypes, key: ev.Attribute) -> tuple[ScopeTypes, PlaceId] | None:
    """The place in which a class assigns an attribute of `self`, if it does so once."""
    value = scope.value(key.base)
    if value is None or value.sort is not Sort.OBJECT:
        return None
    home = scope.home(value)
    assigned = list(_assignments(home, value.name, key.name)) if home is not None else []
    return assigned[0] if len(assigned) == 1 else None


def _assignments(types: ModuleTypes, owner: str, attribute: str) -> Iterator[tuple[ScopeTypes, PlaceId]]:
    for method in types.methods(owner):
        first = next((p.name for p in method.parameters if p.position == 0), "")
        base = method.graph.places.find(ev.Local(first))
        place = method.graph.places.find(ev.Attribute(base, attribute)) if base is not None else None
        there = types.scope(method.id)
        if place is not None and there.has_sources(place):
            yield there, place


def origin_of(scope: ScopeTypes, place: PlaceId | None) -> Origin | None:
    """The one call that made what a place holds, in this scope or where the attribute or global is assigned; `None` if not known."""
    if place is None:
        return None
    for source_scope, at in _sources(scope, place):
        made = source_scope.call_behind(at)
        if made is not None:
            return source_scope, made
    return None


def _argument(info: CallInfo, name: str, position: int | None) -> PlaceId | None:
    named = next((a.value for a in info.event.arguments if a.key == name), None)
    return named if named is not None or position is None else argument_at(info.event, position)
