"""What ends a transaction: commit, rollback, release, the end of a block, and all that may be one of these under another name.

A session has many names: an attribute, a property, a registry, a repository that was given it. So besides what surely ends the transaction
that is followed, a commit counts of anything that may be the same session, and a call of anything that may commit it. Only what is known
to be another one does not. What counts too much here silences (missed alarms only).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from unclosed.analysis.autocommit import tells_autocommit
from unclosed.analysis.begins import ENDS
from unclosed.analysis.givens import Given
from unclosed.analysis.obligations import Obligation
from unclosed.analysis.origins import origin_of
from unclosed.analysis.subjects import Begin, How, aliases_of, is_under, model_at, model_of, sql, subject_of
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort
from unclosed.library import Kind, TypeModel

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

_EXITS = ("__exit__", "__aexit__")


class TransactionEnds:
    """Says which events of a function end one open transaction, or may."""

    def __init__(self, summaries: Summaries, scope: ScopeTypes, begin: Begin, *, reads_names: bool) -> None:
        """`reads_names`: a method that is not known counts as an end if one of its name in the project is one. That reads the project."""
        self._summaries, self._scope, self._begin, self._reads_names = summaries, scope, begin, reads_names
        self._graph, self._catalog = scope.graph, scope.catalog

    # Calls

    def by_call(self, event: ev.Call, node: NodeId, state: Obligation) -> bool:
        """Whether a call ends it: `commit()`, `close()`, `execute("COMMIT")`, of the subject or of what may be it."""
        receiver, method = event.callee.receiver, event.callee.method
        model = model_at(self._scope, receiver) if receiver is not None else None
        if any(a.value in state.aliases for a in event.arguments) and self._catalog.names_release(method):
            return True
        if receiver is None:
            return False
        if receiver in state.aliases and self._is_end_of(receiver, model, event, node):
            return True
        if model is not None and (self._is_ended_by_part(receiver, model, method, state) or self._says_end(event, receiver, model, state)):
            return True
        if model is None and says_end_by_name(self._scope, event):
            return True
        if receiver in self._keepers(state) and self._catalog.names_release(method):
            return True
        if self._begin.how is How.BLOCK:
            return False
        if model is not None and method in _names(model):
            return self._begin.is_loose or self._may_be_same(receiver, model, state)
        if self._catalog.names_ending(self._scope.calls.receiver_name(event), method):
            return self._begin.is_loose or model is None  # the commit of who knows what may be that of any session
        return False

    def _is_end_of(self, receiver: PlaceId, model: TypeModel | None, event: ev.Call, node: NodeId) -> bool:
        """Whether a method of the subject itself ends it."""
        method = event.callee.method
        if method in _EXITS:
            return True
        if model is None:
            return self._catalog.names_ending(self._scope.calls.receiver_name(event), method)
        return method in _names(model) or tells_autocommit(self._scope, self._scope.call(node))

    def _is_ended_by_part(self, receiver: PlaceId, model: TypeModel, method: str, state: Obligation) -> bool:
        """Whether `trans.commit()`, or a cursor's method, ends the transaction of the connection. A savepoint ends only itself."""
        if not model.of_parent or method not in model.commit | model.rollback:
            return False
        subject, owner, _ = subject_of(self._scope, receiver, model)
        if subject not in state.aliases:
            return False
        made = self._scope.call_behind(receiver)
        return model.kind is not Kind.TRANSACTION or (made is not None and made.event.callee.method in owner.begin | owner.begin_awaited)

    def _says_end(self, event: ev.Call, receiver: PlaceId, model: TypeModel, state: Obligation) -> bool:
        return says_end(self._scope, event, receiver, model) and subject_of(self._scope, receiver, model)[0] in state.aliases

    def _may_be_same(self, receiver: PlaceId, model: TypeModel, state: Obligation) -> bool:
        """Whether a session or connection may be the one that is followed: not if either was made here, nor if both are parameters."""
        for place in sorted(state.aliases):
            other = model_at(self._scope, place)
            if other is None or other.of_parent:
                continue
            if self._makes(receiver, place) or self._makes(place, receiver):
                return True  # `Registry.commit()` of `session = Registry()`
            if not self._is_related(model, other) or self._is_made_here(receiver) or self._is_made_here(place):
                continue
            if not (self._is_parameter(receiver) and self._is_parameter(place)):
                return True
        return False

    def _makes(self, factory: PlaceId, place: PlaceId) -> bool:
        made = self._scope.call_behind(place)
        return made is not None and made.event.callee.place == factory

    def _is_related(self, one: TypeModel, other: TypeModel) -> bool:
        if self._catalog.is_a(one.name, other.name) or self._catalog.is_a(other.name, one.name):
            return True
        return any(a.call is not None and a.call.returns == b.name for a, b in ((one, other), (other, one)))

    def _is_made_here(self, place: PlaceId) -> bool:
        made = origin_of(self._scope, place)
        return made is not None and made[0] is self._scope and made[1].model is not None and made[1].model.lease is not None

    def _is_parameter(self, place: PlaceId) -> bool:
        key = self._graph.places.keys[place]
        return isinstance(key, ev.Local) and self._scope.binds(key.name) and not self._scope.has_sources(place)

    # Calls that are not followed

    def may_be(self, event: ev.Call, info: CallInfo, state: Obligation, given: Given) -> bool:
        """Whether a call that is not followed with the subject may end its transaction all the same; `given`: to the calling function."""
        if self._begin.how is How.BLOCK:
            return False
        target = self._summaries.target(self._scope, info)
        if self._is_handed_end(event):
            return True
        if target is not None and target.facts.only_raises and any(argument.value in state.aliases for argument in event.arguments):
            return True  # an abstract method, and gets it
        if target is not None:
            return self._summaries.other_ends.may_end(target, self._summaries.givens.to(target, self._scope, info, given))
        if self._is_harmless(info):
            return False
        if any(argument.value in state.aliases for argument in event.arguments):
            return True  # a function that is not known, and gets it
        receiver = event.callee.receiver
        if receiver is None or info.receiver is not None or not self._reads_names or isinstance(self._graph.places.keys[receiver], ev.Temp):
            return False  # the last: `session.query(Order).filter(…).first()`
        method = event.callee.method
        if receiver in state.aliases and self._catalog.names_statement(self._scope.calls.receiver_name(event), method):
            return False  # a statement on what is followed
        return method in self._summaries.ending_methods(self._scope.module.name)

    def _is_handed_end(self, event: ev.Call) -> bool:
        """Whether a call gets something that ends a transaction when it is called: `retried(session.commit)`."""
        for info in self._summaries.handing.callables(self._scope, event):
            if ended_by(self._scope, info.event) is not None:
                return True
            target = self._summaries.target(self._scope, info) if info.model is None and not info.is_class else None
            if target is not None and self._summaries.is_bearing(target.types.name) and self._summaries.other_ends.may_end(target):
                return True
        return False

    def _is_harmless(self, info: CallInfo) -> bool:
        """Whether a call is of Python's or of a library that is known well enough to say so if it ended something."""
        root = info.name.partition(".")[0]
        return bool(root) and (root == "builtins" or root in sys.stdlib_module_names or self._catalog.knows_root(root))

    # Blocks

    def by_leaving(self, manager: PlaceId, state: Obligation) -> bool:
        """Whether leaving a block ends it: its own, its connection's, that of the stack that entered it, or one that may commit it."""
        inside = self._entered(manager) | aliases_of(self._scope, manager)
        if not inside.isdisjoint(self._keepers(state)):
            return True
        if inside.isdisjoint(state.aliases) and not any(is_under(self._graph, p, base) for p in state.aliases for base in inside):
            return self._begin.how is How.STATEMENT and self._may_end_when_left(manager, state)
        value = self._scope.value(manager)
        model = model_of(self._scope, value) if value is not None else None
        return model is None or not model.of_parent or model.kind is Kind.TRANSACTION

    def _entered(self, manager: PlaceId) -> frozenset[PlaceId]:
        """What a manager's block has bound."""
        results = {e.result for e in self._graph.events if isinstance(e, ev.Enter) and e.manager == manager}
        return frozenset(results | {e.target for e in self._graph.events if isinstance(e, ev.Bind) and e.value in results})

    def _keepers(self, state: Obligation) -> frozenset[PlaceId]:
        """The stacks that have entered the subject: `conn = stack.enter_context(engine.begin())`."""
        found: set[PlaceId] = set()
        for place in state.aliases:
            made = self._scope.call_behind(place)
            if made is not None and made.model is not None and made.model.enters is not None and made.event.callee.receiver is not None:
                found |= aliases_of(self._scope, made.event.callee.receiver)
        return frozenset(found)

    def _may_end_when_left(self, manager: PlaceId, state: Obligation) -> bool:
        """Whether a block that is not the subject's own may end its transaction.

        It is one of a provider or class of the project that may end transactions; or its manager is not known and gets the subject, or
        stands around a session that lives outside the function.
        """
        made = self._scope.call_behind(manager)
        value = self._scope.value(manager)
        if value is not None and value.sort is Sort.OBJECT:
            exits = (self._summaries.method_of(self._scope, value, name) for name in _EXITS)
            return any(target is not None and self._summaries.other_ends.may_end(target) for target in exits)
        if made is None or made.model is not None or self._is_harmless(made):
            return False
        target = self._summaries.target(self._scope, made)
        if target is not None:
            return self._summaries.other_ends.may_end(target)
        if any(argument.value in state.aliases for argument in made.event.arguments):
            return True
        is_around = manager in self._summaries.externals.around(self._scope, self._begin.node)
        return is_around and not any(self._is_of_function(place) for place in state.aliases)

    def _is_of_function(self, place: PlaceId) -> bool:
        """Whether a place is a name of the function itself, or on its first parameter."""
        key = self._graph.places.keys[place]
        while isinstance(key, ev.Attribute | ev.Item):
            key = self._graph.places.keys[key.base]
        return isinstance(key, ev.Temp) or (isinstance(key, ev.Local) and self._scope.binds(key.name))

    # Handed on

    def is_handed_on(self, event: ev.Event, state: Obligation) -> bool:
        """Whether somebody else is made to end a transaction that was begun by hand."""
        match event:
            case ev.Bind(target, value, _) if value in state.aliases:
                return isinstance(self._graph.places.keys[target], ev.Returned) or self._is_part_of_returned(target)
            case ev.Store(_, _, _, value, _):
                return value in state.aliases
            case ev.Capture(places, _, _, _):
                return not state.aliases.isdisjoint(places)
            case ev.Call(_, arguments, _, _, _, _):
                return any(a.value is not None and self._hands_on(event, a, state) for a in arguments)
        return False

    def _is_part_of_returned(self, place: PlaceId) -> bool:
        key = self._graph.places.keys[place]
        return isinstance(key, ev.Item) and isinstance(self._graph.places.keys[key.base], ev.Returned)

    def _hands_on(self, event: ev.Call, argument: ev.Argument, state: Obligation) -> bool:
        """Whether an argument is the transaction itself, or a method of it: `stack.callback(trans.rollback)`."""
        assert argument.value is not None
        key = self._graph.places.keys[argument.value]
        if isinstance(key, ev.Attribute) and key.base in state.aliases and self._scope.value(argument.value) is None:
            return True
        if argument.value not in state.aliases:
            return False
        begun = self._graph.events[self._begin.node]
        model = model_at(self._scope, argument.value)
        is_transaction = model is not None and model.kind is Kind.TRANSACTION
        if not is_transaction and not (isinstance(begun, ev.Call) and argument.value in aliases_of(self._scope, begun.result)):
            return False
        info = self._scope.call(self._scope.producer[event.result])
        return not self._summaries.transactions.effect(self._scope, info, argument).is_known


def ended_by(scope: ScopeTypes, event: ev.Call) -> PlaceId | None:
    """Whose transaction a call ends, by its method, its statement or its name; `None` if it ends none."""
    receiver, method = event.callee.receiver, event.callee.method
    if receiver is None:
        return None
    model = model_at(scope, receiver)
    if model is None and says_end_by_name(scope, event):
        return receiver
    if model is not None and says_end(scope, event, receiver, model):
        return subject_of(scope, receiver, model)[0]
    is_end = model is not None and method in model.commit | model.rollback
    return receiver if is_end or scope.catalog.names_ending(scope.calls.receiver_name(event), method) else None


def says_end_by_name(scope: ScopeTypes, event: ev.Call) -> bool:
    """Whether a call on something that only its name tells of sends a statement that ends a transaction."""
    is_named = scope.catalog.names_statement(scope.calls.receiver_name(event), event.callee.method)
    return is_named and _ends_by_text(scope, event)


def says_end(scope: ScopeTypes, event: ev.Call, receiver: PlaceId, model: TypeModel) -> bool:
    """Whether a call sends a statement that ends a transaction, not a savepoint: `cur.execute("COMMIT")`."""
    return event.callee.method in model.statements and _ends_by_text(scope, event)


def _ends_by_text(scope: ScopeTypes, event: ev.Call) -> bool:
    words = sql(scope, event).replace(";", " ").split()
    return bool(words) and words[0] in ENDS and "TO" not in words[1:3]


def _names(model: TypeModel) -> frozenset[str]:
    """The methods of a type after which no transaction of it is open."""
    names = model.commit | model.rollback
    if model.lease is not None:
        names |= {r.method for r in model.lease.release if not r.owner} | model.lease.wrong_release
    return names
