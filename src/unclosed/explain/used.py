"""The summaries behind what is believed at a place: what functions of the project return, do with their arguments, and how they end.

Followed from helper to helper, and told file by file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unclosed.analysis.judge import Judge
from unclosed.analysis.obligations import End, Site
from unclosed.analysis.owners import Ownership
from unclosed.analysis.solver import GivenUp, Outcome
from unclosed.analysis.summaries import Summaries
from unclosed.analysis.targets import Target
from unclosed.analysis.transfer import Effect
from unclosed.explain.leases import listed, release_text
from unclosed.explain.words import Words, inset, row_of
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ModuleTypes, ScopeTypes

MAX_CALLS = 40
"""Calls of project functions that are followed from one place."""
_EFFECTS = {
    Effect.RELEASES: "releases it",
    Effect.MAY_RELEASE: "releases it on some paths",
    Effect.KEEPS: "keeps it",
    Effect.RETURNS: "returns it",
    Effect.BORROWS: "only uses it",
    Effect.UNKNOWN: "not known",
}


@dataclass(frozen=True, slots=True)
class UsedCall:
    """A call whose summary counts, and the outcomes of the values that may come by it as arguments."""

    scope: ScopeTypes
    node: NodeId
    outcomes: tuple[Outcome, ...]


def calls_with(scope: ScopeTypes, outcome: Outcome) -> list[NodeId]:
    """The calls of a scope that get the value as an argument, on some path."""
    found = {node for node, _ in outcome.previous if isinstance(scope.graph.events[node], ev.Call)}
    return sorted(node for node in found if any(_carried(scope, node, outcome)))


class SummaryPage:
    """Tells of the summaries that a few calls rest on."""

    def __init__(self, words: Words, summaries: Summaries) -> None:
        self._words, self._summaries = words, summaries
        self._told: dict[str, dict[str, dict[str, None]]] = {}
        self._queue: deque[UsedCall] = deque()

    def lines(self, calls: Iterable[UsedCall], owners: Iterable[tuple[ModuleTypes, str]]) -> Iterator[str]:
        """The summaries of these classes and calls, and of the calls that they rest on, by file and definition."""
        for types, owner in owners:
            self._class(types, owner)
        self._queue.extend(calls)
        done = set[tuple[str, int, NodeId]]()
        while self._queue and len(done) < MAX_CALLS:
            used = self._queue.popleft()
            key = (used.scope.module.name, int(used.scope.facts.id), used.node)
            if key not in done:
                done.add(key)
                self._tell(used)
        for path in sorted(self._told):
            told = {definition: said for definition, said in self._told[path].items() if said}
            yield from [path] if told else []
            for definition in sorted(told, key=_row_first):
                yield from inset([definition, *inset(told[definition])])

    def _tell(self, used: UsedCall) -> None:
        info = used.scope.call(used.node)
        home = used.scope.home(info.target) if info.target is not None and info.is_class else None
        if home is not None and info.target is not None and info.target.name in home.facts.classes:
            self._class(home, info.target.name)
        target = self._summaries.target(used.scope, info)
        if target is None:
            return
        said = self._entry(target.types.name, target.facts.name, "function")
        if not target.runs(providers=True):
            said[f"decorated by {listed(d.text for d in target.facts.decorators)}: what a call does is not known"] = None
        if not info.is_class:
            said.update(dict.fromkeys(self._returned(used.scope, info)))
        for outcome in used.outcomes:
            for argument in _carried(used.scope, used.node, outcome):
                said.update(dict.fromkeys(self._given(used.scope, info, argument, outcome.site, target)))
        exits = self._summaries.exits_of(used.scope, info)
        if exits is not None:
            said[f"ends by: {listed(kind.value for kind in ev.ExitKind if kind in exits) or 'nothing, it never comes back'}"] = None

    def _entry(self, module: str, name: str, sort: str) -> dict[str, None]:
        """What was told so far of a definition."""
        path, _, row = self._words.where(module, name).rpartition(":")
        return self._told.setdefault(path or self._words.path(module), {}).setdefault(f"{sort} {name}, line {row}", {})

    # Functions

    def _returned(self, scope: ScopeTypes, info: CallInfo) -> Iterator[str]:
        fresh = self._summaries.fresh(scope, info)
        if fresh is None:
            yield f"gives: {self._words.value(scope.calls.result(info))}, which owes nothing"
            return
        item = "" if fresh.item is None else f" as item {fresh.item} of a tuple"
        yield f"gives: a fresh {fresh.lease.kind.value}, {self._words.lease_type(fresh.lease)}{item}, {fresh.confidence.label}"
        yield from inset(f"{row_of(step.path, step.span)}: {step.text}" for step in fresh.trail)

    def _given(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument, site: Site, target: Target) -> Iterator[str]:
        """What the function does with an argument, and by which of its lines."""
        name = target.parameter(info, argument)
        effect = self._summaries.of_argument(scope, info, argument, site)
        yield f"parameter {name or argument.key}: {_EFFECTS[effect]}"
        outcome = self._summaries.follow_parameter(target, name, site.lease) if name else None
        if outcome is None or effect is Effect.UNKNOWN:
            return
        inner = target.types.scope(target.facts.id)
        yield from inset(self._done(inner, outcome))
        self._queue.extend(UsedCall(inner, node, (outcome,)) for node in calls_with(inner, outcome))

    def _done(self, scope: ScopeTypes, outcome: Outcome) -> Iterator[str]:
        spans = self._words.spans(scope.module)
        if spans is None:
            return
        path = self._words.path(scope.module.name)
        judge = Judge(path, scope.graph, spans, is_provider=False)
        found = {}
        for end, node in outcome.done:
            nodes = sorted(outcome.return_nodes) if isinstance(scope.graph.events[node], ev.Exit) else [node]
            for each in nodes:
                span, word = judge.described(each)
                if span is not None:
                    found[span.start] = f"{row_of(path, span)}: {word or 'here'} {'releases' if end is End.RELEASED else 'hands on'} it"
        yield from (found[start] for start in sorted(found))

    # Classes

    def _class(self, types: ModuleTypes, owner: str) -> None:
        said = self._entry(types.name, owner, "class")
        lease = self._summaries.owners.lease(types, owner)
        if lease is None:
            said["an instance owes nothing"] = None
        else:
            said[f"an instance owes a release: {listed(map(release_text, lease.release)) or 'leaving its block'}"] = None
        try:
            ownership = self._summaries.owners.ownership(types, owner)
        except (GivenUp, RecursionError):
            return
        said.update(dict.fromkeys(self._held(ownership)))

    def _held(self, ownership: Ownership) -> Iterator[str]:
        for held in ownership.held:
            spans = self._words.spans(held.types)
            where = "" if spans is None else f" ({row_of(self._words.path(held.types.name), spans.span(held.site.span))})"
            releasing = sorted(ownership.releasing.get(held.attribute, ()))
            by = f"released by {listed(f'{name}()' for name in releasing)}" if releasing else "released by no method"
            escaping = ", handed out by a method" if held.attribute in ownership.escaping else ""
            yield f"keeps a {held.site.lease.kind.value} in self.{held.attribute}{where}, {by}{escaping}"


def _carried(scope: ScopeTypes, node: NodeId, outcome: Outcome) -> Iterator[ev.Argument]:
    """The arguments of a call that are the value on some path."""
    event = scope.graph.events[node]
    assert isinstance(event, ev.Call)
    aliases = {place for at, owed in outcome.previous if at == node for place in owed.aliases}
    return (argument for argument in event.arguments if argument.value in aliases)


def _row_first(definition: str) -> tuple[int, str]:
    """`function get_conn, line 6` by its line."""
    row = definition.rpartition(" ")[2]
    return int(row) if row.isdigit() else 0, definition
