"""Callables and coroutines that are handed to a function of the project which calls or awaits them while it runs.

    def measured(work, *args):
        started = time.monotonic()
        result = work(*args)                     # the function calls its parameter
        ...

    measured(requests.post, URL)                 # so the request is made here

What is only stored, returned or scheduled is not called: nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.analysis.givens import literal
from unclosed.analysis.running import all_calls
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.infer.calls import CallInfo, argument_at, callee_of, without_first
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.lowering.facts import FunctionFacts, Scope

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target


@dataclass(frozen=True, slots=True)
class Passed:
    """What a function hands on as an argument: a literal, or what it got as `parameter`; neither: nothing that is known."""

    key: int | str
    parameter: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class HandedCall:
    """A call that a function makes of one of its parameters. `is_awaited`: it waits for the coroutine that this gives."""

    parameter: str
    arguments: tuple[Passed, ...]
    is_awaited: bool
    span: SpanId


@dataclass(frozen=True, slots=True)
class Handed:
    """What a function does with the callables and coroutines among its parameters: which it calls, and which it awaits."""

    calls: tuple[HandedCall, ...] = ()
    awaits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Inner:
    """A call that another one makes, as if it stood in its place, with the span of the call inside that other function."""

    info: CallInfo
    is_awaited: bool
    span: SpanId


NOTHING = Handed()
_HOPS = 4
"""Callables that are handed callables to call."""


class Handing:
    """Answers what functions of the project do with callables and coroutines that they are handed."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def awaits(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument) -> bool:
        """Whether a call waits for a coroutine that it is given."""
        target = self._target(scope, info)
        name = target.parameter(info, argument) if target is not None else ""
        return target is not None and bool(name) and name in self._of(target).awaits

    def inner_calls(self, scope: ScopeTypes, info: CallInfo) -> Iterator[tuple[Target, Inner]]:
        """The calls of its callable arguments that a called function makes, in terms of the scope of the call."""
        target = self._target(scope, info) if self._hands_callable(scope, info.event) else None
        for made in self._of(target).calls if target is not None else ():
            given = next((a for a in info.event.arguments if target is not None and target.parameter(info, a) == made.parameter), None)
            if target is None or given is None or given.value is None:
                continue
            event = replace(info.event, callee=callee_of(scope.graph, given.value), arguments=_arguments(scope, target, info, made))
            called = scope.calls.read(event)
            if called.model is not None or called.target is not None:
                yield target, Inner(called, made.is_awaited, made.span)

    def callables(self, scope: ScopeTypes, event: ev.Call) -> Iterator[CallInfo]:
        """The functions, methods and lambdas among the arguments of a call, each as a call of it."""
        for argument in event.arguments:
            if argument.value is not None and _is_callable(scope, argument.value):
                yield scope.calls.read(replace(event, callee=callee_of(scope.graph, argument.value), arguments=()))

    def _hands_callable(self, scope: ScopeTypes, event: ev.Call) -> bool:
        return any(a.value is not None and _is_callable(scope, a.value) for a in event.arguments)

    def _target(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        target = self._summaries.target(scope, info) if info.model is None and info.target is not None and not info.is_class else None
        return target if target is not None and target.runs() and not target.facts.is_generator else None

    def _of(self, target: Target) -> Handed:
        return self._summaries.answers.ask(("handed", *target.key), lambda: self._read(target), NOTHING)

    def _read(self, target: Target) -> Handed:
        scope = target.types.scope(target.facts.id)
        names = frozenset(p.name for p in target.facts.parameters)
        awaited = (name for name in names if self._is_awaited(scope, name))
        calls = tuple(self._calls_in(scope, names))
        kept = {call.parameter for call in calls if self._is_kept(scope, call.parameter)}
        return Handed(tuple(call for call in calls if call.parameter not in kept), frozenset(awaited))

    def _is_kept(self, scope: ScopeTypes, name: str) -> bool:
        """Whether a parameter that is called on some path is put away on another, for later: `hooks.append(work) if begun else work()`."""
        place = scope.graph.places.find(ev.Local(name))
        for event in scope.graph.events:
            match event:
                case ev.Store(_, _, _, value, _) if value == place:
                    return True
                case ev.Call() if any(a.value == place for a in event.arguments):
                    info = scope.call(scope.producer[event.result])
                    is_harmless = info.name.startswith("builtins.") or (info.model is not None and not info.model.keeps)
                    if not is_harmless and info.target is None:
                        return True
        return False

    def _is_awaited(self, scope: ScopeTypes, name: str) -> bool:
        place = scope.graph.places.find(ev.Local(name))
        return place is not None and not scope.has_sources(place) and self._summaries.running.of_awaitable(scope, place) is not None

    def _calls_in(self, scope: ScopeTypes, names: frozenset[str]) -> Iterator[HandedCall]:
        """The calls of what these names hold: parameters, also where a nested function reads them."""
        for node, event in all_calls(scope):
            info = scope.call(node)
            moved = event
            callee = event.callee.place if event.callee.receiver is None else None
            if info.model is not None and info.model.calls is not None and not info.model.returns_class and not info.model.keeps:
                running = self._summaries.running
                if running.of(scope, node, event) is None and not running.is_returned(scope, event.result):
                    continue  # started, and nobody waits: `loop.run_in_executor(None, work)`
                callee, moved = argument_at(event, info.model.calls), without_first(event, info.model.calls + 1)
            if callee is not None:
                yield from self._of_callee(scope, node, moved, callee, names)
            if info.model is None:
                yield from self._handed_on(scope, info, names)

    def _of_callee(
        self, scope: ScopeTypes, node: NodeId, event: ev.Call, callee: PlaceId, names: frozenset[str], hops: int = _HOPS
    ) -> Iterator[HandedCall]:
        key = scope.graph.places.keys[callee]
        if isinstance(key, ev.Local) and key.name in names and not scope.has_sources(callee):
            original = scope.graph.events[node]
            is_awaited = isinstance(original, ev.Call) and (
                original.awaited or self._summaries.running.of_awaitable(scope, original.result) is not None
            )
            yield HandedCall(key.name, tuple(_passed(scope, a, names) for a in event.arguments), is_awaited, event.span)
            return
        bound = scope.call_behind(callee)
        if bound is not None and bound.model is not None and bound.model.returns_class and bound.model.calls is not None:
            first = argument_at(bound.event, bound.model.calls)
            before = without_first(bound.event, bound.model.calls + 1).arguments
            count = sum(1 for a in before if isinstance(a.key, int))
            after = tuple(replace(a, key=a.key + count) if isinstance(a.key, int) else a for a in event.arguments)
            if first is not None and first != callee:
                yield from self._of_callee(scope, node, replace(event, arguments=(*before, *after)), first, names, hops)
            return
        nested = _nested(scope, callee)
        if nested is not None:
            inside = scope.module.scope(nested.id)
            for call in self._calls_in(inside, names - nested.bound):
                yield replace(call, span=event.span)
            return
        value = scope.value(callee) if event.arguments and hops > 0 else None
        if value is not None and value.sort is Sort.DEFINITION:  # `measured(retried, work)`: it calls `retried(work)`
            called = scope.calls.read(replace(event, callee=callee_of(scope.graph, callee)))
            yield from self._handed_on(scope, called, names, hops - 1)

    def _handed_on(self, scope: ScopeTypes, info: CallInfo, names: frozenset[str], hops: int = _HOPS) -> Iterator[HandedCall]:
        """The calls that another function of the project makes of what this one hands on to it."""
        target = self._target(scope, info)
        if target is None or target.types.scope(target.facts.id) is scope:
            return
        for argument in info.event.arguments:
            name = target.parameter(info, argument) if argument.value is not None else ""
            for made in self._of(target).calls if name else ():
                if made.parameter != name or argument.value is None:
                    continue
                event = replace(info.event, arguments=_arguments(scope, target, info, made))
                node = NodeId(scope.producer[info.event.result])
                for call in self._of_callee(scope, node, event, argument.value, names, hops):
                    yield replace(call, is_awaited=made.is_awaited, span=info.event.span)


def _nested(scope: ScopeTypes, place: PlaceId) -> FunctionFacts | None:
    """The function or lambda inside of this one that a place holds."""
    value = scope.value(place)
    if value is None or value.sort is not Sort.DEFINITION or value.module != scope.module.name:
        return None
    facts = scope.module.function(value.name)
    return facts if facts is not None and facts.outer == scope.facts.id and facts.scope is Scope.FUNCTION else None


def _passed(scope: ScopeTypes, argument: ev.Argument, names: frozenset[str]) -> Passed:
    if argument.value is None:
        return Passed(argument.key)
    key = scope.graph.places.keys[argument.value]
    if isinstance(key, ev.Local) and key.name in names and not scope.has_sources(argument.value):
        return Passed(argument.key, parameter=key.name)
    return Passed(argument.key, text=literal(scope, argument.value) or "")


def _is_callable(scope: ScopeTypes, place: PlaceId) -> bool:
    value = scope.value(place)
    if value is not None:
        return value.sort in (Sort.NAME, Sort.DEFINITION, Sort.CALLABLE, Sort.ONE_OF)
    key = scope.graph.places.keys[place]
    owner = scope.value(key.base) if isinstance(key, ev.Attribute) else None
    return owner is not None and owner.sort in (Sort.INSTANCE, Sort.OBJECT)


def _arguments(scope: ScopeTypes, target: Target, info: CallInfo, made: HandedCall) -> tuple[ev.Argument, ...]:
    """The arguments of a call inside the target, in terms of the scope that calls the target."""
    found: list[ev.Argument] = []
    stars = {p.name: p.star for p in target.facts.parameters if p.star}
    named = {p.name for p in target.facts.parameters if not p.star}
    for passed in made.arguments:
        if passed.parameter in stars:
            found += _more(target, info, stars[passed.parameter], named, len([a for a in found if isinstance(a.key, int)]))
        elif passed.parameter:
            given = next((a.value for a in info.event.arguments if target.parameter(info, a) == passed.parameter), None)
            found.append(ev.Argument(passed.key, given))
        else:
            found.append(ev.Argument(passed.key, scope.graph.places.intern(ev.Constant(passed.text)) if passed.text else None))
    return tuple(found)


def _more(target: Target, info: CallInfo, star: str, named: set[str], count: int) -> Iterator[ev.Argument]:
    """The arguments that a star parameter takes: `count` positional ones stand before them."""
    own = sum(1 for p in target.facts.parameters if p.position is not None and not p.star) - target.offset(info)
    for argument in info.event.arguments:
        if isinstance(argument.key, int):
            if star == "*" and argument.key >= own:
                yield ev.Argument(argument.key - own + count, argument.value)
        elif argument.key in ("*", "**"):
            if argument.key == star:
                yield argument
        elif star == "**" and argument.key not in named:
            yield argument
