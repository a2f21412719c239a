"""What a nested function does with a name that it captured."""

from __future__ import annotations

from collections.abc import Callable

from unclosed.flow import events as ev
from unclosed.flow.graph import FlowGraph


def gives_up(graph: FlowGraph, names: set[str], is_releasing: Callable[[str], bool]) -> bool:
    """Whether the function releases one of the captured names, or passes, returns or stores one of them.

    Approximation: on some path is enough (missed alarms only).
    """
    captured = {place for place in (graph.places.find(ev.Local(name)) for name in names) if place is not None}
    managed = set()
    for event in graph.events:
        match event:
            case ev.Call(callee, arguments, _, _, _, _):
                if callee.receiver in captured and is_releasing(callee.method):
                    return True
                if any(argument.value in captured for argument in arguments):
                    return True
            case ev.Store(_, _, _, value, _) | ev.Yield(value, _, _, _) if value in captured:
                return True
            case ev.Bind(target, value, _):
                if value in captured:
                    managed.add(target)
                if value in captured and isinstance(graph.places.keys[target], ev.Returned):
                    return True
            case ev.Enter(manager, _, _, _) if manager in captured | managed:
                return True
            case ev.Capture(places, _, _, _) if not captured.isdisjoint(places):
                return True
    return False
