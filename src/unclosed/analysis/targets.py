"""The functions of the project that calls run, as they are seen through their decorators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.analysis.decorators import Decoration, Wrapper
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.decorated import decorator_model
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import FunctionFacts


@dataclass(frozen=True, slots=True)
class Target:
    """A function of the project, with the types of its module."""

    types: ModuleTypes
    facts: FunctionFacts

    @property
    def key(self) -> tuple[str, int]:
        """What tells the function from all others."""
        return self.types.name, int(self.facts.id)

    # Decorators

    def runs(self, *, providers: bool = False) -> bool:
        """Whether a call of the decorated name runs this body with its arguments; with `providers`, also where a manager runs it."""
        return all(
            seen.runs_the_body if isinstance(seen, Decoration) else self._is_transparent(seen, providers=providers)
            for seen in self._decorators()
        )

    def gives_its_result(self) -> bool:
        """Whether a call of the decorated name gives what this body returns."""
        return all(
            seen.gives_the_result if isinstance(seen, Decoration) else self._is_transparent(seen, providers=False)
            for seen in self._decorators()
        )

    def is_coroutine(self) -> bool:
        """Whether a call has to be awaited before anything runs: the body's, or a wrapper's around it."""
        functions = (self.facts, *(wrapper.facts for wrapper in self.wrappers()))
        return any(facts.is_async and not facts.is_generator for facts in functions)

    def wrappers(self) -> Iterator[Wrapper]:
        """The functions that the project's decorators put in this one's place."""
        for seen in self._decorators():
            if isinstance(seen, Decoration):
                yield from seen.wrappers

    def _decorators(self) -> Iterator[Decoration | Value | None]:
        """The decorators: those of the project with their code, others by what they name."""
        outer = self.types.scope(self.facts.outer if self.facts.outer is not None else self.facts.id)
        for decorator in self.facts.decorators:
            model = decorator_model(outer, decorator.name) if decorator.name else None
            if model is not None and model.decorates is not None:
                continue  # a call of the object that it makes runs the body
            value = outer.named(decorator.name) if decorator.name else None
            home = outer.home(value) if value is not None and value.sort is Sort.DEFINITION else None
            yield Decoration(home, value.name, decorator.is_called) if home is not None and value is not None else value

    def _is_transparent(self, value: Value | None, *, providers: bool) -> bool:
        if value is None or value.sort is not Sort.NAME:
            return False
        catalog = self.types.catalog
        return catalog.is_transparent_decorator(value.name) or (providers and catalog.is_provider_decorator(value.name))

    # Parameters

    def parameter(self, info: CallInfo, argument: ev.Argument) -> str:
        """The parameter that an argument of the call fills; empty where that is not clear."""
        parameters = self.facts.parameters
        if isinstance(argument.key, str):
            names = {p.name for p in parameters if not p.star}
            return argument.key if argument.key in names else ""
        if any(a.key == "*" for a in info.event.arguments):
            return ""
        position = argument.key + self.offset(info)
        return next((p.name for p in parameters if p.position == position), "")

    def place_of(self, name: str) -> PlaceId | None:
        """The place of a parameter; `None` if the body never mentions it. `super()` mentions the first one."""
        places = self.facts.graph.places
        is_first = bool(self.facts.owner) and any(p.name == name and p.position == 0 for p in self.facts.parameters)
        if is_first and places.find(ev.Local("super")) is not None:
            return places.intern(ev.Local(name))
        return places.find(ev.Local(name))

    def takes_more(self) -> bool:
        """Whether the function has a star parameter."""
        return any(p.star for p in self.facts.parameters)

    def offset(self, info: CallInfo) -> int:
        """1 where the receiver fills the first parameter."""
        names = {d.name for d in self.facts.decorators}
        if not self.facts.owner or "staticmethod" in names:
            return 0
        is_bound = info.is_class or (info.receiver is not None and info.receiver.sort is Sort.OBJECT)
        return 1 if is_bound or "classmethod" in names else 0


def is_awaited_inside(scope: ScopeTypes, event: ev.Call) -> bool:
    """Whether the result of a call is awaited at once by the modelled call that it is given to: `await wait_for(count(conn), 1)`."""
    for node, outer in enumerate(scope.graph.events):
        if isinstance(outer, ev.Call) and any(a.value == event.result for a in outer.arguments):
            model = scope.call(node).model
            if model is not None and model.awaits is not None and not model.keeps and (outer.awaited or not model.is_coroutine):
                return argument_at(outer, model.awaits) == event.result
    return False
