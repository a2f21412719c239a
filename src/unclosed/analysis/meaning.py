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

from unclosed.analysis.class_heads import has_unknown_base
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.roles import Dependencies, Roles
from unclosed.analysis.shared_names import rebound_by_calls, shared_names
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import Edge, EdgeKind
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort, Value, entered
from unclosed.library import Kind, Lease, Release, WithExit

_CONTAINERS = frozenset(
    {"builtins.list", "builtins.dict", "builtins.set", "collections.deque", "collections.defaultdict", "collections.OrderedDict"}
)
_PLAIN = _CONTAINERS | {"builtins.str", "builtins.bytes"}
_ADDING = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "setdefault"})
_QUIET_KINDS = (Kind.CURSOR, Kind.CONNECTION, Kind.CLIENT)


_EXITS = {EdgeKind.NORMAL: ev.ExitKind.RETURN, EdgeKind.RAISE: ev.ExitKind.RAISE, EdgeKind.CANCEL: ev.ExitKind.CANCEL}


class Project(Protocol):
    """What the rest of the project says."""

    @property
    def dependencies(self) -> Dependencies:
        """What it runs as web dependencies."""

    def exits_of(self, scope: ScopeTypes, info: CallInfo) -> frozenset[ev.ExitKind] | None:
        """The ways in which a function of the project ends; `None`: not known."""


class Meaning:
    """The events of one scope, read with the models."""

    def __init__(self, scope: ScopeTypes, project: Project) -> None:
        self.scope, self.graph, self.catalog = scope, scope.graph, scope.catalog
        self._edges: dict[NodeId, tuple[Edge, ...]] = {}
        self._project = project
        self.roles = Roles(scope, project.dependencies)

    @cached_property
    def is_provider(self) -> bool:
        """Whether the function lends what it yields."""
        return self.roles.is_provider

    def fact_flow(self, fresh: frozenset[PlaceId] = frozenset()) -> FactFlow:
        """What is known of conditions in the function; `fresh`: the values of acquires."""
        names = shared_names(self.scope)
        found = (self.graph.places.find(ev.Local(name)) for name in names)
        shared = frozenset(place for place in found if place is not None)
        return FactFlow(self.graph, self.edges, fresh, shared, rebound_by_calls(self.scope, names))

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
    def _said_plain(self) -> frozenset[PlaceId]:
        """The places of which the function asks whether they hold a string, list, dict or set. Approximation: they do everywhere."""
        asked = set[PlaceId]()
        for event in self.graph.events:
            given = [a.value for a in event.arguments] if isinstance(event, ev.Call) and event.callee.method == "isinstance" else []
            classes = self.scope.value(given[1]) if len(given) == 2 and given[1] is not None else None
            if classes is not None and classes.name in _PLAIN and given[0] is not None:
                asked.add(given[0])
        return frozenset(asked)

    @cached_property
    def _targets(self) -> dict[PlaceId, list[PlaceId]]:
        """The places that each value is bound to."""
        found: dict[PlaceId, list[PlaceId]] = {}
        for event in self.graph.events:
            if isinstance(event, ev.Bind) and event.value is not None:
                found.setdefault(event.value, []).append(event.target)
        return found

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
        targets = self._targets.get(event.result, ())
        keys = self.graph.places.keys
        return (
            bool(targets) and event.result not in self._read and all(isinstance(keys[t], ev.Local) and t not in self._read for t in targets)
        )

    def is_handed_in(self, callee: ev.Callee) -> bool:
        """Whether a callee is a callable that somebody handed to this function or to the object: its parameter, an attribute of `self`."""
        key = self.graph.places.keys[callee.place] if callee.place is not None else None
        if callee.place is None or self.scope.value(callee.place) is not None:
            return False
        parameters = {p.name for p in self.scope.facts.parameters}
        if isinstance(key, ev.Local):
            return key.name in parameters and not self.scope.has_sources(callee.place)
        owner = self.scope.value(key.base) if isinstance(key, ev.Attribute) else None
        home = self.scope.home(owner) if owner is not None and owner.sort is Sort.OBJECT else None
        return home is not None and owner is not None and isinstance(key, ev.Attribute) and home.assigns(owner.name, key.name)

    def is_kept(self, value: PlaceId) -> bool:
        """Whether a value is returned, or put into an attribute or a container, perhaps by way of a name."""
        keys, held = self.graph.places.keys, {value}
        held |= set(self._targets.get(value, ()))
        names = {target for target in held if isinstance(keys[target], ev.Local)}
        if any(isinstance(e, ev.Store) and (e.value == value or e.value in names) for e in self.graph.events):
            return True
        targets = (keys[e.target] for e in self.graph.events if isinstance(e, ev.Bind) and (e.value == value or e.value in names))
        return any(isinstance(key, ev.Returned | ev.Attribute | ev.Item) for key in targets)

    def may_inherit(self, receiver: Value | None) -> bool:
        """Whether a receiver's class, of the project, has a base of which nothing is known."""
        home = self.scope.home(receiver) if receiver is not None and receiver.sort is Sort.OBJECT else None
        return home is not None and receiver is not None and has_unknown_base(home, receiver.name)

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
        is_swallowed = any(edge.kind is EdgeKind.SUPPRESS for edge in self.graph.edges[node]) and self._is_expecting_left(node)
        for edge in self.graph.edges[node]:
            if exits is not None and _EXITS.get(edge.kind) not in exits:
                continue
            if edge.kind is EdgeKind.RAISE and is_calm:
                continue
            if edge.kind is EdgeKind.CANCEL and is_calm and not self._waits_for_turn(event):
                continue
            if edge.kind is EdgeKind.SUPPRESS and not (is_swallowed or self._suppresses(node)):
                continue
            if edge.kind is EdgeKind.NORMAL and is_swallowed:
                continue
            yield edge

    def _is_calm(self, node: NodeId, event: ev.Event) -> bool:
        """Whether an event does not raise in practice."""
        match event:
            case ev.Call():
                return self.is_calm_call(self.scope.call(node))
            case ev.Enter(manager, is_async, _, _):
                return self._is_entered_calmly(manager) or self._is_calm_manager(manager, "__aenter__" if is_async else "__enter__")
            case ev.Leave(manager, is_async, _, _):
                return self._is_left_calmly(manager, is_async)
            case ev.Step("import", value, _) if value is not None:
                key = self.graph.places.keys[value]
                return isinstance(key, ev.Imported) and key.name.partition(".")[0] in sys.stdlib_module_names
            case ev.Step("next", value, _) if value is not None:
                made = self.scope.producer.get(value)
                return made is not None and self.is_calm_call(self.scope.call(made))
            case ev.Yield():
                return self.roles.is_fixture or self.roles.is_lifespan
        return False

    def is_calm_call(self, info: CallInfo) -> bool:
        """Whether a call does not raise in practice."""
        model = info.model
        if model is not None and (model.cannot_raise or model.exits or model.suppresses or model.wraps is not None):
            return True
        if info.receiver is not None and self._tests_openness(info.receiver, info.event.callee.method):
            return True
        if info.name.startswith("builtins.") and _is_exception(info.name):
            return True
        if info.event.callee.method in _ADDING and self._is_made_here(info.event.callee.receiver):
            return True
        if model is not None and model.is_coroutine and not info.event.awaited:
            return True
        if self.catalog.is_plain_method(info.event.callee.method) and self._is_literal(info.event.callee.receiver):
            return True
        if _pops_or_gives_default(info):
            return True
        return self._makes_expectation(info) or self.catalog.is_calm(*self._names_in(info))

    def hardly_raises(self, info: CallInfo) -> bool:
        """Whether a call is one of the last that a person would fear: `options.get("rows")`, `names.append(name)`, `int(text)`."""
        is_plain = info.event.callee.is_method and self.catalog.is_plain_method(info.event.callee.method)
        return info.name.startswith("builtins.") or (is_plain and info.target is None and info.model is None)

    def _is_literal(self, place: PlaceId | None) -> bool:
        """Whether a place holds a literal, a list, dict or set that is displayed in this function, or what it asks `isinstance` for."""
        if place is None:
            return False
        is_constant = isinstance(self.graph.places.keys[place], ev.Constant)
        return is_constant or place in self.graph.empty_displays or self._is_made_here(place) or place in self._said_plain

    def _is_made_here(self, place: PlaceId | None) -> bool:
        """Whether a place holds nothing but lists, dicts or sets displayed in this function."""
        sources = self.scope.sources(place) if place is not None else []
        return bool(sources) and all(source.place is not None and source.place in self.graph.empty_displays for source in sources)

    def _tests_openness(self, receiver: Value, method: str) -> bool:
        """Whether a method only tells if the resource is open: `conn.is_closed()`."""
        model = self.catalog.type(receiver.name) if receiver.sort is Sort.INSTANCE else None
        return model is not None and (method in model.closed_when or method in model.open_when)

    def _is_entered_calmly(self, manager: PlaceId) -> bool:
        """Whether entering a block neither raises nor waits: a wrapper's, or that of a resource that is open already."""
        return self._is_harmless(manager) or self._is_quiet(self.scope.value(manager)) is not None

    def _is_left_calmly(self, manager: PlaceId, is_async: bool) -> bool:
        """Whether leaving a block does not raise in practice: what no model knows to do something then (a commit) only tidies up.

        Approximation: a project's own manager that commits is taken for calm (missed alarms only).
        """
        made = self.scope.call_behind(manager)
        if made is not None and made.model is not None and made.model.lends is not None and not (made.event.awaited or made.model.opens):
            return True  # lent for the block, and given back
        value = entered(self.scope.value(manager))
        model = self.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        if model is None or model.kind is None or self._is_harmless(manager):
            return True
        lease = self._is_quiet(value)
        return lease is not None and (exit_of(lease, is_async) is WithExit.RELEASE or self._is_lent(manager))

    def _is_lent(self, manager: PlaceId) -> bool:
        """Whether a block is that of a call that lends, and gives back what it lent: `async with pool.acquire()`."""
        made = self.scope.call_behind(manager)
        return made is not None and made.model is not None and made.model.lends is not None and not made.event.awaited

    def _is_calm_manager(self, manager: PlaceId, method: str) -> bool:
        """Whether a manager's method is known not to raise: a lock's, by its type or, where that is unknown, by its name."""
        value = self.scope.value(manager)
        if value is not None and value.sort is Sort.INSTANCE and self.catalog.type(value.name) is not None:
            model = self.catalog.method(value.name, method)
            return model is not None and model.cannot_raise
        return self.catalog.is_calm(self._written_name(manager), method)

    def _written_name(self, manager: PlaceId) -> str:
        """The last name of a manager as it is written: `_lock` for `with self._lock:`."""
        sources = self.scope.sources(manager)
        is_named = len(sources) == 1 and sources[0].place is not None
        return self.scope.calls.last_name(sources[0].place if is_named else manager)

    def _waits_for_turn(self, event: ev.Event) -> bool:
        """Whether an event that does not raise may be cancelled all the same: waiting for a lock."""
        return isinstance(event, ev.Enter) and not self._is_entered_calmly(event.manager)

    def _is_harmless(self, manager: PlaceId) -> bool:
        """Whether a manager's block is entered and left without raising: `closing(x)`, `suppress(...)`, a timeout's scope."""
        made = self.scope.call_behind(manager)
        called = made.model if made is not None else None
        if self._expects_exception(manager):
            return True
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

    def is_expected_to_raise(self, node: NodeId) -> bool:
        """Whether a call stands in the last statement of a block that is there to end in an exception: it returns nothing then."""
        is_over, seen = False, set[NodeId]()
        while True:
            following = [edge.target for edge in self.graph.edges[node] if edge.kind is EdgeKind.NORMAL]
            if len(following) != 1 or node in seen:
                return False
            seen.add(node)
            node = following[0]
            match self.graph.events[node]:
                case ev.Leave(manager, _, False, _) if is_over and self._expects_exception(manager):
                    return True
                case ev.Leave() | ev.EndStatement():
                    is_over = True
                case ev.Join() if is_over:
                    pass
                case ev.Enter() | ev.Join() | ev.Exit():
                    return False
                case _ if is_over:
                    return False

    def _expects_exception(self, manager: PlaceId) -> bool:
        """Whether a manager's block is there to end in an exception: `with pytest.raises(ValueError):`."""
        made = self.scope.call_behind(manager)
        return made is not None and self._makes_expectation(made)

    def _makes_expectation(self, info: CallInfo) -> bool:
        owner, _, name = info.name.rpartition(".")
        return self.catalog.names_expectation(*self._names_in(info)) or self.catalog.names_expectation(owner, name)

    def _names_in(self, info: CallInfo) -> tuple[str, str]:
        """The last name of the receiver of a call, as it is written, and the name of what is called."""
        return self.scope.calls.receiver_name(info.event), info.event.callee.method

    def _is_expecting_left(self, node: NodeId) -> bool:
        """Whether the manager left last before this node expects an exception."""
        left = self._left_before(node)
        return left is not None and self._expects_exception(left.manager)

    def _suppresses(self, node: NodeId) -> bool:
        """Whether the manager left last before this node swallows exceptions."""
        left = self._left_before(node)
        made = self.scope.call_behind(left.manager) if left is not None else None
        return made is not None and made.model is not None and made.model.suppresses

    def _left_before(self, node: NodeId) -> ev.Leave | None:
        """The leaving of a block that stands last before a node."""
        events = (self.graph.events[back] for back in range(node, max(node - 3, -1), -1))
        return next((event for event in events if isinstance(event, ev.Leave)), None)


def release_named(lease: Lease, method: str, *, owner: bool) -> Release | None:
    """The release of a lease with this method name, on the value itself or on its owner."""
    return next((r for r in lease.release if r.method == method and r.owner is owner), None)


def exit_of(lease: Lease, is_async: bool) -> WithExit:
    """What leaving a block that entered the value does."""
    return lease.async_with_exit if is_async else lease.with_exit


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name.removeprefix("builtins."), None)
    return isinstance(found, type) and issubclass(found, BaseException)


def _pops_or_gives_default(info: CallInfo) -> bool:
    """Whether a call is `headers.pop("token", None)`: a dict's `pop()` with a default, which does not raise `KeyError`."""
    if info.target is not None or info.model is not None or not info.event.callee.is_method:
        return False
    return info.event.callee.method == "pop" and [argument.key for argument in info.event.arguments] == [0, 1]
