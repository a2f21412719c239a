"""Facts about conditions: what is known of `None`s and flags on the way to a node.

`FactFlow.reaching()` explores the graph with facts alone, path by path, so that at each acquire it is known which flags were set before.
Facts are kept of places that are tested at least twice, or tested at all and bound to a constant; nobody asks for others. Of a name that
other functions bind as well, a binding says nothing: somebody may have bound it anew before it is tested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from unclosed.analysis.obligations import NO_FACTS, Facts
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import ANYTHING, IS_FALSE, IS_NONE, IS_TRUE, Assumption, Edge, FlowGraph

MAX_STATES = 48
"""Different facts kept at one node; beyond, nothing is known there (false alarms only)."""
_FALSE = frozenset({"False", "0", "''", '""', "0.0", "b''", 'b""'})


class FactFlow:
    """What is known of conditions in one function."""

    def __init__(
        self,
        graph: FlowGraph,
        edges_of: Callable[[NodeId], Iterable[Edge]],
        fresh: frozenset[PlaceId] = frozenset(),
        shared: frozenset[PlaceId] = frozenset(),
        rebound: Mapping[PlaceId, frozenset[PlaceId]] | None = None,
        entry: Facts = NO_FACTS,
        kept: Iterable[PlaceId] = (),
    ) -> None:
        """`edges_of`: the edges of a node that are real, given what its calls mean. `fresh`: the values of acquires, which are true.
        `shared`: names that other functions bind as well; `rebound`: those that a call binds anew, by the call's result.
        `entry`: what is known at the start; `kept`: places of which facts are kept besides those that are tested.
        """
        self._graph, self._edges_of, self._fresh = graph, edges_of, fresh
        self._shared, self._rebound = shared, rebound if rebound is not None else {}
        constants = set()
        self._pure_roots: dict[PlaceId, list[PlaceId]] = {}
        self._optional = {
            edge.assume.place for edges in graph.edges for edge in edges if edge.assume is not None and edge.assume.allowed == IS_NONE
        }
        """Places that are compared with None: objects or None, so never false otherwise. Approximation: missed alarms only."""
        for event in graph.events:
            if isinstance(event, ev.Bind) and event.value is not None and self._constant(event.value) != ANYTHING:
                constants.add(event.target)
        self._kept = {p for p, count in graph.tested.items() if (count >= 2 or p in constants) and not self._is_vague(p)}
        self._entry = entry
        self._kept |= {place for place, _ in entry}.union(kept)
        self._keep_sources()
        for place in self._kept:
            key = graph.places.keys[place]
            if isinstance(key, ev.Pure):
                for root in key.roots:
                    self._pure_roots.setdefault(root, []).append(place)
        self._reaching: dict[NodeId, set[Facts]] | None = None

    def _is_vague(self, place: PlaceId) -> bool:
        """Whether a place is a temporary, or an item by an index that is not known: two of those need not be one."""
        key = self._graph.places.keys[place]
        if isinstance(key, ev.Pure):
            return any(self._is_vague(root) for root in key.roots)
        while isinstance(key, ev.Attribute | ev.Item):
            if isinstance(key, ev.Item) and key.number < 0:
                return True
            key = self._graph.places.keys[key.base]
        return isinstance(key, ev.Temp)

    def _keep_sources(self) -> None:
        """Keep also what is bound to a kept place, so that `c = m or connect()` knows of `m`."""
        binds = [e for e in self._graph.events if isinstance(e, ev.Bind) and e.value is not None]
        for _ in range(3):
            found = {e.value for e in binds if e.target in self._kept and e.value is not None} - self._kept
            useful = {p for p in found if self._graph.places.is_temp(p) or self._graph.tested.get(p)}
            if not useful:
                return
            self._kept |= useful

    def reaching(self, node: NodeId) -> set[Facts]:
        """The facts with which control can come to a node; empty if it cannot."""
        if self._reaching is None:
            self._reaching = self._explore()
        return self._reaching.get(node, set())

    def passes(self, node: NodeId, edge: Edge) -> bool:
        """Whether control can take an edge of a node."""
        event = self._graph.events[node]
        return any(self.narrowed(self.after(event, facts), edge.assume) is not None for facts in self.reaching(node))

    def after(self, event: ev.Event, facts: Facts) -> Facts:
        """The facts after an event."""
        facts = self._without_rebound(event, facts)
        match event:
            case ev.Bind(target, value, _):
                return self._bound(facts, target, value)
            case ev.Unbind(place, _, _):
                return self._forgotten(facts, place)
            case ev.Store(ev.StoreKind.ATTRIBUTE, base, _, _, _) if base is not None:
                return self._forgotten(facts, base, itself=False)
            case ev.Call(callee, _, _, _, _, _) if callee.receiver in self._kept and facts is not None:
                return self._narrowed(facts, Assumption(callee.receiver, IS_FALSE | IS_TRUE)) or facts
        return facts

    def _without_rebound(self, event: ev.Event, facts: Facts) -> Facts:
        """The facts without those about names that a call binds, whether it returns or raises."""
        for place in self._rebound.get(event.result, ()) if self._rebound and isinstance(event, ev.Call) else ():
            facts = self._forgotten(facts, place)
        return facts

    def narrowed(self, facts: Facts, assume: Assumption | None) -> Facts | None:
        """The facts on an edge; `None` if the edge contradicts them."""
        if assume is None or assume.place not in self._kept:
            return facts
        return self._narrowed(facts, assume)

    def known(self, facts: Facts, place: PlaceId) -> int:
        """What is known of a place: a union of IS_NONE, IS_FALSE, IS_TRUE."""
        return next((allowed for at, allowed in facts if at == place), ANYTHING)

    def _narrowed(self, facts: Facts, assume: Assumption) -> Facts | None:
        present = self.known(facts, assume.place)
        allowed = present & assume.allowed
        if assume.place in self._optional and allowed & ~IS_FALSE:
            allowed &= ~IS_FALSE
        if allowed == 0:
            return None
        if allowed == present:
            return facts
        return frozenset(fact for fact in facts if fact[0] != assume.place) | {(assume.place, allowed)}

    def _bound(self, facts: Facts, target: PlaceId, value: PlaceId | None) -> Facts:
        allowed = ANYTHING if value is None else self._constant(value)
        if allowed == ANYTHING and value is not None:
            allowed = self.known(facts, value)
        facts = self._forgotten(facts, target)
        is_believed = target in self._kept and target not in self._shared
        return facts | {(target, allowed)} if is_believed and allowed != ANYTHING else facts

    def _forgotten(self, facts: Facts, place: PlaceId, *, itself: bool = True) -> Facts:
        """The facts without those about a place and about what is read through it."""
        if not facts:
            return facts
        gone = {place, *self._pure_roots.get(place, ())} if itself else set(self._pure_roots.get(place, ()))
        key = self._graph.places.keys[place]
        while isinstance(key, ev.Attribute | ev.Item):
            gone.update(self._pure_roots.get(key.base, ()))
            key = self._graph.places.keys[key.base]
        if itself:
            gone.update(at for at, _ in facts if self._is_under(at, place))
        return frozenset(fact for fact in facts if fact[0] not in gone)

    def _is_under(self, place: PlaceId, base: PlaceId) -> bool:
        key = self._graph.places.keys[place]
        while isinstance(key, ev.Attribute | ev.Item):
            if key.base == base:
                return True
            key = self._graph.places.keys[key.base]
        return False

    def _constant(self, value: PlaceId) -> int:
        key = self._graph.places.keys[value]
        if value in self._fresh:
            return IS_TRUE
        if not isinstance(key, ev.Constant):
            return ANYTHING
        if key.text == "None":
            return IS_NONE
        return IS_FALSE if key.text in _FALSE else IS_TRUE

    def _explore(self) -> dict[NodeId, set[Facts]]:
        seen: dict[NodeId, set[Facts]] = {NodeId(0): {self._entry}}
        queue: deque[tuple[NodeId, Facts]] = deque([(NodeId(0), self._entry)])
        while queue:
            node, facts = queue.popleft()
            event = self._graph.events[node]
            after, failed = self.after(event, facts), self._without_rebound(event, facts)
            for edge in self._edges_of(node):
                passed = self.narrowed(after if edge.kind == 0 else failed, edge.assume)
                if passed is None:
                    continue
                known = seen.setdefault(edge.target, set())
                if len(known) >= MAX_STATES:
                    passed = NO_FACTS
                if passed not in known:
                    known.add(passed)
                    queue.append((edge.target, passed))
        return seen
