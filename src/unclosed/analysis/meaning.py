"""What the events of one function mean: which edges are real, which calls acquire, which release.

Lowering draws an exception edge from every call and a suppression edge from every `with`. Here the models decide: `len(x)` does not raise,
`sys.exit()` does not return, only a known suppressor swallows.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

from unclosed.analysis.roles import Roles
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import Edge, EdgeKind
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes, entered
from unclosed.infer.values import Sort, Value
from unclosed.library import Kind, Lease, Release, WithExit

_CONTAINERS = frozenset(
    {"builtins.list", "builtins.dict", "builtins.set", "collections.deque", "collections.defaultdict", "collections.OrderedDict"}
)
_ADDING = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "setdefault"})
_QUIET_KINDS = (Kind.CURSOR, Kind.CONNECTION, Kind.CLIENT)


_EXITS = {EdgeKind.NORMAL: ev.ExitKind.RETURN, EdgeKind.RAISE: ev.ExitKind.RAISE, EdgeKind.CANCEL: ev.ExitKind.CANCEL}


class Project(Protocol):
    """What the rest of the project says."""

    def project_texts(self, module: str) -> Iterator[str]:
        """The texts of the project around a module."""

    def exits_of(self, scope: ScopeTypes, info: CallInfo) -> frozenset[ev.ExitKind] | None:
        """The ways in which a function of the project ends; `None`: not known."""


class Meaning:
    """The events of one scope, read with the models."""

    def __init__(self, scope: ScopeTypes, project: Project) -> None:
        self.scope, self.graph, self.catalog = scope, scope.graph, scope.catalog
        self._edges: dict[NodeId, tuple[Edge, ...]] = {}
        self._project = project
        self.roles = Roles(scope, project.project_texts)

    @cached_property
    def is_provider(self) -> bool:
        """Whether the function lends what it yields."""
        return self.roles.is_provider

    @cached_property
    def displays(self) -> frozenset[PlaceId]:
        """The temporaries that hold a fresh list, dict or set."""
        places = {e.base for e in self.graph.events if isinstance(e, ev.Store) and e.kind is ev.StoreKind.CONTAINER and e.base is not None}
        made = (PlaceId(place) for place in self.scope.producer)
        return frozenset(
            places
            | {place for place in made if self.scope.call(self.scope.producer[place]).name in _CONTAINERS}
            | self.graph.empty_displays
        )

    @cached_property
    def _read(self) -> frozenset[PlaceId]:
        """The places whose values are used, other than by binding them to a name."""
        used: set[PlaceId] = set()
        for event in self.graph.events:
            match event:
                case ev.Call(callee, arguments, _, _, _, _):
                    used.update(p for p in (callee.place, callee.receiver, *(a.value for a in arguments)) if p is not None)
                case ev.Bind(target, value, _) if value is not None and not isinstance(self.graph.places.keys[target], ev.Local):
                    used.add(value)
                case ev.Store(_, _, _, value, _) | ev.Yield(value, _, _, _) | ev.Await(value, _, _) | ev.Step(_, value, _) if (
                    value is not None
                ):
                    used.add(value)
                case ev.Capture(places, _, _, _):
                    used.update(places)
                case ev.Enter(manager, _, _, _):
                    used.add(manager)
        return frozenset(used)

    def is_dropped(self, event: ev.Call) -> bool:
        """Whether nobody uses what a call gives: a statement of its own, or bound to a name that is never read."""
        if event.bare:
            return True
        targets = [e.target for e in self.graph.events if isinstance(e, ev.Bind) and e.value == event.result]
        keys = self.graph.places.keys
        return (
            bool(targets) and event.result not in self._read and all(isinstance(keys[t], ev.Local) and t not in self._read for t in targets)
        )

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
        exits: frozenset[ev.ExitKind] | None = None
        if isinstance(event, ev.Call):
            info = self.scope.call(node)
            if info.model is not None and info.model.exits:
                return
            exits = self._project.exits_of(self.scope, info) if info.target is not None else None
        is_calm = self._is_calm(node, event)
        for edge in self.graph.edges[node]:
            if exits is not None and _EXITS.get(edge.kind) not in exits:
                continue
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
            case ev.Enter(manager, _, _, _):
                return self._is_harmless(manager) or self._is_quiet(self.scope.value(manager)) is not None
            case ev.Leave(manager, is_async, _, _):
                lease = self._is_quiet(entered(self.scope.value(manager)))
                return self._is_harmless(manager) or (lease is not None and exit_of(lease, is_async) is WithExit.RELEASE)
            case ev.Step("import", value, _) if value is not None:
                key = self.graph.places.keys[value]
                return isinstance(key, ev.Imported) and key.name.partition(".")[0] in sys.stdlib_module_names
            case ev.Step("next", value, _) if value is not None:
                made = self.scope.producer.get(value)
                return made is not None and self._is_calm_call(self.scope.call(made))
            case ev.Yield():
                return self.roles.is_fixture or self.roles.is_lifespan
        return False

    def _is_calm_call(self, info: CallInfo) -> bool:
        model = info.model
        if model is not None and (model.cannot_raise or model.exits or model.suppresses or model.wraps is not None):
            return True
        if info.receiver is not None and self._tests_openness(info.receiver, info.event.callee.method):
            return True
        if info.name.startswith("builtins.") and _is_exception(info.name):
            return True
        if info.event.callee.method in _ADDING and self._is_made_here(info.event.callee.receiver):
            return True
        return self.catalog.is_calm(self.scope.calls.receiver_name(info.event), info.event.callee.method)

    def _is_made_here(self, place: PlaceId | None) -> bool:
        """Whether a place holds nothing but lists, dicts or sets displayed in this function."""
        sources = self.scope.sources(place) if place is not None else []
        return bool(sources) and all(source.place is not None and source.place in self.graph.empty_displays for source in sources)

    def _tests_openness(self, receiver: Value, method: str) -> bool:
        """Whether a method only tells if the resource is open: `conn.is_closed()`."""
        model = self.catalog.type(receiver.name) if receiver.sort is Sort.INSTANCE else None
        return model is not None and (method in model.closed_when or method in model.open_when)

    def _is_harmless(self, manager: PlaceId) -> bool:
        """Whether a manager's block is entered and left without raising: `closing(x)`, `suppress(...)`, a timeout's scope."""
        made = self.scope.call_behind(manager)
        called = made.model if made is not None else None
        return called is not None and (called.cannot_raise or called.suppresses or called.wraps is not None)

    def _is_quiet(self, value: Value | None) -> Lease | None:
        """The lease of a resource whose block is entered without raising in practice; `None` for anything else."""
        model = self.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model.lease if model is not None and model.kind in _QUIET_KINDS else None

    def is_resource(self, place: PlaceId) -> bool:
        """Whether a place holds a modelled resource, which is never false."""
        value = self.scope.value(place)
        model = self.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model is not None and model.lease is not None

    def _suppresses(self, node: NodeId) -> bool:
        """Whether the manager left last before this node swallows exceptions."""
        for back in range(node, max(node - 3, -1), -1):
            event = self.graph.events[back]
            if isinstance(event, ev.Leave):
                made = self.scope.call_behind(event.manager)
                return made is not None and made.model is not None and made.model.suppresses
        return False


def release_named(lease: Lease, method: str, *, owner: bool) -> Release | None:
    """The release of a lease with this method name, on the value itself or on its owner."""
    return next((r for r in lease.release if r.method == method and r.owner is owner), None)


def exit_of(lease: Lease, is_async: bool) -> WithExit:
    """What leaving a block that entered the value does."""
    return lease.async_with_exit if is_async else lease.with_exit


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name.removeprefix("builtins."), None)
    return isinstance(found, type) and issubclass(found, BaseException)
