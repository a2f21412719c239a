"""Names that other functions bind: what is bound to them here may not be what they hold later.

A nested function binds a name of the function around it by `nonlocal`, any function one of the module by `global`. A value that is bound
to such a name is not believed; what a test says of it holds until somebody is called that binds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.lowering.facts import FunctionFacts, FunctionId, ModuleFacts, Scope


def shared_names(scope: ScopeTypes) -> frozenset[str]:
    """The names of a function that other functions of its module bind."""
    module, function = scope.module.facts, scope.facts
    shared = set()
    for other in scope.module.binders:
        if other.id == function.id:
            continue
        shared |= {name for name in other.nonlocals if _home(module, other, name) == _home(module, function, name) is not None}
        shared |= {name for name in other.globals if _home(module, function, name) is None}
    return frozenset(shared)


def rebound_by_calls(scope: ScopeTypes, names: frozenset[str]) -> Mapping[PlaceId, frozenset[PlaceId]]:
    """For each call of a function that binds some of the names, or with one as an argument, by its result: the places of those names."""
    rebound = {}
    for node, event in enumerate(scope.graph.events) if names else ():
        if isinstance(event, ev.Call):
            target = scope.call(node).target
            values = (None if argument.value is None else scope.value(argument.value) for argument in event.arguments)
            called = [value.name for value in (target, *values) if value is not None and value.sort is Sort.DEFINITION]
            functions = [found for found in map(scope.module.function, called) if found is not None]
            bound = names & frozenset().union(*(function.nonlocals | function.globals for function in functions))
            rebound[event.result] = frozenset(
                place for place in (scope.graph.places.find(ev.Local(name)) for name in bound) if place is not None
            )
    return {result: places for result, places in rebound.items() if places}


def _home(module: ModuleFacts, function: FunctionFacts, name: str) -> FunctionId | None:
    """The function whose local a name is as it is read in `function`; `None` for one of the module."""
    at: FunctionFacts | None = function
    while at is not None:
        if name in at.globals:
            return None
        is_own = at.scope is Scope.FUNCTION or at.id == function.id
        if is_own and name not in at.nonlocals and name in at.bound:
            return at.id
        at = module.functions[at.outer] if at.outer is not None else None
    return None
