"""When the work of a call is done: a coroutine's where it is awaited, by the function itself or by what it hands it to.

sending = client.post(URL)               # nothing runs yet
task = asyncio.create_task(sending)      # somewhere, but not in this function
await task                               # here the function waits for it
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.limits import scope_limit
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

_HOPS = 4
"""Awaitables around awaitables: `gather(shield(create_task(send())))`."""
_ADDING = ("append", "add")


@dataclass(frozen=True, slots=True)
class Running:
    """The node at which a call's work is done, and the limit in seconds that what awaits it sets; 0 for one that is not known."""

    node: NodeId
    seconds: float = math.inf

    def within(self, seconds: float | None) -> Running:
        """The same under one limit more; `None`: one that is not known."""
        return Running(self.node, min(self.seconds, seconds if seconds is not None else 0.0))


class WhenRun:
    """Answers where the calls of a function do their work."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._found: dict[int, tuple[ScopeTypes, dict[NodeId, tuple[NodeId, ...]]]] = {}

    def at(self, scope: ScopeTypes, node: NodeId) -> tuple[NodeId, ...]:
        """The calls whose work is done at a node: a call itself, a coroutine where it is awaited."""
        key = id(scope)
        if key not in self._found:
            found: dict[NodeId, tuple[NodeId, ...]] = {}
            for call, event in all_calls(scope):
                run = self.of(scope, call, event)
                if run is not None:
                    found[run.node] = (*found.get(run.node, ()), call)
            self._found[key] = scope, found
        return self._found[key][1].get(node, ())

    def of(self, scope: ScopeTypes, node: NodeId, event: ev.Call) -> Running | None:
        """Where a call's work is done; `None` if that is not in this function."""
        model = scope.call(node).model
        if model is not None and model.starts is not None:
            return _end_of_group(scope, event.callee.receiver)
        if event.awaited or not self.is_coroutine(scope, scope.call(node)):
            return Running(node)
        iteration = iteration_over(scope, event)
        return Running(iteration) if iteration is not None else self.of_awaitable(scope, event.result)

    def is_coroutine(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call does nothing until what it gives is awaited."""
        if info.model is not None:
            return info.model.is_coroutine or info.model.gathers or (info.model.lends is not None and bool(info.model.io))
        target = self._summaries.target(scope, info) if info.target is not None and not info.is_class else None
        if target is None or target.facts.is_generator:
            return False
        return target.facts.is_async or self._gives_coroutine(target)

    def _gives_coroutine(self, target: Target) -> bool:
        """Whether a plain function returns a coroutine for its caller to await."""
        return self._summaries.answers.ask(("gives coroutine", *target.key), lambda: self._returns_coroutine(target), False)

    def _returns_coroutine(self, target: Target) -> bool:
        if target.facts.graph.places.find(ev.Returned()) is None or not self._summaries.reaches_outside(target.types.name):
            return False
        scope = target.types.scope(target.facts.id)
        calls = (e for _, e in all_calls(scope) if not e.awaited and self.is_returned(scope, e.result))
        return any(self.is_coroutine(scope, scope.call(scope.producer[e.result])) for e in calls)

    def is_returned(self, scope: ScopeTypes, value: PlaceId) -> bool:
        """Whether a function returns what a place holds."""
        returned = scope.graph.places.find(ev.Returned())
        sources = scope.sources(returned) if returned is not None else []
        return any(source.place is not None and holds(scope, source.place, value) for source in sources)

    def of_awaitable(self, scope: ScopeTypes, value: PlaceId, hops: int = _HOPS) -> Running | None:
        """Where the function awaits what a place holds; `None` if it does not."""
        for number, user in enumerate(scope.graph.events if hops > 0 else ()):
            node = NodeId(number)
            match user:
                case ev.Call(_, arguments, _, _, _, _):
                    argument = next((a for a in arguments if a.value is not None and holds(scope, a.value, value)), None)
                    found = self._by_call(scope, node, user, argument, hops) if argument is not None else None
                    if found is not None:
                        return found
                case ev.Enter(manager, True, _, _) if manager == value:
                    return Running(node)
                case ev.Await(awaited, _, _) if awaited is not None and holds(scope, awaited, value):
                    return Running(node)
                case ev.Store(ev.StoreKind.CONTAINER, container, _, stored, _) if stored is not None and holds(scope, stored, value):
                    return self._gathering(scope, container, hops)
        return None

    def _by_call(self, scope: ScopeTypes, node: NodeId, user: ev.Call, argument: ev.Argument, hops: int) -> Running | None:
        """Where what a call is given is awaited: by the call, by what it makes of it, or out of the container that it adds it to."""
        info = scope.call(node)
        if info.model is None:
            if user.callee.method in _ADDING:
                return self._gathering(scope, user.callee.receiver, hops)
            return self.of(scope, node, user) if self._summaries.handing.awaits(scope, info, argument) else None
        is_awaited = info.model.awaits is not None and argument.key == info.model.awaits
        if not is_awaited and not info.model.gathers:
            return None
        limit = scope_limit(scope, info)
        if not info.model.keeps or info.model.gathers:
            run = Running(node) if user.awaited or not self.is_coroutine(scope, info) else self.of_awaitable(scope, user.result, hops - 1)
        else:
            run = self.of_awaitable(scope, user.result, hops - 1) or _end_of_group(scope, user.callee.receiver)
        return run.within(limit) if run is not None else None

    def _gathering(self, scope: ScopeTypes, container: PlaceId | None, hops: int) -> Running | None:
        """Where the function awaits what it has collected in a container: many at once, or one after the other."""
        for node, event in all_calls(scope):
            info = scope.call(node)
            if info.model is not None and info.model.gathers:
                run = Running(node) if event.awaited else self.of_awaitable(scope, event.result, hops - 1)
                return run.within(scope_limit(scope, info)) if run is not None else None
        for number, user in enumerate(scope.graph.events if container is not None else ()):
            if isinstance(user, ev.Await) and user.value is not None and _is_item_of(scope, user.value, container):
                return Running(NodeId(number))
        return None


def _is_item_of(scope: ScopeTypes, place: PlaceId, container: PlaceId | None) -> bool:
    """Whether a place holds an item of what a container's place holds."""
    sources = scope.sources(place)
    source = sources[0].place if len(sources) == 1 else place
    key = scope.graph.places.keys[source] if source is not None else None
    return isinstance(key, ev.Item) and container is not None and holds(scope, key.base, container)


def _end_of_group(scope: ScopeTypes, group: PlaceId | None) -> Running | None:
    """Where the block of a task group or an executor is left, which waits for its tasks; `None` if there is none."""
    managers = [e.manager for e in scope.graph.events if isinstance(e, ev.Enter) and _is_entered_as(scope, group, e)]
    for number, event in enumerate(scope.graph.events if managers else ()):
        if isinstance(event, ev.Leave) and event.manager == managers[0] and not event.failing:
            return Running(NodeId(number))
    return None


def _is_entered_as(scope: ScopeTypes, place: PlaceId | None, event: ev.Enter) -> bool:
    return place is not None and (holds(scope, place, event.result) or holds(scope, place, event.manager))


def holds(scope: ScopeTypes, place: PlaceId, value: PlaceId, hops: int = 4) -> bool:
    """Whether a place holds nothing but a value."""
    for _ in range(hops):
        if place == value:
            return True
        sources = scope.sources(place)
        if len(sources) != 1 or sources[0].place is None:
            return False
        place = sources[0].place
    return False


def iteration_over(scope: ScopeTypes, event: ev.Call) -> NodeId | None:
    """The step of a `for` of the function that walks through the generator that a call makes."""
    for node, step in enumerate(scope.graph.events):
        if isinstance(step, ev.Step) and step.word == "next" and step.value is not None and holds(scope, step.value, event.result):
            return NodeId(node)
    return None


def all_calls(scope: ScopeTypes) -> Iterator[tuple[NodeId, ev.Call]]:
    """The calls of a scope with their nodes."""
    for node in scope.graph.node_ids():
        event = scope.graph.events[node]
        if isinstance(event, ev.Call):
            yield NodeId(node), event
