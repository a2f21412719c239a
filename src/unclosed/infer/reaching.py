"""Which of the values that a function binds to a name can be there at one node: those that a way leads from.

Types are flow-insensitive, so a name that is imported in both branches of an `if` stands for two functions. Where it is called, the graph
says which:

    if is_remote:
        from .remote import send
        send(order)               # .remote's
    else:
        from .local import send
        send(order)               # .local's
"""

from __future__ import annotations

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import FlowGraph


def reaching_values(graph: FlowGraph, node: int, place: PlaceId) -> tuple[PlaceId | None, ...]:
    """What was bound to a place last, on each way to a node; `None` for what is not known, or an unbound name. Linear in the graph."""
    before: dict[int, list[int]] = {}
    for source, edges in enumerate(graph.edges):
        for edge in edges:
            before.setdefault(edge.target, []).append(source)
    found: set[PlaceId | None] = set()
    seen, waiting = {node}, [node]
    while waiting:
        for source in before.get(waiting.pop(), ()):
            match graph.events[source]:
                case ev.Bind(target, value, _) if target == place:
                    found.add(value)
                case ev.Unbind(target, _, _) if target == place:
                    found.add(None)
                case _ if source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return tuple(sorted(found, key=lambda value: -1 if value is None else value))
