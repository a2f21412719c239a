"""Reads of properties as calls: `conn = source.conn` runs the getter of `conn`, which may acquire.

Lowering notes where attributes are read and cannot know what they are. Here types say which of them are properties of the project; the
graph is then made anew with a call before the event that uses the value:

    Bind(conn, source.conn)         Call(source.conn, ()) -> t1
                                    Bind(conn, t1)
                                    EndStatement(t1)

Only properties that may give a fresh resource are worth it. A `cached_property` is none of them: it keeps its value on `self`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from unclosed.analysis.slices import may_give_fresh
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, Places, SpanId
from unclosed.flow.graph import Edge, EdgeKind, FlowGraph
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Value

_REACH = 60
"""Events between reading an attribute and using its value; beyond, it is taken for unused."""


class _Reading(NamedTuple):
    """One read of a property: the event that uses its value, the getter, the object, and what the value is put into."""

    user: NodeId
    place: PlaceId
    span: SpanId
    getter: Value
    receiver: Value
    temp: PlaceId


def with_getters(scope: ScopeTypes) -> ScopeTypes:
    """The scope with calls where it reads properties that may give a fresh resource; the scope itself where there is none."""
    readings = _readings(scope)
    if not readings:
        return scope
    graph, calls = _Rewriting(scope.graph, readings).run()
    expanded = ScopeTypes(scope.module, replace(scope.facts, graph=graph))
    for node, reading in calls:
        event = graph.events[node]
        assert isinstance(event, ev.Call)
        info = CallInfo(event, target=reading.getter, confidence=reading.receiver.confidence, receiver=reading.receiver)
        expanded.set_call(node, info)
    return expanded


def _readings(scope: ScopeTypes) -> list[_Reading]:
    found: dict[NodeId, _Reading] = {}
    for node, place, span in scope.graph.reads:
        getter = scope.getter_behind(place)
        if getter is None or not may_give_fresh(getter.scope):
            continue
        user = _user(scope.graph, node, place)
        if user is not None and user not in found:
            temp = scope.graph.places.intern(ev.Temp(-len(scope.graph.places.keys)))
            found[user] = _Reading(user, place, span, getter.function, getter.receiver, temp)
    return [found[user] for user in sorted(found)]


def _user(graph: FlowGraph, node: NodeId, place: PlaceId) -> NodeId | None:
    """The first event from a node on that uses what is in a place; `None` if the attribute is read again before, or nothing uses it."""
    later = {at for at, other, _ in graph.reads if other == place and at > node}
    for at in range(node, min(node + _REACH, len(graph))):
        if at in later:
            return None
        if any(_is_in(graph.places, used, place) for used in _used(graph.events[at])):
            return NodeId(at)
    return None


def _used(event: ev.Event) -> list[PlaceId]:
    """The places whose values an event uses, as far as they are followed."""
    match event:
        case ev.Call(callee, arguments, _, _, _, _):
            return [place for place in (callee.receiver, *(a.value for a in arguments)) if place is not None]
        case ev.Bind(_, value, _) | ev.Store(_, _, _, value, _) | ev.Yield(value, _, _, _) if value is not None:
            return [value]
        case ev.Enter(manager, _, _, _):
            return [manager]
    return []


def _is_in(places: Places, place: PlaceId, base: PlaceId) -> bool:
    """Whether a place is `base` or a part of it."""
    key = places.keys[place]
    while place != base and isinstance(key, ev.Attribute | ev.Item):
        place = key.base
        key = places.keys[place]
    return place == base


class _Rewriting:
    """One graph made anew."""

    def __init__(self, graph: FlowGraph, readings: list[_Reading]) -> None:
        self._graph, self._places = graph, graph.places
        self._before: dict[int, _Reading] = {reading.user: reading for reading in readings}
        self._behind: dict[NodeId, _Reading] = {}
        """The last event that uses the value: the temporary dies after it."""
        self._held_by: dict[PlaceId, PlaceId] = {}
        """The temporaries that live as long as another: those that a block enters."""
        self._renamed: dict[int, _Reading] = {**self._before}
        for reading in readings:
            self._place(reading)

    def _place(self, reading: _Reading) -> None:
        event, after = self._graph.events[reading.user], NodeId(reading.user + 1)
        if isinstance(event, ev.Enter):
            self._held_by[event.result] = reading.temp
            return
        following = self._graph.events[after] if isinstance(event, ev.Store) and after < len(self._graph) else None
        if isinstance(following, ev.Bind) and isinstance(event, ev.Store) and following.value == event.value:
            self._renamed[after] = self._behind[after] = reading
        else:
            self._behind[reading.user] = reading

    def run(self) -> tuple[FlowGraph, list[tuple[NodeId, _Reading]]]:
        """The new graph, and the nodes of its new calls."""
        first, numbers, count = {}, {}, 0
        for node in self._graph.node_ids():
            first[node] = NodeId(count)
            numbers[node] = NodeId(count + (node in self._before))
            count = numbers[node] + 1 + (node in self._behind)
        events: list[ev.Event] = []
        edges: list[tuple[Edge, ...]] = []
        calls: list[tuple[NodeId, _Reading]] = []
        for node in self._graph.node_ids():
            out = tuple(edge._replace(target=first[edge.target]) for edge in self._graph.edges[node])
            if node in self._before:
                calls.append((NodeId(len(events)), self._before[NodeId(node)]))
                events.append(self._call(self._before[NodeId(node)]))
                edges.append((Edge(numbers[node], EdgeKind.NORMAL), *(edge for edge in out if edge.kind is EdgeKind.RAISE)))
            events.append(self._event(node))
            if node in self._behind:
                reading, end = self._behind[NodeId(node)], NodeId(len(events))
                edges.append((Edge(end, EdgeKind.NORMAL), *(edge for edge in out if edge.kind is not EdgeKind.NORMAL)))
                events.append(ev.EndStatement((reading.temp,), reading.span))
                out = tuple(edge for edge in out if edge.kind is EdgeKind.NORMAL)
            edges.append(out)
        return replace(self._graph, events=tuple(events), edges=tuple(edges), reads=()), calls

    def _call(self, reading: _Reading) -> ev.Call:
        key = self._places.keys[reading.place]
        assert isinstance(key, ev.Attribute)
        callee = ev.Callee(reading.place, key.base, key.name, is_method=True)
        return ev.Call(callee, (), reading.temp, awaited=False, bare=False, span=reading.span)

    def _event(self, node: int) -> ev.Event:
        event = self._graph.events[node]
        if isinstance(event, ev.EndStatement):
            return replace(event, temps=(*event.temps, *(temp for held, temp in self._held_by.items() if held in event.temps)))
        reading = self._renamed.get(node)
        return event if reading is None else _renamed(event, lambda place: self._moved(place, reading))

    def _moved(self, place: PlaceId | None, reading: _Reading) -> PlaceId | None:
        """The place with the new temporary instead of the attribute that is read."""
        if place is None or not _is_in(self._places, place, reading.place):
            return place
        if place == reading.place:
            return reading.temp
        key = self._places.keys[place]
        assert isinstance(key, ev.Attribute | ev.Item)
        base = self._moved(key.base, reading)
        assert base is not None
        return self._places.intern(key._replace(base=base))


def _renamed(event: ev.Event, move: Callable[[PlaceId | None], PlaceId | None]) -> ev.Event:
    match event:
        case ev.Call():
            callee = replace(event.callee, place=move(event.callee.place), receiver=move(event.callee.receiver))
            return replace(event, callee=callee, arguments=tuple(replace(a, value=move(a.value)) for a in event.arguments))
        case ev.Bind() | ev.Store() | ev.Yield():
            return replace(event, value=move(event.value))
        case ev.Enter():
            manager = move(event.manager)
            return event if manager is None else replace(event, manager=manager)
    return event
