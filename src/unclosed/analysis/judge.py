"""From the outcome of a site to its verdict: the first loss of the contract's order, its trail, how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unclosed.analysis.obligations import End, Flag, Obligation, Site
from unclosed.analysis.solver import Arrival, Outcome
from unclosed.analysis.verdicts import Loss, Resource, Verdict
from unclosed.analysis.ways import Key, Rank
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, SpanId
from unclosed.flow.graph import Edge, EdgeKind, FlowGraph
from unclosed.text import Span

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_EXIT_LOSSES = (
    (ev.ExitKind.RETURN, Loss.EARLY_EXIT),
    (ev.ExitKind.RAISE, Loss.EXCEPTION),
    (ev.ExitKind.CANCEL, Loss.CANCELLATION),
)


class Judge:
    """Judges the sites of one function."""

    def __init__(self, path: str, graph: FlowGraph, spans: Spans, *, is_provider: bool) -> None:
        self._path, self._graph, self._spans, self._is_provider = path, graph, spans, is_provider

    def verdict(self, outcome: Outcome) -> Verdict | None:
        """The verdict on one site, `None` if nothing is owed."""
        found = _loss(outcome)
        if found is None:
            if outcome.site.lost_in:
                return self._lost_when_cancelled(outcome.site)
            return None
        loss, arrival = found
        is_lent = bool(arrival.key[1].flags & Flag.LENT)
        if loss is Loss.DISCARDED and is_lent:
            loss = Loss.NEVER  # `yield connect()`: lent first, and dropped when the generator goes on
        steps = self._steps(outcome, arrival)
        where, cause = self._cause(loss, arrival, steps)
        return Verdict(
            loss=loss,
            resource=self.resource(outcome.site),
            confidence=_confidence(outcome, loss, arrival),
            trail=self._trail(outcome.site, steps, arrival),
            where=where,
            cause=cause,
            in_provider=self._is_provider and loss in (Loss.NEVER, Loss.EARLY_EXIT, Loss.EXCEPTION),
        )

    def _lost_when_cancelled(self, site: Site) -> Verdict:
        span = self._spans.span(site.span)
        return Verdict(
            loss=Loss.CANCELLATION,
            resource=self.resource(site),
            confidence=site.confidence,
            trail=(
                TrailStep(self._path, span, "acquired here"),
                TrailStep(self._path, span, f"{site.lost_in}() can lose the result when the task is cancelled"),
            ),
            where=span,
            cause=site.lost_in,
        )

    def kept(self, site: Site, attribute: str) -> Verdict:
        """The verdict on a resource that a class keeps in `self.attribute` and never gives back."""
        span = self._spans.span(site.span)
        steps = (
            TrailStep(self._path, span, "acquired here"),
            *site.via,
            TrailStep(self._path, span, f"kept in {attribute}; no method releases it"),
        )
        return Verdict(Loss.KEPT_BY_OWNER, self.resource(site), site.confidence, steps, attribute=attribute)

    def returned_by_dependency(self, site: Site) -> Verdict:
        """The verdict on a resource that a web dependency returns, so that nobody closes it."""
        span = self._spans.span(site.span)
        steps = (
            TrailStep(self._path, span, "acquired here"),
            *site.via,
            TrailStep(self._path, span, "returned to the framework, which closes nothing"),
        )
        return Verdict(Loss.NEVER, self.resource(site), min(site.confidence, Confidence.LIKELY), steps, in_provider=True)

    def resource(self, site: Site) -> Resource:
        """The acquired value as a person sees it."""
        text = self._spans.callee_text(site.span)
        return Resource(
            text=self._spans.call_text(site.span),
            owner=text.rpartition(".")[0] if site.owner is not None and not site.is_lender_hidden else "",
            target=self._target(site),
            lease=site.lease,
            is_child=site.is_child,
            span=self._spans.span(site.span),
            is_lender_hidden=site.is_lender_hidden,
        )

    def _target(self, site: Site) -> str:
        """The name that the value is bound to first."""
        places = self._graph.places
        for event in self._graph.events[site.node :]:
            if isinstance(event, ev.Bind) and event.value == site.place:
                key = places.keys[event.target]
                return places.text(event.target) if isinstance(key, ev.Local | ev.Attribute) else ""
            if isinstance(event, ev.EndStatement):
                return ""
        return ""

    # The way

    def trail(self, outcome: Outcome, arrival: Arrival) -> tuple[TrailStep, ...]:
        """The way from the acquire to one arrival."""
        return self._trail(outcome.site, self._steps(outcome, arrival), arrival)

    def _steps(self, outcome: Outcome, arrival: Arrival) -> list[tuple[Key, Edge]]:
        """The states and edges from the acquire to the arrival."""
        steps: list[tuple[Key, Edge]] = []
        if arrival.edge is not None:
            steps.append((arrival.key, arrival.edge))
        at = arrival.key
        while at not in outcome.starts and at in outcome.previous:
            before, edge = outcome.previous[at]
            steps.append((before, edge))
            at = before
        return steps[::-1]

    def _cause(self, loss: Loss, arrival: Arrival, steps: list[tuple[Key, Edge]]) -> tuple[Span | None, str]:
        if loss in (Loss.EXCEPTION, Loss.CANCELLATION):
            raising = [key[0] for key, edge in steps if edge.kind in (EdgeKind.RAISE, EdgeKind.CANCEL)]
            first_hand = [node for node in raising if not _passes_on(self._graph.events[node])]
            raising = first_hand or raising
            raising = raising or [key[0] for key, _ in steps if _word(self._graph.events[key[0]]) in ("raise", "assert")]
            return self.described(raising[-1]) if raising else (None, "")
        if loss is Loss.OVERWRITTEN:
            return self.described(arrival.node)
        if loss is Loss.EARLY_EXIT:
            leaving = [key[0] for key, _ in steps if self._is_leaving(key[0]) or _word(self._graph.events[key[0]]) in ("break", "continue")]
            return self.described(leaving[-1]) if leaving else (None, "")
        return None, ""

    def _is_leaving(self, node: NodeId) -> bool:
        event = self._graph.events[node]
        return isinstance(event, ev.Bind) and self._is_returned(event) and self._spans.is_return(event.span)

    def _is_returned(self, event: ev.Bind) -> bool:
        key = self._graph.places.keys[event.target]
        while isinstance(key, ev.Item):
            key = self._graph.places.keys[key.base]
        return isinstance(key, ev.Returned)

    def described(self, node: NodeId) -> tuple[Span | None, str]:
        """Where an event stands and its written word: the callee of a call, the keyword of a statement."""
        event = self._graph.events[node]
        span = _span_of(event)
        if span is None:
            return None, ""
        return self._spans.span(span), self._word(event, span)

    def _word(self, event: ev.Event, span: SpanId) -> str:
        match event:
            case ev.Call():
                return self._spans.call_text(span)
            case ev.Await():
                return "await"
            case ev.Bind() if self._is_returned(event):
                return "return"
            case ev.Bind(target, _, _):
                return self._graph.places.text(target)
            case ev.Unbind():
                return "del"
            case ev.Step("next", _, _):
                return "the loop's next step"
            case ev.Step(word, _, _):
                return word
            case ev.Enter():
                return "entering the 'with' block"
            case ev.Leave():
                return "leaving the 'with' block"
            case ev.Yield():
                return "yield"
        return ""

    def _trail(self, site: Site, steps: list[tuple[Key, Edge]], arrival: Arrival) -> tuple[TrailStep, ...]:
        trail = [TrailStep(self._path, self._spans.span(site.span), "acquired here"), *site.via]
        for (node, owed), edge in steps:
            text = self._step_text(node, owed, edge)
            span = _span_of(self._graph.events[node])
            if text and span is not None:
                step = TrailStep(self._path, self._spans.span(span), text)
                if step not in trail:  # a `return` binds each item of its tuple
                    trail.append(step)
        end = self._end_text(arrival)
        if end:
            trail.append(TrailStep(self._path, self._end_span(site, steps, arrival), end))
        return tuple(trail)

    def _end_span(self, site: Site, steps: list[tuple[Key, Edge]], arrival: Arrival) -> Span:
        """Where the value is lost: at the event that ends it, at the last jump or exception, or at the end of the function."""
        event = self._graph.events[arrival.node]
        own = _span_of(event)
        if own is not None:
            return self._spans.span(own)
        for (node, _), edge in reversed(steps):
            span = _span_of(self._graph.events[node])
            is_jump = _word(self._graph.events[node]) in ("raise", "assert")
            if span is not None and (is_jump or self._is_leaving(node) or edge.kind is not EdgeKind.NORMAL):
                return self._spans.span(span)
            if span is not None and self._is_returned_implicitly(node):
                return self._spans.span(span)  # the last statement
        return self._spans.span(site.span)

    def _is_returned_implicitly(self, node: NodeId) -> bool:
        event = self._graph.events[node]
        return isinstance(event, ev.Bind) and self._is_returned(event) and not self._spans.is_return(event.span)

    def _step_text(self, node: NodeId, owed: Obligation, edge: Edge) -> str:
        event = self._graph.events[node]
        span = _span_of(event)
        word = self._word(event, span) if span is not None else ""
        if edge.kind is EdgeKind.RAISE:
            return f"{word} raises here"
        if edge.kind is EdgeKind.CANCEL:
            return f"the task is cancelled at {word}"
        match event:
            case ev.Step("raise" | "assert" | "break" | "continue" as word, _, _):
                return f"'{word}' here"
            case ev.Bind() if self._is_leaving(node):
                return "returns here"
            case ev.Enter(manager, _, _, _) if manager in owed.aliases and owed.wrapper(manager) is None:
                return "entered here"
        return ""

    def _end_text(self, arrival: Arrival) -> str:
        event = self._graph.events[arrival.node]
        if isinstance(event, ev.Exit):
            return "leaves the function here, still open"
        match event:
            case ev.Bind(target, _, _):
                return f"{self._graph.places.text(target)} is bound anew while it is open"
            case ev.Unbind():
                return "its only name is deleted while it is open"
            case ev.EndStatement():
                return "dropped at the end of the statement, still open"
        return "lost here, still open"


def _span_of(event: ev.Event) -> SpanId | None:
    return None if isinstance(event, ev.Join | ev.Exit) else event.span


def _passes_on(event: ev.Event) -> bool:
    """Whether an event only passes an exception on: the leaving of a block by one."""
    return isinstance(event, ev.Leave) and event.failing


def _word(event: ev.Event) -> str:
    return event.word if isinstance(event, ev.Step) else ""


def _loss(outcome: Outcome) -> tuple[Loss, Arrival] | None:
    """The first loss that is true, in the contract's order."""
    losses, exits = outcome.losses, outcome.exits
    arrivals = [*(a for kind, _ in _EXIT_LOSSES for a in exits.get(kind, ())), *(a for found in losses.values() for a in found)]
    if not arrivals:
        return None
    if not outcome.is_done_somewhere:
        if outcome.kept:
            return Loss.WITH_KEEPS_OPEN, arrivals[0]
        if End.DISCARDED in losses:
            return Loss.DISCARDED, losses[End.DISCARDED][0]
        return Loss.NEVER, arrivals[0]
    for end in (End.REBOUND, End.DELETED, End.DISCARDED):
        if end in losses:
            return Loss.OVERWRITTEN, _surest(outcome, losses[end])
    reached = [(loss, _surest(outcome, exits[kind])) for kind, loss in _EXIT_LOSSES if kind in exits]
    return next((found for found in reached if not found[1].key[1].flags & Flag.INTERRUPTED), reached[0] if reached else None)


def _surest(outcome: Outcome, arrivals: list[Arrival]) -> Arrival:
    """The first arrival that no unresolved call has made unsure, on a way that convinces most."""
    unsure = Flag.LIKELY | Flag.POSSIBLE | Flag.INTERRUPTED
    return min(arrivals, key=lambda arrival: (arrival.key[1].flags & unsure, outcome.ranks.get(arrival.key, Rank())))


def _confidence(outcome: Outcome, loss: Loss, arrival: Arrival) -> Confidence:
    flags = arrival.key[1].flags
    if loss in (Loss.NEVER, Loss.WITH_KEEPS_OPEN, Loss.DISCARDED):
        flags |= outcome.unsure
    sure = outcome.site.confidence
    if flags & (Flag.POSSIBLE | Flag.INTERRUPTED):
        return Confidence.POSSIBLE
    if loss in (Loss.EXCEPTION, Loss.CANCELLATION) and outcome.escaped and not flags & Flag.LENT:
        return Confidence.POSSIBLE  # on its way to another owner: only what comes between can lose it
    return min(sure, Confidence.LIKELY) if flags & Flag.LIKELY else sure
