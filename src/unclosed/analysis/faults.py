"""Releases that do not release: the wrong method, the wrong pool, not awaited, not called.

Two sources, one log: the transfer of an obligation sees what happens to an acquired value, and `TypedReleases` reads every other call by
the type of its receiver. A release is reported once.
"""

from __future__ import annotations

from dataclasses import dataclass

from unclosed.analysis.meaning import Meaning, release_named
from unclosed.analysis.obligations import Site
from unclosed.analysis.verdicts import Fault
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, SpanId
from unclosed.infer.values import Sort, Value
from unclosed.library import Kind, Lease, Release


@dataclass(frozen=True, slots=True)
class LoggedFault:
    """One fault as the analysis sees it; positions and texts are found later. `site`: the acquire, where there is one."""

    fault: Fault
    span: SpanId
    kind: Kind
    confidence: Confidence
    release: Release | None = None
    site: Site | None = None
    owner: PlaceId | None = None


class FaultLog:
    """The faults of one function, one per release."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._faults: dict[SpanId, LoggedFault] = {}

    def all(self) -> list[LoggedFault]:
        """The faults in the order of their positions' ids."""
        return [self._faults[span] for span in sorted(self._faults)]

    def wrong_method(self, span: SpanId, site: Site) -> None:
        """`conn.close()` on a connection that its pool then counts as taken."""
        self._add(LoggedFault(Fault.WRONG_METHOD, span, site.lease.kind, site.confidence, _right(site.lease), site, site.owner))

    def wrong_owner(self, span: SpanId, site: Site) -> None:
        """`other_pool.putconn(conn)`."""
        self._add(LoggedFault(Fault.WRONG_OWNER, span, site.lease.kind, site.confidence, _right(site.lease), site, site.owner))

    def wrong_exit(self, site: Site, manager: PlaceId) -> None:
        """`with closing(pool.getconn())`: reported at the `closing` call."""
        made = self._meaning.scope.call_behind(manager)
        if made is not None:
            self.wrong_method(made.event.span, site)

    def not_awaited(self, span: SpanId, lease: Lease, site: Site) -> None:
        """`conn.close()` where `close` is a coroutine."""
        self._add(LoggedFault(Fault.NOT_AWAITED, span, lease.kind, site.confidence, None, site, site.owner))

    def not_called(self, span: SpanId, lease: Lease, site: Site) -> None:
        """`conn.close` as a statement."""
        self._add(LoggedFault(Fault.NOT_CALLED, span, lease.kind, site.confidence, None, site, site.owner))

    def typed(self, fault: Fault, span: SpanId, kind: Kind, confidence: Confidence) -> None:
        """A fault seen by the receiver's type alone."""
        self._add(LoggedFault(fault, span, kind, confidence))

    def _add(self, fault: LoggedFault) -> None:
        self._faults.setdefault(fault.span, fault)


def _right(lease: Lease) -> Release | None:
    return lease.release[0] if lease.release else None


def read_typed_releases(meaning: Meaning, log: FaultLog) -> None:
    """Log un-awaited and un-called releases of values whose type is known, whoever acquired them."""
    for event in meaning.graph.events:
        if isinstance(event, ev.Call) and not event.awaited and event.callee.receiver is not None and meaning.is_dropped(event):
            value = meaning.scope.value(event.callee.receiver)
            found = _coroutine_release(meaning, value, event.callee.method)
            if found is not None and value is not None:
                log.typed(Fault.NOT_AWAITED, event.span, found, value.confidence)
        elif isinstance(event, ev.Bare):
            key = meaning.graph.places.keys[event.place]
            value = meaning.scope.value(key.base) if isinstance(key, ev.Attribute) else None
            lease = _lease_of(meaning, value)
            if lease is not None and isinstance(key, ev.Attribute) and value is not None and release_named(lease, key.name, owner=False):
                log.typed(Fault.NOT_CALLED, event.span, lease.kind, value.confidence)


def _lease_of(meaning: Meaning, value: Value | None) -> Lease | None:
    if value is None or value.sort is not Sort.INSTANCE:
        return None
    model = meaning.catalog.type(value.name)
    return model.lease if model is not None else None


def _coroutine_release(meaning: Meaning, value: Value | None, method: str) -> Kind | None:
    """The kind of the resource that this un-awaited call fails to give back; `None` if it is no such call.

    Of a value that may be of several types (synchronous in one branch, asynchronous in the other) it must be so for all of them.
    """
    if value is not None and value.sort is Sort.INSTANCE and any(_coroutine_release(meaning, part, method) is None for part in value.parts):
        return None
    lease = _lease_of(meaning, value)
    if lease is not None:
        own = release_named(lease, method, owner=False)
        if own is not None and own.awaited:
            return lease.kind
    if value is None or value.sort is not Sort.INSTANCE:
        return None
    for lent in meaning.catalog.leases_of_owner(value.name):
        given_back = release_named(lent, method, owner=True)
        if given_back is not None and given_back.awaited:
            return lent.kind
    return None
