"""Whether a call that usually reaches outside stays within the process: on a transport that answers there, or under a test's stand-in.

    client = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    await client.get("/orders")                     # the application answers in the process itself

    @responses.activate
    def test_orders(): requests.get(URL)            # nobody is asked

What is given as a transport and not known may be one that answers itself (missed alarms only).
"""

from __future__ import annotations

from collections.abc import Iterable

from unclosed.analysis.limits import argument_of, clients
from unclosed.analysis.origins import Origin, constant_text, origin_of
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Told

_HOPS = 3
"""How far from a client through the clients that it is given."""


def stays_within(scope: ScopeTypes, info: CallInfo) -> bool:
    """Whether the client whose method is called was made to answer within the process."""
    origins = (origin_of(scope, client) for client in clients(scope, info.event.callee.receiver))
    return any(origin is not None and _is_confined(origin, _HOPS) for origin in origins)


def is_intercepted(scope: ScopeTypes, managers: Iterable[PlaceId]) -> bool:
    """Whether requests of a function reach nobody: by a decorator, a fixture among its parameters, or a block around."""
    if any(scope.catalog.names_interception(parameter.name) for parameter in scope.facts.parameters):
        return True
    outer = scope.module.scope(scope.facts.outer if scope.facts.outer is not None else scope.facts.id)
    named = (outer.named(decorator.name) for decorator in scope.facts.decorators if decorator.name)
    if any(value is not None and value.sort is Sort.NAME and _intercepts(scope, value.name) for value in named):
        return True
    return any(_is_intercepting(scope, manager) for manager in managers)


def _is_intercepting(scope: ScopeTypes, manager: PlaceId) -> bool:
    made = scope.call_behind(manager)
    if made is not None:
        return made.model is not None and made.model.intercepts
    value = scope.value(manager)
    return value is not None and value.sort is Sort.NAME and _intercepts(scope, value.name)


def _intercepts(scope: ScopeTypes, name: str) -> bool:
    model = scope.catalog.function(name)
    return model is not None and model.intercepts


def _is_confined(origin: Origin, hops: int) -> bool:
    scope, info = origin
    confined = info.model.within_process if info.model is not None else ()
    if any(_says(scope, info, told) for told in confined):
        return True
    given = (argument.value for argument in info.event.arguments if hops > 0 and isinstance(argument.key, str))
    makers = (origin_of(scope, place) for place in given if place is not None and scope.value(place) is not None)
    return any(maker is not None and maker[1] is not info and _is_confined(maker, hops - 1) for maker in makers)


def _says(scope: ScopeTypes, info: CallInfo, told: Told) -> bool:
    """Whether an argument is given, an instance of the type that its spelling names, or not known."""
    place = argument_of(info, told.name, told.position)
    if place is None or constant_text(scope, place) == "None":
        return False
    value = scope.value(place)
    if not told.spelling or value is None or value.sort is not Sort.INSTANCE:
        return True
    return any(scope.catalog.is_a(name, told.spelling) for name in (value.name, *(part.name for part in value.parts if part is not None)))
