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
    """An instance of the class with this qualified name; the class need not be modelled."""
    DEFINITION = "definition"
    """A function or class of the project: `module` and dotted name inside it."""
    OBJECT = "object"
    """An instance of a project class: `module` and dotted name of the class."""
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
    ALIAS = "alias"
    """A name of the project that stands for an annotation: `name` in `module`; a place with that annotation holds `parts[0]`."""
    TUPLE = "tuple"
    """A tuple of `parts`; unknown ones have an empty name."""
    NONE = "none"


class Value(NamedTuple):
    """One value. Two values are the same if all but their confidence is equal."""

    sort: Sort
    name: str = ""
    module: str = ""
    parts: tuple[Value | None, ...] = ()
    confidence: Confidence = Confidence.CERTAIN

    def weakened(self, confidence: Confidence) -> Value:
        """The value, at most as sure as `confidence`."""
        return self if self.confidence <= confidence else self._replace(confidence=confidence)


NONE = Value(Sort.NONE)


def instance(name: str, confidence: Confidence = Confidence.CERTAIN) -> Value:
    """An instance of the class with this qualified name."""
    return Value(Sort.INSTANCE, name, confidence=confidence)


def join(values: list[Value | None]) -> Value | None:
    """What is known of a place that holds one of `values`: the known one, `likely` if another is unknown or differs.

    `None` constants say nothing. Of several known values the first counts.
    """
    if not values:
        return None
    known = [v for v in values if v is not None and v.sort is not Sort.NONE]
    if not known:
        return NONE if all(v is not None for v in values) else None
    first = known[0]
    differs = any(v is None for v in values) or any(v._replace(confidence=first.confidence) != first for v in known)
    if differs and first.sort is Sort.DEFINITION:
        return None  # a function bound anew: which one is called is not known
    sure = min(v.confidence for v in known)
    return first.weakened(min(sure, Confidence.LIKELY) if differs else sure)
