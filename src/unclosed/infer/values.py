"""What a place can hold: the values of type inference.

`Value.sort` says how to read `name`: a static name (`psycopg2.connect`), an instance of a class, something defined in the project, an
instance of a project class, an awaitable, a context manager, a bound callable. `None` in place of a `Value` always means: nothing is known.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from unclosed.confidence import Confidence


class Sort(enum.Enum):
    """How a value is to be read."""

    NAME = "name"
    """A module, function or class by its qualified name."""
    INSTANCE = "instance"
    """An instance of the class with this qualified name, which need not be modelled; `parts`: what else it may be an instance of."""
    DEFINITION = "definition"
    """A function or class of the project: `module` and dotted name inside it; a bound method has its instance in `parts[0]`."""
    OBJECT = "object"
    """An instance of a project class: `module` and dotted name of the class."""
    SUPER = "super"
    """What `super()` gives in a method of a project class: `module` and dotted name of that class."""
    ALIAS = "alias"
    """A name that the project gives to a type expression: `module`, whose aliases have its text under `name`."""
    AWAITABLE = "awaitable"
    """Awaiting it gives `parts[0]`."""
    MANAGER = "manager"
    """Entering it gives `parts[0]`."""
    CALLABLE = "callable"
    """Calling it calls `parts[0]` (`functools.partial`)."""
    MODULE = "module"
    """A module of the project: `module` is its key."""
    OPAQUE = "opaque"
    """Something of the project that no resource can come from."""
    TUPLE = "tuple"
    """A tuple of `parts`; unknown ones have an empty name."""
    NONE = "none"
    ONE_OF = "one of"
    """One of `parts`, which are definitions: a name that is bound to one of two functions."""


class Value(NamedTuple):
    """One value. Two values are the same if all but `confidence`, `broad` and `item` is equal."""

    sort: Sort
    name: str = ""
    module: str = ""
    parts: tuple[Value | None, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    broad: bool = False
    """A class or an instance in whose place one of a subclass may stand: a parameter, `self`, `cls`."""
    item: Value | None = None
    """Of a container: what each of its elements is, of a mapping what each of its values is."""

    def weakened(self, confidence: Confidence) -> Value:
        """The value, at most as sure as `confidence`."""
        return self if self.confidence <= confidence else self._replace(confidence=confidence)


NONE = Value(Sort.NONE)
Handed = tuple[tuple[str, Value], ...]
"""What parameters hold at one call, by their names."""


def instance(name: str, confidence: Confidence = Confidence.CERTAIN) -> Value:
    """An instance of the class with this qualified name."""
    return Value(Sort.INSTANCE, name, confidence=confidence)


def awaited(value: Value | None) -> Value | None:
    """What awaiting a value gives; a value that is no known awaitable is taken as it is."""
    if value is not None and value.sort is Sort.AWAITABLE:
        inner = value.parts[0]
        return None if inner is None else inner.weakened(value.confidence)
    return value


def entered(value: Value | None) -> Value | None:
    """What `with value as x` binds to x."""
    if value is not None and value.sort is Sort.MANAGER:
        inner = value.parts[0]
        return None if inner is None else inner.weakened(value.confidence)
    return awaited(value)


def container(name: str, item: Value | None) -> Value:
    """A container of the class with this qualified name, whose elements are all like `item`."""
    return Value(Sort.INSTANCE, name, item=item)


def displayed(elements: list[Value | None]) -> Value | None:
    """What a display of instances of project classes is: a container of those. Of any other nothing is said."""
    item = join(elements) if all(value is not None and value.sort is Sort.OBJECT for value in elements) else None
    return container("builtins.list", item) if item is not None else None


def join(values: list[Value | None]) -> Value | None:
    """What is known of a place that holds one of `values`: the known one, `likely` if another is unknown or differs.

    `None` constants say nothing. Of several known values the first counts; an instance keeps the others in its `parts`.
    """
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    known = [v for v in values if v is not None and v.sort is not Sort.NONE]
    if not known:
        return NONE if all(v is not None for v in values) else None
    first = known[0]
    is_broad, item = any(v.broad for v in known), next((v.item for v in known if v.item is not None), None)
    same = first._replace(broad=is_broad, item=item)
    alike = (v._replace(confidence=first.confidence, broad=is_broad, item=item) == same for v in known)
    differs = any(v is None for v in values) or not all(alike)
    if differs and first.sort in (Sort.DEFINITION, Sort.ONE_OF):
        return _one_of(values)  # a function bound anew: which one is called is not known
    sure = min(v.confidence for v in known)
    if differs and first.sort is Sort.INSTANCE:
        same = same._replace(parts=_other_instances(first, known))
    return same.weakened(min(sure, Confidence.LIKELY) if differs else sure)


def _other_instances(first: Value, known: list[Value]) -> tuple[Value, ...]:
    """The instances of other classes among values, those that they keep included."""
    found = (
        part for value in known if value.sort is Sort.INSTANCE for part in (value._replace(parts=()), *value.parts) if part is not None
    )
    return tuple(dict.fromkeys(instance(each.name) for each in found if each.name != first.name))


def _one_of(values: list[Value | None]) -> Value | None:
    """One of several definitions; `None` if one of the values is anything else."""
    parts: dict[Value, None] = {}
    for value in values:
        if value is None or value.sort not in (Sort.DEFINITION, Sort.ONE_OF):
            return None
        parts.update(dict.fromkeys(part for part in (value.parts if value.sort is Sort.ONE_OF else (value,)) if part is not None))
    sure = min(part.confidence for part in parts)
    return Value(Sort.ONE_OF, parts=tuple(parts), confidence=sure)
