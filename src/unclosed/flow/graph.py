"""The event flow graph: nodes are events, edges say how control goes on.

Edges: `NORMAL`; `RAISE`, when the event raises an exception; `CANCEL`, when the task is cancelled there; `SUPPRESS`, from the leaving of
a `with` block by an exception to the statement after it, real only if the manager swallows exceptions. An edge may carry an
*assumption*: what is known of a place when control takes it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

from unclosed.flow.events import Event, NodeId, PlaceId, Places, SpanId

IS_NONE, IS_FALSE, IS_TRUE = 1, 2, 4
ANYTHING = IS_NONE | IS_FALSE | IS_TRUE


class EdgeKind(enum.IntEnum):
    """How control leaves an event."""

    NORMAL = 0
    RAISE = 1
    CANCEL = 2
    SUPPRESS = 3


class Assumption(NamedTuple):
    """`place` is one of `allowed`: a union of `IS_NONE`, `IS_FALSE` (false but not None) and `IS_TRUE`."""

    place: PlaceId
    allowed: int


class Edge(NamedTuple):
    """One way on from a node."""

    target: NodeId
    kind: EdgeKind
    assume: Assumption | None = None


UNKNOWN_LITERAL = "?"
"""Stands in a dict display for a value that is no constant."""


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """The graph of one function. `events[n]` and `edges[n]` belong to node `n`; the entry is node 0.

    `tested` counts how often each place is tested, for the facts worth keeping.
    """

    events: tuple[Event, ...]
    edges: tuple[tuple[Edge, ...], ...]
    places: Places
    tested: dict[PlaceId, int] = field(default_factory=dict)
    empty_displays: frozenset[PlaceId] = frozenset()
    """The temporaries that hold a list, dict or set display without tracked members."""
    reads: tuple[tuple[NodeId, PlaceId, SpanId], ...] = ()
    """The attributes that are read and not called, each with the node before which that happens. The value has no event of its own."""
    literals: dict[PlaceId, dict[str, str]] = field(default_factory=dict)
    """The constants in displays, as source text: by their position, in a dict by the text of their key; there also
    `UNKNOWN_LITERAL` for what is none, under an empty key for what `**` brings."""

    def __len__(self) -> int:
        return len(self.events)

    def node_ids(self) -> range:
        """All nodes, in the order in which they were made."""
        return range(len(self.events))


def node(number: int) -> NodeId:
    """The node with this number."""
    return NodeId(number)
