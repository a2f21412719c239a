"""Reads what names hold in one scope of a small program: the type of each, and the confidence in it."""

from __future__ import annotations

from textwrap import dedent

from unclosed.catalog import Catalog
from unclosed.infer.types import ModuleTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.module import ModuleLowering
from unclosed.lowering.parse import parse

CATALOG = Catalog.load()
UNKNOWN = "unknown"


def held(program: str, scope: str, *asked: str) -> list[str]:
    """What names or dotted names hold in the scope with this dotted name."""
    facts = ModuleLowering(parse(dedent(program))).lower()
    types = ModuleTypes("app", facts, CATALOG)
    ids = [function.id for function in facts.functions if function.name == scope]
    values = [types.scope(ids[0]).named(name) for name in asked]
    return [UNKNOWN if value is None else f"{shown(value)}, {value.confidence.label}" for value in values]


def shown(value: Value | None) -> str:
    """A value as text; an instance by its class alone."""
    if value is None:
        return UNKNOWN
    if value.sort is Sort.INSTANCE:
        return value.name
    return f"{value.sort.value} {value.name or ' '.join(shown(part) for part in value.parts)}"
