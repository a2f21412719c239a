"""The light types of one module: what each place of each scope holds.

Flow-insensitive: a place holds the join of all that is bound to it in its scope. Names are looked up as Python does: parameters and local
bindings, enclosing functions, the module, star imports of modelled libraries, builtins. Everything is computed when asked for and kept;
a question that comes back to itself is answered with "unknown".
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.annotations import Names, annotated_value, yielded_value
from unclosed.infer.attributes import library_attribute
from unclosed.infer.calls import CallInfo, CallReader
from unclosed.infer.modules import Modules
from unclosed.infer.recursion import Recursion
from unclosed.infer.values import Handed, Sort, Value, awaited, displayed, entered, instance, join
from unclosed.lowering.facts import MODULE_BODY, FunctionFacts, FunctionId, ModuleFacts, Parameter, Scope

MAX_HOPS = 10
_SAYING_NOTHING = {(Sort.NAME, f"builtins.{name}") for name in ("None", "True", "False")} | {(Sort.NONE, "")}
_CLASS_METHODS = frozenset({"classmethod"})
_STATIC_METHODS = frozenset({"staticmethod"})
_PLAIN_PROPERTIES = frozenset({"property", "builtins.property"})
PROPERTIES = _PLAIN_PROPERTIES | {"hybrid_property"}


def is_cached_property(decorator: str) -> bool:
    """Whether a property with this decorator, as it is written, runs once and keeps its value on `self`."""
    return decorator.rpartition(".")[2] == "cached_property"


class ModuleTypes:
    """The types of one module. `name`: its dotted name in the project, or any text that tells it from the others."""

    def __init__(
        self, name: str, facts: ModuleFacts, catalog: Catalog, modules: Modules | None = None, recursion: Recursion | None = None
    ) -> None:
        """`recursion`: shared by the modules of one program."""
        self.name, self.facts, self.catalog, self.modules = name, facts, catalog, modules
        self.recursion = recursion if recursion is not None else Recursion()
        self._scopes: dict[tuple[FunctionId, Handed], ScopeTypes] = {}
        self._by_name: dict[str, FunctionFacts] = {}
        self._namesakes: dict[str, tuple[str, ...]] = {}
        self._global_writers: dict[str, list[FunctionId]] = {}
        self.binders: list[FunctionFacts] = []
        """The functions that declare names `global` or `nonlocal`."""
        self._methods: dict[str, list[FunctionFacts]] = {}
        for function in facts.functions:
            self._add_function(function)
            for name in function.globals:
                self._global_writers.setdefault(name, []).append(function.id)
            if function.globals or function.nonlocals:
                self.binders.append(function)
            if function.owner:
                self._methods.setdefault(function.owner, []).append(function)
        self._attributes: dict[tuple[str, str], Value | None] = {}

    def scope(self, id_: FunctionId, handed: Handed = ()) -> ScopeTypes:
        """The types of one scope; `handed`: what parameters hold at one call, where they do not say so themselves."""
        key = id_, handed
        if key not in self._scopes:
            self._scopes[key] = ScopeTypes(self, self.facts.functions[id_], handed)
        return self._scopes[key]

    def function(self, dotted: str) -> FunctionFacts | None:
        """The function with this dotted name, the last one if there are several."""
        return self._by_name.get(dotted)

    def namesakes(self, dotted: str) -> tuple[str, ...]:
        """The names under which `function` has the earlier definitions of a function that is defined more than once."""
        return self._namesakes.get(dotted, ())

    def _add_function(self, function: FunctionFacts) -> None:
        """The last definition has the name, those before it are kept beside; `@overload`s and setters are no definitions of it."""
        if function.scope is not Scope.FUNCTION:
            return
        before = self._by_name.get(function.name)
        if before is not None and not before.only_raises and not function.decorators:
            kept = self._namesakes.get(function.name, ())
            beside = f"{function.name}#{len(kept)}"
            self._by_name[beside] = before
            self._namesakes[function.name] = (*kept, beside)
        self._by_name[function.name] = function

    def methods(self, owner: str) -> list[FunctionFacts]:
        """The methods of a class, in source order."""
        return self._methods.get(owner, [])

    def definition(self, dotted: str) -> Value | None:
        """A function or class defined in this module."""
        known = dotted in self._by_name or dotted in self.facts.classes
        return Value(Sort.DEFINITION, dotted, self.name) if known else None

    def defined(self, dotted: str) -> Value:
        """What the definition of a function or class binds: itself, or what the user's models say of it."""
        own = self.modules.own_name(self.name, dotted) if self.modules is not None else None
        return Value(Sort.DEFINITION, dotted, self.name) if own is None else Value(Sort.NAME, own)

    def named(self, qualified: str) -> Value:
        """What an imported qualified name names: something of the project, or a library's."""
        found = self.modules.named(qualified, self) if self.modules is not None else None
        if found is not None:
            return found
        name = self.catalog.canonical(qualified)
        held = self.catalog.object_type(name)
        return instance(held) if held is not None else Value(Sort.NAME, name)

    def global_value(self, name: str) -> Value | None:
        """What a module-level name holds."""
        body = self.scope(MODULE_BODY)
        return body.local_value(name) if body.binds(name) or name in self._global_writers else None

    def has_global(self, name: str) -> bool:
        """Whether the module binds a name."""
        return name in self._global_writers or self.scope(MODULE_BODY).binds(name)

    def global_writers(self, name: str) -> list[ScopeTypes]:
        """The functions that declare a name `global`."""
        return [self.scope(id_) for id_ in self._global_writers.get(name, ())]

    def outside_value(self, name: str) -> Value | None:
        """What a name means that the module itself does not bind: a star import or a builtin."""
        known = f"builtins.{name}" if hasattr(builtins, name) else name
        return self.star_value(name) or Value(Sort.NAME, self.catalog.canonical(known))

    def member(self, name: str) -> Value | None:
        """What an importer gets under a name: a global, a submodule, or what a star import brings."""
        if self.has_global(name):
            return self.global_value(name)
        if self.modules is not None:
            found = self.modules.submodule(self.name, name)
            if found is not None:
                return found
        return self.star_value(name)

    def star_value(self, name: str) -> Value | None:
        """What a star import of this module brings under a name."""
        for module in reversed(self.facts.star_imports) if not name.startswith("_") else ():
            if name in self.catalog.exports(module):
                return self.named(f"{module}.{name}")
            if self.modules is not None:
                found = self.modules.named(module + name if module.endswith(".") else f"{module}.{name}", self)
                if found is not None and found.sort is not Sort.OPAQUE and self.modules.is_exported(module, name, self):
                    return found
        return None

    def names(self, named: Callable[[str], Value | None]) -> Names:
        """What names mean in an annotation of this module; `named`: in its scope."""
        return Names(named, lambda value: value.sort is Sort.INSTANCE and self.catalog.type(value.name) is not None, self._alias)

    def _alias(self, value: Value) -> tuple[str, Names] | None:
        """The text of a type alias, and what names mean where it stands."""
        home = self if value.module == self.name else self.modules.types(value.module) if self.modules is not None else None
        body = home.scope(MODULE_BODY) if home is not None else None
        text = body.facts.aliases.get(value.name) if body is not None else None
        return (text, home.names(body.named)) if text is not None and home is not None and body is not None else None

    # Classes

    def attribute_value(self, owner: str, name: str, hops: int = MAX_HOPS) -> Value | None:
        """What the attribute `name` of an instance of the class `owner` of this module holds."""
        key = (owner, name)
        if key in self._attributes:
            return self._attributes[key]
        return self.recursion.answer(
            (self, key), lambda: self._attribute_value(owner, name, hops), lambda value: self._attributes.__setitem__(key, value)
        )

    def _attribute_value(self, owner: str, name: str, hops: int) -> Value | None:
        method = self.function(f"{owner}.{name}")
        if method is not None:
            if any(d.name in PROPERTIES or is_cached_property(d.name) for d in method.decorators):
                return self.scope(method.id).returned_value()
            return Value(Sort.DEFINITION, method.name, self.name)
        values = list(self._assigned_values(owner, name))
        if values:
            return join(values)
        return self.inherited_value(owner, name, hops)

    def inherited_value(self, owner: str, name: str, hops: int = MAX_HOPS) -> Value | None:
        """What the bases of a class give its instances under a name, the first base that has it."""
        found = (base_attribute(self, base, name, hops - 1) for base in self.bases(owner)) if hops > 0 else ()
        return next((value for value in found if value is not None), None)

    def getter(self, owner: str, name: str, hops: int = MAX_HOPS) -> ScopeTypes | None:
        """The getter of a property of a class of this module or of its bases; `None` where the name is anything else."""
        method = self.function(f"{owner}.{name}")
        if method is not None:
            is_property = any(d.name in _PLAIN_PROPERTIES for d in method.decorators)
            return self.scope(method.id) if is_property and method.owner else None
        bases = self.bases(owner) if hops > 0 else ()
        for base in bases if bases and not any(True for _ in self._assigned_values(owner, name)) else ():
            home = self if base.module == self.name else self.modules.types(base.module) if self.modules is not None else None
            found = home.getter(base.name, name, hops - 1) if home is not None and base.sort is Sort.DEFINITION else None
            if found is not None:
                return found
        return None

    def _assigned_values(self, owner: str, name: str) -> Iterator[Value | None]:
        facts = self.facts.classes.get(owner)
        if facts is None:
            return
        body = self.scope(facts.body)
        annotation = body.facts.annotations.get(name)
        if annotation is not None:
            yield body.annotated(name, annotation)
        if body.binds(name):
            yield body.local_value(name)
        for method in self.methods(owner):
            if not method.parameters:
                continue
            scope = self.scope(method.id)
            dotted = f"{method.parameters[0].name}.{name}"
            if dotted in method.annotations:
                yield annotated_value(method.annotations[dotted], self.names(scope.named))
                continue
            base = method.graph.places.find(ev.Local(method.parameters[0].name))
            place = None if base is None else method.graph.places.find(ev.Attribute(base, name))
            if place is not None and scope.has_sources(place):
                yield scope.assigned_value(place)

    def bases(self, owner: str) -> list[Value]:
        """The bases of a class that can be resolved."""
        return [v for v in self.base_values(owner) if v is not None and v.sort in (Sort.NAME, Sort.DEFINITION)]

    def base_values(self, owner: str) -> list[Value | None]:
        """What the bases of a class name, `Base[int]` as `Base`; `None`: not known."""
        facts = self.facts.classes.get(owner)
        if facts is None:
            return []
        outer = self.scope(self.facts.functions[facts.body].outer or MODULE_BODY)
        return [outer.named(base.partition("[")[0]) for base in facts.bases]

    def assigns(self, owner: str, name: str, hops: int = MAX_HOPS) -> bool:
        """Whether a class of this module, a method of it or a base in the project binds an attribute."""
        if any(True for _ in self._assigned_values(owner, name)):
            return True
        bases = [base for base in self.bases(owner) if base.sort is Sort.DEFINITION] if hops > 0 else []
        homes = ((self.home_of(base), base.name) for base in bases)
        return any(home is not None and home.assigns(base, name, hops - 1) for home, base in homes)

    def home_of(self, definition: Value) -> ModuleTypes | None:
        """The module in which a definition stands."""
        if definition.module == self.name:
            return self
        return self.modules.types(definition.module) if self.modules is not None else None

    def library_base(self, owner: str, hops: int = MAX_HOPS) -> str | None:
        """The nearest modelled library class that a class of this module extends."""
        for base in self.bases(owner):
            if base.sort is Sort.NAME and self.catalog.type(base.name) is not None:
                return base.name
            home = self if base.module == self.name else self.modules.types(base.module) if self.modules is not None else None
            if base.sort is Sort.DEFINITION and home is not None and hops > 0:
                found = home.library_base(base.name, hops - 1)
                if found is not None:
                    return found
        return None


def base_attribute(types: ModuleTypes, base: Value, name: str, hops: int) -> Value | None:
    """What an attribute inherited from `base` holds."""
    if base.sort is Sort.DEFINITION:
        home = types if base.module == types.name else types.modules.types(base.module) if types.modules is not None else None
        return home.attribute_value(base.name, name, hops) if home is not None else None
    return library_attribute(types.catalog, base.name, name)


@dataclass(frozen=True, slots=True)
class Getter:
    """What reading an attribute runs: the getter of a property, as a value and as a scope, and the object that it gets."""

    function: Value
    scope: ScopeTypes
    receiver: Value


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is bound to a place: another place's value, the result of the event at `node`, or nothing known."""

    place: PlaceId | None = None
    node: int | None = None


class ScopeTypes:
    """The types of one scope."""

    def __init__(self, module: ModuleTypes, facts: FunctionFacts, handed: Handed = ()) -> None:
        self.module, self.facts, self.graph, self._handed = module, facts, facts.graph, dict(handed)
        self.catalog = module.catalog
        self.calls = CallReader(self)
        self._parameters = {p.name: p for p in facts.parameters}
        self._sources: dict[PlaceId, list[Source]] = {}
        self._yields: list[PlaceId | None] = []
        self._elements: dict[PlaceId, list[PlaceId | None]] = {}
        """What is put into the displays of the scope, by their temporaries."""
        self._values: dict[PlaceId, Value | None] = {}
        self._calls: dict[int, CallInfo] = {}
        self.producer: dict[PlaceId, int] = {}
        """The node of the call whose result a temporary is."""
        for node, event in enumerate(facts.graph.events):
            self._read(node, event)

    def _read(self, node: int, event: ev.Event) -> None:
        match event:
            case ev.Bind(target, value, _):
                self._sources.setdefault(target, []).append(Source(place=value))
            case ev.Call(result=result):
                self._sources.setdefault(result, []).append(Source(node=node))
                self.producer[result] = node
            case ev.Await(_, result, _) | ev.Enter(_, _, result, _):
                self._sources.setdefault(result, []).append(Source(node=node))
            case ev.Capture(_, result, _, _) if self.graph.places.is_temp(result):  # a lambda
                self._sources.setdefault(result, []).append(Source(node=node))
            case ev.Yield(value, _, False, _):
                self._yields.append(value)
            case ev.Store(ev.StoreKind.CONTAINER, base, _, value, _) if base is not None and self.graph.places.is_temp(base):
                self._elements.setdefault(base, []).append(value)
            case _:
                pass

    # Questions

    def value(self, place: PlaceId) -> Value | None:
        """What a place holds."""
        if place in self._values:
            return self._values[place]
        return self.module.recursion.answer((self, place), lambda: self._value(place), lambda value: self._values.__setitem__(place, value))

    def call(self, node: int) -> CallInfo:
        """What the call at a node calls."""
        if node in self._calls:
            return self._calls[node]
        event = self.graph.events[node]
        assert isinstance(event, ev.Call)
        found = self.module.recursion.answer((self, event), lambda: self.calls.read(event), lambda info: self._keep_call(node, info))
        return found if found is not None else CallInfo(event, confidence=Confidence.LIKELY)

    def _keep_call(self, node: int, info: CallInfo | None) -> None:
        if info is not None:
            self._calls[node] = info

    def set_call(self, node: int, info: CallInfo) -> None:
        """Say what the call at a node calls, where its event does not."""
        self._calls[node] = info

    def getter_behind(self, place: PlaceId) -> Getter | None:
        """What reading an attribute runs; `None` for one that is no property of a project class."""
        key = self.graph.places.keys[place]
        receiver = self.value(key.base) if isinstance(key, ev.Attribute) and place not in self._sources else None
        home = self.home(receiver) if receiver is not None and receiver.sort is Sort.OBJECT and self._bears(receiver.module) else None
        if home is None or receiver is None or not isinstance(key, ev.Attribute):
            return None
        found = home.getter(receiver.name, key.name)
        if found is None:
            return None
        return Getter(Value(Sort.DEFINITION, found.facts.name, found.module.name), found, receiver)

    def _bears(self, module: str) -> bool:
        return module == self.module.name or (self.module.modules is not None and self.module.modules.is_bearing(module))

    def call_behind(self, place: PlaceId) -> CallInfo | None:
        """The call whose result a place holds, if it holds nothing else."""
        for _ in range(MAX_HOPS):
            if place in self.producer:
                return self.call(self.producer[place])
            sources = self.sources(place)
            if len(sources) != 1:
                return None
            before = sources[0].place
            entered = self.graph.events[sources[0].node] if sources[0].node is not None else None
            if isinstance(entered, ev.Enter):
                before = entered.manager
            if before is None:
                return None
            place = before
        return None

    def named(self, dotted: str) -> Value | None:
        """What a dotted name means in this scope, without a place for it."""
        if not dotted:
            return None
        root, *attributes = dotted.split(".")
        value = self.name_value(root)
        for attribute in attributes:
            value = self.attribute_of(value, attribute)
        return value

    def binds(self, name: str) -> bool:
        """Whether the scope binds a name itself."""
        if name in self.facts.globals or name in self.facts.nonlocals:
            return False
        return name in self.facts.bound or name in self._parameters

    def has_sources(self, place: PlaceId) -> bool:
        """Whether something is bound to a place here."""
        return place in self._sources

    def assigned_value(self, place: PlaceId) -> Value | None:
        """The join of what is bound to a place in this scope."""
        return join([self._source_value(source) for source in self._sources.get(place, ())])

    def sources(self, place: PlaceId) -> list[Source]:
        """All that is bound to a place here."""
        return self._sources.get(place, [])

    def returned_value(self) -> Value | None:
        """What the function returns: by annotation, else by its `return` statements."""
        found = annotated_value(self.facts.returns, self.module.names(self._outer_named)) if self.facts.returns else None
        if found is not None and (found.sort is not Sort.INSTANCE or self.catalog.type(found.name) is not None):
            return found
        returned = self.graph.places.find(ev.Returned())
        inferred = None if returned is None else self.assigned_value(returned)
        # An annotation with a class that no model knows may be another name of one that the body shows.
        return inferred if inferred is not None and inferred.sort is Sort.INSTANCE else found or inferred

    def yielded_value(self) -> Value | None:
        """What a generator yields: by annotation, else by its `yield`s."""
        if self.facts.returns:
            found = yielded_value(self.facts.returns, self.module.names(self._outer_named))
            if found is not None:
                return found
        return join([None if place is None else self.value(place) for place in self._yields])

    # Names

    def name_value(self, name: str) -> Value | None:
        """What a name means when it is read in this scope."""
        if self.binds(name):
            return self.local_value(name)
        if name in self.facts.globals:
            return self.module.global_value(name)
        outer = self._enclosing()
        if outer is not None:
            return outer.name_value(name)
        return self.module.global_value(name) if self.module.has_global(name) else self.module.outside_value(name)

    def local_value(self, name: str) -> Value | None:
        """The join of all that this scope binds to a name; for a module also what its functions bind to it as a global."""
        if self.facts.scope is Scope.MODULE and name in self.facts.aliases:
            return Value(Sort.ALIAS, name, self.module.name)
        parameter = self._parameters.get(name)
        annotation = self.facts.annotations.get(name) or (parameter.annotation if parameter is not None else "")
        if annotation and (parameter is None or not parameter.star):
            found = self.annotated(name, annotation, is_parameter=parameter is not None)
            if found is not None:
                return found
        values: list[Value | None] = [] if parameter is None else [self._handed.get(name) or self._parameter_value(parameter)]
        values += self._bound_values(name)
        if self.facts.scope is Scope.MODULE:
            for writer in self.module.global_writers(name):
                values += writer._bound_values(name)
        return join(values)

    def annotated(self, name: str, annotation: str, *, is_parameter: bool = False) -> Value | None:
        """What the annotation of a name of this scope says. The name itself means an outer one there: `date: date | None`."""

        def named(dotted: str) -> Value | None:
            is_itself = is_parameter or dotted.partition(".")[0] == name
            return self._outer_named(dotted) if is_itself and self.facts.outer is not None else self.named(dotted)

        question = (self, "annotation", name)
        return self.module.recursion.answer(question, lambda: annotated_value(annotation, self.module.names(named)), lambda value: None)

    def _bound_values(self, name: str) -> list[Value | None]:
        place = self.graph.places.find(ev.Local(name))
        return [] if place is None else [self._source_value(source) for source in self._sources.get(place, ())]

    def _parameter_value(self, parameter: Parameter) -> Value | None:
        if parameter.position == 0 and self.facts.owner:
            decorators = {d.name for d in self.facts.decorators}
            if decorators & _CLASS_METHODS:
                return Value(Sort.DEFINITION, self.facts.owner, self.module.name, broad=True)
            if not decorators & _STATIC_METHODS:
                return Value(Sort.OBJECT, self.facts.owner, self.module.name, broad=True)
        named = self._outer_named(parameter.default) if parameter.default.replace(".", "").isidentifier() else None
        if named is None or named.sort not in (Sort.INSTANCE, Sort.OBJECT) or (named.sort, named.name) in _SAYING_NOTHING:
            return None  # a function as a default is there to be replaced
        return named.weakened(Confidence.LIKELY)

    def owner(self) -> str:
        """The class whose method this function is, or is nested in; empty outside of classes."""
        scope: ScopeTypes | None = self
        while scope is not None and not scope.facts.owner:
            scope = scope._enclosing()
        return scope.facts.owner if scope is not None else ""

    def _enclosing(self) -> ScopeTypes | None:
        """The nearest enclosing function scope: classes are no scope for the functions in them."""
        outer = self.facts.outer
        while outer is not None:
            facts = self.module.facts.functions[outer]
            if facts.scope is Scope.FUNCTION:
                return self.module.scope(outer)
            outer = facts.outer
        return None

    def _outer_named(self, dotted: str) -> Value | None:
        """What a name means in a parameter's or return annotation: never the function's own locals."""
        outer = self.facts.outer
        return self.module.scope(outer if outer is not None else MODULE_BODY).named(dotted)

    # Places

    def _value(self, place: PlaceId) -> Value | None:
        match self.graph.places.keys[place]:
            case ev.Local(name):
                return self.assigned_value(place) if "'" in name else self.name_value(name)
            case ev.Attribute(base, name):
                own = self.assigned_value(place) if place in self._sources else None
                return own if own is not None and own.sort is not Sort.NONE else self.attribute_of(self.value(base), name)
            case ev.Item(base, index):
                return self._item_value(place, base, index)
            case ev.Constant("None"):
                return Value(Sort.NONE)
            case ev.Imported(name):
                return self.module.named(name)
            case ev.Definition(name):
                return self.module.defined(name)
            case ev.Temp() | ev.Returned():
                return self._displayed(place) if place in self._elements else self.assigned_value(place)
        return None

    def _displayed(self, place: PlaceId) -> Value | None:
        return displayed([None if element is None else self.value(element) for element in self._elements[place]])

    def _item_value(self, place: PlaceId, base: PlaceId, index: int) -> Value | None:
        if place in self._sources:
            return self.assigned_value(place)
        value = self.value(base)
        if value is None:
            return None
        if value.item is not None:
            return value.item.weakened(value.confidence)
        if value.sort is Sort.TUPLE and 0 <= index < len(value.parts):
            part = value.parts[index]
            return None if part is None else part.weakened(value.confidence)
        held = self.catalog.item_type(value.name) if value.sort is Sort.INSTANCE else None
        return instance(held, value.confidence) if held is not None else None

    def attribute_of(self, value: Value | None, name: str) -> Value | None:
        """What an attribute of a value holds."""
        if value is None:
            return None
        match value.sort:
            case Sort.NAME:
                return self.module.named(f"{value.name}.{name}").weakened(value.confidence) if value.name else None
            case Sort.INSTANCE:
                return library_attribute(self.catalog, value.name, name, value.confidence)
            case Sort.MODULE:
                home = self.home(value)
                return home.member(name) if home is not None else None
            case Sort.OBJECT | Sort.DEFINITION:
                home = self.home(value)
                found = home.attribute_value(value.name, name) if home is not None else None
                if found is not None and value.sort is Sort.OBJECT and self._is_method(found):
                    found = found._replace(parts=(value._replace(confidence=Confidence.CERTAIN, parts=()),))
                return found.weakened(value.confidence) if found is not None else None
            case Sort.SUPER:
                home = self.home(value)
                found = home.inherited_value(value.name, name) if home is not None else None
                return found.weakened(value.confidence) if found is not None else None
        return None

    def _is_method(self, value: Value) -> bool:
        """Whether a value is a method that is not bound to an instance yet."""
        home = self.home(value) if value.sort is Sort.DEFINITION and not value.parts else None
        facts = home.function(value.name) if home is not None else None
        return facts is not None and bool(facts.owner)

    def home(self, value: Value) -> ModuleTypes | None:
        """The module in which a definition stands."""
        if value.module == self.module.name:
            return self.module
        return self.module.modules.types(value.module) if self.module.modules is not None else None

    def _source_value(self, source: Source) -> Value | None:
        if source.place is not None:
            return self.value(source.place)
        if source.node is None:
            return None
        match self.graph.events[source.node]:
            case ev.Call():
                return self.calls.result(self.call(source.node))
            case ev.Await(value, _, _):
                return None if value is None else awaited(self.value(value))
            case ev.Enter(manager, _, _, _):
                return entered(self.value(manager))
            case ev.Capture(_, _, function, _):
                return self.module.definition(function)
        return None
