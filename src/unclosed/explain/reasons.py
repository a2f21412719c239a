"""Why a place is taken to hold what it holds: the annotation, import, binding or attribute that says so, with its line.

    conn = get_conn()       conn: bound in app.py:5, `conn = get_conn()`: instance of psycopg2.extensions.connection, certain
    conn.commit()             get_conn: bound in app.py:1, `from db import get_conn`: get_conn of db.py:6, certain

The reasons of a reason stand below it, two columns further in, as far as `DEPTH`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from unclosed.analysis.summaries import Summaries
from unclosed.explain.words import Words, inset, row_of
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, SpanId
from unclosed.infer.types import PROPERTIES, ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import MODULE_BODY, Scope

DEPTH = 4
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
"""A name that no dot stands before."""


class Reasons:
    """The reasons for the types of one program's places."""

    def __init__(self, words: Words, summaries: Summaries) -> None:
        self._words, self._summaries = words, summaries

    def belief(self, scope: ScopeTypes, place: PlaceId, depth: int = DEPTH) -> Iterator[str]:
        """What a place holds, and why."""
        yield f"{self._words.written(scope, place)}: {self._words.value(scope.value(place))}"
        if depth > 0:
            yield from inset(self._why(scope, place, depth - 1))

    def _why(self, scope: ScopeTypes, place: PlaceId, depth: int) -> Iterator[str]:
        match scope.graph.places.keys[place]:
            case ev.Local(name):
                yield from self._local(scope, name, place, depth)
            case ev.Attribute(base, name):
                own = list(self._bindings(scope, place, depth))
                yield from own or self._attribute(scope, base, name, depth)
            case ev.Item(base, _):
                yield from self.belief(scope, base, depth)
            case ev.Temp():
                yield from self._result(scope, place, depth)

    # Names

    def _local(self, scope: ScopeTypes, name: str, place: PlaceId | None, depth: int) -> Iterator[str]:
        home = scope if "'" in name or scope.binds(name) else self._binding_scope(scope, name)
        if home is None:
            value = scope.name_value(name)
            is_builtin = value is not None and value.name.startswith("builtins.")
            yield "a builtin" if is_builtin else "nothing in this file binds it"
            return
        if home is not scope:
            place = home.graph.places.find(ev.Local(name))
        yield from self._declared(home, name, depth)
        if place is not None:
            yield from self._bindings(home, place, depth)
        if home.facts.scope is Scope.MODULE:
            for writer in home.module.global_writers(name):
                written = writer.graph.places.find(ev.Local(name))
                if written is not None:
                    yield from self._bindings(writer, written, depth)

    def _binding_scope(self, scope: ScopeTypes, name: str) -> ScopeTypes | None:
        """The enclosing function or the module that binds a name; `None` if neither does."""
        outer = scope.facts.outer if name not in scope.facts.globals else None
        while outer is not None:
            found = scope.module.scope(outer)
            if found.facts.scope is Scope.FUNCTION and found.binds(name):
                return found
            outer = found.facts.outer
        return scope.module.scope(MODULE_BODY) if scope.module.has_global(name) else None

    def _declared(self, scope: ScopeTypes, name: str, depth: int) -> Iterator[str]:
        """What a parameter or an annotated name is by its declaration."""
        parameter = next((p for p in scope.facts.parameters if p.name == name), None)
        annotation = scope.facts.annotations.get(name, "") or ("" if parameter is None else parameter.annotation)
        said = f"annotated `{' '.join(annotation.split())}`" if annotation else "without an annotation"
        if parameter is not None and parameter.position == 0 and scope.facts.owner and not annotation:
            yield f"the first parameter of a method of {scope.facts.owner}"
        elif parameter is not None:
            yield f"a parameter of {scope.facts.name}, {said}"
        elif annotation:
            yield said
        if depth > 0:
            yield from inset(self._annotation(scope, annotation, depth - 1))

    def _annotation(self, scope: ScopeTypes, annotation: str, depth: int) -> Iterator[str]:
        """What the names in an annotation mean, for those that the module binds."""
        body = scope.module.scope(MODULE_BODY)
        for name in dict.fromkeys(_NAME.findall(annotation)):
            place = body.graph.places.find(ev.Local(name))
            if place is not None and body.has_sources(place):
                yield from self.belief(body, place, depth)

    # Bindings

    def _bindings(self, scope: ScopeTypes, place: PlaceId, depth: int) -> Iterator[str]:
        """Each binding of a place in one scope, with its line; one line for bindings that `finally` suites repeat."""
        seen: set[tuple[SpanId, PlaceId | None]] = set()
        for event in scope.graph.events:
            if isinstance(event, ev.Bind) and event.target == place and (event.span, event.value) not in seen:
                seen.add((event.span, event.value))
                yield from self._binding(scope, event, depth)

    def _binding(self, scope: ScopeTypes, event: ev.Bind, depth: int) -> Iterator[str]:
        value = None if event.value is None else scope.value(event.value)
        yield f"bound in {self._line(scope, event.span)}: {self._words.value(value)}"
        key = None if event.value is None else scope.graph.places.keys[event.value]
        if event.value is None or depth == 0 or isinstance(key, ev.Constant | ev.Imported | ev.Definition | ev.Pure):
            return
        if isinstance(key, ev.Temp):
            yield from inset(self._result(scope, event.value, depth - 1))
        else:
            yield from inset(self.belief(scope, event.value, depth - 1))

    def _result(self, scope: ScopeTypes, place: PlaceId, depth: int) -> Iterator[str]:
        """Why the value of an expression is what it is: what was called for it, entered or awaited."""
        for source in scope.sources(place):
            if source.place is not None and depth > 0:
                yield from self.belief(scope, source.place, depth - 1)
            match scope.graph.events[source.node] if source.node is not None else None:
                case ev.Call(callee):
                    yield from self._called(scope, callee, depth)
                case ev.Enter(manager):
                    yield f"what entering {self._words.written(scope, manager)} gives"
                    yield from self._within(scope, manager, depth)
                case ev.Await(value) if value is not None:
                    yield f"what awaiting {self._words.written(scope, value)} gives"
                    yield from self._within(scope, value, depth)

    def _called(self, scope: ScopeTypes, callee: ev.Callee, depth: int) -> Iterator[str]:
        """The receiver of the call behind a value, or the function where it has none."""
        place = callee.receiver if callee.receiver is not None else callee.place
        if place is not None:
            yield from self.belief(scope, place, depth)

    def _within(self, scope: ScopeTypes, place: PlaceId, depth: int) -> Iterator[str]:
        if depth > 0:
            yield from inset(self.belief(scope, place, depth - 1))

    # Attributes

    def _attribute(self, scope: ScopeTypes, base: PlaceId, name: str, depth: int) -> Iterator[str]:
        value = scope.value(base)
        if value is not None and value.sort in (Sort.OBJECT, Sort.DEFINITION):
            yield from self._of_class(scope, value, name, depth)
        elif value is not None and value.sort is Sort.INSTANCE and scope.catalog.attribute(value.name, name) is not None:
            yield f"an attribute in the model of {value.name}"
        elif depth > 0:
            yield from self.belief(scope, base, depth - 1)

    def _of_class(self, scope: ScopeTypes, value: Value, name: str, depth: int) -> Iterator[str]:
        """Where the class of a project object, or a base of it, says what an attribute is."""
        home = scope.home(value)
        if home is None:
            return
        found = False
        for types, owner in self._summaries.owners.lineage(home, value.name):
            for line in self._in_class(types, owner, name, depth):
                found = True
                yield line
            if found:
                return
        yield f"no line of {value.name} says what it is"

    def _in_class(self, types: ModuleTypes, owner: str, name: str, depth: int) -> Iterator[str]:
        method = types.function(f"{owner}.{name}")
        if method is not None:
            is_property = any(d.name in PROPERTIES or d.name.endswith(".cached_property") for d in method.decorators)
            yield f"{'a property' if is_property else 'a method'}, {self._words.where(types.name, method.name)}"
            return
        facts = types.facts.classes.get(owner)
        if facts is not None:
            body = types.scope(facts.body)
            yield from self._declared(body, name, depth)
            place = body.graph.places.find(ev.Local(name))
            if place is not None and body.binds(name):
                yield from self._bindings(body, place, depth)
        for method in types.methods(owner):
            first = method.graph.places.find(ev.Local(method.parameters[0].name)) if method.parameters else None
            place = None if first is None else method.graph.places.find(ev.Attribute(first, name))
            if place is not None:
                yield from self._bindings(types.scope(method.id), place, depth)

    def _line(self, scope: ScopeTypes, span: SpanId) -> str:
        """`app.py:5, `conn = connect()``."""
        spans = self._words.spans(scope.module)
        if spans is None:
            return self._words.path(scope.module.name)
        row = spans.span(span).start.row
        return f"{row_of(self._words.path(scope.module.name), spans.span(span))}, `{self._words.source(scope.module, row)}`"
