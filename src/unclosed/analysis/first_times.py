"""What a function does once in a process: what stands behind the test of a global, or of an attribute of a class, that it then sets.

def default_store():
    global _store
    if _store is None:
        _store = Store.opened()      # the first time only
    return _store
"""

from __future__ import annotations

from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import IS_TRUE
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort


def done_once(scope: ScopeTypes) -> frozenset[NodeId]:
    """The nodes of a function that control reaches only while something that outlives the call is not set yet."""
    guards = {place for place in scope.graph.tested if _outlives(scope, place)}
    guards &= {event.target for event in scope.graph.events if isinstance(event, ev.Bind)}
    if not guards:
        return frozenset()
    seen, waiting = {NodeId(0)}, [NodeId(0)]
    while waiting:
        for edge in scope.graph.edges[waiting.pop()]:
            is_first_time = edge.assume is not None and edge.assume.place in guards and not edge.assume.allowed & IS_TRUE
            if not is_first_time and edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)
    return frozenset(NodeId(node) for node in scope.graph.node_ids() if node not in seen)


def _outlives(scope: ScopeTypes, place: PlaceId) -> bool:
    """Whether a place is a global of the module, or an attribute of a class."""
    match scope.graph.places.keys[place]:
        case ev.Local(name):
            return name in scope.facts.globals
        case ev.Attribute(base, _):
            value = scope.value(base)
            return value is not None and value.sort is Sort.DEFINITION
    return False
