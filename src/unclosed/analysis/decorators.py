"""What a decorator of the project makes of the function below it, read from the decorator's own code.

    def logged(function):                          a *wrapper*, by functools.wraps: runs the body
        @functools.wraps(function)                 with what it was given, and gives its result
        def wrapper(*args, **kwargs):
            log.info("calling")
            return function(*args, **kwargs)
        return wrapper

    def registered(function):                      hands the function on as it is
        HANDLERS.append(function)
        return function

A wrapper that returns anything else (`return function(path).fetchone()`), or keeps the result, does not *give the result*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import CallModel
from unclosed.lowering.facts import FunctionFacts, Parameter

_WRAPS = frozenset({"wraps", "functools.wraps"})
_WRAPPED = re.compile(r"wraps\(\s*([A-Za-z_][\w.]*)\s*[,)]")
_KEPT_IN = (ev.StoreKind.SUBSCRIPT, ev.StoreKind.GLOBAL, ev.StoreKind.ATTRIBUTE)


@dataclass(frozen=True)
class Decoration:
    """One decorator of the project, at one function. `name`: its dotted name in `home`. `is_called`: it stands there with arguments."""

    home: ModuleTypes
    name: str
    is_called: bool

    @cached_property
    def wrappers(self) -> tuple[Wrapper, ...]:
        """The functions that may take the decorated one's place; empty if it is handed on, or what happens is not known."""
        inside = [facts for facts in self.home.facts.functions if facts.name.startswith(f"{self.name}.")]
        return tuple(Wrapper(self.home.scope(f.id)) for f in inside if any(d.name in _WRAPS for d in f.decorators))

    @cached_property
    def hands_on(self) -> bool:
        """Whether the decorated name is bound to the function itself."""
        facts = self.home.function(self.name)
        if facts is None:
            return False
        scope = self.home.scope(facts.id)
        if not self.is_called:
            return _returns_its_first_parameter(scope)
        inner = [self._nested(scope, place) for place in _returned(scope)]
        return bool(inner) and all(f is not None and _returns_its_first_parameter(self.home.scope(f.id)) for f in inner)

    @property
    def runs_the_body(self) -> bool:
        """Whether a call of the decorated name runs the body with the arguments of the call."""
        return self.hands_on or (bool(self.wrappers) and all(wrapper.forwards for wrapper in self.wrappers))

    @property
    def gives_the_result(self) -> bool:
        """Whether a call of the decorated name gives what the body returns, to its caller alone."""
        return self.hands_on or (bool(self.wrappers) and all(wrapper.gives_the_result for wrapper in self.wrappers))

    def _nested(self, scope: ScopeTypes, place: PlaceId | None) -> FunctionFacts | None:
        """The function nested in the decorator that a returned place holds."""
        value = scope.value(place) if place is not None else None
        is_inside = value is not None and value.sort is Sort.DEFINITION and value.name.startswith(f"{self.name}.")
        return self.home.function(value.name) if is_inside and value is not None else None


class Wrapper:
    """A nested function with `functools.wraps(function)`."""

    def __init__(self, scope: ScopeTypes) -> None:
        self._scope, self.types, self.facts = scope, scope.module, scope.facts
        texts = (d.text for d in scope.facts.decorators if d.name in _WRAPS)
        found = next((match for match in map(_WRAPPED.search, texts) if match), None)
        self._wrapped = found.group(1) if found else ""

    @cached_property
    def gives_the_result(self) -> bool:
        """Whether everything that is returned is what the wrapped function gave, or `None`, and nothing keeps it besides."""
        return not self.facts.is_generator and not self._keeps_results() and _gives(self._scope, self._wrapped)

    @cached_property
    def forwards(self) -> bool:
        """Whether the wrapped function gets the arguments that the wrapper got, in their order."""
        own = [parameter for parameter in self.facts.parameters if not parameter.star and parameter.position is not None]
        return all(self._is_forwarded(call, own) for call in self._calls())

    def parameter_at(self, position: int | str) -> str:
        """The wrapper's own name for an argument by its position (the instance counts) or keyword; empty if a star takes it."""
        return next((p.name for p in self.facts.parameters if not p.star and position in (p.position, p.name)), "")

    def opens_its_stars(self) -> bool:
        """Whether the wrapper takes arguments out of its star parameters: `kwargs.pop("conn")`, `args[0]`."""
        stars = {self._scope.graph.places.find(ev.Local(p.name)) for p in self.facts.parameters if p.star} - {None}
        taken = any(isinstance(key, ev.Item) and key.base in stars for key in self._scope.graph.places.keys)
        return taken or any(isinstance(e, ev.Call) and e.callee.receiver in stars for e in self._scope.graph.events)

    def _calls(self) -> Iterator[ev.Call]:
        return (e for e in self._scope.graph.events if isinstance(e, ev.Call) and _is_called(self._scope, e, self._wrapped))

    def _is_forwarded(self, call: ev.Call, own: list[Parameter]) -> bool:
        keys = self._scope.graph.places.keys
        for argument in call.arguments:
            key = keys[argument.value] if argument.value is not None else None
            name = key.name if isinstance(key, ev.Local) else ""
            if isinstance(argument.key, int) and (argument.key >= len(own) or own[argument.key].name != name):
                return False
        return True

    def _keeps_results(self) -> bool:
        """Whether something is put where it outlives the call; what exactly is not asked (missed alarms only)."""
        made = {call.result for call in self._calls()}
        for event in self._scope.graph.events:
            if isinstance(event, ev.Store) and event.kind in _KEPT_IN:
                return True
            if isinstance(event, ev.Call) and any(a.value is not None and self._is_made(a.value, made) for a in event.arguments):
                method = event.callee.method
                if self._scope.catalog.names_keep(method, is_method=event.callee.is_method):
                    return True
        return False

    def _is_made(self, place: PlaceId, made: set[PlaceId]) -> bool:
        return place in made or any(source.place in made for source in self._scope.sources(place))


def _gives(scope: ScopeTypes, wrapped: str) -> bool:
    """Whether a function returns nothing but the result of a call of `wrapped`, or `None`, and the former somewhere."""
    look = _Look(scope, wrapped)
    return bool(wrapped) and all(look.is_result(place) for place in _returned(scope)) and look.has_met_a_call


class _Look:
    """A look back from the returned places of one function to the calls of the wrapped one."""

    def __init__(self, scope: ScopeTypes, wrapped: str) -> None:
        self._scope, self._wrapped = scope, wrapped
        self._seen: set[PlaceId] = set()
        self.has_met_a_call = False

    def is_result(self, place: PlaceId | None) -> bool:
        """Whether a place holds nothing but the wrapped function's result and `None`."""
        if place is None:
            return False
        if place in self._seen:
            return True
        self._seen.add(place)
        key = self._scope.graph.places.keys[place]
        if isinstance(key, ev.Constant):
            return key.text == "None"
        sources = self._scope.sources(place)
        return bool(sources) and all(
            self.is_result(source.place) if source.node is None else self._is_result_of(source.node) for source in sources
        )

    def _is_result_of(self, node: int) -> bool:
        match self._scope.graph.events[node]:
            case ev.Await(value, _, _):
                return self.is_result(value)
            case ev.Call() as call:
                return self._is_call(node, call)
        return False

    def _is_call(self, node: int, call: ev.Call) -> bool:
        info = self._scope.call(node)
        inner = self._scope.home(info.target) if info.target is not None else None
        is_call = _is_called(self._scope, call, self._wrapped)
        if not is_call and info.model is not None and info.model.calls is None:
            return self._is_passed(info, info.model)
        if not is_call and info.target is not None and info.target.name.startswith(f"{self._scope.facts.name}.") and inner is not None:
            nested = inner.function(info.target.name)
            is_call = nested is not None and not nested.is_generator and _gives(inner.scope(nested.id), self._wrapped)
        self.has_met_a_call |= is_call
        return is_call

    def _is_passed(self, info: CallInfo, model: CallModel) -> bool:
        """`await wait_for(function(*args), 1)`."""
        return any(self.is_result(argument_at(info.event, at)) for at in (model.passes, model.awaits) if at is not None)


def _is_called(scope: ScopeTypes, call: ev.Call, wrapped: str) -> bool:
    """Whether a call calls the wrapped function, or has a modelled call do so: `to_thread(function, *args)`."""
    places = scope.graph.places
    if call.callee.place is not None and places.text(call.callee.place) == wrapped:
        return True
    given = [a.value for a in call.arguments if isinstance(a.key, int) and a.value is not None and places.text(a.value) == wrapped]
    model = scope.call(scope.producer[call.result]).model if given else None
    return model is not None and model.calls is not None and not model.returns_class and argument_at(call, model.calls) in given


def _returned(scope: ScopeTypes) -> list[PlaceId | None]:
    """What is bound to the returned value, each `return` by itself."""
    whole = scope.graph.places.find(ev.Returned())
    return [] if whole is None else [source.place for source in scope.sources(whole)]


def _returns_its_first_parameter(scope: ScopeTypes) -> bool:
    """Whether every `return` gives the first parameter, which is never bound anew."""
    first = next((p.name for p in scope.facts.parameters if p.position == 0 and not p.star), "")
    place = scope.graph.places.find(ev.Local(first)) if first else None
    returned = _returned(scope)
    return place is not None and not scope.sources(place) and bool(returned) and all(at == place for at in returned)
