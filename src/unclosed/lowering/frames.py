"""A graph under construction, and where a jump or an exception goes from here.

*Ends* are the dangling `(node, assumption)` pairs that flow into whatever comes next; no ends means unreachable. *Frames* are the enclosing
constructs, innermost first: loops, exception handlers, and *cleanups* (`finally` suites and the leaving of `with` blocks). A
*continuation* is what control means to do when it leaves a construct: return, break, continue, raise, cancel. Each cleanup is copied
once per continuation that runs through it, so that paths with different intentions are never mixed.

    with lock:            # Cleanup: leave(lock), copied for the fall-through, for `return` and for RAISE
        if ready:
            return work()
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from unclosed.flow.events import (
    MAX_TEXT,
    Constant,
    EndStatement,
    Event,
    Exit,
    ExitKind,
    Formatted,
    Join,
    NodeId,
    PlaceId,
    PlaceKey,
    Places,
    SpanId,
    Temp,
    bare_text,
)
from unclosed.flow.graph import Assumption, Edge, EdgeKind, FlowGraph

NODE_BUDGET = 20_000
"""Nodes of one function; beyond it the function is skipped."""
BODY_BUDGET = 500_000
"""Nodes of a module's or a class's body, through which nothing is followed."""

End = tuple[NodeId, Assumption | None]


class TooComplex(Exception):
    """A function is beyond the node budget."""


class Jump(enum.Enum):
    """What control means to do."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISE = "raise"
    CANCEL = "cancel"


class Continuation(NamedTuple):
    """A jump with what it needs to know.

    `loop`: the number of the loop that is left or continued. `passed`: exception names that inner handlers let through. `exact`: the
    name of the exception where it is known (`raise ValueError`), else empty.
    """

    jump: Jump
    loop: int = 0
    passed: frozenset[str] = frozenset()
    exact: str = ""


RAISING = Continuation(Jump.RAISE)
CANCELLING = Continuation(Jump.CANCEL)


@dataclass(slots=True, eq=False)
class Loop:
    """A loop: where `continue` goes and where `break` goes."""

    outer: Frame | None
    number: int
    head: NodeId
    after: NodeId


@dataclass(slots=True, eq=False)
class Handlers:
    """The handlers of a `try`: one entry node per sort of exception that reaches them."""

    outer: Frame | None
    names: frozenset[str]
    takes_all: bool = False
    """One of them is bare, or for `Exception` or `BaseException`."""
    entries: dict[Continuation, NodeId] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Cleanup:
    """A suite that runs on every way out; `lower` emits it once, `copies` has the entry of each copy."""

    outer: Frame | None
    lower: Callable[[Jump | None], None]
    suppresses: Callable[[Continuation], Suppression]
    after: NodeId | None = None
    names: frozenset[str] = frozenset()
    """The exceptions that the cleanup swallows by their names."""
    copies: dict[Continuation, NodeId] = field(default_factory=dict)


Frame = Loop | Handlers | Cleanup


class Suppression(enum.Enum):
    """Whether a cleanup swallows an exception: surely not, perhaps (if its manager turns out to), on some paths, or always."""

    NEVER = "never"
    IF_KNOWN = "if-known"
    SOME = "some"
    ALWAYS = "always"


def suppresses_nothing(_: Continuation) -> Suppression:
    """For `finally` suites."""
    return Suppression.NEVER


class Builder:
    """One function's graph while it is being built. Node 0 is the entry, 1 to 3 are the exits RETURN, RAISE and CANCEL."""

    def __init__(self) -> None:
        self.places = Places()
        self.events: list[Event] = [Join("entry"), *(Exit(kind) for kind in ExitKind)]
        self.edges: list[list[Edge]] = [[], [], [], []]
        self.ends: list[End] = [(NodeId(0), None)]
        self.frame: Frame | None = None
        self.temps: list[PlaceId] = []
        self.tested: dict[PlaceId, int] = {}
        self.budget = NODE_BUDGET
        self.empty_displays: set[PlaceId] = set()
        self.reads: list[tuple[NodeId, PlaceId, SpanId]] = []
        self.containers: set[PlaceId] = set()
        """The displays and comprehensions of this scope, and the names that are bound to one anywhere."""
        self.literals: dict[PlaceId, dict[str, str]] = {}
        self._temp_count = 0
        self._loop_count = 0
        self._entered: set[NodeId] = set()

    # Places

    def place(self, key: PlaceKey) -> PlaceId:
        """The id of a place."""
        return self.places.intern(key)

    def temp(self) -> PlaceId:
        """A new temporary of the present statement."""
        self._temp_count += 1
        made = self.places.intern(Temp(self._temp_count))
        self.temps.append(made)
        return made

    def constant(self, text: str) -> PlaceId:
        """The place of a literal."""
        return self.places.intern(Constant(text))

    def formatted(self, text: str) -> PlaceId:
        """The place of a formatted string."""
        return self.places.intern(Formatted(text))

    def joined_text(self, values: list[PlaceId | None]) -> PlaceId | None:
        """The place of literals and formatted strings that stand side by side; that of the first where one has no text."""
        keys = [None if value is None else self.places.keys[value] for value in values]
        texts = [bare_text(key.text) if isinstance(key, Constant) else key.text for key in keys if isinstance(key, Constant | Formatted)]
        if len(texts) != len(values):
            return values[0]
        whole = "".join(texts)
        return (
            self.constant(f"'{whole}'"[:MAX_TEXT]) if all(isinstance(key, Constant) for key in keys) else self.formatted(whole[:MAX_TEXT])
        )

    # Nodes and edges

    def emit(self, event: Event, *, raises: bool = False, cancels: bool = False) -> NodeId:
        """Add an event after the present ends, with its exception and cancellation edges; it becomes the only end."""
        made = self._node(event)
        self.flow_into(made)
        self.ends = [(made, None)]
        if raises:
            self._connect(made, Edge(self.target(RAISING, self.frame), EdgeKind.RAISE))
        if cancels:
            self._connect(made, Edge(self.target(CANCELLING, self.frame), EdgeKind.CANCEL))
        return made

    def emit_raising(self, event: Event, exceptions: Iterable[str]) -> None:
        """Add an event after the present ends that raises these exceptions, known by their names, and no others."""
        made = self.emit(event)
        for name in exceptions:
            self._connect(made, Edge(self.target(Continuation(Jump.RAISE, exact=name), self.frame), EdgeKind.RAISE))

    def join(self, word: str = "") -> NodeId:
        """A node where paths meet, not yet connected."""
        return self._node(Join(word))

    def flow_into(self, node: NodeId) -> None:
        """Connect the ends to a node; afterwards there are none."""
        for end, assume in self.ends:
            self._connect(end, Edge(node, EdgeKind.NORMAL, assume))
        self.ends = []

    def continue_from(self, node: NodeId) -> None:
        """Go on after a join; nowhere if nothing flows into it."""
        self.ends = [(node, None)]

    def has_entry(self, node: NodeId) -> bool:
        """Whether some edge leads to the node."""
        return node in self._entered

    def jump(self, continuation: Continuation) -> None:
        """Leave for a continuation; afterwards nothing is reachable."""
        if self.ends:
            self.flow_into(self.target(continuation, self.frame))

    def test(self, place: PlaceId, when_true: int, when_false: int) -> tuple[list[End], list[End]]:
        """Branch on a place: the ends where its value is one of `when_true`, and those where it is one of `when_false`."""
        node = self.emit(Join("test"))
        self.tested[place] = self.tested.get(place, 0) + 1
        return [(node, Assumption(place, when_true))], [(node, Assumption(place, when_false))]

    def new_loop(self, head: NodeId, after: NodeId) -> Loop:
        """Enter a loop."""
        self._loop_count += 1
        loop = Loop(self.frame, self._loop_count, head, after)
        self.frame = loop
        return loop

    def end_statement(self, since: int, span: SpanId) -> None:
        """Let the temporaries made since the statement began die."""
        dying = tuple(self.temps[since:])
        del self.temps[since:]
        if dying and self.ends:
            self.emit(EndStatement(dying, span))

    def note_read(self, place: PlaceId | None, span: SpanId) -> None:
        """An attribute is read here, which may be a property."""
        if place is not None and self.ends:
            self.reads.append((NodeId(len(self.events)), place, span))

    def finish(self) -> FlowGraph:
        """The graph, frozen."""
        edges = tuple(tuple(edges) for edges in self.edges)
        empty = frozenset(self.empty_displays)
        return FlowGraph(tuple(self.events), edges, self.places, self.tested, empty, tuple(self.reads), self.literals)

    def _connect(self, source: NodeId, edge: Edge) -> None:
        self.edges[source].append(edge)
        self._entered.add(edge.target)

    def _node(self, event: Event) -> NodeId:
        if len(self.events) >= self.budget:
            raise TooComplex(f"more than {self.budget} nodes")
        self.events.append(event)
        self.edges.append([])
        return NodeId(len(self.events) - 1)

    # Where things go

    def target(self, continuation: Continuation, frame: Frame | None) -> NodeId:
        """The node where a continuation goes from inside `frame`, cleanups on the way included."""
        while frame is not None:
            match frame:
                case Loop():
                    if continuation.loop == frame.number:
                        return frame.after if continuation.jump is Jump.BREAK else frame.head
                case Handlers():
                    if continuation.jump in (Jump.RAISE, Jump.CANCEL):
                        return self._handler_entry(frame, continuation)
                case Cleanup():
                    return self._cleanup_copy(frame, continuation)
            frame = frame.outer
        return _EXITS[continuation.jump]

    def _handler_entry(self, frame: Handlers, continuation: Continuation) -> NodeId:
        known = _relevant(continuation, frame)
        if known not in frame.entries:
            frame.entries[known] = self.join("handlers" if known.jump is Jump.RAISE else "handlers of cancellation")
        return frame.entries[known]

    def _cleanup_copy(self, frame: Cleanup, continuation: Continuation) -> NodeId:
        key = _relevant(continuation, frame)
        found = frame.copies.get(key)
        if found is not None:
            return found
        # Registered before it is lowered: a jump inside the suite may come back to this copy.
        entry = frame.copies[key] = self.join(f"cleanup for {key.jump.value}")
        ends, present, temps = self.ends, self.frame, self.temps
        self.ends, self.frame, self.temps = [(entry, None)], frame.outer, []
        frame.lower(key.jump)
        suppression = frame.suppresses(key) if key.jump in (Jump.RAISE, Jump.CANCEL) else Suppression.NEVER
        if frame.after is not None and suppression is not Suppression.NEVER:
            kind = EdgeKind.SUPPRESS if suppression is Suppression.IF_KNOWN else EdgeKind.NORMAL
            for end, assume in self.ends:
                self._connect(end, Edge(frame.after, kind, assume))
        if suppression is not Suppression.ALWAYS and self.ends:
            left = key._replace(passed=key.passed | frame.names) if suppression is Suppression.SOME else key
            self.flow_into(self.target(left, frame.outer))
        self.ends, self.frame, self.temps = ends, present, temps
        return entry


_EXITS = {Jump.RETURN: NodeId(1), Jump.RAISE: NodeId(2), Jump.CANCEL: NodeId(3), Jump.BREAK: NodeId(1), Jump.CONTINUE: NodeId(1)}


def _relevant(continuation: Continuation, frame: Frame) -> Continuation:
    """The continuation without names that no handler further out asks for: fewer copies."""
    if not continuation.passed and not continuation.exact:
        return continuation
    asked: set[str] = set()
    at: Frame | None = frame
    while at is not None:
        if isinstance(at, Handlers | Cleanup):
            asked |= at.names
        at = at.outer
    return continuation._replace(
        passed=continuation.passed & asked,
        exact=continuation.exact if asked else "",
    )
