"""What one event does to one obligation.

`Transfer.step` gives the state after the event on its normal edges and on its exception edges. An obligation that is over is an `End`;
a release or an escape is done on every edge, also where it raises: a release that fails is the release's own affair.
"""

from __future__ import annotations

from unclosed.analysis.closures import gives_up
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog
from unclosed.analysis.meaning import Meaning, exit_of, release_named
from unclosed.analysis.obligations import End, Flag, Obligation, Site, State
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.values import Sort
from unclosed.library import CallModel, WithExit

Both = tuple[State, State]
"""The state on normal edges, and on exception edges."""


class Transfer:
    """The effects of one function's events on the obligations of one site."""

    def __init__(self, meaning: Meaning, facts: FactFlow, site: Site, faults: FaultLog) -> None:
        self._meaning, self._facts, self._site, self._faults = meaning, facts, site, faults
        self._lease, self._graph = site.lease, meaning.graph
        self._places, self._catalog = meaning.graph.places, meaning.catalog

    def step(self, node: NodeId, state: Obligation) -> Both:
        """The states after the event at a node."""
        event = self._graph.events[node]
        state = state._replace(facts=self._facts.after(event, state.facts)) if state.facts else state
        match event:
            case ev.Call():
                return self._call(node, event, state)
            case ev.Bind(target, value, _):
                after = self._bind(state, target, value)
                return after, after
            case ev.Unbind(place, is_delete, _):
                after = self._without(state, {place}, End.DELETED if is_delete else End.REBOUND)
                return after, after
            case ev.EndStatement(temps, _):
                after = self._without(state, set(temps), End.DISCARDED)
                return after, after
            case ev.Store(_, _, _, value, _):
                after = End.ESCAPED if self._carries(state, value) else state
                return after, after
            case ev.Enter(manager, is_async, result, _):
                return self._enter(state, manager, is_async, result)
            case ev.Leave(manager, is_async, _, _):
                after = self._leave(state, manager, is_async, node)
                return after, after
            case ev.Yield(value, _, _, _):
                after = self._yield(state, value)
                return after, after
            case ev.Capture(places, result, _, _):
                if not state.aliases.isdisjoint(places):
                    state = state._replace(holders=state.holders | {result})
                return state, state
            case ev.Bare(place, span):
                after = self._bare(state, place, span)
                return after, after
        return state, state

    # Bindings

    def _bind(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        if value == target:
            return state
        moved = self._moved(state, target, value)
        gone = self._without(state, {target}, End.REBOUND, keeping=moved)
        return gone

    def _moved(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> Obligation | None:
        """The obligation with `target` holding all that `value` holds; `None` if that is nothing."""
        if value is None:
            return None
        aliases, wrappers, holders = set(), set(), set()
        if value in state.aliases:
            aliases.add(target)
        aliases |= {self._rebased(place, value, target) for place in state.aliases if self._is_under(place, value)}
        wrappers |= {(target, method) for place, method in state.wrappers if place == value}
        if value in state.holders or self._is_release_bound(state, value):
            holders.add(target)
        if not (aliases or wrappers or holders):
            return None
        return state._replace(
            aliases=state.aliases | aliases, wrappers=state.wrappers | wrappers, holders=state.holders | holders
        )

    def _without(self, state: Obligation, gone: set[PlaceId], end: End, keeping: Obligation | None = None) -> State:
        """The obligation after some places lost their values; an `End` if it was in no others. `keeping` has gained what it says."""
        base = keeping if keeping is not None else state
        gained = (base.aliases - state.aliases) if keeping is not None else frozenset()
        aliases = frozenset(p for p in base.aliases if p in gained or not self._is_in(p, gone))
        kept = keeping.wrappers - state.wrappers if keeping is not None else frozenset()
        wrappers = frozenset(w for w in base.wrappers if w in kept or w[0] not in gone)
        fresh = keeping.holders - state.holders if keeping is not None else frozenset()
        holders = frozenset(h for h in base.holders if h in fresh or h not in gone)
        if not aliases and not wrappers and (state.aliases or state.wrappers):
            return End.DISCARDED if self._were_temporary(state) else end
        if aliases == state.aliases and wrappers == state.wrappers and holders == state.holders:
            return state
        return base._replace(aliases=aliases, wrappers=wrappers, holders=holders)

    def _were_temporary(self, state: Obligation) -> bool:
        places = [*state.aliases, *(place for place, _ in state.wrappers)]
        return all(self._places.is_temp(place) for place in places)

    def _is_in(self, place: PlaceId, gone: set[PlaceId]) -> bool:
        return place in gone or any(self._is_under(place, base) for base in gone)

    def _is_under(self, place: PlaceId, base: PlaceId) -> bool:
        key = self._places.keys[place]
        while isinstance(key, ev.Attribute | ev.Item):
            if key.base == base:
                return True
            key = self._places.keys[key.base]
        return False

    def _rebased(self, place: PlaceId, base: PlaceId, target: PlaceId) -> PlaceId:
        if place == base:
            return target
        key = self._places.keys[place]
        assert isinstance(key, ev.Attribute | ev.Item)
        return self._places.intern(key._replace(base=self._rebased(key.base, base, target)))

    # Escapes

    def _carries(self, state: Obligation, value: PlaceId | None) -> bool:
        """Whether passing a value on passes the resource on: itself, a part that holds it, a manager, a closure, a bound release."""
        if value is None:
            return False
        if value in state.aliases or value in state.holders or state.wrapper(value) is not None:
            return True
        return any(self._is_under(place, value) for place in state.aliases) or self._is_release_bound(state, value)

    def _is_release_bound(self, state: Obligation, value: PlaceId) -> bool:
        """Whether a value is a release of the resource that is not called yet: `conn.close`."""
        key = self._places.keys[value]
        return isinstance(key, ev.Attribute) and key.base in state.aliases and self._is_releasing(key.name)

    def _is_releasing(self, method: str) -> bool:
        lease = self._lease
        return release_named(lease, method, owner=False) is not None or method in lease.wrong_release or method in lease.ends_itself_by

    def _yield(self, state: Obligation, value: PlaceId | None) -> State:
        if not self._carries(state, value):
            return state
        return state.flagged(Flag.LENT) if self._meaning.is_provider else End.ESCAPED

    # With blocks

    def _enter(self, state: Obligation, manager: PlaceId, is_async: bool, result: PlaceId) -> Both:
        if state.wrapper(manager) is not None:
            return state.with_alias(result), End.VOID
        if manager not in state.aliases:
            return state, state
        exit_ = exit_of(self._lease, is_async)
        if exit_ is WithExit.NOTHING:
            return End.ESCAPED, End.ESCAPED  # no manager: the code does not run, or a subclass knows better
        entered = state.with_alias(result)
        if entered.flags & Flag.LATENT:
            return entered, End.VOID
        return (entered.flagged(Flag.KEPT) if exit_ is WithExit.TRANSACTION else entered), End.VOID

    def _leave(self, state: Obligation, manager: PlaceId, is_async: bool, node: NodeId) -> State:
        method = state.wrapper(manager)
        if method is not None:
            if method in self._lease.wrong_release:
                self._faults.wrong_exit(node, self._site, manager)
            return End.RELEASED
        if manager in state.aliases and exit_of(self._lease, is_async) is WithExit.RELEASE:
            return End.RELEASED
        return state

    def _bare(self, state: Obligation, place: PlaceId, span: ev.SpanId) -> State:
        if self._is_release_bound(state, place):
            self._faults.not_called(span, self._lease, self._site)
            return End.RELEASED
        return state

    # Calls

    def _call(self, node: NodeId, event: ev.Call, state: Obligation) -> Both:
        info = self._meaning.call(node)
        after = self._without(state, {event.result}, End.REBOUND) if event.result in state.aliases else state
        if isinstance(after, End):
            return after, after
        done = self._as_release(node, event, after)
        if done is not None:
            return done, done
        both = self._as_argument(node, event, info, after)
        if both is not None:
            return both
        return self._as_receiver(event, info, after)

    def _as_release(self, node: NodeId, event: ev.Call, state: Obligation) -> End | None:
        """A release by the value's own method or by its owner's; right or wrong, it counts as one."""
        receiver, method = event.callee.receiver, event.callee.method
        if receiver in state.aliases:
            release = release_named(self._lease, method, owner=False)
            if release is not None:
                if release.awaited and event.bare and not event.awaited:
                    self._faults.not_awaited(event.span, self._lease, self._site)
                return End.RELEASED
            if method in self._lease.wrong_release:
                self._faults.wrong_method(event.span, self._site)
                return End.RELEASED
            return End.RELEASED if method in self._lease.ends_itself_by or method in ("__exit__", "__aexit__") else None
        release = release_named(self._lease, method, owner=True)
        if release is None or not self._hands_back(event, state, release.argument):
            return None
        if release.awaited and event.bare and not event.awaited:
            self._faults.not_awaited(event.span, self._lease, self._site)
        elif receiver is not None and self._is_other_owner(receiver):
            self._faults.wrong_owner(event.span, self._site)
        return End.RELEASED

    def _hands_back(self, event: ev.Call, state: Obligation, argument: int | None) -> bool:
        if argument is None:
            return event.callee.receiver is not None and self._is_owner(event.callee.receiver, event)
        return any(self._carries(state, a.value) for a in event.arguments)

    def _is_owner(self, receiver: PlaceId, event: ev.Call) -> bool:
        """Whether a receiver is the object that lent the value: the same place, or what the acquiring call was a call of."""
        acquiring = self._site.call.event.callee
        return receiver in (acquiring.receiver, acquiring.place)

    def _is_other_owner(self, receiver: PlaceId) -> bool:
        """Whether the value is given to another pool: both are plain names made by different constructor calls."""
        owner = self._site.owner
        if owner is None or receiver == owner:
            return False
        mine, other = self._meaning.call_behind(owner), self._meaning.call_behind(receiver)
        if mine is None or other is None or mine.event is other.event:
            return False
        return mine.model is not None and other.model is not None and mine.model.returns == other.model.returns is not None

    def _as_argument(self, node: NodeId, event: ev.Call, info: CallInfo, state: Obligation) -> Both | None:
        """A call that gets the resource, or something that holds it, as an argument."""
        for argument in event.arguments:
            value = argument.value
            if value is None:
                continue
            if value in state.aliases or any(self._is_under(place, value) for place in state.aliases):
                return self._given(event, info, argument, state)
            if state.wrapper(value) is not None:
                return End.ESCAPED, End.ESCAPED
            if value in state.holders or self._is_release_bound(state, value):
                return End.ESCAPED, End.ESCAPED
            if self._is_deferred(info, value, state):
                return End.ESCAPED, End.ESCAPED
        if event.callee.place is not None and event.callee.place in state.holders:
            return self._called_closure(event, state)
        return None

    def _given(self, event: ev.Call, info: CallInfo, argument: ev.Argument, state: Obligation) -> Both:
        model = info.model
        if model is not None and not info.is_convention:
            return self._given_to_model(event, model, argument, state)
        if model is not None and model.borrows:
            return state, state
        name = event.callee.method
        if self._catalog.names_release(name):
            return End.RELEASED, End.RELEASED
        if info.is_class or name == "__init__" or self._catalog.names_keep(name, is_method=event.callee.is_method):
            return End.ESCAPED, End.ESCAPED
        if name.startswith("__") or info.name.startswith("builtins."):
            return state, state
        after = state.flagged(Flag.LIKELY)
        if all(self._places.is_temp(place) for place in state.aliases):
            after = after.flagged(Flag.POSSIBLE)
        return after, after

    def _given_to_model(self, event: ev.Call, model: CallModel, argument: ev.Argument, state: Obligation) -> Both:
        position = argument.key
        if model.keeps or model.calls is not None and position != model.calls and not event.awaited:
            return End.ESCAPED, End.ESCAPED
        if model.wraps is not None and position == model.wraps and model.exit_calls is not None:
            return state._replace(wrappers=state.wrappers | {(event.result, model.exit_calls)}), state
        if model.enters is not None and position == model.enters:
            exit_ = exit_of(self._lease, event.awaited)
            if exit_ is WithExit.TRANSACTION:
                return state.with_alias(event.result).flagged(Flag.KEPT), state
            return End.ESCAPED, End.ESCAPED
        if position in (model.passes, model.awaits) and position is not None:
            return state.with_alias(event.result), state
        return state, state

    def _is_deferred(self, info: CallInfo, value: PlaceId, state: Obligation) -> bool:
        """`create_task(serve(conn))`: the coroutine that got the resource is kept by somebody else."""
        made = self._meaning.scope.producer.get(value)
        if made is None:
            return False
        inner = self._graph.events[made]
        if not isinstance(inner, ev.Call) or inner.awaited or not any(a.value in state.aliases for a in inner.arguments):
            return False
        keeps = info.model is not None and info.model.keeps
        return keeps or (info.model is None and self._catalog.names_keep(info.event.callee.method, is_method=info.event.callee.is_method))

    def _called_closure(self, event: ev.Call, state: Obligation) -> Both | None:
        """A nested function that captured the resource is called: done if it releases or passes it on."""
        assert event.callee.place is not None
        value = self._meaning.scope.value(event.callee.place)
        if value is None or value.sort is not Sort.DEFINITION:
            return End.ESCAPED, End.ESCAPED
        facts = self._meaning.scope.module.function(value.name)
        if facts is None or gives_up(facts.graph, self._names_of(state), self._is_releasing_anywhere):
            return End.RELEASED, End.RELEASED
        return None

    def _names_of(self, state: Obligation) -> set[str]:
        keys = (self._places.keys[place] for place in state.aliases)
        return {key.name for key in keys if isinstance(key, ev.Local)}

    def _is_releasing_anywhere(self, method: str) -> bool:
        return self._is_releasing(method) or release_named(self._lease, method, owner=True) is not None

    def _as_receiver(self, event: ev.Call, info: CallInfo, state: Obligation) -> Both:
        """A method of the resource that is no release."""
        receiver, method = event.callee.receiver, event.callee.method
        if receiver not in state.aliases:
            if receiver is not None and self._facts.known(state.facts, receiver) == 1:
                return End.VOID, state  # a method of None only raises
            return state, state
        if state.flags & Flag.LATENT and method in self._lease.opened_by:
            return state._replace(flags=state.flags & ~Flag.LATENT), state
        if (info.model is not None and info.model.returns == "self") or method in ("__enter__", "__aenter__"):
            return state.with_alias(event.result), state
        return state, state
