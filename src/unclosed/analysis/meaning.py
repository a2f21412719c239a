"""What the events of one function mean: which edges are real, which calls acquire, which release.

Lowering draws an exception edge from every call and a suppression edge from every `with`. Here the models decide: `len(x)` does not raise,
`sys.exit()` does not return, only a known suppressor swallows.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator

from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import Edge, EdgeKind
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Kind, Lease, Release, WithExit

_QUIET_KINDS = (Kind.CURSOR, Kind.CONNECTION, Kind.CLIENT)


class Meaning:
    """The events of one scope, read with the models."""

    def __init__(self, scope: ScopeTypes) -> None:
        self.scope, self.graph, self.catalog = scope, scope.graph, scope.catalog
        self._edges: dict[NodeId, tuple[Edge, ...]] = {}
        decorators = [scope.module.scope(scope.facts.outer or scope.facts.id).named(d.name) for d in scope.facts.decorators]
        names = [d.name for d in decorators if d is not None and d.sort is Sort.NAME]
        self.is_provider = scope.facts.is_generator and any(self.catalog.is_provider_decorator(name) for name in names)
        self.is_fixture = self.is_provider and any(self.catalog.resumes_always(name) for name in names)

    def edges(self, node: NodeId) -> tuple[Edge, ...]:
        """The edges of a node that control can take."""
        if node not in self._edges:
            self._edges[node] = tuple(self._real_edges(node))
        return self._edges[node]

    def call(self, node: NodeId) -> CallInfo:
        """What the call at a node calls."""
        return self.scope.call(node)

    def _real_edges(self, node: NodeId) -> Iterator[Edge]:
        event = self.graph.events[node]
        if isinstance(event, ev.Call):
            info = self.scope.call(node)
            if info.model is not None and info.model.exits:
                return
        is_calm = self._is_calm(node, event)
        for edge in self.graph.edges[node]:
            if edge.kind in (EdgeKind.RAISE, EdgeKind.CANCEL) and is_calm:
                continue
            if edge.kind is EdgeKind.SUPPRESS and not self._suppresses(node):
                continue
            yield edge

    def _is_calm(self, node: NodeId, event: ev.Event) -> bool:
        """Whether an event does not raise in practice."""
        match event:
            case ev.Call():
                return self._is_calm_call(self.scope.call(node))
            case ev.Leave(manager, _, _, _):
                return self._leaves_quietly(manager)
            case ev.Step("import", value, _) if value is not None:
                key = self.graph.places.keys[value]
                return isinstance(key, ev.Imported) and key.name.partition(".")[0] in sys.stdlib_module_names
            case ev.Step("next", value, _) if value is not None:
                made = self.scope.producer.get(value)
                return made is not None and self._is_calm_call(self.scope.call(made))
            case ev.Yield():
                return self.is_fixture
        return False

    def _is_calm_call(self, info: CallInfo) -> bool:
        if info.model is not None and (info.model.cannot_raise or info.model.exits):
            return True
        if info.name.startswith("builtins.") and _is_exception(info.name):
            return True
        return self.catalog.is_calm(self.scope.calls.receiver_name(info.event), info.event.callee.method)

    def _leaves_quietly(self, manager: PlaceId) -> bool:
        value = self.scope.value(manager)
        if value is None or value.sort is not Sort.INSTANCE:
            return value is not None and value.sort is Sort.MANAGER and self._is_wrapper(manager)
        model = self.catalog.type(value.name)
        return model is not None and model.lease is not None and model.kind in _QUIET_KINDS

    def _is_wrapper(self, manager: PlaceId) -> bool:
        made = self._call_behind(manager)
        return made is not None and made.model is not None and made.model.wraps is not None

    def _call_behind(self, place: PlaceId) -> CallInfo | None:
        """The call whose result a place holds, if it holds nothing else."""
        for _ in range(4):
            if place in self.scope.producer:
                return self.scope.call(self.scope.producer[place])
            sources = self.scope.sources(place)
            if len(sources) != 1 or sources[0].place is None:
                return None
            place = sources[0].place
        return None

    def _suppresses(self, node: NodeId) -> bool:
        """Whether the manager left last before this node swallows exceptions."""
        for back in range(node, max(node - 3, -1), -1):
            event = self.graph.events[back]
            if isinstance(event, ev.Leave):
                made = self._call_behind(event.manager)
                return made is not None and made.model is not None and made.model.suppresses
        return False

    def call_behind(self, place: PlaceId) -> CallInfo | None:
        """The call whose result a place holds, if it holds nothing else."""
        return self._call_behind(place)


def release_named(lease: Lease, method: str, *, owner: bool) -> Release | None:
    """The release of a lease with this method name, on the value itself or on its owner."""
    return next((r for r in lease.release if r.method == method and r.owner is owner), None)


def exit_of(lease: Lease, is_async: bool) -> WithExit:
    """What leaving a block that entered the value does."""
    return lease.async_with_exit if is_async else lease.with_exit


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name.removeprefix("builtins."), None)
    return isinstance(found, type) and issubclass(found, BaseException)
