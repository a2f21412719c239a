"""What one event does to one obligation.

`Transfer.step` gives the state after the event on its normal edges and on its exception edges. An obligation that is over is an `End`;
a release or an escape is done on every edge, also where it raises: a release that fails is the release's own affair.
"""

from __future__ import annotations

import enum
from typing import Protocol

from unclosed.analysis.closures import gives_up
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog
from unclosed.analysis.meaning import Meaning, exit_of, release_named
from unclosed.analysis.obligations import End, Flag, Obligation, Site, State
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import ENTRIES, Acquires, CallModel, Lease, WithExit

_NOWHERE = ev.Temp(0)
"""Where a value is that an exception has dropped on its way to the caller: open, and out of reach."""
_EXIT_METHODS = ("__exit__", "__aexit__")
_COUNTING = frozenset({"append", "appendleft", "add", "insert"})
"""Methods that put something into a container and tell nobody of what is in it."""

_LOOKING = frozenset(f"builtins.{name}" for name in ("len", "print", "bool", "id", "repr", "str", "type", "isinstance"))
"""Functions that take nothing out of a container that they are given, and do not give it back."""

Both = tuple[State, State]
"""The state on normal edges, and on exception edges."""


class Effect(enum.Enum):
    """What a function of the project does with an argument."""

    RELEASES = "releases"
    MAY_RELEASE = "may release"
    """On some paths that return; of an argument that is handed over, this counts as a release (missed alarms only)."""
    KEEPS = "keeps"
    RETURNS = "returns"
    BORROWS = "borrows"
    UNKNOWN = "unknown"


class Effects(Protocol):
    """Answers what the functions of the project do with their arguments."""

    def of_argument(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument, site: Site) -> Effect:
        """What the called function does with a value that owes what the site owes."""


class Transfer:
    """The effects of one function's events on the obligations of one site."""

    def __init__(self, meaning: Meaning, facts: FactFlow, site: Site, faults: FaultLog, effects: Effects) -> None:
        self._meaning, self._facts, self._site, self.faults, self._effects = meaning, facts, site, faults, effects
        self._lease, self._graph = site.lease, meaning.graph
        self._places, self._catalog = meaning.graph.places, meaning.catalog

    def step(self, node: NodeId, state: Obligation) -> Both:
        """The states after the event at a node."""
        event = self._graph.events[node]
        state = state._replace(facts=self._facts.after(event, state.facts))
        match event:
            case ev.Call():
                return self._call(node, event, state)
            case ev.Bind(target, value, _):
                after = self._bind(state, target, value)
                return after, after
            case ev.Unbind(place, is_delete, _):
                after = self._unbound(state, place, is_delete)
                return after, after
            case ev.EndStatement(temps, _):
                after = self._without(state, set(temps), End.DISCARDED)
                return after, after
            case ev.Store():
                after = self._store(event, state)
                return after, after
            case ev.Step("next", value, _) if self._is_of_container(value, state):
                return End.ESCAPED, End.ESCAPED
            case ev.Enter(manager, is_async, result, _):
                return self._enter(state, manager, is_async, result)
            case ev.Leave(manager, is_async, _, _):
                after = self._leave(state, manager, is_async)
                return after, self._left_failing(after, node)
            case ev.Yield(value, _, _, _):
                after = self._yield(state, value)
                return after, after
            case ev.Capture(places, result, _, _):
                after = self._captured(state, places, result)
                return after, after
            case ev.Bare(place, span):
                after = self._bare(state, place, span)
                return after, after
            case ev.Join(ev.INTERRUPTED):
                state = state.flagged(Flag.INTERRUPTED)
        return state, state

    def _captured(self, state: Obligation, places: tuple[PlaceId, ...], result: PlaceId) -> State:
        """A closure that reads the value holds it; one that reads a container may do anything with what is in it."""
        if not state.containers.isdisjoint(places):
            return End.ESCAPED
        return state if state.aliases.isdisjoint(places) else state._replace(holders=state.holders | {result})

    # Bindings

    def _bind(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        """`target` loses what it held and gets what `value` holds."""
        if value == target:
            return state
        if value is not None and value not in state.aliases and value not in state.containers and self._is_of_container(value, state):
            return End.ESCAPED  # `conn = found[0]`: perhaps this one
        left = self._stripped(state, {target})
        after = left if value is None else self._with_target(left, state, target, value)
        if self._is_held(after):
            return after
        return End.DISCARDED if self._were_temporary(state) else End.REBOUND

    def _unbound(self, state: Obligation, place: PlaceId, is_delete: bool) -> State:
        """A name is deleted, or an exception drops the value that was on its way to the caller."""
        after = self._stripped(state, {place})
        if self._is_held(after):
            return after
        if isinstance(self._places.keys[place], ev.Returned):
            return state._replace(aliases=frozenset({self._places.intern(_NOWHERE)}))
        return End.DELETED if is_delete else End.REBOUND

    def _with_target(self, left: Obligation, before: Obligation, target: PlaceId, value: PlaceId) -> Obligation:
        """The obligation with `target` holding all that `value` held before."""
        aliases = {target} if value in before.aliases else set()
        aliases |= {self._rebased(place, value, target) for place in before.aliases if self._is_under(place, value)}
        wrappers = {(target, method) for place, method in before.wrappers if place == value}
        containers = {target} if value in before.containers else set()
        holders = {target} if value in before.holders or self._is_release_bound(before, value) else set()
        if not (aliases or wrappers or holders or containers):
            return left
        return left._replace(
            aliases=left.aliases | aliases,
            wrappers=left.wrappers | wrappers,
            holders=left.holders | holders,
            containers=left.containers | containers,
        )

    def _stripped(self, state: Obligation, gone: set[PlaceId]) -> Obligation:
        """The obligation without what some places and their parts held."""
        aliases = frozenset(place for place in state.aliases if not self._is_in(place, gone))
        wrappers = frozenset(wrapper for wrapper in state.wrappers if wrapper[0] not in gone)
        holders, containers = state.holders - gone, state.containers - gone
        if (aliases, wrappers, holders, containers) == (state.aliases, state.wrappers, state.holders, state.containers):
            return state
        return state._replace(aliases=aliases, wrappers=wrappers, holders=holders, containers=containers)

    def _without(self, state: Obligation, gone: set[PlaceId], end: End) -> State:
        """The obligation after some places lost their values; an `End` if it was in no others."""
        after = self._stripped(state, gone)
        if self._is_held(after):
            return after
        return End.DISCARDED if self._were_temporary(state) else end

    def _is_held(self, state: Obligation) -> bool:
        """Whether the value is still within reach of the function."""
        return bool(state.aliases or state.wrappers or state.containers)

    def _were_temporary(self, state: Obligation) -> bool:
        places = [*state.aliases, *state.containers, *(place for place, _ in state.wrappers)]
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
        if value in state.aliases or value in state.holders or value in state.containers or state.wrapper(value) is not None:
            return True
        if self._is_of_container(value, state):
            return True
        return any(self._is_under(place, value) for place in state.aliases) or self._is_release_bound(state, value)

    def _is_release_bound(self, state: Obligation, value: PlaceId) -> bool:
        """Whether a value is a release of the resource that is not called yet: `conn.close`."""
        key = self._places.keys[value]
        return isinstance(key, ev.Attribute) and key.base in state.aliases and self._is_releasing(key.name)

    def _is_releasing(self, method: str) -> bool:
        lease = self._lease
        if release_named(lease, method, owner=False) is not None or method in lease.wrong_release or method in lease.ends_itself_by:
            return True
        return method in _EXIT_METHODS and exit_of(lease, method == "__aexit__") is WithExit.RELEASE

    def _store(self, event: ev.Store, state: Obligation) -> State:
        """Put somewhere: an escape, unless into a container that was made here and has not left yet."""
        if event.value is not None and event.value in state.containers:
            return End.ESCAPED
        if not self._carries(state, event.value):
            return state
        if event.value in state.aliases and event.base is not None and self._is_container(event.base):
            held = state._replace(containers=state.containers | {event.base})
            return held.with_alias(self._places.intern(ev.Item(event.base, int(event.name)))) if event.name.isdecimal() else held
        return End.ESCAPED

    def _is_container(self, place: PlaceId) -> bool:
        """Whether a place holds a list, dict or set that this function displays, and nothing else."""
        if place in self._meaning.displays:
            return True
        sources = self._meaning.scope.sources(place)
        is_local = isinstance(self._places.keys[place], ev.Local)
        return is_local and bool(sources) and all(s.place is not None and s.place in self._meaning.displays for s in sources)

    def _touches_container(self, event: ev.Call, info: CallInfo, state: Obligation) -> Both | None:
        """A call on a container that holds the value, or with it as an argument, other than a counting one."""
        receiver = event.callee.receiver
        if receiver is not None and (receiver in state.containers or any(self._is_under(receiver, c) for c in state.containers)):
            return None if event.callee.method in _COUNTING else (End.ESCAPED, End.ESCAPED)
        if info.name in _LOOKING and not self._is_counted_off(event):
            return None
        if any(self._is_of_container(argument.value, state) for argument in event.arguments):
            if info.model is not None and info.model.borrows:  # `ready = select(sockets)`: what it gives may hold some of them
                return state._replace(containers=state.containers | {event.result}), state
            return End.ESCAPED, End.ESCAPED
        return None

    def _is_counted_off(self, event: ev.Call) -> bool:
        """Whether a loop will take the items one by one: `for i in range(len(conns))`."""
        uses = (e for e in self._graph.events if isinstance(e, ev.Call) and any(a.value == event.result for a in e.arguments))
        return any(use.callee.method == "range" for use in uses)

    def _is_of_container(self, value: PlaceId | None, state: Obligation) -> bool:
        """Whether a place holds a container with the value in it, or an item of one."""
        return value is not None and any(value == container or self._is_under(value, container) for container in state.containers)

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
        if self._lease.is_opened_by_entry:
            entered = entered._replace(flags=entered.flags & ~Flag.LATENT)
        if entered.flags & Flag.LATENT:
            return entered, End.VOID
        return (entered.flagged(Flag.KEPT) if exit_ is WithExit.TRANSACTION else entered), End.VOID

    def _leave(self, state: Obligation, manager: PlaceId, is_async: bool) -> State:
        method = state.wrapper(manager)
        if method is not None:
            if method in self._lease.wrong_release and not self._is_right_for_owner():
                self.faults.wrong_exit(self._site, manager)
            return End.RELEASED
        if manager in state.aliases and exit_of(self._lease, is_async) is WithExit.RELEASE:
            return End.RELEASED
        return End.RELEASED if self._leaves_owner(manager) else state

    def _left_failing(self, after: State, node: NodeId) -> State:
        """The state where leaving a block itself raises: the temporaries of the block's header are gone then too."""
        if isinstance(after, End):
            return after
        targets = (self._graph.events[edge.target] for edge in self._graph.edges[node])
        header = next((set(event.temps) for event in targets if isinstance(event, ev.EndStatement)), set())
        left = self._stripped(after, header)
        return left if self._is_held(left) else after

    def _bare(self, state: Obligation, place: PlaceId, span: ev.SpanId) -> State:
        if self._is_release_bound(state, place):
            self.faults.not_called(span, self._lease, self._site)
            return End.RELEASED
        return state

    # Calls

    def _call(self, node: NodeId, event: ev.Call, state: Obligation) -> Both:
        info = self._meaning.call(node)
        after = self._stripped(state, {event.result})
        if not self._is_held(after):
            return End.REBOUND, End.REBOUND
        done = self._as_release(event, after)
        if done is not None:
            return done, done
        both = (self._touches_container(event, info, after) if after.containers else None) or self._as_argument(event, info, after)
        if both is not None:
            return both
        return self._as_receiver(event, info, after)

    def _as_release(self, event: ev.Call, state: Obligation) -> State | None:
        """A release by the value's own method or by its owner's. A wrong one is noted, and counts if nothing better follows."""
        receiver, method = event.callee.receiver, event.callee.method
        if receiver in state.aliases:
            release = release_named(self._lease, method, owner=False)
            if release is not None:
                if release.awaited and not event.awaited and self._meaning.is_dropped(event):
                    self.faults.not_awaited(event.span, self._lease, self._site)
                return End.RELEASED
            if method in self._lease.wrong_release:
                return End.RELEASED if self._is_right_for_owner() else state._replace(wrong=event.span)
            if method in self._lease.ends_itself_by and not self._meaning.is_dropped(event):
                return End.ESCAPED  # `listen(s.detach())`: what it held is somebody else's now
            return End.RELEASED if method in self._lease.ends_itself_by or method in _EXIT_METHODS else None
        if self._releases_owner(event) or self._releases_part(event, state):
            return End.RELEASED
        if self._site.is_advanced and self._touches_generator(event):
            return End.RELEASED
        release = release_named(self._lease, method, owner=True)
        if release is None or not self._hands_back(event, state, release.argument):
            return None
        if release.awaited and not event.awaited and self._meaning.is_dropped(event):
            self.faults.not_awaited(event.span, self._lease, self._site)
        elif receiver is not None and self._is_other_owner(receiver):
            self.faults.wrong_owner(event.span, self._site)
        return End.RELEASED

    def _is_right_for_owner(self) -> bool:
        """Whether the owner was made so that the value's own `close` gives it back."""
        if not self._lease.right_if_owner_given or self._site.owner is None:
            return False
        made = self._meaning.scope.call_behind(self._site.owner)
        return made is not None and any(a.key in self._lease.right_if_owner_given for a in made.event.arguments)

    def _releases_owner(self, event: ev.Call) -> bool:
        """Whether the object that lent the value is itself closed: a cursor's connection, a connection's pool."""
        owner = self._site.owner
        if owner is None or event.callee.receiver != owner or not (self._site.is_child or any(r.owner for r in self._lease.release)):
            return False
        lease = self._lease_of(owner)
        return lease is not None and release_named(lease, event.callee.method, owner=False) is not None

    def _releases_part(self, event: ev.Call, state: Obligation) -> bool:
        """Whether what the value keeps is closed through its attributes: `store.conn.close()`, `client.connection_pool.disconnect()`."""
        key = self._places.keys[event.callee.receiver] if event.callee.receiver is not None else None
        while isinstance(key, ev.Attribute):
            if key.base in state.aliases:
                return self._catalog.names_release(event.callee.method)
            key = self._places.keys[key.base]
        return False

    def _leaves_owner(self, manager: PlaceId) -> bool:
        """Whether the block of the object that lent the value is left, and closes it."""
        owner = self._site.owner
        if owner is None or not self._site.is_child:
            return False
        sources = [source.place for source in self._meaning.scope.sources(manager)]
        lease = self._lease_of(owner)
        return (manager == owner or owner in sources) and lease is not None and lease.with_exit is WithExit.RELEASE

    def _lease_of(self, place: PlaceId) -> Lease | None:
        value = self._meaning.scope.value(place)
        model = self._catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return model.lease if model is not None else None

    def _touches_generator(self, event: ev.Call) -> bool:
        """Whether the generator that lent the value is closed, advanced or handed to somebody."""
        owner = self._site.owner
        if owner is None or self._places.is_temp(owner):
            return False
        return event.callee.receiver == owner or any(a.value == owner for a in event.arguments)

    def _hands_back(self, event: ev.Call, state: Obligation, argument: int | None) -> bool:
        if argument is None:
            return event.callee.receiver is not None and self._is_owner(event.callee.receiver)
        return any(self._carries(state, a.value) for a in event.arguments)

    def _is_owner(self, receiver: PlaceId) -> bool:
        """Whether a receiver is the object that lent the value: the same place, what the acquiring call was a call of, or one of its
        type.
        """
        if self._site.call is not None:
            acquiring = self._site.call.event.callee
            if receiver in (acquiring.receiver, acquiring.place):
                return True
        value = self._meaning.scope.value(receiver)
        if value is None or value.sort is not Sort.INSTANCE:
            return False
        lent = self._catalog.call(value.name)
        return (lent is not None and lent.lease == self._lease) or self._lease in self._catalog.leases_of_owner(value.name)

    def _is_other_owner(self, receiver: PlaceId) -> bool:
        """Whether the value is given to another pool: both are plain names made by different constructor calls."""
        owner = self._site.owner
        if owner is None or receiver == owner:
            return False
        scope = self._meaning.scope
        mine, other = scope.value(owner), scope.value(receiver)
        if mine is None or other is None or mine.sort is not Sort.INSTANCE or mine.name != other.name:
            return False
        return self._is_one_object(owner) and self._is_one_object(receiver)

    def _is_one_object(self, place: PlaceId) -> bool:
        """Whether a name stands for one object throughout: a parameter that is never bound anew, or a constructor's result."""
        scope = self._meaning.scope
        sources = scope.sources(place)
        if not isinstance(self._places.keys[place], ev.Local):
            return False
        if not sources:
            return True
        made = scope.call_behind(place)
        return len(sources) == 1 and made is not None and made.model is not None and made.model.returns is not None

    def _as_argument(self, event: ev.Call, info: CallInfo, state: Obligation) -> Both | None:
        """A call that gets the resource, or something that holds it, as an argument."""
        for argument in event.arguments:
            value = argument.value
            if value is None:
                continue
            if value in state.aliases:
                return self._given(event, info, argument, state)
            is_part = self._site.call is not None and any(self._is_under(place, value) for place in state.aliases)
            if is_part and not (info.model is not None and info.model.cannot_raise):
                return End.ESCAPED, End.ESCAPED  # the object or tuple that holds it
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
        if self._lease.lazy and not (model is not None and model.cannot_raise):
            state = state._replace(flags=state.flags & ~Flag.LATENT)
        if event.result in self._meaning.displays:
            return state._replace(containers=state.containers | {event.result}), state
        if model is not None and not info.is_convention:
            return self._given_to_model(event, info, model, argument, state)
        if model is not None and model.borrows:
            return state, state
        name = event.callee.method
        if info.target is not None:
            known = self._by_effect(event, info, argument, state)
            if known is not None:
                return known
        if self._catalog.names_release(name):
            return End.RELEASED, End.RELEASED
        receiver = event.callee.receiver
        if name in _COUNTING and receiver is not None and argument.value in state.aliases and self._is_container(receiver):
            return state._replace(containers=state.containers | {receiver}), state
        if info.is_class or name == "__init__" or self._catalog.names_keep(name, is_method=event.callee.is_method):
            return End.ESCAPED, End.ESCAPED
        if info.name == "builtins.getattr" and self._gets_release(event):
            return state._replace(holders=state.holders | {event.result}), state
        if name.startswith("__") or info.name.startswith("builtins."):
            return state, state
        after = state.flagged(Flag.LIKELY)
        if all(self._places.is_temp(place) for place in state.aliases) or self._is_handed_callable(event):
            after = after.flagged(Flag.POSSIBLE)
        return after, after

    def _is_handed_callable(self, event: ev.Call) -> bool:
        """Whether something that was handed in is called and its result kept: `self.conns[fd] = self.handler(sock)` wraps the socket."""
        return self._meaning.is_handed_in(event.callee) and self._meaning.is_kept(event.result)

    def _gets_release(self, event: ev.Call) -> bool:
        """`getattr(conn, "close")`."""
        name = event.arguments[1].value if len(event.arguments) > 1 else None
        key = self._places.keys[name] if name is not None else None
        return isinstance(key, ev.Constant) and self._is_releasing(key.text.strip("'\""))

    def _by_effect(self, event: ev.Call, info: CallInfo, argument: ev.Argument, state: Obligation) -> Both | None:
        """What a function of the project does with the argument; `None` where that is not known."""
        match self._effects.of_argument(self._meaning.scope, info, argument, self._site):
            case Effect.RELEASES | Effect.MAY_RELEASE:
                return End.RELEASED, End.RELEASED
            case Effect.KEEPS:
                return End.ESCAPED, End.ESCAPED
            case Effect.RETURNS:
                return state.with_alias(event.result), End.VOID  # a helper that fails on the way is the helper's business
            case Effect.BORROWS:
                return state, state
        return None

    def _given_to_model(self, event: ev.Call, info: CallInfo, model: CallModel, argument: ev.Argument, state: Obligation) -> Both:
        position = argument.key
        if model.calls is not None and not model.returns_class and isinstance(position, int) and position > model.calls:
            inner = self._meaning.scope.calls.called_inside(info)
            if inner is not None and inner.target is not None:
                shifted = ev.Argument(position - model.calls - 1, argument.value)
                return self._by_effect(event, inner, shifted, state) or (state, state)
        if model.keeps or (model.calls is not None and position != model.calls and not event.awaited):
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
        inner = self._graph.events[made] if made is not None else None
        given = [a for a in inner.arguments if a.value in state.aliases] if isinstance(inner, ev.Call) and not inner.awaited else []
        if made is None or not given or self._is_over(self._meaning.call(NodeId(made)), given):
            return False
        keeps = info.model is not None and info.model.keeps
        return keeps or (info.model is None and self._catalog.names_keep(info.event.callee.method, is_method=info.event.callee.is_method))

    def _is_over(self, made: CallInfo, given: list[ev.Argument]) -> bool:
        """Whether a call is done with its arguments when it returns: `rows.append(get(session, 1))` stores a row, and no session."""
        if made.model is not None and not made.is_convention:
            return not made.model.is_coroutine and made.model.acquires is not Acquires.AWAITED and not made.model.keeps
        home = self._meaning.scope.home(made.target) if made.target is not None else None
        facts = home.function(made.target.name) if home is not None and made.target is not None else None
        if facts is None or facts.is_generator:
            return False
        effects = (self._effects.of_argument(self._meaning.scope, made, argument, self._site) for argument in given)
        return all(effect is Effect.BORROWS for effect in effects)

    def _called_closure(self, event: ev.Call, state: Obligation) -> Both | None:
        """A nested function that captured the resource is called: done if it releases or passes it on."""
        assert event.callee.place is not None
        value = self._meaning.scope.value(event.callee.place)
        if value is None or value.sort is not Sort.DEFINITION:
            return End.ESCAPED, End.ESCAPED
        facts = self._meaning.scope.module.function(value.name)
        end = End.ESCAPED if facts is None else gives_up(facts.graph, self._names_of(state), self._is_releasing_anywhere)
        return None if end is None else (end, end)

    def _names_of(self, state: Obligation) -> set[str]:
        keys = (self._places.keys[place] for place in state.aliases)
        return {key.name for key in keys if isinstance(key, ev.Local)}

    def _is_releasing_anywhere(self, method: str) -> bool:
        return self._is_releasing(method) or release_named(self._lease, method, owner=True) is not None

    def _as_receiver(self, event: ev.Call, info: CallInfo, state: Obligation) -> Both:
        """A method of the resource that is no release."""
        receiver, method = event.callee.receiver, event.callee.method
        if info.name == "builtins.super" and self._holds_itself(state):
            return state.with_alias(event.result), state
        if receiver not in state.aliases:
            if receiver is not None and self._facts.known(state.facts, receiver) == 1:
                return End.VOID, state  # a method of None only raises
            return state, state
        if info.target is not None and not info.is_class and self._ends_itself(info, receiver):
            return End.RELEASED, End.RELEASED
        if info.target is None and info.model is None and self._meaning.may_inherit(info.receiver):
            state = state.flagged(Flag.POSSIBLE)  # a method of a library's base, which may well end the instance
        after = state
        is_used = self._lease.lazy and not (info.model is not None and info.model.cannot_raise)
        if state.flags & Flag.LATENT and (method in self._lease.opened_by or is_used):
            after = state._replace(flags=state.flags & ~Flag.LATENT)
        if (info.model is not None and info.model.returns == "self") or method in ENTRIES:
            after = after.with_alias(event.result)
        return after, state

    def _holds_itself(self, state: Obligation) -> bool:
        """Whether the value is the instance whose method this is."""
        facts = self._meaning.scope.facts
        first = next((p.name for p in facts.parameters if p.position == 0), "")
        return bool(facts.owner) and self._places.find(ev.Local(first)) in state.aliases

    def _ends_itself(self, info: CallInfo, receiver: PlaceId) -> bool:
        """Whether a method of the project releases `self`: on every path, or on some and it is named as a release.

        A method that closes only after a failure, to open anew, does not end its object.
        """
        effect = self._effects.of_argument(self._meaning.scope, info, ev.Argument(-1, receiver), self._site)
        if effect is Effect.MAY_RELEASE:
            return self._catalog.names_release(info.event.callee.method)
        return effect is Effect.RELEASES
