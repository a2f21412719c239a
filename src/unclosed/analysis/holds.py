"""How a lent session may be, and what was seen of it in one function: the vocabulary of `occupancy.py`."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from unclosed.analysis.obligations import NO_FACTS, Facts
from unclosed.catalog import Catalog
from unclosed.flow.events import NodeId, PlaceId
from unclosed.library import Kind, Lease, TypeModel


def union(holds: Iterable[Hold]) -> Hold:
    """All that is possible."""
    found = NOTHING
    for hold in holds:
        found |= hold
    return found


class Hold(enum.IntFlag):
    """Whether a session holds a connection. Unions say what is possible."""

    IDLE = 1
    """No statement has run yet."""
    TAKEN = 2
    PERHAPS = 4
    """Something that is not known got the session while it was idle."""
    FREE = 8
    """Given back."""


HELD = Hold.TAKEN | Hold.PERHAPS
NOTHING = Hold(0)


class Carry(enum.IntEnum):
    """How a value carries a session: not at all, wrapped in an object, or as the session itself."""

    NOT = 0
    WRAPS = 1
    IS = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a session: `is_lazy`: it takes a connection with its first statement. `gives_back`: methods that give that back.

    `statements`: methods that take one; where none are known, any method may.
    """

    lease: Lease
    is_lazy: bool
    gives_back: frozenset[str]
    statements: frozenset[str]
    begins: frozenset[str]
    needs_await: bool

    @property
    def start(self) -> Hold:
        """How it is when it is made."""
        return Hold.IDLE if self.is_lazy else Hold.TAKEN


def subject_of(catalog: Catalog, lease: Lease, type_name: str = "") -> Subject | None:
    """The session or connection that owes a lease; `None` for anything that is no connection of a database."""
    model = catalog.type(type_name or lease.type_name)
    if model is None or model.kind not in (Kind.CONNECTION, Kind.SESSION) or not _is_of_database(model):
        return None
    lease = lease if lease.release or model.lease is None else model.lease
    methods = {release.method for release in lease.release if not release.owner} | lease.wrong_release | lease.ends_itself_by
    return Subject(
        lease=lease,
        is_lazy=bool(model.gives_back),
        gives_back=frozenset(methods | model.gives_back),
        statements=model.statements,
        begins=model.begin,
        needs_await=any(release.awaited for release in lease.release) and not any(not release.awaited for release in lease.release),
    )


def _is_of_database(model: TypeModel) -> bool:
    return bool(model.statements or model.implicit or model.commit or model.gives_back or model.name.startswith("unclosed."))


class State(NamedTuple):
    """One session on one family of paths: the places that hold it, those that hold an object around it, and how it is.

    `returned`: the last `return` on the way.
    """

    aliases: frozenset[PlaceId]
    holders: frozenset[PlaceId]
    hold: Hold
    returned: NodeId | None = None
    facts: Facts = NO_FACTS


class Since(NamedTuple):
    """Where a session is followed from: along the normal edges of a node. `manager`: the one whose block lends it, if one does."""

    node: NodeId
    manager: PlaceId | None = None


@dataclass(slots=True)
class Seen:
    """What became of a session in one function."""

    before: dict[NodeId, Hold] = field(default_factory=dict)
    """How it may be when control comes to a node."""
    returned: dict[NodeId | None, Hold] = field(default_factory=dict)
    """How it may be where the function has been left, by the `return` that left it."""
    given: dict[NodeId, dict[int | str, Carry]] = field(default_factory=dict)
    """The arguments of each call that carry it."""
    names: dict[str, Carry] = field(default_factory=dict)
    """The local names that carry it somewhere, for functions defined in here."""
    gives: Carry = Carry.NOT
    """How what is returned or yielded carries it."""
    taken_before: dict[NodeId, NodeId] = field(default_factory=dict)
    """For a node to which it comes taken: the statement that took it, on one way there."""
    taken_at_return: dict[NodeId | None, NodeId] = field(default_factory=dict)
    """The same for the `return`s by which the function is left."""

    def ends(self) -> Hold:
        """How it may be after the function."""
        return union(self.returned.values())

    def merge(self, other: Seen) -> None:
        """Add what was seen on other paths."""
        for node, hold in other.before.items():
            self.before[node] = self.before.get(node, NOTHING) | hold
        for left, hold in other.returned.items():
            self.returned[left] = self.returned.get(left, NOTHING) | hold
        for node, carried in other.given.items():
            self.given.setdefault(node, {}).update(carried)
        self.names.update(other.names)
        self.gives = max(self.gives, other.gives)
        self.taken_before = {**other.taken_before, **self.taken_before}
        self.taken_at_return = {**other.taken_at_return, **self.taken_at_return}
