"""One request through its dependencies, as the framework solves them: which sessions it lends, and how they are when the endpoint starts.

Injection run in the order of their parameters, those of a dependency before itself, each callable once for a request (`use_cache`), so
what one of them does to a session the next one finds. A generator's sessions stay lent until the response has been sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unclosed.analysis.holds import NOTHING, Carry, Hold
from unclosed.analysis.injection import Called, Injection, Marker
from unclosed.analysis.lenders import Lenders, Lent
from unclosed.confidence import Confidence
from unclosed.flow.events import SpanId
from unclosed.infer.types import ScopeTypes
from unclosed.lowering.facts import MODULE_BODY, Scope

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

MAX_DEPTH = 12
"""Injection of dependencies that are followed."""
Key = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an endpoint asks for dependencies: a parameter, an attribute of its class, or an item of a list. `span`: where it stands."""

    name: str
    span: SpanId
    is_list: bool = False


@dataclass(slots=True)
class Session:
    """One session that a request lends. `holds`: how it may be now. `takers`: which origins lead to it, over how many dependencies."""

    lent: Lent
    lender: str
    holds: Hold
    scope: str
    confidence: Confidence
    takers: list[tuple[Origin, int]] = field(default_factory=list)

    def taker(self) -> tuple[Origin, int]:
        """The origin to speak of: a parameter before a list, the most direct, the first."""
        return min(self.takers, key=lambda pair: (pair[0].is_list, pair[1]))


Carried = tuple[tuple[Session, Carry], ...]


@dataclass(frozen=True, slots=True)
class Solved:
    """What a dependency gave: the sessions that its value carries, and all that were lent below it with their distance."""

    carried: Carried = ()
    below: tuple[tuple[Session, int], ...] = ()


@dataclass(slots=True)
class Request:
    """A request when its endpoint starts: its sessions, and which of them the endpoint's names carry."""

    sessions: list[Session] = field(default_factory=list)
    carried: dict[str, Carried] = field(default_factory=dict)


class Requests:
    """Solves the dependencies of endpoints."""

    def __init__(self, summaries: Summaries) -> None:
        self.dependencies, self.lenders = Injection(summaries), Lenders(summaries)

    def solve(self, home: ScopeTypes, wanted: Iterable[tuple[Origin, Marker]]) -> Request:
        """A request with these dependencies, in their order. Names in markers belong to the module of `home`."""
        return _Solving(self.dependencies, self.lenders).run(home, wanted)


class _Solving:
    """One request being solved."""

    def __init__(self, dependencies: Injection, lenders: Lenders) -> None:
        self._dependencies, self._lenders = dependencies, lenders
        self._request = Request()
        self._cache: dict[Key, Solved] = {}
        self._open: list[Key] = []

    def run(self, home: ScopeTypes, wanted: Iterable[tuple[Origin, Marker]]) -> Request:
        """Solve one dependency after the other."""
        for origin, marker in wanted:
            solved = self._marker(home, marker)
            for session, distance in solved.below:
                session.takers.append((origin, distance))
            if solved.carried and not origin.is_list:
                self._request.carried[origin.name] = solved.carried
        return self._request

    def _marker(self, home: ScopeTypes, marker: Marker) -> Solved:
        called = self._dependencies.called(marker, home)
        if called is None:
            return Solved()
        key = (*called.target.key, marker.detail, marker.scope)
        if marker.use_cache and key in self._cache:
            return self._cache[key]
        if key in self._open or len(self._open) >= MAX_DEPTH:
            return Solved()
        self._open.append(key)
        solved = self._called(called, marker)
        self._open.pop()
        self._cache.setdefault(key, solved)
        return solved

    def _called(self, called: Called, marker: Marker) -> Solved:
        """Its dependencies first, then its own body."""
        target = called.target
        inside = target.types.scope(target.facts.outer if target.facts.outer is not None else MODULE_BODY)
        is_body = target.facts.scope is Scope.CLASS
        wanted = self._dependencies.fields(target.types, target.facts.name) if is_body else self._dependencies.wanted(target)
        carried: list[tuple[Session, Carry]] = []
        below: dict[int, tuple[Session, int]] = {}
        given: list[tuple[str, Session, Carry]] = []
        for each in wanted:
            solved = self._marker(inside, each.marker)
            given += [(each.name, session, carry) for session, carry in solved.carried]
            for session, distance in solved.below:
                below[id(session)] = (session, min(distance + 1, below.get(id(session), (session, distance + 1))[1]))
        for name, session, carry in given:
            gives = self._run(called, name, session, carry) if not is_body else Carry.NOT
            gives = Carry.WRAPS if called.is_class else gives
            if gives is not Carry.NOT:
                carried.append((session, gives))
        for lent in self._lenders.lent(target) if not called.is_class else ():
            made = Session(lent, target.facts.name, lent.holds, marker.scope, min(lent.confidence, called.confidence))
            self._request.sessions.append(made)
            below[id(made)] = (made, 0)
            if lent.gives is not Carry.NOT:
                carried.append((made, lent.gives))
        return Solved(tuple(carried), tuple(below.values()))

    def _run(self, called: Called, name: str, session: Session, carry: Carry) -> Carry:
        """What the body of a dependency does to a session that one of its parameters carries."""
        holds, gives = NOTHING, Carry.NOT
        for hold in Hold:
            if hold & session.holds:
                effect = self._lenders.occupancy.effect(called.target, name, carry, session.lent.subject, hold)
                holds |= effect.yields if called.target.facts.is_generator and effect.yields else effect.ends
                gives = max(gives, effect.gives)
        session.holds = holds or session.holds
        return gives
