"""What a web framework fills in for a function: its dependencies, read from defaults, annotations and lists.

    def read(db: Session = Depends(get_db))              by default
    def read(db: Annotated[Session, Depends(get_db)])    by annotation; `Db = Annotated[…]` is looked through, in other modules too
    @router.get("/", dependencies=[Depends(get_db)])     by a list

Annotations and defaults are text, read with `ast` and never evaluated; lists are read from the graph of the scope that they stand in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.targets import Target
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, SpanId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import MAX_HOPS, ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import MODULE_BODY, FunctionFacts, Scope

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

_CONSTRUCTORS = ("__init__", "__new__")


@dataclass(frozen=True, slots=True)
class Marker:
    """One request for a dependency. `callee`: what the framework calls; `detail` tells callables of one class or factory apart.

    `scope`: what was written for it, empty if nothing. `span`: that of the marker's call, for one in a list.
    """

    callee: Value
    detail: str = ""
    scope: str = ""
    use_cache: bool = True
    span: SpanId | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name of a function that is filled by a dependency. `span`: where the name stands."""

    name: str
    marker: Marker
    span: SpanId


@dataclass(frozen=True, slots=True)
class Called:
    """The code that runs for a dependency. `is_class`: an instance is made of it."""

    target: Target
    is_class: bool
    confidence: Confidence


class Injection:
    """Reads the dependencies of functions."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def wanted(self, target: Target) -> tuple[Wanted, ...]:
        """The parameters of a function that are filled by dependencies, in their order."""
        facts = target.facts
        outer = target.types.scope(facts.outer if facts.outer is not None else MODULE_BODY)
        found = []
        for parameter in facts.parameters[1 if _has_self(facts) else 0 :]:
            marker = self._of_default(outer, parameter.default, parameter.annotation) or self.of_annotation(outer, parameter.annotation)
            if marker is not None and not parameter.star:
                found.append(Wanted(parameter.name, marker, parameter.span))
        return tuple(found)

    def fields(self, types: ModuleTypes, owner: str) -> tuple[Wanted, ...]:
        """The attributes of a class body that are filled by dependencies: of a class-based view, of a dataclass."""
        facts = types.facts.classes.get(owner)
        if facts is None:
            return ()
        body = types.scope(facts.body)
        found = []
        for event in body.graph.events:
            if isinstance(event, ev.Bind) and isinstance(key := body.graph.places.keys[event.target], ev.Local):
                marker = self.at(body, event.value) if event.value is not None else None
                if marker is not None:
                    found.append(Wanted(key.name, marker, event.span))
        done = {wanted.name for wanted in found}
        for name, text in body.facts.annotations.items():
            marker = self.of_annotation(body, text) if name not in done else None
            if marker is not None:
                found.append(Wanted(name, marker, body.facts.span))
        return tuple(found)

    def called(self, marker: Marker, home: ScopeTypes) -> Called | None:
        """The code that runs for a marker; `None` where it is not of the project or not known."""
        return self._called(marker.callee, home)

    def _called(self, value: Value, scope: ScopeTypes) -> Called | None:
        if value.sort is Sort.CALLABLE and value.parts[0] is not None:
            return self._called(value.parts[0], scope)
        if value.sort not in (Sort.DEFINITION, Sort.OBJECT):
            return None
        types = scope.home(value)
        if types is None:
            return None
        if value.sort is Sort.OBJECT:
            method = types.attribute_value(value.name, "__call__")
            return self._called(method, types.scope(MODULE_BODY)) if method is not None else None
        facts = types.function(value.name)
        if facts is not None:
            return Called(Target(types, facts), False, value.confidence)
        if value.name in types.facts.classes:
            for home, name in self._summaries.owners.lineage(types, value.name):
                for constructor in _CONSTRUCTORS:
                    made = home.function(f"{name}.{constructor}")
                    if made is not None:
                        return Called(Target(home, made), True, value.confidence)
            body = types.facts.functions[types.facts.classes[value.name].body]
            return Called(Target(types, body), True, value.confidence)
        return None

    # Texts

    def _of_default(self, outer: ScopeTypes, text: str, annotation: str) -> Marker | None:
        """`Depends(get_db)`, or a name that holds that."""
        tree = _parsed(text) if text else None
        if isinstance(tree, ast.Call):
            return self._of_call(outer, tree, annotation)
        dotted = _dotted(tree) if tree is not None else ""
        return self._of_variable(outer.module, dotted) if dotted else None

    def of_annotation(self, scope: ScopeTypes, text: str, hops: int = MAX_HOPS) -> Marker | None:
        """The marker in `Annotated[Session, Depends(get_db)]`, or in what a name of the project stands for."""
        tree = _parsed(text) if text else None
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            tree = _parsed(tree.value)
        if tree is None or hops == 0:
            return None
        dotted = _dotted(tree)
        if dotted:
            value = scope.named(dotted)
            home = scope.home(value) if value is not None and value.sort is Sort.ALIAS else None
            if value is None or home is None:
                return None
            return self.of_annotation(home.scope(MODULE_BODY), home.facts.functions[MODULE_BODY].aliases[value.name], hops - 1)
        if not isinstance(tree, ast.Subscript) or not isinstance(tree.slice, ast.Tuple):
            return None
        if _dotted(tree.value).rpartition(".")[2] != "Annotated":
            return None
        first, *others = tree.slice.elts
        for other in reversed(others):
            marker = self._of_call(scope, other, ast.unparse(first)) if isinstance(other, ast.Call) else None
            if marker is None and _dotted(other):
                marker = self._of_variable(scope.module, _dotted(other))
            if marker is not None:
                return marker
        return self.of_annotation(scope, ast.unparse(first), hops - 1)

    def _of_call(self, scope: ScopeTypes, node: ast.Call, annotation: str) -> Marker | None:
        if not self._is_marker(scope, _dotted(node.func)):
            return None
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        wanted = node.args[0] if node.args else given.get("dependency")
        if wanted is None:  # the annotated class
            wanted = _parsed(annotation)
        value = self._evaluated(scope, wanted) if wanted is not None else None
        if value is None or wanted is None:
            return None
        detail = "" if value.sort is Sort.DEFINITION and _dotted(wanted) else ast.unparse(wanted)
        written, cached = given.get("scope"), given.get("use_cache")
        return Marker(
            value,
            detail,
            str(written.value) if isinstance(written, ast.Constant) else "",
            not (isinstance(cached, ast.Constant) and cached.value is False),
        )

    def _is_marker(self, scope: ScopeTypes, dotted: str) -> bool:
        web = scope.catalog.web
        if dotted.rpartition(".")[2] not in web.marker_names:
            return False
        value = scope.named(dotted)
        if value is None or value.sort is Sort.OPAQUE:
            return True
        return value.sort is Sort.NAME and (value.name in web.markers or "." not in value.name)

    def _evaluated(self, scope: ScopeTypes, node: ast.expr, depth: int = 4) -> Value | None:
        """What an expression of a marker names: a function, a class, an instance, a partial, what a factory returns."""
        dotted = _dotted(node)
        if dotted:
            return scope.named(dotted)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return scope.named(node.value)
        if not isinstance(node, ast.Call) or depth == 0:
            return None
        callee = self._evaluated(scope, node.func, depth - 1)
        if callee is None:
            return None
        if callee.sort is Sort.NAME:
            model = scope.catalog.function(callee.name)
            if model is not None and model.calls is not None and model.returns_class and len(node.args) > model.calls:
                return self._evaluated(scope, node.args[model.calls], depth - 1)
        home = scope.home(callee) if callee.sort is Sort.DEFINITION else None
        if home is None:
            return None
        facts = home.function(callee.name)
        if facts is None:
            return callee._replace(sort=Sort.OBJECT) if callee.name in home.facts.classes else None
        return home.scope(facts.id).returned_value() if not facts.is_generator else None

    def _of_variable(self, types: ModuleTypes, dotted: str, hops: int = MAX_HOPS) -> Marker | None:
        """A module's `db = Depends(get_db)`, under its name or an imported one."""
        base, _, name = dotted.rpartition(".")
        body = types.scope(MODULE_BODY)
        if base:
            value = body.named(base)
            home = body.home(value) if value is not None and value.sort is Sort.MODULE else None
            return self._of_variable(home, name, hops - 1) if home is not None and hops else None
        place = body.graph.places.find(ev.Local(name))
        if place is None:
            return None
        found = self.at(body, place)
        home_and_name = imported_from(types, name)
        if found is None and home_and_name is not None and hops:
            return self._of_variable(*home_and_name, hops - 1)
        return found

    # Graphs

    def at(self, scope: ScopeTypes, place: PlaceId) -> Marker | None:
        """The marker that a place of a graph holds."""
        info = scope.call_behind(place)
        if info is None or info.name not in scope.catalog.web.markers:
            return None
        wanted = argument_at(info.event, 0)
        if wanted is None:
            wanted = next((a.value for a in info.event.arguments if a.key == "dependency"), None)
        value = scope.value(wanted) if wanted is not None else None
        if value is None or wanted is None:
            return None
        detail = "" if value.sort is Sort.DEFINITION else scope.graph.places.text(wanted)
        scoped, cached = _constant(scope, info, "scope"), _constant(scope, info, "use_cache")
        return Marker(value, detail, scoped.strip("'\""), cached != "False", info.event.span)

    def listed(self, scope: ScopeTypes, event: ev.Call) -> Iterator[Marker]:
        """The markers in the `dependencies=[…]` of a call."""
        place = next((a.value for a in event.arguments if a.key == "dependencies"), None)
        if place is None:
            return
        for _ in range(MAX_HOPS):
            sources = scope.sources(place)
            if len(sources) != 1 or sources[0].place is None:
                break
            place = sources[0].place
        for other in scope.graph.events:
            if isinstance(other, ev.Store) and other.kind is ev.StoreKind.CONTAINER and other.base == place and other.value is not None:
                marker = self.at(scope, other.value)
                if marker is not None:
                    yield marker


def imported_from(types: ModuleTypes, name: str) -> tuple[ModuleTypes, str] | None:
    """The module of the project, and the name in it, that a module's imported name stands for."""
    body = types.scope(MODULE_BODY)
    place = body.graph.places.find(ev.Local(name))
    for source in body.sources(place) if place is not None else ():
        key = body.graph.places.keys[source.place] if source.place is not None else None
        if isinstance(key, ev.Imported):
            module, _, member = key.name.rpartition(".")
            value = types.named(module if module.strip(".") else f"{module}.") if module else None
            home = body.home(value) if value is not None and value.sort is Sort.MODULE else None
            if home is not None:
                return home, member
    return None


def _has_self(facts: FunctionFacts) -> bool:
    return bool(facts.owner) and facts.scope is Scope.FUNCTION and all(d.name != "staticmethod" for d in facts.decorators)


def _constant(scope: ScopeTypes, info: CallInfo, keyword: str) -> str:
    place = next((a.value for a in info.event.arguments if a.key == keyword), None)
    key = scope.graph.places.keys[place] if place is not None else None
    return key.text if isinstance(key, ev.Constant) else ""


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _dotted(node: ast.expr | None) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join(reversed([*parts, node.id]))
