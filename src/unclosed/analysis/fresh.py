"""What a call of a function of the project acquires for its caller.

A function gives a *fresh* resource if an obligation of its own leaves by `return`. If another `return` may give something else, such as a
shared connection, that is only `possible`. A `return` of a function that comes back to this one by its own `return`s adds nothing:

    def open_again(path):
        try:
            return sqlite3.connect(path)
        except sqlite3.OperationalError:
            return open_again(path)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import Site
from unclosed.analysis.slices import may_give_fresh
from unclosed.analysis.solver import GivenUp, Outcome
from unclosed.analysis.targets import Target
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Acquires, Lease
from unclosed.project.program import Program

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Run, Summaries

MAX_CIRCLE = 30
"""Functions that are looked at in search of a circle of `return`s; beyond, there is none."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A function returns a resource that its caller must give back.

    `item`: in this item of the returned tuple. `parent`: the parameter to which the resource belongs; empty for one that belongs to nobody.
    `is_latent`: nothing is owed before it is opened, or used.
    """

    lease: Lease
    item: int | None
    confidence: Confidence
    trail: tuple[TrailStep, ...]
    parent: str = ""
    is_latent: bool = False


class FreshResources:
    """The fresh resources of a program's functions."""

    def __init__(self, summaries: Summaries, program: Program) -> None:
        self._summaries, self._program = summaries, program
        self._answers = summaries.answers
        self._circles: dict[tuple[str, int], frozenset[tuple[str, int]]] = {}

    def of_call(self, scope: ScopeTypes, info: CallInfo) -> Fresh | None:
        """What a call acquires for its caller; `None` if nothing is known of it."""
        if info.is_class and info.target is not None:
            return None if self._is_given_all(scope, info) else self._instance(scope, info.target)
        if info.model is not None and info.model.advances is not None:
            return self._first_yielded(scope, info, info.model.advances)
        if info.others:
            return _joined([self.of_call(scope, each) for each in info.each()], is_abstract=False)
        target = self._summaries.function(scope, info)
        if target is None or target.facts.is_generator:
            return None
        is_abstract = target.facts.only_raises
        if not is_abstract and not may_give_fresh(target.types.scope(target.facts.id)):
            return self._child_of_argument(scope, info, target)
        own = self._returned_by(target, info)
        # Subclasses are looked for only where they can matter: that may open files.
        may_override = own is not None or (is_abstract and not info.event.bare)
        alternatives = self._summaries.overriding.alternatives(target, info) if may_override else iter(())
        found: list[Fresh | None] = []
        for each in alternatives if alternatives is not None else (None,):
            found.append(None if each is None else self.of_call(scope, each))
            if found[-1] is None:
                return None
        if found:
            return _joined(found, is_abstract=is_abstract)
        return own or self._child_of_argument(scope, info, target)

    def gives_shared(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call gives what an attribute or a global of the project holds, and nothing of its own."""
        target = self._summaries.function(scope, info)
        if target is None or target.facts.is_generator or not target.gives_its_result():
            return False
        if target.facts.is_async and not info.event.awaited:
            return False
        there = target.types.scope(target.facts.id)
        given = [place for place in _returned(there) if place is None or there.graph.places.keys[place] != ev.Constant("None")]
        return bool(given) and all(place is not None and _is_kept(there, place) for place in given)

    def _returned_by(self, target: Target, info: CallInfo) -> Fresh | None:
        """What the function itself returns, or the coroutine that it returns where that is awaited."""
        if (target.is_coroutine() and not info.event.awaited) or not target.gives_its_result():
            return None
        if info.event.awaited and not target.is_coroutine():
            coroutine = self._answers.ask(("awaited", *target.key), lambda: self._when_awaited(target), None)
            if coroutine is not None:
                return coroutine
        return self._answers.ask(("fresh", *target.key), lambda: self._of_function(target), None)

    # Children

    def _child_of_argument(self, scope: ScopeTypes, info: CallInfo, target: Target) -> Fresh | None:
        """A child that the function makes of an argument whose type the caller knows: `return conn.cursor()`."""
        for argument in info.event.arguments:
            value = scope.value(argument.value) if argument.value is not None else None
            name = target.parameter(info, argument)
            if name and value is not None and value.sort is Sort.INSTANCE and target.is_coroutine() is info.event.awaited:
                found = self._child(target, name, value.name)
                if found is not None and target.gives_its_result():
                    return replace(found, confidence=min(found.confidence, value.confidence))
        return None

    def _child(self, target: Target, parameter: str, type_name: str) -> Fresh | None:
        model = target.types.catalog.type(type_name)
        if model is None or not any(method.child for method in model.methods.values()):
            return None
        return self._answers.ask(("child", *target.key, parameter, type_name), lambda: self._find_child(target, parameter, type_name), None)

    def _find_child(self, target: Target, parameter: str, type_name: str) -> Fresh | None:
        scope = target.types.scope(target.facts.id)
        place = scope.graph.places.find(ev.Local(parameter))
        if place is None or scope.sources(place):
            return None
        meaning = self._summaries.meaning(scope)
        for node, event in enumerate(scope.graph.events):
            model = None
            if isinstance(event, ev.Call) and event.callee.receiver == place:
                model = scope.catalog.method(type_name, event.callee.method)
            if isinstance(event, ev.Call) and model is not None and model.child and model.lease is not None:
                if model.acquires is not (Acquires.AWAITED if event.awaited else Acquires.CALL):
                    continue
                site = Site(NodeId(node), event.result, model.lease, None, event.span, Confidence.CERTAIN, place, is_child=True)
                outcome = self._summaries.follow(scope, event.result, model.lease, NodeId(node))
                if outcome is not None and outcome.returned and self._returns_nothing_else(target, meaning, [outcome]):
                    return Fresh(model.lease, _item(outcome), Confidence.CERTAIN, self._trail(target, site), parameter)
        return None

    # Instances

    def _instance(self, scope: ScopeTypes, target: Value) -> Fresh | None:
        """An instance of a project class that keeps what its constructor acquires, and offers a release."""
        types, owners = scope.home(target), self._summaries.owners
        if types is None or target.name not in types.facts.classes:
            return None
        lease = self._answers.ask(("lease", types.name, target.name), lambda: owners.lease(types, target.name), None)
        return None if lease is None else Fresh(lease, None, Confidence.LIKELY, ())

    def _is_given_all(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a constructor is given what it would open itself, and keeps that: `Database(conn)` next to `Database(path)`."""
        target = self._summaries.target(scope, info)
        receiver = target.place_of(target.facts.parameters[0].name) if target is not None and target.facts.parameters else None
        if target is None or receiver is None:
            return False
        for argument in info.event.arguments:
            value = scope.value(argument.value) if argument.value is not None else None
            model = scope.catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
            name = target.parameter(info, argument) if model is not None and model.lease is not None else ""
            outcome = self._summaries.follow_parameter(target, name, model.lease) if name and model is not None and model.lease else None
            given = {attribute for base, attribute in outcome.stored if base == receiver} if outcome is not None else set()
            if given and self._held_by(target) <= given:
                return True
        return False

    def _held_by(self, constructor: Target) -> set[str]:
        """The attributes in which a constructor keeps what it acquires; those of all methods where it leaves that to others."""
        try:
            held = self._summaries.owners.ownership(constructor.types, constructor.facts.owner).held
        except (GivenUp, RecursionError):
            return set()
        return {each.attribute for each in held if each.method is constructor.facts} or {each.attribute for each in held}

    # Generators

    def _first_yielded(self, scope: ScopeTypes, info: CallInfo, position: int) -> Fresh | None:
        """What `next(get_db())` takes out of a generator that lends what it acquires."""
        place = argument_at(info.event, position)
        made = scope.call_behind(place) if place is not None else None
        target = self._summaries.function(scope, made) if made is not None else None
        if target is None or not target.facts.is_generator or target.facts.decorators:
            return None
        return self._answers.ask(("yielded", *target.key), lambda: self._yielded_by(target), None)

    def _yielded_by(self, target: Target) -> Fresh | None:
        run = self._run(target)
        lent = [outcome for outcome in run.outcomes if outcome.yielded and not outcome.site.is_child] if run is not None else []
        if not lent:
            return None
        site = lent[0].site
        return Fresh(site.lease, None, min(site.confidence, Confidence.LIKELY), self._trail(target, site))

    # Functions

    def _run(self, target: Target) -> Run | None:
        try:
            return self._summaries.run(target.types.scope(target.facts.id))
        except (GivenUp, RecursionError):
            return None

    def _of_function(self, target: Target) -> Fresh | None:
        run = self._run(target)
        returning = [outcome for outcome in run.outcomes if outcome.returned] if run is not None else []
        own = [outcome for outcome in returning if not outcome.site.is_child]
        if run is None or not returning:
            return None
        parent = "" if own else _parameter(target, returning)
        if not own and not parent:
            return None
        found = own or returning
        first = found[0]
        sure = min(_likeness([outcome.site.lease for outcome in found]), *(outcome.site.confidence for outcome in found))
        if not self._returns_nothing_else(target, run.meaning, found):
            sure = Confidence.POSSIBLE
        is_latent = not any(outcome.returned_open for outcome in found)
        return Fresh(first.site.lease, _item(first), sure, self._trail(target, first.site), parent, is_latent)

    def _when_awaited(self, target: Target) -> Fresh | None:
        """What a plain function gives that returns a coroutine, once that is awaited: `return asyncpg.connect()`."""
        scope = target.types.scope(target.facts.id)
        finder = self._summaries.finder(self._summaries.meaning(scope))
        returned = _returned(scope)
        found = [site for place in returned if place is not None for site in finder.when_awaited(place)]
        if not found:
            return None
        sure = min(site.confidence for site in found)
        if len(found) != len(returned) or any(site.is_child or site.lease != found[0].lease for site in found):
            sure = Confidence.POSSIBLE
        key = scope.graph.places.keys[found[0].place]
        return Fresh(found[0].lease, key.number if isinstance(key, ev.Item) else None, sure, self._trail(target, found[0]))

    def _returns_nothing_else(self, target: Target, meaning: Meaning, returning: list[Outcome]) -> bool:
        """Whether every `return` that can be reached returns a fresh value or `None`, or comes back to this function."""
        graph = meaning.graph
        look = _Look(meaning.scope, {outcome.site.place for outcome in returning}, self._returning_to(target))
        items = {item for outcome in returning for item in outcome.returned}
        whole = graph.places.intern(ev.Returned())
        targets = {whole if item is None else graph.places.intern(ev.Item(whole, item)) for item in items}
        returned = [event.value for event in graph.events if isinstance(event, ev.Bind) and event.target in targets]
        return all(value is not None and look.is_fresh_or_nothing(value) for value in returned)

    def _trail(self, target: Target, site: Site) -> tuple[TrailStep, ...]:
        module = self._program.module(target.types.name)
        if module is None:
            return ()
        span = module.positions().span(site.span)
        return (TrailStep(module.shown_as, span, f"{target.facts.name}() acquires it here"), *site.via)

    # Circles

    def _returning_to(self, target: Target) -> frozenset[int]:
        """The calls, by their nodes, whose value a function returns and that come back to it in the same way."""
        scope = target.types.scope(target.facts.id)
        return frozenset(node for node, called in self._returned_calls(target, scope) if target.key in self._circle(called))

    def _circle(self, start: Target) -> frozenset[tuple[str, int]]:
        """The functions whose value a function may return, with itself. It depends on the code alone, not on who asks."""
        if start.key not in self._circles:
            seen, pending = {start.key}, [start]
            while pending and len(seen) <= MAX_CIRCLE:
                target = pending.pop(0)
                for _, called in self._returned_calls(target, target.types.scope(target.facts.id)):
                    if called.key not in seen:
                        seen.add(called.key)
                        pending.append(called)
            self._circles[start.key] = frozenset(seen) if len(seen) <= MAX_CIRCLE else frozenset()
        return self._circles[start.key]

    def _returned_calls(self, target: Target, scope: ScopeTypes) -> Iterator[tuple[int, Target]]:
        """The calls of functions whose value, and nothing made from it, is returned."""
        pending, seen = _returned(scope), set[PlaceId]()
        while pending:
            place = pending.pop()
            if place is None or place in seen:
                continue
            seen.add(place)
            for source in scope.sources(place):
                pending.append(source.place)
                if source.node is not None and isinstance(scope.graph.events[source.node], ev.Call):
                    info = scope.call(source.node)
                    called = self._summaries.function(scope, info)
                    if called is not None and called.is_coroutine() is info.event.awaited and called.gives_its_result():
                        yield source.node, called


def _item(outcome: Outcome) -> int | None:
    """In which item of the returned tuple the value leaves; `None`: as the returned value itself."""
    return min(outcome.returned, key=lambda index: -1 if index is None else index)


def _likeness(leases: list[Lease]) -> Confidence:
    """How sure the first lease may be taken for all of them."""
    if all(lease == leases[0] for lease in leases):
        return Confidence.CERTAIN
    return Confidence.LIKELY if all(_is_alike(lease, leases[0]) for lease in leases) else Confidence.POSSIBLE


def _is_alike(one: Lease, other: Lease) -> bool:
    """Whether two leases are given back in the same way."""
    return replace(one, type_name="", kind=other.kind) == replace(other, type_name="")


def _is_kept(scope: ScopeTypes, place: PlaceId) -> bool:
    """Whether a place is an attribute of something from outside, or a name of an outer scope."""
    key = scope.graph.places.keys[place]
    is_attribute = isinstance(key, ev.Attribute)
    while isinstance(key, ev.Attribute):
        key = scope.graph.places.keys[key.base]
    if not isinstance(key, ev.Local):
        return False
    is_parameter = any(p.name == key.name for p in scope.facts.parameters)
    return not scope.binds(key.name) or (is_attribute and is_parameter)


def _returned(scope: ScopeTypes) -> list[PlaceId | None]:
    """What each `return` gives."""
    whole = scope.graph.places.find(ev.Returned())
    return [] if whole is None else [source.place for source in scope.sources(whole)]


def _parameter(target: Target, returning: list[Outcome]) -> str:
    """The parameter to which all that is returned belongs; empty if that is not one, or it is bound anew."""
    scope = target.types.scope(target.facts.id)
    names = {p.name for p in target.facts.parameters if not p.star}
    owners = {outcome.site.owner for outcome in returning}
    owner = owners.pop() if len(owners) == 1 else None
    key = scope.graph.places.keys[owner] if owner is not None else None
    is_parameter = isinstance(key, ev.Local) and key.name in names and owner is not None and not scope.sources(owner)
    return key.name if is_parameter and isinstance(key, ev.Local) else ""


class _Look:
    """A look back from what one function returns. `made`: the values of its acquires; `neutral`: calls whose value adds nothing."""

    def __init__(self, scope: ScopeTypes, made: set[PlaceId], neutral: frozenset[int]) -> None:
        self._scope, self._made, self._neutral = scope, made, neutral

    def is_fresh_or_nothing(self, place: PlaceId, depth: int = 8) -> bool:
        """Whether a place holds nothing but values of these acquires, values made from them, and `None`."""
        key = self._scope.graph.places.keys[place]
        if place in self._made or isinstance(key, ev.Constant):
            return True
        if isinstance(key, ev.Local) and any(p.name == key.name for p in self._scope.facts.parameters):
            return False
        sources = self._scope.sources(place)
        if not sources or depth == 0:
            return False
        for source in sources:
            if source.place is not None and not self.is_fresh_or_nothing(source.place, depth - 1):
                return False
            if source.node is not None and not self._is_made_from_fresh(source.node, depth):
                return False
            if source.place is None and source.node is None:
                return False
        return True

    def _is_made_from_fresh(self, node: int, depth: int) -> bool:
        if node in self._neutral:
            return True
        event = self._scope.graph.events[node]
        inputs: tuple[PlaceId, ...] = (event.manager,) if isinstance(event, ev.Enter) else ()
        if isinstance(event, ev.Call):
            inputs = tuple(p for p in (event.callee.receiver, *(a.value for a in event.arguments)) if p is not None)
        keys = self._scope.graph.places.keys
        return any(self.is_fresh_or_nothing(p, depth - 1) for p in inputs if not isinstance(keys[p], ev.Constant))


def _joined(found: list[Fresh | None], *, is_abstract: bool) -> Fresh | None:
    """What any of several methods gives its caller; `None` if one of them gives nothing fresh. `is_abstract`: others may implement it."""
    given = [fresh for fresh in found if fresh is not None]
    if len(given) < len(found) or any((fresh.item, fresh.parent) != (given[0].item, given[0].parent) for fresh in given):
        return None
    sure = min(_likeness([fresh.lease for fresh in given]), *(fresh.confidence for fresh in given))
    is_latent = all(fresh.is_latent for fresh in given)
    return replace(given[0], confidence=min(sure, Confidence.LIKELY) if is_abstract else sure, is_latent=is_latent)
