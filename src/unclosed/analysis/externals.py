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
from unclosed.analysis.first_times import done_once
from unclosed.analysis.givens import NOTHING_GIVEN, Given, entry_facts, filled
from unclosed.analysis.limits import limit_of, limiting_argument, never_waits, scope_limit
from unclosed.analysis.running import Running, all_calls, iteration_over
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import EdgeKind, FlowGraph
from unclosed.infer.calls import CallInfo, without_first
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Handed

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

_HOPS = 4
"""Callables that are handed callables to call."""
_BRIEFLY = 24
"""Events between a `kill()` and the wait that it makes short."""


@dataclass(frozen=True, slots=True)
class External:
    """One call that reaches outside. `what`: in words. `seconds`: how long it may take, `math.inf` without a limit, `None` if unknown.

    `via`: the way through functions of the project to the I/O itself, empty where the call is the I/O. `is_wait`: it waits, and talks to
    nobody; `sleeps`: it waits by design. `limited_by`: the argument that would limit it, empty if there is none or it stands elsewhere;
    `of_client`: it is one of the constructor of the client that makes the call.
    """

    span: SpanId
    what: str
    seconds: float | None
    confidence: Confidence
    is_wait: bool = False
    sleeps: bool = False
    via: tuple[TrailStep, ...] = ()
    limited_by: str = ""
    of_client: bool = False

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing ends it."""
        return self.sleeps or self.seconds == math.inf


class Externals:
    """Answers which calls of the project's functions reach outside."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._enclosing: dict[int, tuple[FlowGraph, dict[NodeId, tuple[PlaceId, ...]]]] = {}

    def at(self, scope: ScopeTypes, node: NodeId, given: Given = NOTHING_GIVEN, *, for_caller: bool = False) -> tuple[External, ...]:
        """What the call at a node does outside; `given`: the literals that the function is given.

        `for_caller`: a coroutine that the function returns counts too, because whoever calls it awaits that.
        """
        event = scope.graph.events[node]
        if not isinstance(event, ev.Call):
            return ()
        info = scope.call(node)
        run = self._summaries.running.of(scope, node, event)
        if run is None and for_caller and self._summaries.running.is_returned(scope, event.result):
            run = Running(node)
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
        for node, event in all_calls(scope):
            info = scope.call(node)
            model = info.model
            if model is not None and (model.io or model.waits or model.sleeps or model.calls is not None or model.starts is not None):
                return True
            if model is None and info.target is not None and self._summaries.reaches_outside(info.target.module):
                return True
            handed = self._summaries.handing.callables(scope, event) if model is None and info.target is not None else ()
            if any(self._may_reach(each) for each in handed):
                return True
        return False

    def _may_reach(self, info: CallInfo) -> bool:
        """Whether a callable that is handed to a function may do anything outside."""
        model = info.model
        if model is not None:
            return bool(model.io or model.waits or model.sleeps)
        return info.target is not None and self._summaries.reaches_outside(info.target.module)

    # Libraries

    def _of_model(self, scope: ScopeTypes, info: CallInfo, event: ev.Call) -> tuple[External, ...]:
        model = info.model
        assert model is not None
        called = model.starts if model.calls is None else model.calls
        if called is not None and not model.returns_class:
            inner = scope.calls.called_inside(info)
            if inner is None:
                return ()
            moved = replace(inner, event=without_first(inner.event, called + 1))
            return self._of_model(scope, moved, event) if inner.model is not None else self._of_function(scope, moved, event)
        if not (model.io or model.waits or model.sleeps) or never_waits(scope, info) or _is_brief(scope, info, event):
            return ()
        confidence = min(info.confidence, Confidence.LIKELY) if info.is_convention else info.confidence
        limited_by, of_client = limiting_argument(scope, info)
        return (
            External(
                span=event.span,
                limited_by=limited_by,
                of_client=of_client,
                what=model.io or model.waits or "sleep",
                seconds=math.inf if model.sleeps else limit_of(scope, info),
                confidence=confidence,
                is_wait=not model.io,
                sleeps=model.sleeps,
            ),
        )

    # Functions of the project

    def _of_function(self, scope: ScopeTypes, info: CallInfo, event: ev.Call, hops: int = _HOPS) -> tuple[External, ...]:
        """What the called function does outside; if the name stands for several, what the first of them does and all others do too."""
        if info.others:
            return _of_all([self._of_function(scope, each, event, hops) for each in info.each()])
        return worst_of([*self._of_body(scope, info, event), *self._of_handed(scope, info, event, hops)])

    def _of_handed(self, scope: ScopeTypes, info: CallInfo, event: ev.Call, hops: int) -> Iterator[External]:
        """What the callables do that a called function is handed and calls."""
        for target, inner in self._summaries.handing.inner_calls(scope, info) if hops > 0 else ():
            if self._summaries.running.is_coroutine(scope, inner.info) and not inner.is_awaited:
                continue
            is_model = inner.info.model is not None
            found = self._of_model(scope, inner.info, event) if is_model else self._of_function(scope, inner.info, event, hops - 1)
            for external in found:
                step = self._summaries.step_in(target, inner.span, f"{target.facts.name}() calls it here")
                yield replace(external, via=(*step, *external.via), confidence=min(external.confidence, info.confidence))

    def _of_body(self, scope: ScopeTypes, info: CallInfo, event: ev.Call) -> tuple[External, ...]:
        """What the body of a called function does outside."""
        if info.target is None or not self._summaries.reaches_outside(info.target.module):
            return ()
        target = self._summaries.target(scope, info)
        if target is None or not target.runs(providers=True):
            return ()
        if target.facts.only_raises:
            return _of_all([self._of_body(scope, each, event) for each in self._summaries.overriding.implementations(target, info)])
        if target.facts.is_generator and not target.facts.decorators and iteration_over(scope, event) is None:
            return ()
        nothing: tuple[External, ...] = ()
        given, handed = self._summaries.givens.to(target, scope, info), self._summaries.givens.handed(target, scope, info)
        question = ("externals", *target.key, given, handed)
        inside = self._summaries.answers.ask(question, lambda: self._inside(target, given, handed), nothing)
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

    def _inside(self, target: Target, given: Given, handed: Handed) -> tuple[External, ...]:
        scope = target.types.scope(target.facts.id, handed)
        entry = entry_facts(scope, given)
        facts = FactFlow(scope.graph, self._summaries.meaning(scope).edges, entry=entry) if entry else None
        once = done_once(scope)
        nodes = (NodeId(node) for node in scope.graph.node_ids() if node not in once)
        reached = (node for node in nodes if facts is None or facts.reaching(node))
        is_plain = not target.facts.is_async
        return worst_of([external for node in reached for external in self.at(scope, node, given, for_caller=is_plain)])

    # Limits around

    def is_limited(self, scope: ScopeTypes, node: NodeId) -> bool:
        """Whether what awaits a call, or the blocks around it, set it a limit, known or not."""
        event = scope.graph.events[node]
        if not isinstance(event, ev.Call):
            return False
        if any(scope_limit(scope, made) != math.inf for manager in self.around(scope, node) if (made := scope.call_behind(manager))):
            return True
        run = self._summaries.running.of(scope, node, event)
        users = [e for e in scope.graph.events if isinstance(e, ev.Call) and any(a.value == event.result for a in e.arguments)]
        return bool(users) if run is None else run.seconds != math.inf or any(_is_limiting(scope, e) for e in users)

    def _enclosing_limit(self, scope: ScopeTypes, node: NodeId, event: ev.Call, info: CallInfo) -> float:
        """The shortest limit of the scopes around an awaited call; 0 where one is not known. A blocking call is not interrupted."""
        if not (event.awaited or self._summaries.running.is_coroutine(scope, info)):
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


def _of_all(found: list[tuple[External, ...]]) -> tuple[External, ...]:
    """What the first of several functions does outside and all others do too."""
    return tuple(e for e in found[0] if all(is_among(e, other) for other in found[1:])) if found else ()


def _limited(external: External, limit: float) -> External:
    """The external under a limit around it; 0 stands for one that is not known."""
    if limit == math.inf or external.sleeps:
        return external
    if limit == 0.0:
        return replace(external, seconds=None)
    return external if external.seconds is not None and external.seconds <= limit else replace(external, seconds=limit)
