"""What a call calls: a modelled function, a project's own, a convention, or nothing that is known.

A callee with a known receiver is looked up as a method of the receiver's type; a static name as a function or constructor. Only where
neither the receiver nor the callee has a known type do naming conventions speak, and then the answer is `likely`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import FlowGraph
from unclosed.infer.decorated import decorated_as
from unclosed.infer.reaching import reaching_values
from unclosed.infer.values import Sort, Value, container, instance, join
from unclosed.library import Acquires, CallModel

if TYPE_CHECKING:
    from unclosed.infer.types import ScopeTypes

_TAKING = frozenset({"get", "pop", "popleft", "popitem", "setdefault"})
_REARRANGING = frozenset({"builtins.list", "builtins.sorted", "builtins.reversed", "builtins.tuple", "builtins.set", "builtins.iter"})
_ENUMERATE = "builtins.enumerate"


@dataclass(frozen=True, slots=True)
class CallInfo:
    """One call, read.

    `model` is `None` where no library model speaks. `target`: a function or class of the project. `name`: the qualified name, empty if
    unknown. `is_convention`: only a naming convention speaks. `is_class`: the callee looks like a class (`CapWord`).
    """

    event: ev.Call
    model: CallModel | None = None
    target: Value | None = None
    name: str = ""
    confidence: Confidence = Confidence.CERTAIN
    is_convention: bool = False
    is_class: bool = False
    receiver: Value | None = None
    is_project_subclass: bool = False
    others: tuple[Value, ...] = ()
    """The functions of the project that the callee may be besides `target`: one name for two."""

    def each(self) -> tuple[CallInfo, ...]:
        """The call as it is for each function that the callee may be."""
        return tuple(replace(self, target=target, others=()) for target in (self.target, *self.others))


class CallReader:
    """Reads the calls of one scope."""

    def __init__(self, scope: ScopeTypes) -> None:
        self._scope = scope
        self._catalog = scope.catalog

    def read(self, event: ev.Call) -> CallInfo:
        """What the call calls."""
        callee = event.callee
        receiver = None if callee.receiver is None else self._scope.value(callee.receiver)
        info = self._by_receiver(event, receiver)
        if info is not None:
            return info
        value = None if callee.place is None else self._scope.value(callee.place)
        if value is not None and value.sort is Sort.ONE_OF:
            value = self._bound_last(event) or value
        info = self._by_value(event, value)
        if info is not None:
            return info
        return self._by_convention(event, receiver, value)

    def _bound_last(self, event: ev.Call) -> Value | None:
        """What a name that is bound to several functions stands for where it is called; `None` where that is not known."""
        place = event.callee.place
        if place is None or not self._scope.has_sources(place):
            return None
        values = reaching_values(self._scope.graph, self._scope.producer[event.result], place)
        return join([None if value is None else self._scope.value(value) for value in values])

    def _by_receiver(self, event: ev.Call, receiver: Value | None) -> CallInfo | None:
        """A method of an instance."""
        if receiver is not None and receiver.sort is Sort.DEFINITION:
            receiver = decorated_as(self._scope, receiver)
        if receiver is None or receiver.sort not in (Sort.INSTANCE, Sort.OBJECT, Sort.SUPER):
            return None
        method = event.callee.method
        if receiver.sort is Sort.SUPER:
            return self._inherited(event, receiver)
        if receiver.sort is Sort.OBJECT and self._is_opaque(receiver):
            # No resource comes from that module: it is read only if one is handed to the method.
            target = Value(Sort.DEFINITION, f"{receiver.name}.{method}", receiver.module)
            return CallInfo(event, target=target, confidence=receiver.confidence, receiver=receiver)
        if receiver.sort is Sort.OBJECT:
            own = self._scope.attribute_of(receiver, method)
            if own is not None and own.sort is Sort.DEFINITION:
                return CallInfo(event, target=own, confidence=own.confidence, receiver=receiver, is_class=_is_class(self._scope, own))
            if own is not None:
                return self._by_value(event, own)
            base = self._library_base(receiver)
            if base is None:
                # `self` of a class with unresolved bases: anything may be inherited.
                return CallInfo(event, confidence=Confidence.LIKELY, receiver=receiver)
            receiver = instance(base, receiver.confidence)
        return self._modelled_method(event, receiver)

    def _modelled_method(self, event: ev.Call, receiver: Value) -> CallInfo:
        """A method of an instance of a library's class."""
        method = event.callee.method
        model = self._catalog.method(receiver.name, method)
        if model is None:
            held = self._catalog.attribute(receiver.name, method)
            if held is not None:
                model = self._catalog.call(held)
        if model is not None and any(part is not None and not self._is_alike(model, part.name, method) for part in receiver.parts):
            model = None
        name = f"{receiver.name}.{method}"
        return CallInfo(event, self._fitting(model, event), name=name, confidence=receiver.confidence, receiver=receiver)

    def _is_alike(self, model: CallModel, other: str, method: str) -> bool:
        """Whether another type's method, which may be the one that is called, is awaited where this one is, and so is what it gives."""
        theirs = self._catalog.method(other, method)
        if theirs is None:
            return True
        awaited = [any(release.awaited for release in each.lease.release) for each in (model, theirs) if each.lease is not None]
        return (model.is_coroutine, model.acquires) == (theirs.is_coroutine, theirs.acquires) and len(set(awaited)) < 2

    def _inherited(self, event: ev.Call, receiver: Value) -> CallInfo | None:
        """`super().take()`: the nearest base's method; `None` where no base of the project and no modelled one has it."""
        own = self._scope.attribute_of(receiver, event.callee.method)
        if own is not None and own.sort is Sort.DEFINITION:
            bound = receiver._replace(sort=Sort.OBJECT)
            return CallInfo(event, target=own, confidence=own.confidence, receiver=bound, is_class=_is_class(self._scope, own))
        base = self._library_base(receiver) if own is None else None
        return None if base is None else self._modelled_method(event, instance(base, receiver.confidence))

    def _is_opaque(self, value: Value) -> bool:
        """Whether a value is of a module of the project that does not bear."""
        modules = self._scope.module.modules
        return modules is not None and value.module != self._scope.module.name and not modules.is_bearing(value.module)

    def _library_base(self, receiver: Value) -> str | None:
        home = self._scope.home(receiver)
        return home.library_base(receiver.name) if home is not None else None

    def _by_value(self, event: ev.Call, value: Value | None) -> CallInfo | None:
        """A function, a class, a factory or another callable."""
        if value is None:
            return None
        match value.sort:
            case Sort.NAME:
                return self._by_name(event, value)
            case Sort.INSTANCE:
                model = self._catalog.call(value.name)
                return CallInfo(event, self._fitting(model, event), name=value.name, confidence=value.confidence, receiver=value)
            case Sort.DEFINITION:
                return self._by_definition(event, value)
            case Sort.CALLABLE:
                return self._by_value(event, value.parts[0])
            case Sort.ONE_OF:
                return self._by_one_of(event, value)
            case Sort.OBJECT if not self._is_opaque(value):
                own = self._scope.attribute_of(value, "__call__")
                is_method = own is not None and own.sort is Sort.DEFINITION
                return CallInfo(event, target=own, confidence=value.confidence, receiver=value) if is_method else None
        return None

    def _by_one_of(self, event: ev.Call, value: Value) -> CallInfo | None:
        """One of several functions of the project; of several classes nothing is known."""
        found = [self._by_definition(event, part) for part in value.parts if part is not None]
        if any(info.is_class or info.receiver is not None for info in found):
            return None
        targets = [target for info in found for target in (info.target, *info.others) if target is not None]
        return replace(found[0], others=tuple(targets[1:]))

    def _by_name(self, event: ev.Call, value: Value) -> CallInfo | None:
        model = self._catalog.function(value.name)
        if model is None:
            owner, _, last = value.name.rpartition(".")
            if owner and self._catalog.type(owner) is not None:
                model = self._catalog.method(owner, last)
        last = value.name.rpartition(".")[2]
        if model is None and self._speaks_by_convention(event):
            return None
        return CallInfo(event, self._fitting(model, event), name=value.name, confidence=value.confidence, is_class=looks_like_class(last))

    def _by_definition(self, event: ev.Call, value: Value) -> CallInfo:
        if _is_class(self._scope, value):
            base = self._library_base(value)
            model = self._catalog.function(base) if base is not None else None
            return CallInfo(
                event, self._fitting(model, event), value, confidence=min(value.confidence, Confidence.LIKELY) if model else
                value.confidence, is_class=True, is_project_subclass=model is not None,
            )  # fmt: skip
        home = self._scope.home(value) if not self._is_opaque(value) else None
        others = tuple(value._replace(name=name) for name in home.namesakes(value.name)) if home is not None else ()
        receiver = value.parts[0] if value.parts else None
        return CallInfo(event, target=value, confidence=value.confidence, receiver=receiver, others=others)

    def _speaks_by_convention(self, event: ev.Call) -> bool:
        return self._catalog.convention(self.receiver_name(event), event.callee.method) is not None

    def _by_convention(self, event: ev.Call, receiver: Value | None, value: Value | None) -> CallInfo:
        is_class = looks_like_class(event.callee.method)
        if receiver is not None and receiver.sort not in (Sort.NAME, Sort.OPAQUE, Sort.NONE, Sort.SUPER, Sort.ONE_OF):
            return CallInfo(event, receiver=receiver, is_class=is_class)
        model = self._catalog.convention(self.receiver_name(event), event.callee.method)
        if model is None:
            return CallInfo(event, confidence=Confidence.LIKELY, is_class=is_class)
        return CallInfo(event, self._fitting(model, event), confidence=Confidence.LIKELY, is_convention=True, is_class=is_class)

    def receiver_name(self, event: ev.Call) -> str:
        """The last name of the receiver as written: `db_pool` for `self.db_pool`."""
        return self.last_name(event.callee.receiver)

    def last_name(self, place: PlaceId | None) -> str:
        """The last name of what is in a place as written; that of the callee for the result of a call."""
        if place is None:
            return ""
        match self._scope.graph.places.keys[place]:
            case ev.Local(name) | ev.Attribute(_, name):
                return name.partition("'")[0]
            case ev.Temp():
                node = self._scope.producer.get(place)
                made = self._scope.graph.events[node] if node is not None else None
                return made.callee.method if isinstance(made, ev.Call) else ""
        return ""

    def _fitting(self, model: CallModel | None, event: ev.Call) -> CallModel | None:
        """The model, unless the arguments say that this call is something else."""
        if model is not None and model.at_most is not None and sum(isinstance(a.key, int) for a in event.arguments) > model.at_most:
            return None
        return model

    # Results

    def result(self, info: CallInfo) -> Value | None:
        """What the call's result (awaited, if the call is) holds."""
        if info.name == "builtins.super":
            found = self._super(info)
        elif info.model is not None:
            found = self._modelled_result(info, info.model)
        elif info.others:
            found = join([self._project_result(each, each.target) for each in info.each() if each.target is not None])
        elif info.target is not None:
            found = self._project_result(info, info.target)
        elif info.is_class and info.name:
            found = instance(info.name)
        else:
            found = None
        found = found or self._of_container(info)
        if found is not None and info.event.awaited and found.sort is Sort.AWAITABLE:
            inner = found.parts[0]
            found = None if inner is None else inner.weakened(found.confidence)
        return None if found is None else found.weakened(info.confidence)

    def _of_container(self, info: CallInfo) -> Value | None:
        """What a call gives of the elements of a container: `enumerate(clients)`, `clients.values()`, `clients.get(name)`."""
        method, receiver = info.event.callee.method, info.receiver
        if receiver is not None and receiver.item is not None:
            pair = Value(Sort.TUPLE, parts=(None, receiver.item))
            given = {"values": container("builtins.list", receiver.item), "items": container("builtins.list", pair), "copy": receiver}
            return receiver.item if method in _TAKING else given.get(method)
        place = argument_at(info.event, 0) if info.name in _REARRANGING or info.name == _ENUMERATE else None
        value = self._scope.value(place) if place is not None else None
        if value is None or value.item is None:
            return None
        return container("builtins.list", Value(Sort.TUPLE, parts=(None, value.item)) if info.name == _ENUMERATE else value.item)

    def _super(self, info: CallInfo) -> Value | None:
        """What `super()`, or `super(Store, self)`, stands for: the bases of the class whose method this is."""
        place = argument_at(info.event, 0)
        if place is not None:
            named = self._scope.value(place)
            return named._replace(sort=Sort.SUPER) if named is not None and named.sort is Sort.DEFINITION else None
        owner = self._scope.owner()
        return Value(Sort.SUPER, owner, self._scope.module.name) if owner else None

    def _modelled_result(self, info: CallInfo, model: CallModel) -> Value | None:
        for position in (model.wraps, model.enters, model.passes, model.awaits):
            if position is not None:
                return self._argument_value(info, model, position)
        if model.calls is not None:
            return self._called_result(info, model)
        made = self._made(info, model)
        if model.lends is not None and not info.event.awaited:
            lent = instance(model.lends)
            return Value(Sort.MANAGER, parts=(lent,)) if model.acquires is not Acquires.AWAITED else Value(Sort.AWAITABLE, parts=(lent,))
        if made is None:
            return None
        return Value(Sort.AWAITABLE, parts=(made,)) if model.is_coroutine or model.acquires is Acquires.AWAITED else made

    def _argument_value(self, info: CallInfo, model: CallModel, position: int) -> Value | None:
        place = argument_at(info.event, position)
        value = None if place is None else self._scope.value(place)
        if value is None:
            return None
        if model.awaits is not None and value.sort is Sort.AWAITABLE:
            return value if model.is_coroutine or model.keeps else value.parts[0]
        if model.wraps is not None:
            return Value(Sort.MANAGER, parts=(value,))
        if model.enters is not None and value.sort is Sort.MANAGER:
            return value.parts[0]
        return value

    def _called_result(self, info: CallInfo, model: CallModel) -> Value | None:
        assert model.calls is not None
        place = argument_at(info.event, model.calls)
        callee = None if place is None else self._scope.value(place)
        if callee is None:
            return None
        if model.returns_class:
            return Value(Sort.CALLABLE, parts=(callee,))
        inner = self._by_value(info.event, callee)
        return None if inner is None else self.result(inner)

    def called_inside(self, info: CallInfo) -> CallInfo | None:
        """What `to_thread(connect, dsn)` calls, or has called; `None` if it is not known."""
        position = None if info.model is None else info.model.starts if info.model.calls is None else info.model.calls
        place = argument_at(info.event, position) if position is not None else None
        if place is None:
            return None
        callee = callee_of(self._scope.graph, place)
        event = replace(info.event, callee=callee)
        receiver = self._scope.value(callee.receiver) if callee.receiver is not None else None
        return self._by_receiver(event, receiver) or self._by_value(event, self._scope.value(place))

    def _made(self, info: CallInfo, model: CallModel) -> Value | None:
        if model.returns == "self":
            return info.receiver
        if model.returns is None:
            return None
        returns = model.returns
        for keyword, wanted, other in model.returns_when:
            place = next((a.value for a in info.event.arguments if a.key == keyword), None)
            given = None if place is None else self._scope.value(place)
            if given is not None and given.sort is Sort.NAME and self._catalog.is_a(given.name, wanted):
                returns = other
        if model.returns_class:
            return Value(Sort.NAME, returns)
        made = Value(Sort.OBJECT, info.target.name, info.target.module) if info.is_project_subclass and info.target else instance(returns)
        if model.item is not None:
            return Value(Sort.TUPLE, parts=(None,) * model.item + (made,))
        return made

    def _project_result(self, info: CallInfo, target: Value) -> Value | None:
        modules = self._scope.module.modules
        if modules is not None and target.module != self._scope.module.name and not modules.is_bearing(target.module):
            return target._replace(sort=Sort.OBJECT) if looks_like_class(target.name.rpartition(".")[2]) else None
        home = self._scope.home(target)
        if home is None:
            return None
        if target.name in home.facts.classes:
            return target._replace(sort=Sort.OBJECT)
        facts = home.function(target.name)
        if facts is None:
            return None
        decorators = {home.scope(facts.outer or facts.id).named(d.name) for d in facts.decorators if d.name}
        if facts.is_generator:
            yielded = home.scope(facts.id).yielded_value()
            is_provider = any(d is not None and d.sort is Sort.NAME and self._catalog.is_provider_decorator(d.name) for d in decorators)
            return Value(Sort.MANAGER, parts=(yielded,)) if is_provider else None
        returned = home.scope(facts.id).returned_value()
        if returned is None or returned.sort is Sort.NONE:
            return None
        returned = self._of_called_class(info, home.name, facts.owner, returned)
        return Value(Sort.AWAITABLE, parts=(returned,)) if facts.is_async else returned

    def _of_called_class(self, info: CallInfo, module: str, owner: str, returned: Value) -> Value:
        """`Orders.of(session)`, where the base's method returns `cls(session)` or `self`: an instance of `Orders`."""
        receiver = info.event.callee.receiver
        if (
            receiver is None
            or not owner
            or not returned.broad
            or (returned.sort, returned.name, returned.module) != (Sort.OBJECT, owner, module)
        ):
            return returned
        called_on = self._scope.value(receiver)
        if called_on is None or called_on.sort not in (Sort.DEFINITION, Sort.OBJECT):
            return returned
        home = self._scope.home(called_on)
        if home is None or called_on.name not in home.facts.classes:
            return returned
        return returned._replace(name=called_on.name, module=called_on.module, broad=called_on.broad)


def argument_at(event: ev.Call, position: int) -> PlaceId | None:
    """The argument at a position from 0, `None` if it is not given by position."""
    return next((a.value for a in event.arguments if a.key == position), None)


def callee_of(graph: FlowGraph, place: PlaceId) -> ev.Callee:
    """What calling what a place holds calls: a method of its receiver, where the place is `client.post`."""
    key = graph.places.keys[place]
    if isinstance(key, ev.Attribute):
        return ev.Callee(place, key.base, key.name, is_method=True)
    return ev.Callee(place, None, key.name if isinstance(key, ev.Local) else "")


def without_first(event: ev.Call, count: int) -> ev.Call:
    """The call that `to_thread(f, a, b)` makes: `f(a, b)`."""
    moved = [
        ev.Argument(a.key - count, a.value) if isinstance(a.key, int) else a
        for a in event.arguments
        if not isinstance(a.key, int) or a.key >= count
    ]
    return replace(event, arguments=tuple(moved))


def is_given(event: ev.Call, position: int, name: str) -> bool:
    """Whether an argument is given, by position or name, or may be by a star."""
    return any(a.key in (position, name, "*", "**") for a in event.arguments)


def looks_like_class(name: str) -> bool:
    """Whether a name is a `CapWord`, as classes are."""
    name = name.lstrip("_")
    return name[:1].isupper() and any(c.islower() for c in name)


def _is_class(scope: ScopeTypes, value: Value) -> bool:
    modules = scope.module.modules
    if modules is not None and value.module != scope.module.name and not modules.is_bearing(value.module):
        return looks_like_class(value.name.rpartition(".")[2])
    home = scope.home(value)
    return home is not None and value.name in home.facts.classes
