"""The text picture of a flow graph, for tests and for people who hunt a false alarm.

One line a node: its number, the event, and the edges. `!` marks an exception edge, `~` a cancellation edge, `?` a suppression edge; an
assumption stands in brackets.
"""

from __future__ import annotations

from unclosed.flow import events as ev
from unclosed.flow.graph import ANYTHING, IS_FALSE, IS_NONE, IS_TRUE, Assumption, Edge, EdgeKind, FlowGraph

_MARKS = {EdgeKind.NORMAL: "", EdgeKind.RAISE: "!", EdgeKind.CANCEL: "~", EdgeKind.SUPPRESS: "?"}
_NAMES = {
    IS_NONE: "is None",
    IS_FALSE | IS_TRUE: "is not None",
    IS_TRUE: "is true",
    IS_NONE | IS_FALSE: "is false",
    IS_FALSE: "is false, not None",
    IS_NONE | IS_TRUE: "is None or true",
    ANYTHING: "is anything",
}


def dump(graph: FlowGraph) -> str:
    """The graph as text, one node a line, ending with a newline."""
    lines = []
    for number, event in enumerate(graph.events):
        edges = ", ".join(_edge(graph, edge) for edge in graph.edges[number])
        lines.append(f"{number}: {describe(event, graph.places)}" + (f" -> {edges}" if edges else ""))
    return "\n".join(lines) + "\n"


def assumption_text(assume: Assumption, places: ev.Places) -> str:
    """The assumption as a person reads it: `conn is not None`."""
    return f"{places.text(assume.place)} {_NAMES[assume.allowed]}"


def _edge(graph: FlowGraph, edge: Edge) -> str:
    text = f"{_MARKS[edge.kind]}{edge.target}"
    return text if edge.assume is None else f"{text} [{assumption_text(edge.assume, graph.places)}]"


def describe(event: ev.Event, places: ev.Places) -> str:
    """One event as text."""

    def show(place: ev.PlaceId | None) -> str:
        return "_" if place is None else places.text(place)

    match event:
        case ev.Call(callee, arguments, result, awaited, _, _):
            name = show(callee.place) if callee.place is not None else f"?.{callee.method}"
            given = ", ".join(show(a.value) if isinstance(a.key, int) else f"{a.key}={show(a.value)}" for a in arguments)
            return f"{show(result)} = {'await ' if awaited else ''}{name}({given})"
        case ev.Await(value, result, _):
            return f"{show(result)} = await {show(value)}"
        case ev.Bind(target, value, _):
            return f"{show(target)} := {show(value)}"
        case ev.Unbind(place, _, _):
            return f"unbind {show(place)}"
        case ev.Enter(manager, _, result, _):
            return f"{show(result)} = enter {show(manager)}"
        case ev.Leave(manager, _, failing, _):
            return f"leave {show(manager)}{' failing' if failing else ''}"
        case ev.Store(kind, base, name, value, _):
            return f"store {kind.value} {show(base)} {name or '_'} {show(value)}"
        case ev.Yield(value, result, is_from, _):
            return f"{show(result)} = yield {'from ' if is_from else ''}{show(value)}"
        case ev.Capture(captured, result, function, _):
            return f"{show(result)} = capture {function or 'lambda'}({', '.join(show(p) for p in captured)})"
        case ev.Bare(place, _):
            return f"bare {show(place)}"
        case ev.Step(word, value, _):
            return word if value is None else f"{word} {show(value)}"
        case ev.Join(word):
            return f"join {word}".rstrip()
        case ev.EndStatement(temps, _):
            return f"end {', '.join(show(t) for t in temps)}"
        case ev.Exit(kind):
            return f"exit {kind.value}"
