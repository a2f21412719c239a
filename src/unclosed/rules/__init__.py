"""The rules, one class per code. A new file in this package is a new rule: nothing else lists them."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterable

from unclosed.rules.rule import Rule


@functools.lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule of this package, sorted by code; raises `RuntimeError` where two claim one code or one name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return collected(rule_class for name in names for rule_class in _defined_in(f"{__name__}.{name}"))


def collected(classes: Iterable[type[Rule]]) -> tuple[Rule, ...]:
    """One rule of each class, sorted by code; raises `RuntimeError` where two claim one code or one name."""
    claims: dict[str, type[Rule]] = {}
    rules: list[Rule] = []
    for rule_class in classes:
        for claim in (rule_class.code, rule_class.name):
            if claim in claims:
                raise RuntimeError(f"{claim} is claimed by {claims[claim].__qualname__} and by {rule_class.__qualname__}")
            claims[claim] = rule_class
        rules.append(rule_class())
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _defined_in(module_name: str) -> list[type[Rule]]:
    """The concrete rule classes that a module itself defines."""
    module = importlib.import_module(module_name)
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Rule)]
    return [found for found in classes if found.__module__ == module_name and not inspect.isabstract(found)]
