"""Obligations in words: where those of an acquire ended, and what a line does to those that pass it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unclosed.analysis.judge import Judge
from unclosed.analysis.obligations import End, Flag, Obligation
from unclosed.analysis.solver import Arrival, Outcome
from unclosed.analysis.summaries import Run
from unclosed.explain.leases import listed
from unclosed.explain.scene import Scene, SeenFunction
from unclosed.explain.words import inset, row_of
from unclosed.flow import events as ev
from unclosed.flow.dump import assumption_text
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.flow.graph import Assumption, EdgeKind

_SHOWN = 3
"""Open obligations that are shown at one exit."""
_DOUBTS = {
    Flag.LIKELY: "an unresolved call had it",
    Flag.POSSIBLE: "guessed more than once",
    Flag.LENT: "lent by a yield",
    Flag.INTERRUPTED: "only an interruption leads here",
}
_EFFECTS = {End.RELEASED: "releases it", End.ESCAPED: "hands it on"}


class ObligationPage:
    """Tells of the obligations of one function."""

    def __init__(self, scene: Scene, function: SeenFunction, run: Run) -> None:
        self._scene, self._function, self._run = scene, function, run
        self._graph, self._spans, self._path = run.meaning.graph, scene.spans, scene.place.path
        self._judge = Judge(self._path, self._graph, self._spans, is_provider=run.meaning.is_provider)

    def name(self, outcome: Outcome) -> str:
        """The resource and where it was got: `connection from connect() at app.py:5, column 12`."""
        span = self._spans.span(outcome.site.span)
        text = self._spans.call_text(outcome.site.span)
        return f"{outcome.site.lease.kind.value} from {text} at {row_of(self._path, span)}, column {span.start.column + 1}"

    # Where they ended

    def ends(self, outcome: Outcome) -> Iterator[str]:
        """What became of an acquired value: a line for each kind of exit, for releases, escapes and losses."""
        kinds = [kind for kind in ev.ExitKind if kind is not ev.ExitKind.CANCEL or self._function.scope.facts.is_async]
        for kind in kinds:
            arrivals = outcome.exits.get(kind, [])
            others = self._settled_at(outcome, kind)
            counted = [f"{len(arrivals)} open"] * bool(arrivals) + [f"{count} {word}" for word, count in sorted(others.items())]
            yield f"at {kind.value}: {', '.join(counted) or 'nothing arrives'}"
            for arrival in arrivals[:_SHOWN]:
                yield from inset(self._open(outcome, arrival))
            if len(arrivals) > _SHOWN:
                yield f"  and {len(arrivals) - _SHOWN} more"
        for end, word in ((End.RELEASED, "released"), (End.ESCAPED, "escapes")):
            yield f"{word}: {listed(self._done(outcome, end)) or 'nowhere'}"
        lost = [self._judge.trail(outcome, arrival)[-1] for arrivals in outcome.losses.values() for arrival in arrivals]
        yield f"lost before an exit: {listed(dict.fromkeys(f'{row_of(step.path, step.span)}, {step.text}' for step in lost)) or 'nowhere'}"

    def _settled_at(self, outcome: Outcome, kind: ev.ExitKind) -> Counter[str]:
        """What arrives at an exit and owes nothing, by the reason."""
        found: Counter[str] = Counter()
        is_open = {arrival.key for arrival in outcome.exits.get(kind, ())}
        for node, owed in outcome.previous:
            if self._graph.events[node] != ev.Exit(kind) or (node, owed) in is_open:
                continue
            if (End.ESCAPED, node) in outcome.done and kind is ev.ExitKind.RETURN and outcome.returned and owed.wrong is None:
                found["returned"] += 1
            else:
                found["released in the wrong way" if owed.wrong is not None else "never opened"] += 1
        return found

    def _open(self, outcome: Outcome, arrival: Arrival) -> Iterator[str]:
        yield self.state(arrival.key[1])
        way = self._judge.trail(outcome, arrival)[1 + len(outcome.site.via) : -1]
        yield from inset(f"{row_of(step.path, step.span)}: {step.text}" for step in way)

    def state(self, owed: Obligation) -> str:
        """What holds the value, what is known of conditions on its path, and what makes the path unsure."""
        places = self._graph.places
        known = [assumption_text(Assumption(place, allowed), places) for place, allowed in owed.facts]
        parts = [
            ("held by", self._named(owed.aliases) or ["a temporary"]),
            ("managed by", self._named(place for place, _ in owed.wrappers)),
            ("captured by", self._named(owed.holders)),
            ("in", self._named(owed.containers)),
            ("where", sorted(known)),
            ("unsure:", [text for flag, text in _DOUBTS.items() if owed.flags & flag]),
        ]
        return "; ".join(f"{word} {listed(texts)}" for word, texts in parts if texts)

    def _named(self, places: Iterator[PlaceId] | frozenset[PlaceId]) -> list[str]:
        """The written places among these."""
        named = (place for place in places if not self._graph.places.is_temp(place))
        return sorted({self._scene.words.written(self._function.scope, place) for place in named})

    def _done(self, outcome: Outcome, end: End) -> list[str]:
        """Where the value was given back (or handed on), each place once, in source order."""
        found: dict[tuple[int, str], None] = {}
        for (ended, node), arrival in outcome.done.items():
            if ended is end and isinstance(self._graph.events[node], ev.Exit) and end is End.ESCAPED:
                found.update(dict.fromkeys((self._row(returned), "return") for returned in outcome.return_nodes))
            elif ended is end:
                found[self._ending(arrival)] = None
        return [f"{text} ({self._path}:{row})" if row else text for row, text in sorted(found)]

    def _ending(self, arrival: Arrival) -> tuple[int, str]:
        """The row and the words of what settled an obligation; row 0 where it has none."""
        wrong = arrival.key[1].wrong
        if wrong is not None:
            return self._spans.span(wrong).start.row, f"{self._spans.callee_text(wrong)}() in the wrong way"
        event = self._graph.events[arrival.node]
        assume = arrival.edge.assume if arrival.edge is not None else None
        if assume is not None and not isinstance(event, ev.Call):
            return self._row(arrival.node), f"where {assumption_text(assume, self._graph.places)}"
        return self._row(arrival.node), self.word(arrival.node)

    def _row(self, node: NodeId) -> int:
        span = self._judge.described(node)[0]
        return 0 if span is None else span.start.row

    def word(self, node: NodeId) -> str:
        """An event as the user wrote it."""
        event = self._graph.events[node]
        if isinstance(event, ev.Store):
            base = "" if event.base is None else self._scene.words.written(self._function.scope, event.base)
            return f"put into {'.'.join(filter(None, [base, event.name]))}".replace("an expression", "a container")
        return self._judge.described(node)[1] or "this"

    # What passes the line

    def passing(self, outcome: Outcome) -> Iterator[str]:
        """What the events of the line do to a value that was acquired elsewhere; nothing where it does not come by."""
        states: dict[NodeId, list[Obligation]] = {}
        for node, owed in outcome.previous:
            states.setdefault(node, []).append(owed)
        seen: set[tuple[SpanId, str]] = set()
        for node in self._function.events:
            event = self._graph.events[node]
            if node not in states or isinstance(event, ev.Join | ev.Exit | ev.EndStatement):
                continue
            text = f"{self.word(node)}: {self._effect(outcome, node)}"
            if (event.span, text) not in seen and (isinstance(event, ev.Call) or self._changes(outcome, node)):
                seen.add((event.span, text))
                yield f"{text} ({self.state(states[node][0])})"

    def _changes(self, outcome: Outcome, node: NodeId) -> bool:
        return self._effect(outcome, node) != "leaves it open"

    def _effect(self, outcome: Outcome, node: NodeId) -> str:
        found = [text for end, text in _EFFECTS.items() if (end, node) in outcome.done]
        found += [f"loses it, {end.value}" for end, arrivals in outcome.losses.items() if any(a.node == node for a in arrivals)]
        if not found and any(edge.kind is EdgeKind.RAISE for edge in self._run.meaning.edges(node)):
            found = ["may raise while it is open"]
        return " or ".join(found) or "leaves it open"
