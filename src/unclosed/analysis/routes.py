"""Which functions of a module are endpoints of a web framework, and what their routers ask for in their stead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.injection import imported_from
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, SpanId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import MODULE_BODY, Decorator, FunctionFacts, FunctionId, Scope

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries


@dataclass(frozen=True, slots=True)
class Route:
    """How a function is registered. `call`: the scope and the call that do it, if they are known; `router`: the router's name there."""

    is_socket: bool
    scope: ScopeTypes | None = None
    call: ev.Call | None = None
    router: str = ""


@dataclass(frozen=True, slots=True)
class RouterList:
    """A call that gives dependencies to all endpoints of a router: `APIRouter(dependencies=[…])`, `app.include_router(…)`.

    `place`: what is included; else `router` is the name that the call's result is bound to.
    """

    scope: ScopeTypes
    call: ev.Call
    router: str = ""
    place: PlaceId | None = None


class Routes:
    """Reads the endpoints of modules."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._registered: dict[str, dict[FunctionId, Route]] = {}

    def of(self, types: ModuleTypes, facts: FunctionFacts) -> Route | None:
        """How a function is registered as an endpoint by its own module; `None` if it is not."""
        outer = types.scope(facts.outer if facts.outer is not None else MODULE_BODY)
        for decorator in facts.decorators:
            route = self._decorated(outer, decorator)
            if route is not None:
                return route
        return self._registered_here(types).get(facts.id)

    def endpoints(self, types: ModuleTypes) -> Iterator[tuple[FunctionFacts, Route]]:
        """The endpoints of a module that are registered in it."""
        for facts in types.facts.functions:
            if facts.scope is Scope.FUNCTION and (facts.decorators or facts.id in self._registered_here(types)):
                outer = types.scope(facts.outer if facts.outer is not None else MODULE_BODY)
                found = (self._decorated(outer, decorator) for decorator in facts.decorators)
                route = next((route for route in found if route is not None), self._registered_here(types).get(facts.id))
                if route is not None:
                    yield facts, route

    def _decorated(self, outer: ScopeTypes, decorator: Decorator) -> Route | None:
        """`@router.get("/path")`."""
        receiver, _, method = decorator.name.rpartition(".")
        if not receiver or not decorator.is_called:
            return None
        web, named = outer.catalog.web, self._receiver(outer, receiver)
        is_socket = web.socket_routes.fit(named, method)
        if not is_socket and not web.routes.fit(named, method):
            return None
        return Route(is_socket, outer, call_at(outer, decorator.span), receiver)

    def _receiver(self, scope: ScopeTypes, dotted: str) -> str:
        """The name by which the patterns know a receiver: `router` for a known router, nothing for anything else that is known."""
        value, web = scope.named(dotted), scope.catalog.web
        if value is not None and value.sort is Sort.INSTANCE:
            return "router" if value.name in web.routers else ""
        if value is not None and value.sort is Sort.OBJECT:
            return "router" if self._is_router(scope, value) else ""
        return dotted.rpartition(".")[2]

    def _is_router(self, scope: ScopeTypes, value: Value) -> bool:
        """Whether a class of the project extends a router."""
        home = scope.home(value)
        bases = home.bases(value.name) if home is not None else []
        return any(base.sort is Sort.NAME and base.name in scope.catalog.web.routers for base in bases)

    def _registered_here(self, types: ModuleTypes) -> dict[FunctionId, Route]:
        """The functions that some call of the module registers: `router.add_api_route("/path", stream)`."""
        if types.name not in self._registered:
            found: dict[FunctionId, Route] = {}
            web = types.catalog.web
            methods = {*web.registrations.methods(), *web.socket_registrations.methods()}
            for scope, event in _calls(types, lambda event: event.callee.method in methods):
                name = scope.calls.receiver_name(event)
                is_socket = web.socket_registrations.fit(name, event.callee.method)
                if is_socket or web.registrations.fit(name, event.callee.method):
                    place = next((a.value for a in event.arguments if a.key in (1, "endpoint")), None)
                    value = scope.value(place) if place is not None else None
                    facts = types.function(value.name) if value is not None and value.module == types.name else None
                    if facts is not None and value is not None and value.sort is Sort.DEFINITION:
                        found[facts.id] = Route(is_socket, scope, event, name)
            self._registered[types.name] = found
        return self._registered[types.name]

    def registered_elsewhere(self, types: ModuleTypes, facts: FunctionFacts) -> Route | None:
        """A function that another module registers, by the texts of the project."""
        web, name = types.catalog.web, facts.name.rpartition(".")[2]
        if facts.owner or facts.outer != MODULE_BODY or not facts.parameters:
            return None
        for is_socket, patterns in ((False, web.registrations), (True, web.socket_registrations)):
            methods = "|".join(re.escape(method) for method in patterns.methods())
            pattern = re.compile(rf"\.(?:{methods})\([^()]*,\s*(?:endpoint\s*=\s*)?(?:\w+\.)*{re.escape(name)}\b")
            for text in self._summaries.project_texts(types.name):
                if name in text and pattern.search(text):
                    return Route(is_socket)
        return None

    # Routers

    def lists_for(self, types: ModuleTypes, router: str) -> Iterator[RouterList]:
        """The calls of the same module that make the router with dependencies."""
        body = types.scope(MODULE_BODY)
        place = body.graph.places.find(ev.Local(router))
        made = body.call_behind(place) if place is not None else None
        if made is not None and any(a.key == "dependencies" for a in made.event.arguments):
            yield RouterList(body, made.event, router)

    def lists(self, types: ModuleTypes) -> Iterator[RouterList]:
        """All calls of a module that give dependencies to the endpoints of a router."""
        for scope, event in _calls(types, lambda event: any(a.key == "dependencies" for a in event.arguments)):
            if scope.catalog.web.inclusions.fit(scope.calls.receiver_name(event), event.callee.method):
                place = next((a.value for a in event.arguments if a.key in (0, "router")), None)
                yield RouterList(scope, event, place=place)
            elif scope.facts.id == MODULE_BODY and scope.call(_node(scope, event)).name in scope.catalog.web.routers:
                for other in scope.graph.events:
                    if isinstance(other, ev.Bind) and other.value == event.result:
                        yield RouterList(scope, event, scope.graph.places.text(other.target))

    def reached(self, each: RouterList) -> Iterator[tuple[ModuleTypes, FunctionFacts, Route]]:
        """The endpoints that get the dependencies of a list."""
        found = self._router_at(each.scope, each.place) if each.place is not None else (each.scope.module, each.router)
        if found is not None:
            yield from self.under(*found)

    def under(self, types: ModuleTypes, router: str, hops: int = 3) -> Iterator[tuple[ModuleTypes, FunctionFacts, Route]]:
        """The endpoints of a router, and of the routers that its module puts under it."""
        for facts, route in self.endpoints(types):
            if route.router == router:
                yield types, facts, route
        inclusions = types.catalog.web.inclusions.methods()
        for scope, event in _calls(types, lambda event: event.callee.method in inclusions) if hops else ():
            place = next((a.value for a in event.arguments if a.key in (0, "router")), None)
            found = self._router_at(scope, place) if place is not None and scope.calls.receiver_name(event) == router else None
            if found is not None and found != (types, router):
                yield from self.under(*found, hops - 1)

    def _router_at(self, scope: ScopeTypes, place: PlaceId) -> tuple[ModuleTypes, str] | None:
        """The module and the name of the router that a place names: `items.router`, an imported name, one of this module."""
        key = scope.graph.places.keys[place]
        if isinstance(key, ev.Attribute):
            value = scope.value(key.base)
            home = scope.home(value) if value is not None and value.sort is Sort.MODULE else None
            return (home, key.name) if home is not None else None
        if isinstance(key, ev.Local):
            return imported_from(scope.module, key.name) or (scope.module, key.name)
        return None


def call_at(scope: ScopeTypes, span: SpanId) -> ev.Call | None:
    """The call of a scope that stands at a span."""
    return next((event for event in scope.graph.events if isinstance(event, ev.Call) and event.span == span), None)


def _node(scope: ScopeTypes, event: ev.Call) -> int:
    return scope.producer[event.result]


def _calls(types: ModuleTypes, fits: Callable[[ev.Call], bool]) -> Iterator[tuple[ScopeTypes, ev.Call]]:
    """The calls of a module that fit, with their scopes."""
    for facts in types.facts.functions:
        for event in facts.graph.events:
            if isinstance(event, ev.Call) and fits(event):
                yield types.scope(facts.id), event
