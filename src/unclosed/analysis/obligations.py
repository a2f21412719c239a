"""The state of the analysis: one acquired value on one family of paths.

An *obligation* is a fact about one value: which places surely hold it (its aliases), what is known of conditions on this path, and
how far it has come. Everything is inside the obligation and obligations are never merged where paths meet, only deduplicated: what one path
released cannot excuse another.

    conn = None                      facts {conn is None}
    try:
        conn = connect()             obligation: aliases {conn}, facts {}
        work(conn)
    finally:
        if conn is not None:         `conn` is an alias, so the false branch does not exist
            conn.close()             done
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.infer.calls import CallInfo
from unclosed.library import Lease

Facts = frozenset[tuple[PlaceId, int]]
"""What is known of places on this path: each with a union of IS_NONE, IS_FALSE, IS_TRUE."""
NO_FACTS: Facts = frozenset()
NO_PLACES: frozenset[PlaceId] = frozenset()


class Flag(enum.IntFlag):
    """How far an obligation has come, and how sure its path is."""

    LATENT = 1
    """Made, but nothing is held yet (an SSH client before `connect`)."""
    KEPT = 2
    """A `with` block entered it whose exit does not release it."""
    LIKELY = 4
    """An unresolved call borrowed it."""
    POSSIBLE = 8
    """Guessed more than once."""
    LENT = 16
    """A provider has yielded it."""
    INTERRUPTED = 32
    """Only an interruption from outside (Ctrl-C) leads here."""


class When(NamedTuple):
    """What the result of a helper, which the places hold, says of a transaction: it is open where that is one of `allowed`.

    With a result out of `ended` it is not, so that it counts as open only once a test has ruled those out.
    """

    places: frozenset[PlaceId]
    allowed: int
    ended: int = 0

    @property
    def is_sure(self) -> bool:
        """Whether it counts as open."""
        return not self.ended


class Obligation(NamedTuple):
    """One acquired value on one family of paths. `wrappers`: places of managers around it, with the method their exit calls."""

    aliases: frozenset[PlaceId]
    wrappers: frozenset[tuple[PlaceId, str]] = frozenset()
    holders: frozenset[PlaceId] = NO_PLACES
    """Places of closures that have captured it."""
    containers: frozenset[PlaceId] = NO_PLACES
    """Places of containers, made here, that hold it."""
    facts: Facts = NO_FACTS
    flags: int = 0
    wrong: SpanId | None = None
    """The release by a wrong method that it has been through, as long as nothing better follows."""
    when: When | None = None
    """For a transaction that a helper leaves open with some of its results."""
    is_ended: bool = False
    """For a transaction of a caller that has ended, of which only the ways to the end of the function are still asked."""

    def wrapper(self, place: PlaceId | None) -> str | None:
        """The method that leaving the manager at `place` calls, `None` if it is no manager around this value."""
        return next((method for at, method in self.wrappers if at == place), None)

    def with_alias(self, place: PlaceId) -> Obligation:
        """The obligation, one more place holding the value."""
        return self._replace(aliases=self.aliases | {place})

    def flagged(self, flag: Flag) -> Obligation:
        """The obligation with a flag set."""
        return self if self.flags & flag else self._replace(flags=self.flags | flag)


class End(enum.Enum):
    """How an obligation ends before an exit."""

    RELEASED = "released"
    ESCAPED = "escaped"
    REBOUND = "rebound"
    DELETED = "deleted"
    DISCARDED = "discarded"
    VOID = "void"
    """The path does not exist, or owes nothing and says nothing: entering the value itself failed."""


State = Obligation | End


@dataclass(frozen=True, slots=True)
class Site:
    """One acquire: the node from whose normal edges on something is owed.

    `place`: where the value first is. `call`: the acquiring call (for `wait_for(pool.getconn(), 1)`, the inner one); `None` for a value
    that is only followed: a parameter or an attribute of `self`, for which nothing is owed. `span`: the position of the call.
    `owner`: the place of the receiver, `None` for a plain function. `is_child`: the lease is a child of a parent from outside.
    """

    node: NodeId
    place: PlaceId
    lease: Lease
    call: CallInfo | None
    span: SpanId
    confidence: Confidence
    owner: PlaceId | None = None
    is_child: bool = False
    is_latent: bool = False
    is_advanced: bool = False
    """Taken out of a generator, which is the owner: closing or advancing the generator gives it back."""
    via: tuple[TrailStep, ...] = ()
    """The way through helpers to the library's own acquire, outermost first; empty where the call is that acquire."""
    is_lender_hidden: bool = False
    """It is released by what lent it, and that is out of the caller's sight: a helper took it from there."""
    lost_in: str = ""
    """The wrapper that can lose the value when the task is cancelled."""
