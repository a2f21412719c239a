"""What part a function plays: a provider that lends what it yields, a fixture, an application's lifespan, a web dependency.

A generator is a provider by its decorator, or because some code of the project names it in `Depends(…)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from unclosed.flow import events as ev
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort


class Dependencies(Protocol):
    """What the project runs as web dependencies."""

    def has(self, scope: ScopeTypes) -> bool:
        """Whether a function is one."""


class Roles:
    """The part that one function plays."""

    def __init__(self, scope: ScopeTypes, dependencies: Dependencies) -> None:
        self._scope, self._dependencies = scope, dependencies
        self._facts, self._catalog = scope.facts, scope.catalog
        names = list(self._decorator_names())
        is_decorated = self._facts.is_generator and any(self._catalog.is_provider_decorator(name) for name in names)
        self.is_fixture = is_decorated and any(self._catalog.resumes_always(name) for name in names)
        self.is_lifespan = is_decorated and self._catalog.is_lifespan(self._short_name, self._first_parameter)
        self._is_decorated = is_decorated

    @property
    def is_provider(self) -> bool:
        """Whether the function lends what it yields."""
        return self._is_decorated or self.is_generator_dependency

    @property
    def is_generator_dependency(self) -> bool:
        """Whether the function is a generator that the project's web framework runs as a dependency."""
        return self._facts.is_generator and not self._facts.decorators and self._yields_a_value() and self.is_dependency

    @property
    def is_dependency(self) -> bool:
        """Whether the project names the function in `Depends(…)`."""
        return self._dependencies.has(self._scope)

    def _yields_a_value(self) -> bool:
        return any(isinstance(event, ev.Yield) and event.value is not None and not event.is_from for event in self._facts.graph.events)

    @property
    def _short_name(self) -> str:
        return self._facts.name.rpartition(".")[2]

    @property
    def _first_parameter(self) -> str:
        return next((p.name for p in self._facts.parameters), "")

    def _decorator_names(self) -> Iterator[str]:
        outer = self._scope.module.scope(self._facts.outer if self._facts.outer is not None else self._facts.id)
        for decorator in self._facts.decorators:
            value = outer.named(decorator.name) if decorator.name else None
            if value is not None and value.sort is Sort.NAME:
                yield value.name
