"""Which sessions of a request an endpoint still holds while its response is being sent.

An endpoint *streams* where it returns a response that is sent while it is being made, where it yields, or as long as it talks through
a WebSocket. What counts is how a session is at those points: at the exit for a returned response, then at the `yield`s of the generator
that the response is made of, at the endpoint's own `yield`s, or where it waits for its client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.analysis.holds import HELD, NOTHING, Carry, Hold, Seen, State
from unclosed.analysis.injection import Marker, Wanted
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import NO_PLACES
from unclosed.analysis.requests import Origin, Requests, Session
from unclosed.analysis.routes import Route
from unclosed.analysis.summaries import Summaries
from unclosed.analysis.targets import Target
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import MODULE_BODY, FunctionFacts

_CHASE = 5
_PATHS = frozenset({"builtins.str", "pathlib.Path", "pathlib.PurePath"})


@dataclass(frozen=True, slots=True)
class Streams:
    """Where an endpoint streams: the `return`s of a streaming response with its class, its `yield`s, the points where a WebSocket waits."""

    returns: dict[NodeId, str]
    nodes: frozenset[NodeId]
    is_socket: bool

    def __bool__(self) -> bool:
        return bool(self.returns or self.nodes)


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session that is held while the endpoint streams. `node`: where it begins to; `taken`: a statement of the endpoint that takes it."""

    session: Session
    holds: Hold
    node: NodeId
    sent: str
    taken: NodeId | None


class Endpoints:
    """Answers what endpoints hold."""

    def __init__(self, summaries: Summaries, requests: Requests) -> None:
        self._summaries, self._requests = summaries, requests
        self._occupancy = requests.lenders.occupancy

    def wanted(self, types: ModuleTypes, facts: FunctionFacts, route: Route) -> list[tuple[Origin, Marker]]:
        """What an endpoint asks for, in the order in which the framework solves it: its decorator's list, its class's, its own."""
        dependencies = self._requests.dependencies
        found: list[tuple[Origin, Marker]] = []
        if route.scope is not None and route.call is not None:
            markers = dependencies.listed(route.scope, route.call)
            found += [(Origin("", m.span, is_list=True), m) for m in markers if m.span is not None]
        own = [*self._view_fields(types, facts), *dependencies.wanted(Target(types, facts))]
        return [*found, *((Origin(wanted.name, wanted.span), wanted.marker) for wanted in own)]

    def _view_fields(self, types: ModuleTypes, facts: FunctionFacts) -> tuple[Wanted, ...]:
        """The dependencies of the class-based view whose method an endpoint is."""
        owner = types.facts.classes.get(facts.owner)
        if owner is None or not any(types.catalog.web.view_classes.fit("", d.name.rpartition(".")[2]) for d in owner.decorators):
            return ()
        return self._requests.dependencies.fields(types, facts.owner)

    # Where it streams

    def streams(self, meaning: Meaning, route: Route) -> Streams:
        """Where an endpoint streams, in the version of the framework that its project runs."""
        web, scope = meaning.catalog.web, meaning.scope
        if route.is_socket:
            return Streams({}, self._waits(scope), is_socket=True)
        events = scope.graph.events
        yields = frozenset(node for n in scope.graph.node_ids() if isinstance(events[node := NodeId(n)], ev.Yield))
        returns = {} if yields else dict(self._returns(scope, self._response_class(route)))
        if not yields and not returns:
            return Streams({}, frozenset(), is_socket=False)
        versions = [self._summaries.pinned(scope.module.name, package) for package in web.packages]
        if any(web.exits_early(version) or (yields and web.collects_items(version)) for version in versions):
            return Streams({}, frozenset(), is_socket=False)
        return Streams(returns, yields, is_socket=False)

    def _returns(self, scope: ScopeTypes, response_class: str) -> Iterator[tuple[NodeId, str]]:
        """The `return`s of a response that is sent while it is being made."""
        graph = scope.graph
        for node in graph.node_ids():
            event = graph.events[node]
            if isinstance(event, ev.Bind) and event.value is not None and isinstance(graph.places.keys[event.target], ev.Returned):
                value = scope.value(event.value)
                found = streaming_class(scope, value)
                if not found and response_class and self._is_content(value, is_file=not self._parts(scope, response_class)):
                    found = response_class
                if not found and value is None and scope.facts.returns:
                    found = streaming_class(scope, scope.returned_value())
                if found:
                    yield NodeId(node), found

    def _is_content(self, value: Value | None, *, is_file: bool) -> bool:
        """Whether a returned value is what the response class of the decorator sends: a path, or something unknown."""
        if value is None or value.sort is Sort.OPAQUE:
            return True
        return is_file and (value.sort is Sort.NAME or (value.sort is Sort.INSTANCE and value.name in _PATHS))

    def _parts(self, scope: ScopeTypes, name: str) -> bool:
        """Whether a response is made of parts that somebody yields."""
        model = scope.catalog.function(name)
        return model is not None and bool(model.streams)

    def _response_class(self, route: Route) -> str:
        """The streaming class in `response_class=…` of a decorator, empty if there is none."""
        if route.scope is None or route.call is None:
            return ""
        place = next((a.value for a in route.call.arguments if a.key == "response_class"), None)
        value = route.scope.value(place) if place is not None else None
        model = route.scope.catalog.function(value.name) if value is not None and value.sort is Sort.NAME else None
        return model.name if model is not None and model.streams is not None else ""

    def _waits(self, scope: ScopeTypes) -> frozenset[NodeId]:
        """Where a WebSocket endpoint waits for its client: receiving, in a helper that got the socket, or else sending."""
        web, graph = scope.catalog.web, scope.graph
        named = [p.name for p in scope.facts.parameters if self._is_socket(scope, p.name)]
        named = named or [p.name for p in scope.facts.parameters if p.position == int(bool(scope.facts.owner)) and not p.annotation]
        sockets = {graph.places.find(ev.Local(name)) for name in named} - {None}
        ranks: list[set[NodeId]] = [set(), set(), set()]
        for n in graph.node_ids():
            node, event = NodeId(n), graph.events[n]
            if isinstance(event, ev.Step) and event.word == "next" and event.value is not None:
                made = scope.call_behind(event.value)
                if made is not None and made.event.callee.receiver in sockets:
                    ranks[0].add(node)
            if not isinstance(event, ev.Call):
                continue
            if event.callee.receiver in sockets:
                receives, sends = (patterns.fit("socket", event.callee.method) for patterns in (web.receives, web.sends))
                if receives or sends:
                    ranks[0 if receives else 2].add(node)
            elif event.awaited and any(a.value in sockets for a in event.arguments):
                ranks[1].add(node)
        return next((frozenset(found) for found in ranks if found), frozenset())

    def _is_socket(self, scope: ScopeTypes, name: str) -> bool:
        value = scope.name_value(name)
        return value is not None and value.sort is Sort.INSTANCE and value.name in scope.catalog.web.sockets

    # What it holds

    def held(self, meaning: Meaning, streams: Streams, wanted: list[tuple[Origin, Marker]]) -> Iterator[HeldSession]:
        """The sessions of a request that are held while its endpoint streams. Raises `GivenUp`, `RecursionError`."""
        scope = meaning.scope
        home = scope.module.scope(scope.facts.outer if scope.facts.outer is not None else MODULE_BODY)
        request = self._requests.solve(home, wanted)
        for session in request.sessions:
            if session.scope == "function" and not streams.is_socket:
                continue
            names = {n: c for n, carried in request.carried.items() for s, c in carried if s is session}
            state = self._start(scope, names)
            seen = self._occupancy.follow_all(meaning, session.lent.subject, state, session.holds)
            found = self._at_nodes(session, streams, seen) if streams.nodes else self._at_returns(meaning, session, streams, seen)
            if found is not None:
                yield found

    def _start(self, scope: ScopeTypes, names: dict[str, Carry]) -> State:
        """The session when the endpoint starts, under the names that carry it: parameters, attributes of the view."""
        places: dict[Carry, set[PlaceId]] = {Carry.IS: set(), Carry.WRAPS: set()}
        parameters = {p.name for p in scope.facts.parameters}
        for name, carry in names.items():
            key: ev.PlaceKey = ev.Local(name)
            if name not in parameters:
                base = scope.graph.places.find(ev.Local(next((p.name for p in scope.facts.parameters), "")))
                if base is None:
                    continue
                key = ev.Attribute(base, name)
            places[carry].add(scope.graph.places.intern(key))
        return State(frozenset(places[Carry.IS]), frozenset(places[Carry.WRAPS]) or NO_PLACES, Hold.IDLE)

    def _at_nodes(self, session: Session, streams: Streams, seen: Seen) -> HeldSession | None:
        for node in sorted(streams.nodes, key=lambda n: -(seen.before.get(n, NOTHING) & Hold.TAKEN)):
            holds = seen.before.get(node, NOTHING)
            if holds & HELD:
                return HeldSession(session, holds, node, "", seen.taken_before.get(node))
        return None

    def _at_returns(self, meaning: Meaning, session: Session, streams: Streams, seen: Seen) -> HeldSession | None:
        best: HeldSession | None = None
        for node, sent in streams.returns.items():
            holds = seen.returned.get(node, NOTHING)
            if holds:
                holds = self.while_sent(meaning, node, session, seen, holds)
            if holds & HELD and (best is None or (holds & Hold.TAKEN and not best.holds & Hold.TAKEN)):
                best = HeldSession(session, holds, node, sent.rpartition(".")[2], seen.taken_at_return.get(node))
        return best

    def while_sent(self, meaning: Meaning, node: NodeId, session: Session, seen: Seen, holds: Hold) -> Hold:
        """How a session may be while a returned response is sent: at the `yield`s of its generators that know the session."""
        event, scope = meaning.graph.events[node], meaning.scope
        assert isinstance(event, ev.Bind)
        found = NOTHING
        for target, call in generators(self._summaries, scope, event.value):
            for name, carry in self._known_in(scope, target, call, seen).items():
                for hold in Hold:
                    if hold & holds:
                        effect = self._occupancy.effect(target, name, carry, session.lent.subject, hold)
                        found |= effect.yields or hold
        return found or holds

    def _known_in(self, scope: ScopeTypes, target: Target, call: NodeId, seen: Seen) -> dict[str, Carry]:
        """The names under which a generator knows the session: parameters that get it, names of the function around it."""
        info = scope.call(call)
        given = seen.given.get(call, {})
        names = {target.parameter(info, a): given[a.key] for a in info.event.arguments if a.key in given}
        graph = target.types.scope(target.facts.id).graph
        if target.types is scope.module and target.facts.outer == scope.facts.id:
            free = (name for name in seen.names if name not in target.facts.bound and graph.places.find(ev.Local(name)) is not None)
            names.update({name: seen.names[name] for name in free})
        return {name: carry for name, carry in names.items() if name}


def streaming_class(scope: ScopeTypes, value: Value | None) -> str:
    """The name of the class of a response that is sent while it is being made; empty for any other value."""
    if value is None:
        return ""
    name: str | None = value.name if value.sort is Sort.INSTANCE else None
    if value.sort is Sort.OBJECT:
        home = scope.home(value)
        name = home.library_base(value.name) if home is not None else None
    model = scope.catalog.function(name) if name else None
    return model.name if model is not None and model.streams is not None else ""


def generators(summaries: Summaries, scope: ScopeTypes, place: PlaceId | None, depth: int = _CHASE) -> Iterator[tuple[Target, NodeId]]:
    """The project's generators that the value of a place is made of, each with its call: `StreamingResponse(lines(rows()))`."""
    if place is None or depth == 0:
        return
    made = scope.call_behind(place)
    if made is None:
        for source in scope.sources(place):
            if source.place is not None:
                yield from generators(summaries, scope, source.place, depth - 1)
        return
    target = summaries.target(scope, made) if made.model is None and not made.is_class else None
    if target is not None and target.facts.is_generator:
        yield target, NodeId(scope.producer[made.event.result])
    streams = made.model.streams if made.model is not None else None
    for argument in made.event.arguments:
        if streams is None or any(argument.key in pair for pair in streams):
            yield from generators(summaries, scope, argument.value, depth - 1)
