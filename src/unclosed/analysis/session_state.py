"""What code leaves in the session of a server connection that a pooler gives to the next client after each transaction.

    cur.execute("SELECT pg_advisory_lock(1)")       # locks in this server connection
    cur.execute("SELECT pg_advisory_unlock(1)")     # may run in another one

Statements are known by their text (`pgbouncer/session_state.toml`), calls and drivers that prepare statements by their models. Where a
connection leads is asked of what made it: the URL or the port of the connection, or of the engine or pool that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from unclosed.analysis.arguments import Arguments
from unclosed.analysis.autocommit import is_autocommit
from unclosed.analysis.externals import Externals
from unclosed.analysis.origins import sources_of
from unclosed.analysis.running import all_calls
from unclosed.analysis.subjects import model_of, subject_of
from unclosed.analysis.verdicts import SessionVerdict
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import MAX_TEXT, NodeId, PlaceId, bare_text
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Sort, entered
from unclosed.library import Kind, PrepareModel, TypeModel
from unclosed.pgbouncer.pooler import Pooler
from unclosed.pgbouncer.routes import Pooled, Route, pooled, route_of_arguments, route_of_text
from unclosed.pgbouncer.states import State, statements, states, tracked_names

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_HOPS = 4
_LISTEN = "LISTEN"
_KEYS = ("host", "port", "dbname", "database")


class SessionStates:
    """The verdicts on one module, whose project has these poolers."""

    def __init__(self, spans: Spans, externals: Externals, poolers: tuple[Pooler, ...]) -> None:
        self._spans, self._externals, self._poolers = spans, externals, poolers
        self._tracked = tracked_names().union(*(pooler.tracked() for pooler in poolers))

    def of(self, scope: ScopeTypes) -> tuple[SessionVerdict, ...]:
        """What one scope leaves in a session, in source order."""
        if not self._poolers:
            return ()
        sent = dict(self._sent(scope))
        found: dict[int, SessionVerdict] = {}
        for node, event in all_calls(scope):
            for verdict in self._at_call(scope, node, event, sent):
                found.setdefault(event.span, verdict)
        listens = any(verdict.what == _LISTEN for verdict in found.values())
        kept = {span: verdict for span, verdict in found.items() if not (listens and verdict.is_waiting)}
        return tuple(kept[span] for span in sorted(kept))

    def _at_call(self, scope: ScopeTypes, node: NodeId, event: ev.Call, sent: Mapping[NodeId, str]) -> Iterator[SessionVerdict]:
        info = scope.call(node)
        if info.model is not None and info.model.prepares is not None:
            yield from self._prepared(scope, info, info.model.prepares)
        if info.model is not None and info.model.session_state and event.callee.receiver is not None:
            route = route_of(scope, event.callee.receiver)
            what = info.model.session_state
            is_waiting = what != _LISTEN
            yield from self._verdict(event, route, info.confidence, what, "a direct connection", is_waiting=is_waiting)
        if node in sent:
            yield from self._stated(scope, node, event, sent)

    # Statements

    def _sent(self, scope: ScopeTypes) -> Iterator[tuple[NodeId, str]]:
        """The calls that send a statement to what may be PostgreSQL, with its text."""
        for node, event in all_calls(scope):
            model = _sender(scope, event)
            if model is None or event.callee.method not in model.statements:
                continue
            place = next((a.value for a in event.arguments if a.key in (0, "query", "statement", "operation")), None)
            text = text_of(scope, place) if place is not None else ""
            if text:
                yield node, text

    def _stated(self, scope: ScopeTypes, node: NodeId, event: ev.Call, sent: Mapping[NodeId, str]) -> Iterator[SessionVerdict]:
        receiver = event.callee.receiver
        assert receiver is not None
        value = scope.value(receiver)
        text = sent[node]
        parts = statements(text)
        for number, statement in enumerate(parts):
            state = next((each for each in states() if each.fits(statement, self._tracked)), None)
            if state is None or value is None or (state.needs_tail and len(text) >= MAX_TEXT - 2):
                continue
            if state.undone_by is not None and any(state.undone_by.match(part) for part in parts[number + 1 :]):
                continue
            if self._is_undone(scope, node, receiver, state, sent):
                continue
            yield from self._verdict(event, route_of(scope, receiver), value.confidence, state.what, state.instead)

    def _is_undone(self, scope: ScopeTypes, node: NodeId, receiver: PlaceId, state: State, sent: Mapping[NodeId, str]) -> bool:
        """Whether a later call of the same transaction takes it back."""
        pattern = state.undone_by
        if pattern is None:
            return False
        later = [other for other, text in sent.items() if other > node and any(pattern.match(each) for each in statements(text))]
        return any(self._is_one_transaction(scope, node, other, receiver) for other in later)

    def _is_one_transaction(self, scope: ScopeTypes, first: NodeId, last: NodeId, receiver: PlaceId) -> bool:
        """Whether two statements run in one transaction: in its block, or without a commit between them. Approximation: in graph order."""
        around = set(self._externals.around(scope, first)) & set(self._externals.around(scope, last))
        if any(_opens(scope, manager) for manager in around):
            return True
        value = scope.value(receiver)
        model = model_of(scope, value) if value is not None else None
        if model is None:
            return False
        subject, owner, _ = subject_of(scope, receiver, model)
        if owner.implicit != "any" or is_autocommit(scope, subject, owner):
            return False
        ends = owner.commit | owner.rollback
        return not any(first < node < last and event.callee.method in ends for node, event in all_calls(scope))

    # Prepared statements

    def _prepared(self, scope: ScopeTypes, info: CallInfo, prepares: PrepareModel) -> Iterator[SessionVerdict]:
        """A connection, pool or engine whose driver prepares statements that the pooler does not carry over."""
        arguments = Arguments(scope, info, prepares)
        if prepares.when and not any(arguments.says(group) for group in prepares.when):
            return
        if any(arguments.may_say(group) for group in prepares.unless) or _is_told_later(scope, prepares):
            return
        carrying = [pooler.keeps_statements() for pooler in self._poolers]
        if all(carries is False for carries in carrying):
            told = prepares.unless[0][0] if prepares.unless else None
            instead = f"{told.name}={told.spelling}" if told is not None else "a driver that does not"
            for verdict in self._verdict(info.event, _route_of_call(scope, info), info.confidence, "prepared statements", instead):
                yield replace(verdict, is_prepared=True)

    # Verdicts

    def _verdict(
        self, event: ev.Call, route: Route, confidence: Confidence, what: str, instead: str, *, is_waiting: bool = False
    ) -> Iterator[SessionVerdict]:
        found = pooled(route, self._poolers)
        if found is None:
            return
        span = self._spans.span(event.span)
        yield SessionVerdict(
            span=span,
            written=self._spans.call_text(event.span),
            what=what,
            instead=instead,
            mode=found.setting.value.lower(),
            confidence=min(confidence, found.confidence),
            trail=(_step(found),),
            is_waiting=is_waiting,
        )


def _step(found: Pooled) -> TrailStep:
    setting, mode = found.setting, found.setting.value.lower()
    return TrailStep(setting.path, setting.span, f"the server connection goes to another client after each {mode}")


def _sender(scope: ScopeTypes, event: ev.Call) -> TypeModel | None:
    """The model of the receiver of a call, if that may talk to PostgreSQL."""
    value = scope.value(event.callee.receiver) if event.callee.receiver is not None else None
    model = model_of(scope, value) if value is not None else None
    return model if model is not None and scope.catalog.may_be_postgresql(model.name) else None


def _opens(scope: ScopeTypes, manager: PlaceId) -> bool:
    """Whether entering a manager opens a transaction."""
    made = scope.call_behind(manager)
    if made is not None and made.model is not None and made.model.opens:
        return True
    value = scope.value(manager)
    held = [scope.catalog.type(v.name) for v in (value, entered(value)) if v is not None and v.sort is Sort.INSTANCE]
    return any(model is not None and model.kind is Kind.TRANSACTION for model in held)


def _is_told_later(scope: ScopeTypes, prepares: PrepareModel) -> bool:
    """Whether an attribute of the name of such an argument is assigned in the same scope: `conn.prepare_threshold = None`."""
    names = {told.name for group in prepares.unless for told in group}
    return any(isinstance(event, ev.Store) and event.name in names for event in scope.graph.events)


def text_of(scope: ScopeTypes, place: PlaceId, hops: int = _HOPS) -> str:
    """The text of a literal or formatted string that a place holds, wherever it was bound; empty if it is not known."""
    for there, at in sources_of(scope, place):
        key = there.graph.places.keys[at]
        if isinstance(key, ev.Constant | ev.Formatted):
            return bare_text(key.text) if isinstance(key, ev.Constant) else key.text
        node = there.producer.get(at)
        if node is None or hops == 0:
            continue
        info = there.call(node)
        receiver = info.event.callee.receiver
        if info.model is not None and info.model.passes is not None:
            inner = argument_at(info.event, info.model.passes)
            return text_of(there, inner, hops - 1) if inner is not None else ""
        if info.event.callee.method == "format" and receiver is not None:
            return text_of(there, receiver, hops - 1)
    return ""


# Where a connection leads


def route_of(scope: ScopeTypes, place: PlaceId, hops: int = _HOPS) -> Route:
    """Where the connection leads on which a statement is sent: what made it says so, or what that was made from."""
    is_direct = scope.catalog.names_direct(scope.facts.name.rpartition(".")[2])
    for there, at in sources_of(scope, place):
        is_direct = is_direct or there.catalog.names_direct(there.graph.places.text(at))
        node = there.producer.get(at)
        if node is not None:
            found = _route_of_call(there, there.call(node), hops)
            return replace(found, is_direct=is_direct or found.is_direct)
    return Route(is_direct=is_direct)


def _route_of_call(scope: ScopeTypes, info: CallInfo, hops: int = _HOPS) -> Route:
    """What the arguments of a call say of where the connection leads that it makes, else what it is made from."""
    texts = {argument.key: _told(scope, argument.value) for argument in info.event.arguments}
    is_direct = any(_names_direct(scope, argument.value) for argument in info.event.arguments)
    found = route_of_arguments({str(key): text for key, text in texts.items() if key in _KEYS})
    for text in texts.values():
        if found is None and text:
            found = route_of_text(text)
    callee = info.event.callee
    for place in (callee.receiver, callee.place, *(argument.value for argument in info.event.arguments)):
        value = scope.value(place) if found is None and hops > 0 and place is not None else None
        if place is not None and value is not None and value.sort is Sort.INSTANCE:
            made = route_of(scope, place, hops - 1)
            is_direct = is_direct or made.is_direct
            found = made if made.port is not None or made.host is not None or made.database is not None else None
    return replace(found or Route(), is_direct=is_direct or (found is not None and found.is_direct))


def _told(scope: ScopeTypes, place: PlaceId | None) -> str | None:
    return (text_of(scope, place) or None) if place is not None else None


def _names_direct(scope: ScopeTypes, place: PlaceId | None) -> bool:
    """Whether an argument, or what it is read from, is named for a connection that goes past poolers: `os.getenv("DIRECT_URL")`."""
    for there, at in sources_of(scope, place) if place is not None else ():
        node = there.producer.get(at)
        given = [argument.value for argument in there.call(node).event.arguments] if node is not None else []
        if any(there.catalog.names_direct(there.graph.places.text(each).strip("'\"")) for each in (at, *given) if each is not None):
            return True
    return False
