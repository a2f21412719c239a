"""What a generator lends: the sessions and connections that it has taken itself and that are open at its `yield`s.

A *source* is a place where a function takes a session: an acquire, a `with` block of a library or of the project that lends one, a loop
over a generator that does. From there `occupancy.py` follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.holds import HELD, Carry, Hold, Seen, Since, State, Subject, subject_of
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import NO_PLACES
from unclosed.analysis.occupancy import Occupancy, yielded
from unclosed.analysis.sites import MAX_SITES
from unclosed.analysis.solver import GivenUp
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.infer.calls import CallInfo
from unclosed.infer.values import Sort

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target


@dataclass(frozen=True, slots=True)
class Source:
    """One place where a function takes a session: from the node on, the place carries it. `holds`: how it may be there.

    `span`: that of the call which takes it. `via`: the way through helpers to the library's own acquire.
    """

    node: NodeId
    place: PlaceId
    subject: Subject
    holds: Hold
    span: SpanId
    confidence: Confidence
    carry: Carry = Carry.IS
    via: tuple[TrailStep, ...] = ()
    manager: PlaceId | None = None
    """The manager whose block lends it."""


@dataclass(frozen=True, slots=True)
class Lent:
    """One session that is open at the `yield`s of a generator: how it may be there, and how what is yielded carries it."""

    subject: Subject
    holds: Hold
    gives: Carry
    confidence: Confidence
    trail: tuple[TrailStep, ...]


class Lenders:
    """Answers what functions take and lend."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries, self.occupancy = summaries, Occupancy(summaries)

    def lent(self, target: Target) -> tuple[Lent, ...]:
        """What a generator of the project lends at its `yield`s."""
        if not target.facts.is_generator or not target.runs(providers=True):
            return ()
        return self._summaries.answers.ask(("lends", *target.key), lambda: self._lent(target), ())

    def _lent(self, target: Target) -> tuple[Lent, ...]:
        scope = target.types.scope(target.facts.id)
        try:
            meaning = Meaning(scope, self._summaries)
            found = [(source, self.seen(meaning, source)) for source in self.sources(meaning)]
        except (GivenUp, RecursionError):
            return ()
        lent = []
        for source, seen in found:
            holds = yielded(seen, scope.graph.events) & (HELD | Hold.IDLE)
            if holds:
                trail = (*self._summaries.step_in(target, source.span, f"{target.facts.name}() acquires it here"), *source.via)
                lent.append(Lent(source.subject, holds, min(seen.gives, source.carry), source.confidence, trail))
        return (*lent, *self._passed_on(meaning))

    def _passed_on(self, meaning: Meaning) -> Iterator[Lent]:
        """`yield from get_db()`."""
        for event in meaning.graph.events:
            if isinstance(event, ev.Yield) and event.is_from and event.value is not None:
                made = meaning.scope.call_behind(event.value)
                inner = self._generator(meaning, made) if made is not None else None
                if inner is not None:
                    yield from self.lent(inner)

    def seen(self, meaning: Meaning, source: Source) -> Seen:
        """What becomes of a session from its source on. Raises `GivenUp`, `RecursionError`."""
        places = frozenset({source.place})
        state = State(places, NO_PLACES, Hold.IDLE) if source.carry is Carry.IS else State(NO_PLACES, places, Hold.IDLE)
        return self.occupancy.follow_all(meaning, source.subject, state, source.holds, Since(source.node, source.manager))

    # Sources

    def sources(self, meaning: Meaning) -> list[Source]:
        """Where a function takes sessions, in the order of its nodes."""
        sites = self._summaries.sites(meaning)
        if len(sites) > MAX_SITES:
            raise GivenUp(f"more than {MAX_SITES} acquires")
        found = []
        for site in sites:
            subject = subject_of(meaning.catalog, site.lease) if not site.is_child else None
            if subject is not None:
                found.append(Source(site.node, site.place, subject, subject.start, site.span, site.confidence, via=site.via))
        acquired = {site.node for site in sites}
        for node in meaning.graph.node_ids():
            event = meaning.graph.events[node]
            if isinstance(event, ev.Enter) and not self._is_acquired(meaning, event.manager, acquired):
                found += self._entered(meaning, NodeId(node), event)
            elif isinstance(event, ev.Step) and event.word == "next" and event.value is not None:
                found += self._iterated(meaning, NodeId(node), event.value)
        return sorted(found, key=lambda source: source.node)

    def _is_acquired(self, meaning: Meaning, manager: PlaceId, acquired: set[NodeId]) -> bool:
        made = meaning.scope.call_behind(manager)
        return made is not None and any(meaning.graph.events[node] is made.event for node in acquired)

    def _entered(self, meaning: Meaning, node: NodeId, event: ev.Enter) -> Iterator[Source]:
        """A block of a manager that lends a session."""
        made = meaning.scope.call_behind(event.manager)
        if made is None:
            return
        if made.model is not None and made.model.lends is not None:
            lease = made.model.lease
            subject = subject_of(meaning.catalog, lease, made.model.lends) if lease is not None else None
            if subject is not None:
                sure = Confidence.LIKELY if made.is_convention else made.confidence
                yield Source(node, event.result, subject, subject.start, made.event.span, sure, manager=event.manager)
            return
        target = self._generator(meaning, made)
        if target is not None:
            for lent in self.lent(target):
                yield replace(self._of_lent(node, event.result, made, lent), manager=event.manager)
            return
        value = meaning.scope.value(event.result) if made.model is None and not made.event.arguments else None
        model = meaning.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        lease = model.lease if model is not None else None
        subject = subject_of(meaning.catalog, lease) if lease is not None else None
        if subject is not None:
            yield Source(node, event.result, subject, subject.start, made.event.span, Confidence.LIKELY, manager=event.manager)

    def _iterated(self, meaning: Meaning, node: NodeId, iterable: PlaceId) -> Iterator[Source]:
        """`async for db in get_db()`."""
        made = meaning.scope.call_behind(iterable)
        target = self._generator(meaning, made) if made is not None else None
        if made is None or target is None:
            return
        item = next((e.value for e in meaning.graph.events if isinstance(e, ev.Bind) and self._is_item(meaning, e.value, iterable)), None)
        for lent in self.lent(target) if item is not None else ():
            if lent.gives is not Carry.NOT:  # else it is the inner generator's own, and is spoken of there
                yield self._of_lent(node, item, made, lent)  # type: ignore[arg-type]  # not None here

    def _is_item(self, meaning: Meaning, value: PlaceId | None, iterable: PlaceId) -> bool:
        key = meaning.graph.places.keys[value] if value is not None else None
        return isinstance(key, ev.Item) and key.base == iterable

    def _of_lent(self, node: NodeId, place: PlaceId, made: CallInfo, lent: Lent) -> Source:
        carry = lent.gives if lent.gives is not Carry.NOT else Carry.WRAPS
        confidence = min(lent.confidence, made.confidence)
        return Source(node, place, lent.subject, lent.holds, made.event.span, confidence, carry, lent.trail)

    def _generator(self, meaning: Meaning, made: CallInfo) -> Target | None:
        target = self._summaries.target(meaning.scope, made) if made.target is not None and made.model is None else None
        return target if target is not None and target.facts.is_generator else None
