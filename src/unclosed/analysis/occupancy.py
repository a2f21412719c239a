"""Whether a lent session holds a connection: the states of one session on the paths of one function.

A session of SQLAlchemy takes a connection with its first statement and gives it back when its transaction ends; a connection out of a
pool is taken from the start. So a session is *idle*, *taken*, *perhaps* taken (an unknown function got it), or *free* again. Unlike an
obligation it goes on after a release: the next statement takes a connection anew.

    db.get(User, 1)          idle -> taken
    db.commit()              taken -> free
    return StreamingResponse(…)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unclosed.analysis.facts import FactFlow
from unclosed.analysis.holds import HELD, NOTHING, Carry, Hold, Seen, Since, State, Subject, union
from unclosed.analysis.meaning import Meaning, exit_of, release_named
from unclosed.analysis.obligations import NO_FACTS, NO_PLACES
from unclosed.analysis.solver import GivenUp
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import IS_TRUE, Edge
from unclosed.infer.calls import CallInfo
from unclosed.library import Kind, WithExit

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target

MAX_STATES = 48
"""States of one session at one node; beyond, what is known of conditions is dropped."""
MAX_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Effect:
    """What a called function does to a session that it got: how it may be afterwards, and at the `yield`s of a generator."""

    ends: Hold
    yields: Hold
    gives: Carry


class Occupancy:
    """Follows sessions through functions of the project."""

    def __init__(self, summaries: Summaries) -> None:
        self.summaries = summaries

    def follow(self, meaning: Meaning, subject: Subject, start: State, since: Since | None = None) -> Seen:
        """What becomes of a session from a node on (`None`: from the start of the function). Raises `GivenUp`, `RecursionError`."""
        return _Walk(self, meaning, subject, since).run(start)

    def follow_all(self, meaning: Meaning, subject: Subject, start: State, holds: Hold, since: Since | None = None) -> Seen:
        """The same from each of several states."""
        seen = Seen()
        for hold in Hold:
            if hold & holds:
                seen.merge(self.follow(meaning, subject, start._replace(hold=hold), since))
        return seen

    def effect(self, target: Target, name: str, carry: Carry, subject: Subject, hold: Hold) -> Effect:
        """What a function does to a session that a name of it carries."""
        unknown = Effect(Hold.PERHAPS if hold is Hold.IDLE else hold, NOTHING, Carry.NOT)
        question = ("occupies", *target.key, name, carry, subject.lease, subject.is_lazy, hold)
        return self.summaries.answers.ask(question, lambda: self._effect(target, name, carry, subject, hold, unknown), unknown)

    def _effect(self, target: Target, name: str, carry: Carry, subject: Subject, hold: Hold, unknown: Effect) -> Effect:
        scope = target.types.scope(target.facts.id)
        place = scope.graph.places.find(ev.Local(name))
        if target.facts.only_raises and target.facts.owner:
            return unknown
        places = frozenset() if place is None else frozenset({place})
        aliases, holders = (places, NO_PLACES) if carry is Carry.IS else (NO_PLACES, places)
        try:
            seen = self.follow(Meaning(scope, self.summaries), subject, State(aliases, holders, hold))
        except (GivenUp, RecursionError):
            return unknown
        return Effect(seen.ends() or hold, yielded(seen, scope.graph.events), seen.gives)


def yielded(seen: Seen, events: tuple[ev.Event, ...]) -> Hold:
    """How a session may be at the `yield`s of a function."""
    return union(hold for node, hold in seen.before.items() if isinstance(events[node], ev.Yield))


class _Walk:
    """One session through one function."""

    def __init__(self, occupancy: Occupancy, meaning: Meaning, subject: Subject, since: Since | None) -> None:
        self._occupancy, self._summaries = occupancy, occupancy.summaries
        self._meaning, self._subject, self._since = meaning, subject, since
        self._scope, self._graph, self._keys = meaning.scope, meaning.graph, meaning.graph.places.keys
        self._facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        self._seen = Seen()
        self._states: dict[NodeId, set[State]] = {}
        self._queue: deque[tuple[NodeId, State]] = deque()
        self._taken: dict[tuple[NodeId, State], NodeId] = {}
        """The statement that took it, on the first way to each state."""

    def run(self, start: State) -> Seen:
        """Follow the session to the ends of the function."""
        for place in (*start.aliases, *start.holders):
            start = self._with(start, place, self._carry(start, place))
        if self._since is None:
            self._push(NodeId(0), start)
        else:
            for edge in self._meaning.edges(self._since.node):
                if edge.kind == 0:
                    self._pass(start, edge)
        steps = 0
        while self._queue:
            steps += 1
            if steps > MAX_STEPS:
                raise GivenUp(f"more than {MAX_STEPS} steps")
            at, state = self._queue.popleft()
            self._advance(at, state)
        return self._seen

    def _push(self, node: NodeId, state: State, taken: NodeId | None = None) -> None:
        known = self._states.setdefault(node, set())
        if len(known) >= MAX_STATES:
            state = state._replace(facts=NO_FACTS)
        if state not in known:
            known.add(state)
            self._queue.append((node, state))
            if taken is not None:
                self._taken[node, state] = taken

    def _pass(self, state: State, edge: Edge, taken: NodeId | None = None) -> None:
        if edge.assume is not None:
            if edge.assume.place in state.aliases | state.holders and not edge.assume.allowed & IS_TRUE:
                return
            facts = self._facts.narrowed(state.facts, edge.assume)
            if facts is None:
                return
            state = state._replace(facts=facts)
        self._push(edge.target, state, taken)

    def _advance(self, node: NodeId, state: State) -> None:
        event, seen, taken = self._graph.events[node], self._seen, self._taken.get((node, state))
        seen.before[node] = seen.before.get(node, NOTHING) | state.hold
        if taken is not None:
            seen.taken_before.setdefault(node, taken)
        if isinstance(event, ev.Exit):
            if event.kind is ev.ExitKind.RETURN:
                seen.returned[state.returned] = seen.returned.get(state.returned, NOTHING) | state.hold
                if taken is not None:
                    seen.taken_at_return.setdefault(state.returned, taken)
            return
        after = self._step(node, event, state._replace(facts=self._facts.after(event, state.facts)))
        if not after.hold & HELD:
            taken = None
        elif not state.hold & HELD:
            taken = node
        for edge in self._meaning.edges(node):
            self._pass(after, edge, taken)

    # Events

    def _step(self, node: NodeId, event: ev.Event, state: State) -> State:
        match event:
            case ev.Call():
                return self._call(node, event, self._without(state, (event.result,)))
            case ev.Bind(target, value, _):
                return self._bind(node, state, target, value)
            case ev.Unbind(place, _, _):
                return self._without(state, (place,))
            case ev.EndStatement(temps, _):
                return self._without(state, temps)
            case ev.Enter(manager, _, result, _):
                return self._enter(state, manager, result)
            case ev.Leave(manager, is_async, _, _):
                return self._leave(state, manager, is_async)
            case ev.Yield(value, _, _, _) if value is not None:
                self._seen.gives = max(self._seen.gives, self._carry(state, value))
            case ev.Step("next", value, _) if value is not None:
                return self._iterated(state, value)
        return state

    def _without(self, state: State, gone: tuple[PlaceId, ...]) -> State:
        aliases = frozenset(p for p in state.aliases if not self._is_in(p, gone))
        holders = frozenset(p for p in state.holders if not self._is_in(p, gone))
        return state if (aliases, holders) == (state.aliases, state.holders) else state._replace(aliases=aliases, holders=holders)

    def _is_in(self, place: PlaceId, places: Collection[PlaceId]) -> bool:
        """Whether a place is one of these or a part of one."""
        key = self._keys[place]
        while place not in places and isinstance(key, ev.Attribute | ev.Item):
            place, key = key.base, self._keys[key.base]
        return place in places

    def _carry(self, state: State, value: PlaceId | None) -> Carry:
        if value is None:
            return Carry.NOT
        if value in state.aliases:
            return Carry.IS
        return Carry.WRAPS if self._is_in(value, state.holders) else Carry.NOT

    def _with(self, state: State, place: PlaceId, carry: Carry) -> State:
        key = self._keys[place]
        if carry is not Carry.NOT and isinstance(key, ev.Local):
            self._seen.names[key.name] = carry
        if carry is Carry.IS:
            return state._replace(aliases=state.aliases | {place})
        return state._replace(holders=state.holders | {place}) if carry is Carry.WRAPS else state

    def _bind(self, node: NodeId, state: State, target: PlaceId, value: PlaceId | None) -> State:
        if value == target:
            return state
        carry = self._carry(state, value)
        key = self._keys[target]
        while isinstance(key, ev.Item):
            key = self._keys[key.base]
        if isinstance(key, ev.Returned):
            self._seen.gives = max(self._seen.gives, carry)
            state = state._replace(returned=node)
        return self._with(self._without(state, (target,)), target, carry)

    def _enter(self, state: State, manager: PlaceId, result: PlaceId) -> State:
        carry = self._carry(state, manager)
        if carry is Carry.NOT:
            made = self._scope.call_behind(manager)
            if made is not None and made.model is not None and made.model.wraps is not None and self._gets(state, made):
                carry = Carry.IS
        return self._with(state, result, carry)

    def _leave(self, state: State, manager: PlaceId, is_async: bool) -> State:
        if manager in state.holders or (manager in state.aliases and exit_of(self._subject.lease, is_async) is WithExit.RELEASE):
            return self._freed(state)  # an object around the session may keep it: missed alarms only
        if self._since is not None and manager == self._since.manager:
            return self._freed(state)
        made = self._scope.call_behind(manager)
        if made is None:
            return state
        receiver, method = made.event.callee.receiver, made.event.callee.method
        if receiver in state.aliases and self._subject.is_lazy:
            is_begun = method in self._subject.begins or not self._subject.begins
            return self._freed(state) if is_begun else state
        if made.model is not None and made.model.exit_calls is not None and self._gets(state, made):
            return self._freed(state)
        target = self._summaries.target(self._scope, made)
        if target is not None and target.facts.is_generator:
            return self._run(state, made, target)
        return state

    def _gets(self, state: State, info: CallInfo) -> bool:
        return any(self._carry(state, a.value) is not Carry.NOT for a in info.event.arguments)

    def _freed(self, state: State) -> State:
        return state._replace(hold=Hold.FREE)

    def _used(self, state: State, hold: Hold = Hold.PERHAPS) -> State:
        """The session after something used it, surely or perhaps. What was given back is only taken again by what surely is a statement."""
        if not self._subject.is_lazy or (hold is Hold.PERHAPS and state.hold is not Hold.IDLE):
            return state
        return state._replace(hold=hold)

    def _iterated(self, state: State, iterable: PlaceId) -> State:
        """A step of a loop over a generator that got the session."""
        made = self._scope.call_behind(iterable)
        target = self._summaries.target(self._scope, made) if made is not None else None
        if made is None or target is None or not target.facts.is_generator:
            return state
        return self._run(state, made, target, at_yields=self._scope.facts.is_generator)

    # Calls

    def _call(self, node: NodeId, event: ev.Call, state: State) -> State:
        info = self._meaning.call(node)
        carried = {a.key: carry for a in event.arguments if (carry := self._carry(state, a.value)) is not Carry.NOT}
        if carried:
            self._seen.given.setdefault(node, {}).update(carried)
        receiver, method = event.callee.receiver, event.callee.method
        if receiver in state.aliases:
            return self._on_session(event, info, state)
        if self._carry(state, receiver) is Carry.WRAPS:
            return self._on_holder(event, info, state, method)
        if self._is_release_given(event, state):
            return self._freed(state)
        if carried:
            return self._given(event, info, state)
        return self._closure(info, state)

    def _on_session(self, event: ev.Call, info: CallInfo, state: State) -> State:
        """A method of the session itself."""
        method, subject = event.callee.method, self._subject
        is_run = not subject.needs_await or event.awaited or not self._meaning.is_dropped(event)
        if method in subject.gives_back or (method in ("__exit__", "__aexit__")):
            return self._freed(state) if is_run else state
        if info.target is not None and not info.is_class:
            return self._through_self(info, state)
        if info.model is not None and info.model.returns == "self":
            return self._with(state, event.result, Carry.IS)
        if method in subject.statements or self._gives_connection(info):
            return self._used(state, Hold.TAKEN) if is_run else state
        is_unknown = not subject.statements or (info.model is not None and info.model.borrows)
        return self._used(state) if is_unknown else state

    def _gives_connection(self, info: CallInfo) -> bool:
        """`session.connection()`."""
        made = self._scope.catalog.type(info.model.returns) if info.model is not None and info.model.returns is not None else None
        return made is not None and made.kind is Kind.CONNECTION

    def _through_self(self, info: CallInfo, state: State) -> State:
        """A method that the project adds to a library's class."""
        target = self._summaries.target(self._scope, info)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "") if target is not None else ""
        if target is None or not first:
            return self._used(state)
        ends = self._occupancy.effect(target, first, Carry.IS, self._subject, state.hold).ends
        return state._replace(hold=_strongest(ends))

    def _on_holder(self, event: ev.Call, info: CallInfo, state: State, method: str) -> State:
        """A method of an object around the session, or of a part of it."""
        catalog = self._scope.catalog
        if method in self._subject.gives_back or catalog.names_release(method) or catalog.names_ending("", method):
            return self._freed(state)
        target = self._summaries.target(self._scope, info) if info.target is not None and not info.is_class else None
        if target is not None and self._gives_part_back(target):
            return self._freed(state)
        return self._used(state)

    def _gives_part_back(self, target: Target) -> bool:
        """Whether a method calls a release on something that its object keeps: `self.db.close()`."""
        first = next((p.name for p in target.facts.parameters if p.position == 0), "")
        places, methods = target.facts.graph.places, self._subject.gives_back
        base = places.find(ev.Local(first))
        for event in target.facts.graph.events:
            if isinstance(event, ev.Call) and event.callee.receiver is not None and event.callee.method in methods:
                key = places.keys[event.callee.receiver]
                if isinstance(key, ev.Attribute) and key.base == base:
                    return True
        return False

    def _is_release_given(self, event: ev.Call, state: State) -> bool:
        """`await run_in_threadpool(db.close)`, `pool.release(conn)`."""
        for argument in event.arguments:
            if argument.value is None:
                continue
            key = self._keys[argument.value]
            if isinstance(key, ev.Attribute) and key.base in state.aliases and key.name in self._subject.gives_back and event.awaited:
                return True
            if argument.value in state.aliases and release_named(self._subject.lease, event.callee.method, owner=True) is not None:
                return True
        return False

    def _given(self, event: ev.Call, info: CallInfo, state: State) -> State:
        """A call that gets the session, or an object around it."""
        model, name, catalog = info.model, event.callee.method, self._scope.catalog
        target = self._summaries.target(self._scope, info) if info.target is not None and model is None else None
        if info.is_class or (target is not None and target.facts.is_generator):
            state = self._with(state, event.result, Carry.WRAPS)
            return state if target is None or target.facts.is_generator else self._run(state, info, target)
        if target is not None:
            return self._run(state, info, target)
        if model is not None and not info.is_convention:
            if model.passes is not None or model.wraps is not None:
                return self._with(state, event.result, Carry.IS if model.passes is not None else Carry.WRAPS)
            return state if model.cannot_raise or model.keeps else self._used(state)
        if catalog.names_release(name):
            return self._freed(state)
        if catalog.names_keep(name, is_method=event.callee.is_method):
            return self._with(state, event.callee.receiver, Carry.WRAPS) if event.callee.receiver is not None else state
        return state if info.name.startswith("builtins.") or name.startswith("__") else self._used(state)

    def _run(self, state: State, info: CallInfo, target: Target, *, at_yields: bool = False) -> State:
        """A function of the project that gets the session, run to its end; with `at_yields`, to one of its `yield`s."""
        holds, gives = NOTHING, Carry.NOT
        for argument in info.event.arguments:
            carry = self._carry(state, argument.value)
            if carry is Carry.NOT:
                continue
            name = target.parameter(info, argument)
            if not name or not target.runs(providers=True):
                return self._used(state)
            effect = self._occupancy.effect(target, name, carry, self._subject, state.hold)
            holds |= effect.yields if at_yields and effect.yields else effect.ends
            gives = max(gives, effect.gives)
        if not holds:
            return self._closure(info, state)
        after = state._replace(hold=_strongest(holds))
        return after if target.facts.is_generator else self._with(after, info.event.result, Carry.WRAPS if info.is_class else gives)

    def _closure(self, info: CallInfo, state: State) -> State:
        """A nested function that is called, and reads a name of the session."""
        target = self._summaries.target(self._scope, info) if info.target is not None and info.model is None else None
        if target is None or target.types is not self._scope.module or target.facts.outer != self._scope.facts.id:
            return state
        if target.facts.is_generator:
            return state
        holds = NOTHING
        for place in (*state.aliases, *state.holders):
            key = self._keys[place]
            if isinstance(key, ev.Local) and key.name not in target.facts.bound and _mentions(target, key.name):
                carry = self._carry(state, place)
                holds |= self._occupancy.effect(target, key.name, carry, self._subject, state.hold).ends
        return state._replace(hold=_strongest(holds)) if holds else state


def _mentions(target: Target, name: str) -> bool:
    return target.types.scope(target.facts.id).graph.places.find(ev.Local(name)) is not None


def _strongest(holds: Hold) -> Hold:
    """One state for what may be after a helper: a release on some path is taken for one on all; else a statement is."""
    for hold in (Hold.FREE, Hold.TAKEN, Hold.PERHAPS):
        if hold & holds:
            return hold
    return Hold.IDLE
