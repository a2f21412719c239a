"""The facts of a module as JSON and back, so that a file that has not changed is not parsed again.

Short lists stand for values; what kind of value a list is follows from its place, or from the letter that it begins with. A graph is a text
of its own inside of the whole: most functions of a module that is only looked something up in are never asked for theirs, and those
graphs are never read. Nothing but numbers, texts and lists is written, and nothing is run that was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from unclosed.flow import events as ev
from unclosed.flow.events import Event, NodeId, PlaceId, PlaceKey, Places, SpanId
from unclosed.flow.graph import Assumption, Edge, EdgeKind, FlowGraph
from unclosed.lowering.facts import ClassFacts, Decorator, FunctionFacts, FunctionId, ModuleFacts, Parameter, Scope, SkippedFunction

Plain = Any
"""What JSON can say; the functions below raise `ValueError`, `TypeError`, `KeyError`, `IndexError` for what none of them has written."""

BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What reading a text raises that is damaged."""


def write(facts: ModuleFacts) -> str:
    """The facts as a text. They must be as lowering made them."""
    whole = {
        "functions": [_function_out(function) for function in facts.functions],
        "classes": [[c.name, c.body, c.bases, _decorators_out(c.decorators), c.metaclass] for c in facts.classes.values()],
        "stars": facts.star_imports,
        "skipped": [[each.name, each.span, each.reason] for each in facts.skipped],
        "main": sorted(facts.main_guard),
    }
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> ModuleFacts:
    """The facts that a text stands for. Raises one of `BROKEN` for a damaged text; a damaged graph is noticed when it is asked for."""
    whole = json.loads(text)
    classes = [
        ClassFacts(name, FunctionId(body), tuple(bases), _decorators_in(decorators), metaclass)
        for name, body, bases, decorators, metaclass in whole["classes"]
    ]
    return ModuleFacts(
        functions=tuple(map(_function_in, whole["functions"])),
        classes={each.name: each for each in classes},
        star_imports=tuple(whole["stars"]),
        skipped=tuple(SkippedFunction(name, SpanId(span), reason) for name, span, reason in whole["skipped"]),
        main_guard=frozenset(map(FunctionId, whole["main"])),
    )


# Functions


def _function_out(facts: FunctionFacts) -> Plain:
    flags = (facts.is_async, facts.is_generator, facts.is_lambda, facts.only_raises)
    parameters = [[p.name, p.position, p.annotation, p.default, p.star, p.span] for p in facts.parameters]
    names = [sorted(facts.globals), sorted(facts.nonlocals), sorted(facts.bound)]
    head = [facts.id, facts.name, facts.scope.value, facts.outer, facts.owner, facts.returns, facts.span, [int(flag) for flag in flags]]
    graph = json.dumps(_graph_out(facts.graph), separators=(",", ":"), ensure_ascii=False)
    return [head, parameters, _decorators_out(facts.decorators), names, facts.annotations, facts.aliases, graph]


def _function_in(plain: Plain) -> FunctionFacts:
    head, parameters, decorators, names, annotations, aliases, graph = plain
    id_, name, scope, outer, owner, returns, span, flags = head
    is_async, is_generator, is_lambda, only_raises = map(bool, flags)
    return FunctionFacts(
        id=FunctionId(id_),
        name=name,
        scope=Scope(scope),
        graph=_StoredGraph.of(graph),
        outer=None if outer is None else FunctionId(outer),
        owner=owner,
        parameters=tuple(Parameter(*each) for each in parameters),
        decorators=_decorators_in(decorators),
        returns=returns,
        is_async=is_async,
        is_generator=is_generator,
        is_lambda=is_lambda,
        globals=frozenset(names[0]),
        nonlocals=frozenset(names[1]),
        bound=frozenset(names[2]),
        annotations=annotations,
        aliases=aliases,
        span=SpanId(span),
        only_raises=only_raises,
    )


def _decorators_out(decorators: tuple[Decorator, ...]) -> Plain:
    return [[each.name, int(each.is_called), each.text, each.span] for each in decorators]


def _decorators_in(plain: Plain) -> tuple[Decorator, ...]:
    return tuple(Decorator(name, bool(is_called), text, SpanId(span)) for name, is_called, text, span in plain)


# Graphs


class _StoredGraph(FlowGraph):
    """A graph that is read when the first of its fields is asked for."""

    __slots__ = ("_text",)
    _text: str

    @classmethod
    def of(cls, text: str) -> FlowGraph:
        """The graph that a text stands for."""
        graph = cls.__new__(cls)
        object.__setattr__(graph, "_text", text)
        return graph

    def __getattr__(self, name: str) -> object:
        """Called for a field that is not there yet."""
        if name not in FlowGraph.__slots__:
            raise AttributeError(name)
        read = _graph_in(json.loads(self._text))
        for field in FlowGraph.__slots__:
            object.__setattr__(self, field, getattr(read, field))
        object.__setattr__(self, "_text", "")
        return getattr(read, name)


def _graph_out(graph: FlowGraph) -> Plain:
    return [
        [_place_out(key) for key in graph.places.keys],
        [_event_out(event) for event in graph.events],
        [[[e.target, int(e.kind), *(e.assume or ())] for e in edges] for edges in graph.edges],
        list(graph.tested.items()),
        sorted(graph.empty_displays),
        graph.reads,
        list(graph.literals.items()),
    ]


def _graph_in(plain: Plain) -> FlowGraph:
    keys, events, edges, tested, displays, reads, literals = plain
    places = Places()
    for number, key in enumerate(keys):
        if places.intern(_place_in(key)) != number:
            raise ValueError("a place is there twice")
    return FlowGraph(
        events=tuple(_event_in(event) for event in events),
        edges=tuple(tuple(_edge_in(edge) for edge in each) for each in edges),
        places=places,
        tested={PlaceId(place): count for place, count in tested},
        empty_displays=frozenset(map(PlaceId, displays)),
        reads=tuple((NodeId(node), PlaceId(place), SpanId(span)) for node, place, span in reads),
        literals={PlaceId(place): known for place, known in literals},
    )


_EDGE_KINDS = tuple(EdgeKind)


def _edge_in(plain: Plain) -> Edge:
    assume = Assumption(PlaceId(plain[2]), plain[3]) if len(plain) > 2 else None
    return Edge(NodeId(plain[0]), _EDGE_KINDS[plain[1]], assume)


# Places

_PLACES: tuple[Callable[..., PlaceKey], ...] = (
    ev.Local, ev.Attribute, ev.Item, ev.Temp, ev.Constant, ev.Formatted, ev.Imported, ev.Definition, ev.Pure, ev.Returned,
)  # fmt: skip
_PLACE_NUMBERS = {cls: number for number, cls in enumerate(_PLACES)}


def _place_out(key: PlaceKey) -> Plain:
    return [_PLACE_NUMBERS[type(key)], *key]


def _place_in(plain: Plain) -> PlaceKey:
    number, *fields = plain
    if _PLACES[number] is ev.Pure:
        return ev.Pure(fields[0], tuple(fields[1]))
    made: PlaceKey = _PLACES[number](*fields)
    return made


# Events: those that are fields alone, by their number; then those with something inside

_PLAIN: tuple[Callable[..., Event], ...] = (
    ev.Await, ev.Bind, ev.Unbind, ev.Enter, ev.Leave, ev.Yield, ev.Bare, ev.Step, ev.Join,
)  # fmt: skip
_PLAIN_NUMBERS = {cls: number for number, cls in enumerate(_PLAIN)}
_CALL, _STORE, _CAPTURE, _END, _EXIT = range(len(_PLAIN), len(_PLAIN) + 5)


def _event_out(event: Event) -> Plain:
    match event:
        case ev.Call(callee, arguments, result, awaited, bare, span):
            what = [callee.place, callee.receiver, callee.method, callee.is_method]
            return [_CALL, what, [[each.key, each.value] for each in arguments], result, awaited, bare, span]
        case ev.Store(kind, base, name, value, span):
            return [_STORE, kind.value, base, name, value, span]
        case ev.Capture(places, result, function, span):
            return [_CAPTURE, places, result, function, span]
        case ev.EndStatement(temps, span):
            return [_END, temps, span]
        case ev.Exit(kind):
            return [_EXIT, kind.value]
        case _:
            return [_PLAIN_NUMBERS[type(event)], *(getattr(event, name) for name in type(event).__slots__)]


def _event_in(plain: Plain) -> Event:
    number = plain[0]
    if number == _CALL:
        _, callee, arguments, result, awaited, bare, span = plain
        given = tuple(ev.Argument(key, value) for key, value in arguments)
        return ev.Call(ev.Callee(*callee), given, result, awaited, bare, span)
    if number < _CALL:
        made: Event = _PLAIN[number](*plain[1:])
        return made
    if number == _END:
        return ev.EndStatement(tuple(plain[1]), plain[2])
    if number == _STORE:
        return ev.Store(ev.StoreKind(plain[1]), *plain[2:])
    if number == _CAPTURE:
        return ev.Capture(tuple(plain[1]), *plain[2:])
    return ev.Exit(ev.ExitKind(plain[1]))
