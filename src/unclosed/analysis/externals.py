"""What a function does outside the database: I/O and waits, by itself or through other functions of the project.

An *external* is one call that leaves the program, or waits, for something that is not the database. Those of a called function of the
project are found by asking the function, level by level (see `answers.py`); the trail then leads from the call to the I/O itself.

    def notify(user):                        # externals of notify: an HTTP request without a limit
        requests.post(HOOK, json=user)

    notify(user)                             # the same here, one step of the trail longer
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.confinement import is_intercepted, stays_within
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.givens import NOTHING_GIVEN, Given, entry_facts, filled
from unclosed.analysis.limits import limit_of, never_waits, scope_limit
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import EdgeKind, FlowGraph
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

_BRIEFLY = 24
"""Events between a `kill()` and the wait that it makes short."""


@dataclass(frozen=True, slots=True)
class External:
    """One call that reaches outside. `what`: in words. `seconds`: how long it may take, `math.inf` without a limit, `None` if unknown.

    `via`: the way through functions of the project to the I/O itself, empty where the call is the I/O. `is_wait`: it waits, and talks to
    nobody; `sleeps`: it waits by design.
    """

    span: SpanId
    what: str
    seconds: float | None
    confidence: Confidence
    is_wait: bool = False
    sleeps: bool = False
    via: tuple[TrailStep, ...] = ()

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing ends it."""
        return self.sleeps or self.seconds == math.inf


@dataclass(frozen=True, slots=True)
class Running:
    """The node at which a call's work is done, and the limit in seconds that what awaits it sets; 0 for one that is not known."""

    node: NodeId
    seconds: float = math.inf


class Externals:
    """Answers which calls of the project's functions reach outside."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._enclosing: dict[int, tuple[FlowGraph, dict[NodeId, tuple[PlaceId, ...]]]] = {}
        self._running: dict[int, tuple[FlowGraph, dict[NodeId, tuple[NodeId, ...]]]] = {}

    def at(self, scope: ScopeTypes, node: NodeId, given: Given = NOTHING_GIVEN) -> tuple[External, ...]:
        """What the call at a node does outside; `given`: the literals that the function is given."""
        event = scope.graph.events[node]
        if not isinstance(event, ev.Call):
            return ()
        info = scope.call(node)
        run = self._runs(scope, node, event, info)
        if run is None:
            return ()
        if info.model is not None:
            found = self._of_model(scope, replace(info, event=filled(scope, event, given)), event)
            if found and (stays_within(scope, info) or is_intercepted(scope, self.around(scope, node))):
                found = tuple(external for external in found if external.is_wait)
        else:
            found = self._of_function(scope, replace(info, event=filled(scope, event, given)), event)
        limit = min(run.seconds, self._enclosing_limit(scope, run.node, event, info))
        return tuple(_limited(external, limit) for external in found)

    def may_be_in(self, scope: ScopeTypes) -> bool:
        """Whether a function may do anything outside at all: it calls a library that does, or a module that reaches one."""
        for node, _ in all_calls(scope):
            info = scope.call(node)
            model = info.model
            if model is not None and (model.io or model.waits or model.sleeps or model.calls is not None):
                return True
            if model is None and info.target is not None and self._summaries.reaches_outside(info.target.module):
                return True
        return False

    # Libraries

    def _of_model(self, scope: ScopeTypes, info: CallInfo, event: ev.Call) -> tuple[External, ...]:
        model = info.model
        assert model is not None
        if model.calls is not None and not model.returns_class and not model.keeps:
            inner = scope.calls.called_inside(info)
            if inner is None:
                return ()
            moved = replace(inner, event=_without_first(event, model.calls + 1))
            return self._of_model(scope, moved, event) if inner.model is not None else self._of_function(scope, moved, event)
        if not (model.io or model.waits or model.sleeps) or never_waits(scope, info) or _is_brief(scope, info, event):
            return ()
        confidence = min(info.confidence, Confidence.LIKELY) if info.is_convention else info.confidence
        return (
            External(
                span=event.span,
                what=model.io or model.waits or "sleep",
                seconds=math.inf if model.sleeps else limit_of(scope, info),
                confidence=confidence,
                is_wait=not model.io,
                sleeps=model.sleeps,
            ),
        )

    # Functions of the project

    def _of_function(self, scope: ScopeTypes, info: CallInfo, event: ev.Call) -> tuple[External, ...]:
        """What the called function does outside; if the name stands for several, what the first of them does and all others do too."""
        if info.others:
            first, *others = (self._of_function(scope, each, event) for each in info.each())
            return tuple(external for external in first if all(is_among(external, other) for other in others))
        if info.target is None or not self._summaries.reaches_outside(info.target.module):
            return ()
        target = self._summaries.target(scope, info)
        if target is None or not target.runs(providers=True) or target.facts.only_raises:
            return ()
        if target.facts.is_generator and not target.facts.decorators and _iteration(scope, event) is None:
            return ()
        nothing: tuple[External, ...] = ()
        given = self._summaries.givens.to(target, scope, info)
        inside = self._summaries.answers.ask(("externals", *target.key, given), lambda: self._inside(target, given), nothing)
        return tuple(
            External(
                span=event.span,
                what=external.what,
                seconds=external.seconds,
                confidence=min(external.confidence, info.confidence),
                is_wait=external.is_wait,
                sleeps=external.sleeps,
                via=self.steps(target, external),
            )
            for external in inside
        )

    def steps(self, target: Target, external: External) -> tuple[TrailStep, ...]:
        """The way from a call of a function to what it does outside."""
        step = self._summaries.step_in(target, external.span, f"{target.facts.name}() makes the {external.what} here")
        if external.via:
            step = self._summaries.step_in(target, external.span, f"{target.facts.name}() calls on here")
        return (*step, *external.via)

    def _inside(self, target: Target, given: Given) -> tuple[External, ...]:
        scope = target.types.scope(target.facts.id)
        entry = entry_facts(scope, given)
        facts = FactFlow(scope.graph, self._summaries.meaning(scope).edges, entry=entry) if entry else None
        nodes = (NodeId(node) for node in scope.graph.node_ids())
        found = [e for node in nodes if facts is None or facts.reaching(node) for e in self.at(scope, node, given)]
        return worst_of(found)

    # When it runs

    def running_at(self, scope: ScopeTypes, node: NodeId) -> tuple[NodeId, ...]:
        """The calls whose work is done at a node: a call itself, a coroutine where it is awaited."""
        key = id(scope.graph)
        if key not in self._running:
            found: dict[NodeId, tuple[NodeId, ...]] = {}
            for call, event in all_calls(scope):
                run = self._runs(scope, call, event, scope.call(call))
                if run is not None:
                    found[run.node] = (*found.get(run.node, ()), call)
            self._running[key] = scope.graph, found
        return self._running[key][1].get(node, ())

    def _runs(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo) -> Running | None:
        """Where a call's work is done; `None` if that is not in this function."""
        if event.awaited or not self._is_coroutine(scope, info):
            return Running(node)
        for number, user in enumerate(scope.graph.events):
            other = NodeId(number)
            match user:
                case ev.Call(_, arguments, _, _, _, _) if any(a.value == event.result for a in arguments):
                    return self._is_awaited_by(scope, other, user, event.result)
                case ev.Enter(manager, True, _, _) if manager == event.result:
                    return Running(other)
                case ev.Await(value, _, _) if value is not None and _holds(scope, value, event.result):
                    return Running(other)
                case ev.Bind(_, value, _) if value == event.result and isinstance(scope.graph.places.keys[user.target], ev.Returned):
                    return None
                case ev.Store(ev.StoreKind.CONTAINER, _, _, value, _) if value == event.result:
                    return self._gathering(scope)
        iteration = _iteration(scope, event)
        return Running(iteration) if iteration is not None else None

    def _is_awaited_by(self, scope: ScopeTypes, node: NodeId, user: ev.Call, value: PlaceId) -> Running | None:
        """Where a call awaits the coroutine that it is given, under its limit."""
        info = scope.call(node)
        if info.model is None:
            return self._gathering(scope) if user.callee.method in ("append", "add") else None
        outer = self._runs(scope, node, user, info) if info.model.gathers or info.model.awaits is not None else None
        if outer is None or info.model.gathers:
            return outer
        if argument_at(user, info.model.awaits or 0) != value or info.model.keeps:
            return None
        seconds = scope_limit(scope, info)
        return Running(outer.node, min(outer.seconds, seconds if seconds is not None else 0.0))

    def _gathering(self, scope: ScopeTypes) -> Running | None:
        """Where the function awaits many at once, so that what it collected in a list is awaited there."""
        for node, event in all_calls(scope):
            info = scope.call(node)
            if info.model is not None and info.model.gathers:
                return self._runs(scope, node, event, info)
        return None

    def _is_coroutine(self, scope: ScopeTypes, info: CallInfo) -> bool:
        if info.model is not None:
            return info.model.is_coroutine or info.model.gathers or (info.model.lends is not None and bool(info.model.io))
        target = self._summaries.target(scope, info) if info.target is not None and not info.is_class else None
        return target is not None and target.facts.is_async and not target.facts.is_generator

    def is_limited(self, scope: ScopeTypes, node: NodeId) -> bool:
        """Whether what awaits a call, or the blocks around it, set it a limit, known or not."""
        event = scope.graph.events[node]
        if not isinstance(event, ev.Call):
            return False
        if any(scope_limit(scope, made) != math.inf for manager in self.around(scope, node) if (made := scope.call_behind(manager))):
            return True
        run = self._runs(scope, node, event, scope.call(node))
        users = [e for e in scope.graph.events if isinstance(e, ev.Call) and any(a.value == event.result for a in e.arguments)]
        return bool(users) if run is None else run.seconds != math.inf or any(_is_limiting(scope, e) for e in users)

    def _enclosing_limit(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo) -> float:
        """The shortest limit of the scopes around an awaited call; 0 where one is not known. A blocking call is not interrupted."""
        if not (event.awaited or self._is_coroutine(scope, info)):
            return math.inf
        limit = math.inf
        for manager in self.around(scope, node):
            made = scope.call_behind(manager)
            if made is not None and made.model is not None and made.model.limits is not None:
                seconds = scope_limit(scope, made)
                limit = min(limit, seconds if seconds is not None else 0.0)
        return limit

    def around(self, scope: ScopeTypes, node: NodeId) -> tuple[PlaceId, ...]:
        """The managers whose blocks are entered at a node, outermost first."""
        key = id(scope.graph)
        if key not in self._enclosing:
            self._enclosing[key] = scope.graph, managers_around(scope.graph)
        return self._enclosing[key][1].get(node, ())


def _is_brief(scope: ScopeTypes, info: CallInfo, event: ev.Call) -> bool:
    """Whether the receiver has just been told to end, so that waiting for it is short: `proc.kill(); proc.wait()`."""
    ending = info.model.brief_after if info.model is not None else frozenset()
    waiting = [
        (NodeId(node), 0)
        for node, other in enumerate(scope.graph.events)
        if ending and isinstance(other, ev.Call) and other.callee.method in ending and other.callee.receiver == event.callee.receiver
    ]
    seen: set[NodeId] = set()
    while waiting:
        node, steps = waiting.pop(0)
        if scope.graph.events[node] is event:
            return True
        if node not in seen and steps < _BRIEFLY:
            seen.add(node)
            waiting += [(edge.target, steps + 1) for edge in scope.graph.edges[node] if edge.kind is EdgeKind.NORMAL]
    return False


def _is_limiting(scope: ScopeTypes, event: ev.Call) -> bool:
    """Whether a call sets a limit to what it is given: `wait_for(pool.acquire(), 5)`."""
    model = scope.call(scope.producer[event.result]).model if event.result in scope.producer else None
    return model is not None and model.limits is not None


def managers_around(graph: FlowGraph) -> dict[NodeId, tuple[PlaceId, ...]]:
    """For each node that can be reached, the managers of the blocks that it stands in, outermost first."""
    found: dict[NodeId, tuple[PlaceId, ...]] = {NodeId(0): ()}
    waiting = [NodeId(0)]
    while waiting:
        node = waiting.pop()
        event, inside = graph.events[node], found[node]
        for edge in graph.edges[node]:
            after = inside
            if isinstance(event, ev.Enter) and edge.kind is EdgeKind.NORMAL:
                after = (*inside, event.manager)
            elif isinstance(event, ev.Leave) and event.manager in inside:
                after = inside[: len(inside) - 1 - inside[::-1].index(event.manager)]
            if edge.target not in found:
                found[edge.target] = after
                waiting.append(edge.target)
    return found


def worst_of(found: list[External]) -> tuple[External, ...]:
    """What callers need to know: the first I/O without a limit, the first wait, the slowest I/O with a limit."""
    kept: list[External] = []
    kept += [external for external in found if not external.is_wait and external.is_unlimited][:1]
    kept += [external for external in found if external.is_wait and external.is_unlimited][:1]
    timed = [e for e in found if not e.is_wait and not e.is_unlimited]
    return tuple(kept + sorted(timed, key=lambda external: -(external.seconds or 0.0))[:1])


def is_among(external: External, found: tuple[External, ...]) -> bool:
    """Whether something is as bad as an external: I/O or a wait, without a limit or with one."""
    return any(other.is_wait == external.is_wait and other.is_unlimited >= external.is_unlimited for other in found)


def _limited(external: External, limit: float) -> External:
    """The external under a limit around it; 0 stands for one that is not known."""
    if limit == math.inf or external.sleeps:
        return external
    if limit == 0.0:
        return replace(external, seconds=None)
    return external if external.seconds is not None and external.seconds <= limit else replace(external, seconds=limit)


def _without_first(event: ev.Call, count: int) -> ev.Call:
    """The call that `to_thread(f, a, b)` makes: `f(a, b)`."""
    moved = [
        ev.Argument(a.key - count, a.value) if isinstance(a.key, int) else a
        for a in event.arguments
        if not isinstance(a.key, int) or a.key >= count
    ]
    return replace(event, arguments=tuple(moved))


def _holds(scope: ScopeTypes, place: PlaceId, value: PlaceId, hops: int = 4) -> bool:
    """Whether a place holds nothing but a value."""
    for _ in range(hops):
        if place == value:
            return True
        sources = scope.sources(place)
        if len(sources) != 1 or sources[0].place is None:
            return False
        place = sources[0].place
    return False


def _iteration(scope: ScopeTypes, event: ev.Call) -> NodeId | None:
    """The step of a `for` of the function that walks through the generator that a call makes."""
    for node, step in enumerate(scope.graph.events):
        if isinstance(step, ev.Step) and step.word == "next" and step.value is not None and _holds(scope, step.value, event.result):
            return NodeId(node)
    return None


def all_calls(scope: ScopeTypes) -> Iterator[tuple[NodeId, ev.Call]]:
    """The calls of a scope with their nodes."""
    for node in scope.graph.node_ids():
        event = scope.graph.events[node]
        if isinstance(event, ev.Call):
            yield NodeId(node), event
