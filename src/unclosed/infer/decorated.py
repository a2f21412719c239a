"""Functions that a decorator turns into objects of a library: `@shared_task def notify(): …` makes `notify` a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unclosed.infer.values import Sort, Value, instance
from unclosed.library import CallModel

if TYPE_CHECKING:
    from unclosed.infer.types import ScopeTypes


def decorated_as(scope: ScopeTypes, value: Value) -> Value | None:
    """The object that a function of the project is by one of its decorators; `None` where none of them makes one."""
    home = scope.home(value)
    facts = home.function(value.name) if home is not None else None
    if home is None or facts is None:
        return None
    outer = home.scope(facts.outer if facts.outer is not None else facts.id)
    for decorator in facts.decorators:
        model = decorator_model(outer, decorator.name)
        if model is not None and model.decorates is not None:
            return instance(model.decorates, value.confidence)
    return None


def decorator_model(scope: ScopeTypes, decorator: str) -> CallModel | None:
    """What the models, or naming conventions, say of a decorator."""
    owner_name, _, method = decorator.rpartition(".")
    named, owner = scope.named(decorator), scope.named(owner_name)
    if named is not None and named.sort is Sort.NAME:
        found = scope.catalog.function(named.name)
        if found is not None:
            return found
    if owner is not None and owner.sort is Sort.INSTANCE:
        return scope.catalog.method(owner.name, method)
    return scope.catalog.convention(owner_name.rpartition(".")[2], method) if owner is None or owner.sort is Sort.OPAQUE else None
