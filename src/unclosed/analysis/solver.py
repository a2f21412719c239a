"""The worklist: obligations of one site through the graph, and what reached which end.

Breadth first, so that the path kept for each state is a shortest one, but for one that convinces more (`ways.py`). At most `MAX_STATES`
obligations are kept at one node; beyond, facts are dropped and the obligation is only `possible`, and beyond `MAX_STEPS` the function is
given up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from unclosed.analysis.facts import FactFlow
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import NO_FACTS, End, Flag, Obligation, Site, State
from unclosed.analysis.transfer import Transfer
from unclosed.analysis.ways import Key, Rank, Ways
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import IS_TRUE, Assumption, Edge, EdgeKind
from unclosed.infer.values import Sort
from unclosed.library import TypeModel

MAX_STATES = 64
MAX_STEPS = 60_000


class GivenUp(Exception):
    """A function needs more steps than it may have."""


class Budget:
    """The steps that the sites of one function may take together."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def spend(self) -> None:
        """Take one step; raises `GivenUp` when there are none left."""
        self._left -= 1
        if self._left < 0:
            raise GivenUp(f"more than {MAX_STEPS} steps")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One way in which an obligation came to an end: the last state, and the node and edge that ended it."""

    key: Key
    node: NodeId
    edge: Edge | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one site's obligations. The first arrival of each sort is a shortest one."""

    site: Site
    exits: dict[ev.ExitKind, list[Arrival]] = field(default_factory=dict)
    losses: dict[End, list[Arrival]] = field(default_factory=dict)
    done: dict[tuple[End, NodeId], Arrival] = field(default_factory=dict)
    """Where the value was given back or handed on, each with a shortest way."""
    released: bool = False
    escaped: bool = False
    kept: bool = False
    """Some path entered it with a block that does not release it."""
    returned: set[int | None] = field(default_factory=set)
    """In which items of the returned tuple the value leaves; `None`: as the returned value itself."""
    returned_open: bool = False
    """Some path returns it when it owes something already: a latent value that has been opened, and any other."""
    return_nodes: set[NodeId] = field(default_factory=set)
    """The `return`s that return it."""
    stored: set[tuple[PlaceId, str]] = field(default_factory=set)
    """The attributes (object, name) in which it was kept."""
    yielded: bool = False
    handed_on: bool = False
    """It left in another way than by being returned or kept in an attribute."""
    unsure: int = 0
    """The union of the confidence flags seen anywhere."""
    previous: dict[Key, tuple[Key, Edge]] = field(default_factory=dict)
    ranks: dict[Key, Rank] = field(default_factory=dict)
    """How little the way to each state convinces."""
    starts: set[Key] = field(default_factory=set)
    rounds: dict[Key, Key] = field(default_factory=dict)
    """For a start to which another way leads: the state before it on that way."""
    """Where the value is owed from: the states right after the acquire."""

    def merged(self, other: Outcome) -> Outcome:
        """Both outcomes as one: a `finally` suite is copied, so the same acquire can stand at several nodes."""
        exits = {kind: self.exits.get(kind, []) + other.exits.get(kind, []) for kind in {**self.exits, **other.exits}}
        losses = {end: self.losses.get(end, []) + other.losses.get(end, []) for end in {**self.losses, **other.losses}}
        return Outcome(
            site=self.site,
            exits=exits,
            losses=losses,
            done={**other.done, **self.done},
            released=self.released or other.released,
            escaped=self.escaped or other.escaped,
            kept=self.kept or other.kept,
            returned=self.returned | other.returned,
            returned_open=self.returned_open or other.returned_open,
            return_nodes=self.return_nodes | other.return_nodes,
            stored=self.stored | other.stored,
            yielded=self.yielded or other.yielded,
            handed_on=self.handed_on or other.handed_on,
            unsure=self.unsure | other.unsure,
            previous={**other.previous, **self.previous},
            ranks={**other.ranks, **self.ranks},
            starts=self.starts | other.starts,
        )

    @property
    def is_done_somewhere(self) -> bool:
        """Whether some path gives the value back or hands it on."""
        return self.released or self.escaped


class Solver:
    """Runs the obligations of one site."""

    def __init__(self, meaning: Meaning, facts: FactFlow, site: Site, transfer: Transfer, budget: Budget | None = None) -> None:
        """`budget`: shared by the sites of one function."""
        self._budget = budget if budget is not None else Budget()
        self._meaning, self._facts, self._site, self._transfer = meaning, facts, site, transfer
        self._ways = Ways(meaning)
        ways = self._ways
        self._graph = meaning.graph
        self._outcome = Outcome(site, previous=ways.previous, ranks=ways.ranks, starts=ways.starts, rounds=ways.rounds)
        self._seen: dict[NodeId, set[Obligation]] = {}
        self._queue: deque[Key] = deque()
        model = meaning.catalog.type(site.lease.type_name)
        self._tests = model if model is not None else TypeModel(site.lease.type_name)

    def solve(self) -> Outcome:
        """What becomes of the site's value."""
        self._seed()
        while self._queue:
            self._budget.spend()
            self._advance(self._queue.popleft())
        return self._outcome

    def _seed(self) -> None:
        node = self._site.node
        flags = Flag.LATENT if self._site.is_latent else 0
        event = self._graph.events[node]
        for facts in sorted(self._facts.reaching(node), key=sorted):
            after = self._facts.after(event, facts)
            owed = Obligation(frozenset({self._site.place}), facts=after, flags=int(flags))
            start = (node, owed)
            self._outcome.starts.add(start)
            for edge in self._meaning.edges(node):
                if edge.kind is EdgeKind.NORMAL:
                    self._pass(start, node, edge, owed)

    def _advance(self, key: Key) -> None:
        node, owed = key
        event = self._graph.events[node]
        if isinstance(event, ev.Exit):
            self._arrive(key, event.kind)
            return
        if isinstance(event, ev.Bind) and event.value in owed.aliases and self._is_returned(event.target):
            self._outcome.return_nodes.add(node)
        normal, failed = self._transfer.step(node, owed)
        if isinstance(normal, Obligation) and normal.flags & Flag.LENT:
            self._outcome.yielded = True
        for edge in self._meaning.edges(node):
            state = failed if edge.kind in (EdgeKind.RAISE, EdgeKind.CANCEL) else normal
            if isinstance(state, End):
                self._end(key, node, edge, state)
            else:
                self._pass(key, node, edge, state)

    def _arrive(self, key: Key, kind: ev.ExitKind) -> None:
        owed = key[1]
        self._outcome.unsure |= owed.flags
        if self._site.lease.stays_with_owner and all(map(self._graph.places.is_temp, owed.aliases)):
            self._outcome.escaped = True
        elif kind is ev.ExitKind.RETURN and any(self._is_returned(place) for place in owed.holders):
            self._outcome.escaped = self._outcome.handed_on = True
        elif kind is ev.ExitKind.RETURN and (items := self._returned_as(owed)):
            self._outcome.escaped = True
            self._outcome.returned |= items
            self._outcome.returned_open |= not owed.flags & Flag.LATENT
            self._note_done(End.ESCAPED, Arrival(key, key[0]))
        elif kind is ev.ExitKind.RETURN and any(self._is_returned(place) for place in owed.containers):
            self._outcome.escaped = self._outcome.handed_on = True  # a list of them is no fresh value (missed alarms only)
            self._note_done(End.ESCAPED, Arrival(key, key[0]))
        elif owed.wrong is not None:
            self._release_wrongly(owed.wrong, Arrival(key, key[0]))
        elif not owed.flags & Flag.LATENT:
            self._outcome.exits.setdefault(kind, []).append(Arrival(key, key[0]))

    def _returned_as(self, owed: Obligation) -> set[int | None]:
        places, items = self._graph.places, set[int | None]()
        for place in (*owed.aliases, *(at for at, _ in owed.wrappers)):
            key, item = places.keys[place], None
            while isinstance(key, ev.Item | ev.Attribute):
                item = key.number if isinstance(key, ev.Item) else None
                key = places.keys[key.base]
            if isinstance(key, ev.Returned):
                items.add(item)
        return items

    def _is_returned(self, place: PlaceId) -> bool:
        key = self._graph.places.keys[place]
        while isinstance(key, ev.Item):
            key = self._graph.places.keys[key.base]
        return isinstance(key, ev.Returned)

    def _end(self, key: Key, node: NodeId, edge: Edge, end: End) -> None:
        if end is End.VOID:
            return
        if self._site.lease.stays_with_owner and end in (End.REBOUND, End.DELETED, End.DISCARDED):
            end = End.ESCAPED
        self._outcome.unsure |= key[1].flags
        if end is End.RELEASED:
            self._outcome.released = True
            self._note_done(end, Arrival(key, node, edge))
        elif end is End.ESCAPED:
            self._outcome.escaped = True
            self._note_done(end, Arrival(key, node, edge))
            self._note_escape(node, key[1])
        elif key[1].wrong is not None:
            self._release_wrongly(key[1].wrong, Arrival(key, node, edge))
        elif not key[1].flags & Flag.LATENT:
            self._outcome.losses.setdefault(end, []).append(Arrival(key, node, edge))

    def _note_done(self, end: End, arrival: Arrival) -> None:
        self._outcome.done.setdefault((end, arrival.node), arrival)

    def _release_wrongly(self, span: SpanId, arrival: Arrival) -> None:
        """A wrong release with nothing better after it: a fault, and for the other codes a release."""
        self._outcome.released = True
        self._note_done(End.RELEASED, arrival)
        self._transfer.faults.wrong_method(span, self._site)

    def _note_escape(self, node: NodeId, owed: Obligation) -> None:
        event = self._graph.events[node]
        is_kept = isinstance(event, ev.Store) and event.kind is ev.StoreKind.ATTRIBUTE and event.value in owed.aliases
        if isinstance(event, ev.Store) and is_kept and event.base is not None:
            self._outcome.stored.add((event.base, event.name))
        elif isinstance(event, ev.Yield):
            self._outcome.yielded = True
        else:
            self._outcome.handed_on = True

    def _pass(self, key: Key, node: NodeId, edge: Edge, owed: Obligation) -> None:
        """Push an obligation along an edge, unless the edge contradicts it or it has been there."""
        state = self._assume(owed, edge.assume)
        if state is None:
            return
        if isinstance(state, End):
            self._end(key, node, edge, state)
            return
        if state.flags & Flag.KEPT:
            self._outcome.kept = True
        seen = self._seen.setdefault(edge.target, set())
        if len(seen) >= MAX_STATES:
            state = state._replace(facts=NO_FACTS).flagged(Flag.POSSIBLE)
        if state in seen:
            self._ways.offer((edge.target, state), key, edge)
            return
        seen.add(state)
        self._ways.add((edge.target, state), key, edge)
        self._queue.append((edge.target, state))

    # Assumptions

    def _assume(self, owed: Obligation, assume: Assumption | None) -> State | None:
        """The state on an edge with an assumption; `None` if the edge cannot be taken."""
        if assume is None:
            return owed
        if assume.place in owed.aliases:
            return owed if assume.allowed & IS_TRUE else None
        if assume.place in owed.containers:
            return owed if assume.allowed & IS_TRUE else None
        if self._denies_identity(owed, assume) or self._denies_type(owed, assume):
            return None
        closed = self._tests_closed(owed, assume)
        if closed is not None:
            return End.RELEASED if closed else owed
        facts = self._facts.narrowed(owed.facts, assume)
        if facts is None:
            return None
        return owed if facts == owed.facts else owed._replace(facts=facts)

    def _denies_identity(self, owed: Obligation, assume: Assumption) -> bool:
        """Whether the edge says `db is given` of a fresh value and another, or `db is not db`."""
        key = self._graph.places.keys[assume.place]
        if not isinstance(key, ev.Pure) or len(key.roots) != 2 or " is " not in key.text:
            return False
        held = [root in owed.aliases for root in key.roots]
        names = [self._graph.places.text(root).partition("'")[0] for root in key.roots]
        if sorted(key.text.split(" is ")) != sorted(names) or not any(held):
            return False
        if all(held):
            return assume.allowed != IS_TRUE
        mine, other = (key.roots[0], key.roots[1]) if held[0] else (key.roots[1], key.roots[0])
        return assume.allowed == IS_TRUE and self._is_alternative(other, mine)

    def _is_alternative(self, other: PlaceId, mine: PlaceId, hops: int = 4) -> bool:
        """Whether a name holds either the acquired value or what is in another place: `db = given or connect()`.

        Of any other two names it is not known that they hold different things: a pool may lend the same connection again.
        """
        sources = [source.place for source in self._meaning.scope.sources(mine) if source.place is not None]
        return hops > 0 and any(place == other or self._is_alternative(other, place, hops - 1) for place in sources)

    def _denies_type(self, owed: Obligation, assume: Assumption) -> bool:
        """Whether the edge says that `isinstance(conn, Connection)` or `hasattr(conn, "close")` is false, or that it is a `str`."""
        key = self._graph.places.keys[assume.place]
        event = self._event_of(assume.place)
        if isinstance(key, ev.Pure) and key.text.startswith("isinstance("):  # a class pattern: the subject, the class
            asked = key.roots
        elif event is not None and event.callee.method in ("isinstance", "hasattr"):
            asked = tuple(argument.value for argument in event.arguments if argument.value is not None)
        else:
            return False
        if not asked or asked[0] not in owed.aliases:
            return False
        is_other = (event is None or event.callee.method == "isinstance") and len(asked) > 1 and self._is_other_class(asked[1])
        return assume.allowed == IS_TRUE if is_other else not assume.allowed & IS_TRUE

    def _is_other_class(self, place: PlaceId) -> bool:
        """Whether a place holds a class of which the resource is no instance: a builtin, or one of another library."""
        value, mine, catalog = self._meaning.scope.value(place), self._site.lease.type_name, self._meaning.catalog
        if value is None or value.sort is not Sort.NAME or value.name == "builtins.object" or ":" in mine:
            return False
        root = value.name.partition(".")[0]
        is_known = root == "builtins" or catalog.type(value.name) is not None
        is_related = root == mine.partition(".")[0] or catalog.is_a(mine, value.name) or catalog.is_a(value.name, mine)
        return is_known and not is_related

    def _tests_closed(self, owed: Obligation, assume: Assumption) -> bool | None:
        """Whether the edge says that the resource is closed; `None` if it does not speak of that."""
        places = self._graph.places
        key = places.keys[assume.place]
        name, receiver = "", None
        if isinstance(key, ev.Attribute):
            name, receiver = key.name, key.base
        elif isinstance(key, ev.Temp):
            event = self._event_of(assume.place)
            if event is not None:
                name, receiver = event.callee.method, event.callee.receiver
        if receiver not in owed.aliases:
            return None
        holds = assume.allowed == IS_TRUE
        if name in self._tests.closed_when:
            return holds
        return not holds if name in self._tests.open_when else None

    def _event_of(self, temp: PlaceId) -> ev.Call | None:
        node = self._meaning.scope.producer.get(temp)
        event = self._graph.events[node] if node is not None else None
        return event if isinstance(event, ev.Call) else None
