"""What one event does to a pool: as to any resource, and what is made from the pool and leaves takes the pool with it.

    engine = create_engine(URL)
    maker = sessionmaker(engine)        # carries the engine
    return maker()                      # and so does this: the engine escapes

A *carrier* is a value of a modelled type that a modelled call made from the pool or from another carrier: a session factory, a session, a
connection. What a block lends is none: leaving the block ends it. An unknown call that gets the pool may keep it, which silences.
"""

from __future__ import annotations

from unclosed.analysis.meaning import release_named
from unclosed.analysis.obligations import End, Flag, Obligation, State
from unclosed.analysis.transfer import Both, Transfer
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.values import Sort
from unclosed.library import ENTRIES, Acquires, Kind

_NO_CARRIERS = (Kind.CURSOR, Kind.TRANSACTION)


class PoolTransfer(Transfer):
    """The effects of one function's events on a pool that it made."""

    def _is_held(self, state: Obligation) -> bool:
        return super()._is_held(state) or bool(state.holders)

    def _captured(self, state: Obligation, places: tuple[PlaceId, ...], result: PlaceId) -> State:
        after = super()._captured(state, places, result)
        if isinstance(after, Obligation) and not after.holders.isdisjoint(places):
            return after._replace(holders=after.holders | {result})
        return after

    def _yield(self, state: Obligation, value: PlaceId | None) -> State:
        if not self._carries(state, value):
            return state
        return state.flagged(Flag.LENT) if self._meaning.roles.is_lifespan else End.ESCAPED

    def _bind(self, state: Obligation, target: PlaceId, value: PlaceId | None) -> State:
        after = super()._bind(state, target, value)
        if isinstance(after, Obligation) and value is not None and self._is_part(state, value):
            return after._replace(holders=after.holders | {target})
        return after

    def _store(self, event: ev.Store, state: Obligation) -> State:
        if event.value is not None and self._is_part(state, event.value):
            return End.ESCAPED
        return super()._store(event, state)

    def _call(self, node: NodeId, event: ev.Call, state: Obligation) -> Both:
        info = self._meaning.call(node)
        carriers = frozenset(place for place in state.holders if not self._is_closure(place))
        if self._releases_through(event, carriers):
            return End.RELEASED, End.RELEASED
        involved = self._is_involved(event, state, carriers)
        normal, failed = self._called(node, event, state._replace(holders=state.holders - carriers), state)
        is_own = event.callee.receiver is not None and event.callee.receiver in state.aliases  # `pool.putconn(conn)`
        for argument in event.arguments if not is_own else ():
            if argument.value is not None and isinstance(normal, Obligation) and self._is_handed(state, carriers, argument.value):
                normal, failed = self._given(event, info, argument, normal)
        if event.callee.receiver in carriers:
            normal = self._used(normal)
        is_itself = event.callee.receiver in carriers and _is_itself(info)
        carriers -= {event.result}
        if is_itself or (involved and self._makes_carrier(info)):
            carriers |= {event.result}
        return self._carrying(normal, carriers), self._carrying(failed, carriers - {event.result})

    def _used(self, state: State) -> State:
        """The state once something was done with what was made from the pool: it holds connections now."""
        return state._replace(flags=state.flags & ~Flag.LATENT) if isinstance(state, Obligation) else state

    def _enter(self, state: Obligation, manager: PlaceId, is_async: bool, result: PlaceId) -> Both:
        if manager in state.holders and not self._is_closure(manager):
            return self._used(state), state
        return super()._enter(state, manager, is_async, result)

    def _called(self, node: NodeId, event: ev.Call, bare: Obligation, state: Obligation) -> Both:
        """The call's effect on the pool itself; nothing where only carriers are left of it."""
        return super()._call(node, event, bare) if self._is_held(bare) else (state, state)

    def _carrying(self, state: State, carriers: frozenset[PlaceId]) -> State:
        return state._replace(holders=state.holders | carriers) if isinstance(state, Obligation) else state

    def _given(self, event: ev.Call, info: CallInfo, argument: ev.Argument, state: Obligation) -> Both:
        normal, failed = super()._given(event, info, argument, state._replace(flags=state.flags & ~Flag.LIKELY))
        if isinstance(normal, Obligation) and normal.flags & Flag.LIKELY:
            return End.ESCAPED, End.ESCAPED  # who knows what it does with it
        if isinstance(normal, Obligation) and state.flags & Flag.LATENT and self._makes_carrier(info):
            normal = failed = normal.flagged(Flag.LATENT)  # a session that is never used takes no connection
        return normal, failed

    # Carriers

    def _is_involved(self, event: ev.Call, state: Obligation, carriers: frozenset[PlaceId]) -> bool:
        """Whether a call works with the pool or with a carrier."""
        places = [event.callee.receiver, event.callee.place, *(argument.value for argument in event.arguments)]
        return any(p is not None and (p in state.aliases or p in carriers or self._is_part(state, p)) for p in places)

    def _is_handed(self, state: Obligation, carriers: frozenset[PlaceId], value: PlaceId) -> bool:
        return value in carriers or (value not in state.aliases and self._is_part(state, value))

    def _makes_carrier(self, info: CallInfo) -> bool:
        """Whether what a call gives may keep what it was made from in use: it is a modelled value, and no block lends it."""
        model = info.model
        if model is None or model.returns in (None, "self") or (model.lends is not None and model.acquires is Acquires.NO):
            return False
        if model.acquires is Acquires.AWAITED and not info.event.awaited:
            return False
        made = self._catalog.type(model.returns or "")
        return made is not None and made.kind not in _NO_CARRIERS

    def _is_part(self, state: Obligation, place: PlaceId) -> bool:
        """Whether a place is a modelled part or uncalled method of the pool or of a carrier: `pool.acquire`, `client["shop"]`."""
        key = self._places.keys[place]
        if not isinstance(key, ev.Attribute | ev.Item):
            return False
        name = self._lease.type_name
        if key.base not in state.aliases:
            is_carrier = key.base in state.holders and not self._is_closure(key.base)
            value = self._meaning.scope.value(key.base) if is_carrier or self._is_part(state, key.base) else None
            if value is None or value.sort is not Sort.INSTANCE:
                return False
            name = value.name
        if isinstance(key, ev.Item):
            return self._catalog.item_type(name) is not None
        return self._catalog.method(name, key.name) is not None or self._catalog.attribute(name, key.name) is not None

    def _is_closure(self, place: PlaceId) -> bool:
        value = self._meaning.scope.value(place)
        return value is not None and value.sort is Sort.DEFINITION

    def _releases_through(self, event: ev.Call, carriers: frozenset[PlaceId]) -> bool:
        """`session.get_bind().dispose()`, `maker.kw["bind"].dispose()`: the pool itself, taken out of what was made from it."""
        receiver, method = event.callee.receiver, event.callee.method
        if receiver is None or release_named(self._lease, method, owner=False) is None:
            return False
        if any(self._is_under(receiver, carrier) for carrier in carriers):
            return True
        is_taken_out = receiver in carriers or isinstance(self._places.keys[receiver], ev.Temp | ev.Attribute)
        value = self._meaning.scope.value(receiver)
        model = self._catalog.type(value.name) if value is not None and value.sort is Sort.INSTANCE else None
        return is_taken_out and model is not None and model.kind is Kind.POOL


def _is_itself(info: CallInfo) -> bool:
    """Whether a method gives the object that it is called on."""
    return info.event.callee.method in ENTRIES or (info.model is not None and info.model.returns == "self")
