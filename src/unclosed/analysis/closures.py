"""What a nested function does with a name that it captured."""

from __future__ import annotations

from collections.abc import Callable

from unclosed.analysis.obligations import End
from unclosed.flow import events as ev
from unclosed.flow.graph import FlowGraph


def gives_up(graph: FlowGraph, names: set[str], is_releasing: Callable[[str], bool]) -> End | None:
    """`RELEASED` if the function releases one of the captured names, `ESCAPED` if it passes, returns or stores one; else `None`.

    Approximation: on some path is enough (missed alarms only).
    """
    captured = {place for place in (graph.places.find(ev.Local(name)) for name in names) if place is not None}
    managed = set()
    found: End | None = None
    for event in graph.events:
        match event:
            case ev.Call(callee, arguments, _, _, _, _):
                if callee.receiver in captured and is_releasing(callee.method):
                    return End.RELEASED
                if any(argument.value in captured for argument in arguments):
                    found = End.ESCAPED
            case ev.Store(_, _, _, value, _) | ev.Yield(value, _, _, _) if value in captured:
                found = End.ESCAPED
            case ev.Bind(target, value, _):
                if value in captured:
                    managed.add(target)
                if value in captured and isinstance(graph.places.keys[target], ev.Returned):
                    found = End.ESCAPED
            case ev.Enter(manager, _, _, _) if manager in captured | managed:
                found = End.ESCAPED
            case ev.Capture(places, _, _, _) if not captured.isdisjoint(places):
                found = End.ESCAPED
    return found
