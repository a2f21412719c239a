"""The sessions that are held while a response is being sent, as verdicts: of endpoints, of routers, and of the generators themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.analysis.endpoints import Endpoints, HeldSession, Streams, generators, streaming_class
from unclosed.analysis.holds import NOTHING, Hold
from unclosed.analysis.injection import Marker
from unclosed.analysis.lenders import Source
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.requests import Origin, Requests
from unclosed.analysis.routes import Route, Routes
from unclosed.analysis.solver import GivenUp
from unclosed.analysis.summaries import Summaries
from unclosed.analysis.targets import Target
from unclosed.analysis.verdicts import StreamVerdict, Taker
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, SpanId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.lowering.facts import FunctionFacts, Scope

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

MAX_USERS = 4
"""Generators inside generators that are followed to the response."""


class Streaming:
    """Judges the functions of one file."""

    def __init__(self, path: str, types: ModuleTypes, spans: Spans, summaries: Summaries) -> None:
        self._path, self._types, self._spans, self._summaries = path, types, spans, summaries
        self._requests, self._routes = Requests(summaries), Routes(summaries)
        self._endpoints = Endpoints(summaries, self._requests)
        text = next(summaries.project_texts(types.name), "")
        self._speaks_of_streams = any(name in text for name in types.catalog.streaming_names)

    def of(self, meaning: Meaning) -> tuple[StreamVerdict, ...]:
        """What one function holds while something is being sent. Raises `GivenUp`, `RecursionError`."""
        facts = meaning.scope.facts
        if not (facts.is_generator or facts.decorators or facts.parameters):
            return ()
        route = self._route(meaning, facts)
        found = {verdict.span: verdict for verdict in self._of_endpoint(meaning, facts, route)} if route is not None else {}
        for verdict in self._of_sources(meaning, facts, route):
            found.setdefault(verdict.span, verdict)
        return tuple(found[span] for span in sorted(found, key=lambda span: span.start))

    def _route(self, meaning: Meaning, facts: FunctionFacts) -> Route | None:
        """How a function is registered. The texts of the project are searched only for what asks for dependencies and can stream."""
        route = self._routes.of(self._types, facts)
        if route is not None or facts.decorators or not self._speaks_of_streams:
            return route
        if not self._requests.dependencies.wanted(Target(self._types, facts)):
            return None
        may_stream = facts.is_generator or any(self._endpoints.streams(meaning, Route(is_socket)) for is_socket in (False, True))
        return self._routes.registered_elsewhere(self._types, facts) if may_stream else None

    # Endpoints

    def _of_endpoint(self, meaning: Meaning, facts: FunctionFacts, route: Route) -> Iterator[StreamVerdict]:
        wanted = self._endpoints.wanted(self._types, facts, route)
        streams = self._endpoints.streams(meaning, route) if wanted else None
        if not streams:
            return
        before = [(Origin("", span, is_list=True), marker) for span, marker in self._of_router(route)]
        for held in self._endpoints.held(meaning, streams, [*before, *wanted]):
            origin, distance = held.session.taker()
            if all(origin is not other for other, _ in before):
                yield self._verdict(meaning, held, streams, origin, distance)

    def _of_router(self, route: Route) -> Iterator[tuple[SpanId, Marker]]:
        """What the endpoint's router asks for, in the same module."""
        for each in self._routes.lists_for(self._types, route.router) if route.router else ():
            for marker in self._requests.dependencies.listed(each.scope, each.call):
                if marker.span is not None:
                    yield marker.span, marker

    def of_routers(self) -> tuple[StreamVerdict, ...]:
        """What the lists of the module's routers make their endpoints hold, at the lists."""
        found: dict[SpanId, StreamVerdict] = {}
        for each in self._routes.lists(self._types):
            markers = [m for m in self._requests.dependencies.listed(each.scope, each.call) if m.span is not None and m.span not in found]
            for types, facts, route in self._routes.reached(each) if markers else ():
                before = [(Origin("", marker.span, is_list=True), marker) for marker in markers if marker.span is not None]
                for origin, verdict in self._through_list(types, facts, route, before):
                    found.setdefault(origin, verdict)
        return tuple(found[span] for span in sorted(found))

    def _through_list(
        self, types: ModuleTypes, facts: FunctionFacts, route: Route, before: list[tuple[Origin, Marker]]
    ) -> Iterator[tuple[SpanId, StreamVerdict]]:
        try:
            meaning = Meaning(types.scope(facts.id), self._summaries)
            streams = self._endpoints.streams(meaning, route)
            wanted = [*before, *self._endpoints.wanted(types, facts, route)]
            for held in self._endpoints.held(meaning, streams, wanted) if streams else ():
                origin, distance = held.session.taker()
                if any(origin is other for other, _ in before):
                    yield origin.span, self._verdict(meaning, held, streams, origin, distance)
        except (GivenUp, RecursionError):
            return

    def _verdict(self, meaning: Meaning, held: HeldSession, streams: Streams, origin: Origin, distance: int) -> StreamVerdict:
        session, span = held.session, self._spans.span(origin.span)
        leads = f"{session.lender}() lends a {session.lent.subject.lease.kind.value} here"
        steps = [TrailStep(self._path, span, leads if not distance else f"the dependencies of this one lead to {session.lender}()")]
        steps += session.lent.trail
        target = Target(meaning.scope.module, meaning.scope.facts)
        if held.taken is not None:
            steps += self._step(target, held.taken, "a statement takes a connection here")
        end = "waits for the client here" if streams.is_socket else "sends this while it is held"
        steps += self._step(target, held.node, end)
        confidence = session.confidence if held.holds & Hold.TAKEN else min(session.confidence, Confidence.LIKELY)
        return StreamVerdict(
            taker=Taker.LIST if origin.is_list else Taker.PARAMETER,
            span=span,
            kind=session.lent.subject.lease.kind,
            lender=session.lender,
            confidence=confidence,
            trail=tuple(steps),
            sent=held.sent,
            is_socket=streams.is_socket,
            is_direct=distance == 0,
            name=origin.name,
        )

    def _step(self, target: Target, node: NodeId, text: str) -> tuple[TrailStep, ...]:
        event = target.facts.graph.events[node]
        if isinstance(event, ev.Join | ev.Exit):
            return ()
        if target.types is self._types:
            return (TrailStep(self._path, self._spans.span(event.span), text),)
        return self._summaries.step_in(target, event.span, text)

    # Generators

    def _of_sources(self, meaning: Meaning, facts: FunctionFacts, route: Route | None) -> Iterator[StreamVerdict]:
        """The sessions that a streaming generator, or the loop of a WebSocket endpoint, takes itself and keeps while it sends."""
        streams = self._endpoints.streams(meaning, route) if route is not None else None
        is_socket = streams is not None and streams.is_socket
        if not is_socket and (not facts.is_generator or (route is not None and not streams)):
            return
        nodes = self._looped(meaning, streams.nodes) if is_socket and streams is not None else _yields(meaning)
        held = list(self._kept(meaning, nodes)) if nodes else []
        if not held or meaning.is_provider:
            return
        if route is None and not self.is_streamed(Target(self._types, facts)):
            return
        for source, holds, node in held:
            span = self._spans.span(source.span)
            steps = (TrailStep(self._path, span, "acquired here"), *source.via)
            end = "waits for the client here, still open" if is_socket else "sends this, still open"
            yield StreamVerdict(
                taker=Taker.ACQUIRE,
                span=span,
                kind=source.subject.lease.kind,
                lender=f"{self._spans.callee_text(source.span)}()",
                confidence=source.confidence if holds & Hold.TAKEN else min(source.confidence, Confidence.LIKELY),
                trail=(*steps, *self._step(Target(self._types, facts), node, end)),
                is_socket=is_socket,
            )

    def _kept(self, meaning: Meaning, nodes: frozenset[NodeId]) -> Iterator[tuple[Source, Hold, NodeId]]:
        """The sources whose sessions surely hold a connection at one of the nodes."""
        lenders = self._requests.lenders
        for source in lenders.sources(meaning):
            seen = lenders.seen(meaning, source)
            at = [node for node in sorted(nodes) if seen.before.get(node, NOTHING) & (Hold.TAKEN | Hold.PERHAPS)]
            if at:
                yield source, seen.before[at[0]], at[0]

    def _looped(self, meaning: Meaning, nodes: frozenset[NodeId]) -> frozenset[NodeId]:
        """Those of the nodes to which control comes back."""
        return frozenset(node for node in nodes if _comes_back(meaning, node))

    def is_streamed(self, target: Target) -> bool:
        """Whether some code of the project hands a generator to a response that is sent while it is being made."""
        pending, seen = [(target, 0)], {target.key}
        while pending:
            at, depth = pending.pop()
            for types in self._summaries.modules_with(at.types.name, (at.facts.name.rpartition(".")[2],)):
                for user in self._users(types, at):
                    if user is None:
                        return True
                    if user.key not in seen and depth < MAX_USERS:
                        seen.add(user.key)
                        pending.append((user, depth + 1))
        return False

    def _users(self, types: ModuleTypes, target: Target) -> Iterator[Target | None]:
        """The generators of a module that call a generator; `None` for a response that is made of it."""
        name = target.facts.name.rpartition(".")[2]
        for facts in types.facts.functions:
            if facts.scope is Scope.CLASS or not any(isinstance(e, ev.Call) and e.callee.method == name for e in facts.graph.events):
                continue
            scope = types.scope(facts.id)
            if self._is_sent_in(scope, target):
                yield None
            elif facts.is_generator and self._calls(scope, target, name):
                yield Target(types, facts)

    def _is_sent_in(self, scope: ScopeTypes, target: Target) -> bool:
        for node, event in enumerate(scope.graph.events):
            if isinstance(event, ev.Call) and event.arguments:
                info = scope.call(node)
                if info.model is not None and info.model.streams is None:
                    continue
                if streaming_class(scope, scope.value(event.result)):
                    found = (made for a in event.arguments for made, _ in generators(self._summaries, scope, a.value))
                    if any(made.key == target.key for made in found):
                        return True
        return False

    def _calls(self, scope: ScopeTypes, target: Target, name: str) -> bool:
        for node, event in enumerate(scope.graph.events):
            if isinstance(event, ev.Call) and event.callee.method == name:
                called = self._summaries.target(scope, scope.call(node))
                if called is not None and called.key == target.key:
                    return True
        return False


def _yields(meaning: Meaning) -> frozenset[NodeId]:
    events = meaning.graph.events
    return frozenset(NodeId(node) for node in meaning.graph.node_ids() if isinstance(events[node], ev.Yield))


def _comes_back(meaning: Meaning, start: NodeId) -> bool:
    seen: set[NodeId] = set()
    pending = [start]
    while pending:
        for edge in meaning.edges(pending.pop()):
            if edge.target == start:
                return True
            if edge.target not in seen:
                seen.add(edge.target)
                pending.append(edge.target)
    return False
