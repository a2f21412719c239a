"""Where a value comes from, as far as it has one source: through names, globals, attributes of `self` and functions that return it.

class Shop:
    def __init__(self):
        self.client = make_client()          # the origin is httpx.Client(timeout=30) in make_client()

    def pay(self):
        self.client.post(URL)
"""

from __future__ import annotations

from collections.abc import Iterator

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import CallModel
from unclosed.lowering.facts import MODULE_BODY, Scope

_HOPS = 8
_NO_MODEL = CallModel("")

Origin = tuple[ScopeTypes, CallInfo]
"""A call and the scope in which it stands."""
Position = tuple[ScopeTypes, PlaceId]
"""A place and the scope that it belongs to."""


def origin_of(scope: ScopeTypes, place: PlaceId | None) -> Origin | None:
    """The one call that made what a place holds, wherever that was; `None` if not known. Functions of the project are looked into."""
    if place is None:
        return None
    found: Origin | None = None
    for there, at in sources_of(scope, place):
        node = there.producer.get(at)
        if node is not None:
            found = there, there.call(node)
    return found


def sources_of(scope: ScopeTypes, place: PlaceId) -> Iterator[Position]:
    """The places that one place's value comes from, as far as each has a single source: the place itself first, the origin last."""
    for _ in range(_HOPS):
        yield scope, place
        found = _source(scope, place)
        if found is None:
            return
        scope, place = found


def constant_text(scope: ScopeTypes, place: PlaceId) -> str | None:
    """The literal that a place holds, as source text, or the qualified name of what it names in a library; `None` for anything else."""
    for there, at in sources_of(scope, place):
        key = there.graph.places.keys[at]
        if isinstance(key, ev.Constant):
            return key.text
        value = there.value(at)
        if value is not None and value.sort is Sort.NAME and isinstance(key, ev.Imported | ev.Attribute | ev.Local):
            return value.name
    return None


def formatted_text(scope: ScopeTypes, place: PlaceId) -> str | None:
    """The text of the formatted string that a place holds, with `{}` for what is put in; `None` for anything else."""
    keys = (there.graph.places.keys[at] for there, at in sources_of(scope, place))
    return next((key.text for key in keys if isinstance(key, ev.Formatted)), None)


def _source(scope: ScopeTypes, place: PlaceId) -> Position | None:
    sources = scope.sources(place)
    if len(sources) == 1:
        if sources[0].place is not None:
            return scope, sources[0].place
        return _made_by(scope, sources[0].node)
    key = scope.graph.places.keys[place]
    if sources:
        return None
    match key:
        case ev.Local(name) if not scope.binds(name):
            return _outside(scope, name)
        case ev.Attribute(base, name):
            return _of_owner(scope, key) or _of_module(scope, scope.value(base), name)
        case ev.Imported(name):
            module, _, last = name.rpartition(".")
            parent = name[: len(name) - len(last)] if module.strip(".") == "" else module
            return _of_module(scope, scope.module.named(parent), last) if parent else None
    return None


def _of_module(scope: ScopeTypes, value: Value | None, name: str) -> Position | None:
    """The place of a global of another module of the project, if resources can come from that."""
    modules = scope.module.modules
    if value is None or value.sort is not Sort.MODULE or modules is None or not modules.is_bearing(value.module):
        return None
    home = scope.home(value)
    body = home.scope(MODULE_BODY) if home is not None else None
    place = body.graph.places.find(ev.Local(name)) if body is not None and body.binds(name) else None
    return (body, place) if body is not None and place is not None else None


def _made_by(scope: ScopeTypes, node: int | None) -> Position | None:
    """Where the value came from that an event gave: what was entered or awaited, or what a function of the project returned."""
    event = scope.graph.events[node] if node is not None else None
    if isinstance(event, ev.Call) and node is not None:
        defaults = (scope.call(node).model or _NO_MODEL).default_value
        given = next((a.value for told in defaults for a in event.arguments if a.key in told), None)
        if given is not None:
            return scope, given
    match event:
        case ev.Enter(manager, _, _, _):
            return scope, manager
        case ev.Await(value, _, _) if value is not None:
            return scope, value
        case ev.Call():
            assert node is not None
            return _returned_by(scope, scope.call(node))
    return None


def _returned_by(scope: ScopeTypes, info: CallInfo) -> Position | None:
    """What a function of the project returns, or lends as a provider."""
    if info.model is not None or info.target is None or info.is_class or info.target.sort is not Sort.DEFINITION:
        return None
    home = scope.home(info.target)
    facts = home.function(info.target.name) if home is not None else None
    if home is None or facts is None:
        return None
    there = home.scope(facts.id)
    if facts.is_generator:
        yielded = {event.value for event in there.graph.events if isinstance(event, ev.Yield) and event.value is not None}
        return (there, yielded.pop()) if len(yielded) == 1 else None
    place = there.graph.places.find(ev.Returned())
    return (there, place) if place is not None else None


def _outside(scope: ScopeTypes, name: str) -> Position | None:
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


def _of_owner(scope: ScopeTypes, key: ev.Attribute) -> Position | None:
    """The place in which a class assigns an attribute, its own or of its instances, if it does so once: in a method, or in its body."""
    value = scope.value(key.base)
    home = scope.home(value) if value is not None and value.sort in (Sort.OBJECT, Sort.DEFINITION) else None
    if value is None or home is None or (value.sort is Sort.DEFINITION and value.name not in home.facts.classes):
        return None
    assigned = list(assignments(home, value.name, key.name))
    facts = home.facts.classes.get(value.name)
    body = home.scope(facts.body) if facts is not None else None
    place = body.graph.places.find(ev.Local(key.name)) if body is not None and body.binds(key.name) else None
    if body is not None and place is not None and body.has_sources(place):
        assigned.append((body, place))
    return assigned[0] if len(assigned) == 1 else None


def assignments(types: ModuleTypes, owner: str, attribute: str) -> Iterator[Position]:
    """Where the methods of a class assign an attribute of `self`."""
    for there, place in mentions(types, owner, attribute):
        if there.has_sources(place):
            yield there, place


def mentions(types: ModuleTypes, owner: str, attribute: str) -> Iterator[Position]:
    """The places of an attribute of `self` in the methods of a class."""
    for method in types.methods(owner):
        first = next((p.name for p in method.parameters if p.position == 0), "")
        base = method.graph.places.find(ev.Local(first))
        place = method.graph.places.find(ev.Attribute(base, attribute)) if base is not None else None
        if place is not None:
            yield types.scope(method.id), place


def mentioned(scope: ScopeTypes, place: PlaceId) -> Iterator[Position]:
    """A place, and if it is an attribute of `self`, that attribute in all methods of the class."""
    yield scope, place
    key = scope.graph.places.keys[place]
    value = scope.value(key.base) if isinstance(key, ev.Attribute) else None
    home = scope.home(value) if value is not None and value.sort is Sort.OBJECT else None
    if home is not None and value is not None and isinstance(key, ev.Attribute):
        yield from ((there, at) for there, at in mentions(home, value.name, key.name) if there is not scope)
