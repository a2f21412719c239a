"""Where a function acquires: every call, or `await`, that makes it responsible for a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Protocol

from unclosed.analysis.arguments import Arguments
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import Site
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import FlowGraph
from unclosed.infer.calls import CallInfo, argument_at, is_given
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Acquires, CallModel, Kind, Lease, Shared
from unclosed.lowering.facts import MODULE_BODY

MAX_SITES = 400
"""Acquires of one function; beyond, it is skipped."""
LEAKING_KINDS = frozenset(Kind) - {Kind.POOL, Kind.TRANSACTION}
"""What has to be given back by whoever acquires it; pools and transactions are judged in other ways."""
_CHASE = 6


class FreshValue(Protocol):
    """What a helper hands to its caller."""

    @property
    def lease(self) -> Lease:
        """What is owed for it."""

    @property
    def item(self) -> int | None:
        """Its place in a returned tuple."""

    @property
    def confidence(self) -> Confidence:
        """How sure it is."""

    @property
    def trail(self) -> tuple[TrailStep, ...]:
        """The way to the library's acquire."""

    @property
    def parent(self) -> str:
        """The helper's parameter that it belongs to, empty if none."""

    @property
    def is_latent(self) -> bool:
        """Whether nothing is owed before it is opened, or used."""


class Helpers(Protocol):
    """The functions of the project, as far as they acquire for their callers."""

    def fresh(self, scope: ScopeTypes, info: CallInfo) -> FreshValue | None:
        """What a call acquires for its caller."""

    def gives_shared(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call gives what an attribute or a global of the project holds, and nothing of its own."""

    def argument_for(self, scope: ScopeTypes, info: CallInfo, parameter: str) -> PlaceId | None:
        """The argument that fills a parameter of a called function."""

    def is_patched(self, scope: ScopeTypes, info: CallInfo, trail: tuple[TrailStep, ...]) -> bool:
        """Whether a test puts something else in the place of what a call runs on its way to the acquire."""

    def may_be_shared(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call makes an instance of a project class that may have been there before."""

    def is_finalised(self, scope: ScopeTypes, info: CallInfo, lease: Lease) -> bool:
        """Whether a call makes an instance of a project class whose `__del__` gives back what is owed for it."""

    def project_texts(self, module: str) -> Iterator[str]:
        """The texts of the project around a module, its own first."""


class SiteFinder:
    """Finds the sites of one scope."""

    def __init__(
        self, meaning: Meaning, requires_python: tuple[int, int], helpers: Helpers, kinds: frozenset[Kind] = LEAKING_KINDS
    ) -> None:
        """`kinds`: the resources that are looked for."""
        self._kinds = kinds
        self._meaning, self._scope, self._graph = meaning, meaning.scope, meaning.graph
        self._python, self._helpers = requires_python, helpers

    def sites(self) -> list[Site]:
        """The sites in the order of their nodes."""
        found: list[Site] = []
        for node in self._graph.node_ids():
            event = self._graph.events[node]
            if isinstance(event, ev.Call):
                found += self._at_call(NodeId(node), event)
            elif isinstance(event, ev.Await) and event.value is not None:
                found += self._at_await(NodeId(node), event)
        found = [site for site in found if not self._meaning.is_expected_to_raise(site.node)]
        return [site for site in found if site.call is None or not self._is_none_of_its_own(site.call, site)]

    def _is_none_of_its_own(self, call: CallInfo, site: Site) -> bool:
        """Whether a call gives nothing that is owed after all: a test's fake, an instance that others have as well or that ends itself."""
        if self._helpers.is_patched(self._scope, call, site.via) or self._helpers.may_be_shared(self._scope, call):
            return True
        return call.is_project_subclass and self._helpers.is_finalised(self._scope, call, site.lease)

    def when_awaited(self, place: PlaceId) -> list[Site]:
        """The sites that awaiting a value makes: a coroutine that the function has and does not await itself."""
        made = self._pending(place)
        return list(self._at_call(made[0], replace(made[1], awaited=True))) if made is not None else []

    def _at_call(self, node: NodeId, event: ev.Call) -> Iterator[Site]:
        """The sites at a call; `event`: the call, perhaps as it would be if it were awaited."""
        info = replace(self._meaning.call(node), event=event)
        model = info.model
        if model is None or model.advances is not None:
            yield from self._from_helper(node, event, info)
            return
        if model.awaits is not None and not model.keeps and (event.awaited or not model.is_coroutine):
            yield from self._awaited_inside(node, event, info, model.awaits)
            return
        if model.calls is not None and not model.returns_class and event.awaited is not False:
            inner = self._scope.calls.called_inside(info)
            if inner is not None and inner.model is not None and inner.model.acquires is Acquires.CALL:
                yield from self._site(node, event.result, inner, event.span)
            elif inner is not None and inner.model is None:
                yield from self._from_helper_inside(node, event, replace(inner, event=event))
            return
        if (model.acquires is Acquires.CALL and not (model.is_coroutine and not event.awaited)) or (
            model.acquires is Acquires.AWAITED and event.awaited
        ):
            yield from self._site(node, event.result, info, event.span)

    def _from_helper(self, node: NodeId, event: ev.Call, info: CallInfo) -> Iterator[Site]:
        """A function of the project that returns a fresh resource."""
        fresh = self._helpers.fresh(self._scope, info) if info.target is not None or info.model is not None else None
        if fresh is None:
            return
        if info.model is not None and info.model.advances is not None:
            if len(event.arguments) > 1:
                return  # `next(lending, None)`: the generator goes on to its release
            generator = argument_at(event, info.model.advances)
            yield Site(node, event.result, fresh.lease, info, event.span, fresh.confidence, generator, via=fresh.trail, is_advanced=True)
            return
        yield from self._given(node, event, info, fresh)

    def _given(self, node: NodeId, event: ev.Call, info: CallInfo, fresh: FreshValue) -> Iterator[Site]:
        """What a call that returns a fresh value makes its caller responsible for; `event` has the place of the result."""
        place = event.result if fresh.item is None else self._graph.places.intern(ev.Item(event.result, fresh.item))
        confidence, span = min(fresh.confidence, info.confidence), info.event.span
        if not fresh.parent:
            lender = info.event.callee.receiver
            hidden, is_latent = self._is_hidden(lender, fresh.lease), fresh.is_latent or fresh.lease.is_opened_by_entry
            yield Site(
                node, place, fresh.lease, info, span, confidence, lender,
                is_latent=is_latent, via=fresh.trail, is_lender_hidden=hidden,
            )  # fmt: skip
            return
        parent = self._helpers.argument_for(self._scope, info, fresh.parent)
        if parent is not None and self.is_from_outside(parent):
            yield Site(node, place, fresh.lease, info, span, confidence, parent, is_child=True, via=fresh.trail)

    def _is_hidden(self, lender: PlaceId | None, lease: Lease) -> bool:
        """Whether what the helper was called on has no method that gives the resource back."""
        names = {release.method for release in lease.release if release.owner}
        value = self._scope.value(lender) if lender is not None and names else None
        return bool(names) and all(self._scope.attribute_of(value, name) is None for name in names)

    def _from_helper_inside(self, node: NodeId, event: ev.Call, inner: CallInfo) -> Iterator[Site]:
        """`await wait_for(open_later(), 1)`: what a coroutine function of the project gives once it is awaited."""
        fresh = self._helpers.fresh(self._scope, replace(inner, event=replace(inner.event, awaited=True)))
        if fresh is None:
            return
        yield from self._given(node, event, inner, fresh)

    def _awaited_inside(self, node: NodeId, event: ev.Call, info: CallInfo, position: int) -> Iterator[Site]:
        """`await wait_for(pool.getconn(), 1)`: the value of the inner call."""
        place = argument_at(event, position)
        inner = self._scope.call_behind(place) if place is not None else None
        if inner is None or inner.event.awaited:
            return
        if inner.model is None:
            yield from self._from_helper_inside(node, event, inner)
            return
        if inner.model.acquires is not Acquires.AWAITED:
            return
        lost_in = ""
        for lost in inner.model.lease.lost_in if inner.model.lease is not None else ():
            if lost.function == info.name and (lost.before is None or self._python < lost.before):
                lost_in = event.callee.method
        yield from self._site(node, event.result, inner, inner.event.span, lost_in)

    def _at_await(self, node: NodeId, event: ev.Await) -> Iterator[Site]:
        """`await pending`, where `pending` is a call that was not awaited."""
        made = self._pending(event.value) if event.value is not None else None
        if made is not None:
            for site in self._at_call(made[0], replace(made[1], awaited=True, result=event.result)):
                yield replace(site, node=node)

    def _pending(self, place: PlaceId) -> tuple[NodeId, ev.Call] | None:
        """The call, and its node, whose result a place holds and nothing else, if that was not awaited yet."""
        info = self._scope.call_behind(place)
        if info is None or info.event.awaited or (info.model is not None and info.model.acquires is not Acquires.AWAITED):
            return None
        return NodeId(self._scope.producer[info.event.result]), info.event

    def _site(self, node: NodeId, place: PlaceId, info: CallInfo, span: ev.SpanId, lost_in: str = "") -> Iterator[Site]:
        model = info.model
        assert model is not None
        lease = self._lease(info, model)
        if lease is None or lease.kind not in self._kinds or any(a.key in model.unless_given for a in info.event.arguments):
            return
        if any(self._is_shared(info, shared) for shared in model.unless_is):
            return
        if any(r.owner and r.argument is None for r in lease.release) and self._is_removed_elsewhere(info, lease):
            return
        opened = not model.only_given or any(self._is_told(info.event, position, name) for position, name in model.only_given)
        if not opened and not lease.opened_by:
            return
        parent = info.event.callee.receiver if model.child_of is None else argument_at(info.event, model.child_of)
        is_child = model.child or model.child_of is not None
        if is_child and not self.is_from_outside(parent):
            return
        if model.item is not None:
            place = self._graph.places.intern(ev.Item(place, model.item))
        yield Site(
            node=node,
            place=place,
            lease=lease,
            call=info,
            span=span,
            confidence=self._confidence(info, lease),
            owner=parent,
            is_child=is_child,
            is_latent=lease.lazy or (bool(lease.opened_by) and not (model.only_given and opened)),
            lost_in=lost_in,
        )

    def _is_told(self, event: ev.Call, position: int, name: str) -> bool:
        """Whether an argument is given, and not as `None`."""
        place = next((a.value for a in event.arguments if a.key in (position, name)), None)
        is_none = place is not None and self._graph.places.keys[place] == ev.Constant("None")
        return is_given(event, position, name) and not is_none

    def _lease(self, info: CallInfo, model: CallModel) -> Lease | None:
        """What is owed for the value of a call with these arguments."""
        if not model.given:
            return model.lease
        arguments = Arguments(self._scope, info)
        return next((given.lease for given in model.given if arguments.says(given.told)), model.lease)

    def _is_shared(self, info: CallInfo, shared: Shared) -> bool:
        """Whether an argument, of the call or of the constructor of what is called, says that the result only works on what is there."""
        callee = info.event.callee.place
        made = self._scope.call_behind(callee) if callee is not None else None
        for event in (info.event, *((made.event,) if made is not None else ())):
            for argument in event.arguments:
                if argument.value is not None and argument.key in (shared.argument, shared.position):
                    return self._is_of(argument.value, shared)
        return False

    def _is_of(self, place: PlaceId, shared: Shared) -> bool:
        value = self._scope.value(place)
        home = self._scope.home(value) if value is not None and value.sort is Sort.OBJECT else None
        base = home.library_base(value.name) if home is not None and value is not None else None
        if base is not None:
            return any(self._meaning.catalog.is_a(base, name) for name in shared.types)
        if value is None or value.sort is not Sort.INSTANCE:
            name = self._scope.calls.last_name(place).lower()
            return value is None and any(fnmatchcase(name, pattern) for pattern in shared.named)
        return any(self._meaning.catalog.is_a(value.name, name) for name in shared.types)

    def _is_removed_elsewhere(self, info: CallInfo, lease: Lease) -> bool:
        """Whether other code of the project ends what a registry gave: `Session.remove()` when a request is over.

        In this file: a function that removes and does not itself ask the registry. In others, for a registry that is imported: by its
        name in their texts.
        """
        name = info.event.callee.method
        if not info.event.callee.is_method and self._scope.binds(name):
            return False  # the function's own registry
        methods = [r.method for r in lease.release if r.owner and r.argument is None]
        if any(_removes(facts.graph, name, methods) for facts in self._scope.module.facts.functions if facts is not self._scope.facts):
            return True
        pattern = re.compile(rf"\b{re.escape(name)}\.(?:{'|'.join(map(re.escape, methods))})\b")
        others = self._helpers.project_texts(self._scope.module.name)
        next(others, None)
        return not self._is_made_here(info) and any(pattern.search(text) for text in others)

    def _is_made_here(self, info: CallInfo) -> bool:
        """Whether the called name is bound to something in this file, other than by an import."""
        place = info.event.callee.place
        key = self._graph.places.keys[place] if place is not None else None
        if not isinstance(key, ev.Local):
            return False
        body = self._scope.module.scope(MODULE_BODY)
        bound = body.graph.places.find(ev.Local(key.name))
        sources = [source.place for source in body.sources(bound)] if bound is not None else []
        return any(s is not None and not isinstance(body.graph.places.keys[s], ev.Imported) for s in sources)

    def _confidence(self, info: CallInfo, lease: Lease) -> Confidence:
        # The naming convention of cursors is weaker than that of pools: many things have a cursor.
        if info.is_convention and lease.kind is Kind.CURSOR:
            return Confidence.POSSIBLE
        return Confidence.LIKELY if info.is_convention else info.confidence

    def is_from_outside(self, place: PlaceId | None, depth: int = _CHASE) -> bool:
        """Whether a place holds a value that the function did not acquire itself: a parameter, an attribute, a global."""
        if place is None or depth == 0:
            return False
        sources = self._scope.sources(place)
        match self._graph.places.keys[place]:
            case ev.Attribute(base, _):
                return not sources and (self.is_from_outside(base, depth - 1) or self._is_named(base))
            case ev.Item(base, _):
                return not sources and self.is_from_outside(base, depth - 1)
            case ev.Local(name):
                if not sources:
                    return not self._scope.binds(name) or any(p.name == name for p in self._scope.facts.parameters)
                return all(s.place is not None and self.is_from_outside(s.place, depth - 1) for s in sources)
            case ev.Imported() | ev.Definition():
                return True
            case ev.Temp():
                made = self._scope.producer.get(place)
                return made is not None and self._helpers.gives_shared(self._scope, self._scope.call(made))
        return False

    def _is_named(self, place: PlaceId) -> bool:
        value = self._scope.value(place)
        return value is not None and value.sort is Sort.NAME


def _removes(graph: FlowGraph, name: str, methods: list[str]) -> bool:
    """Whether a function ends what a registry gave to others: it names `Session.remove`, and does not call `Session` itself."""
    registry = graph.places.find(ev.Local(name))
    if registry is None or all(graph.places.find(ev.Attribute(registry, method)) is None for method in methods):
        return False
    return not any(isinstance(e, ev.Call) and e.callee.place == registry for e in graph.events)
