"""Which of several ways to one state is shown: the one with the fewest exceptions, and those of calls that are likely to raise.

    cur.execute(sql.format(name))        both calls may raise: `execute` is named, it speaks to the server
    rows = options.get("rows")           named only if nothing better is

A *rank* is how little a way convinces: how many exceptions it takes, and how odd they are.
"""

from __future__ import annotations

from typing import NamedTuple

from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import Obligation
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId
from unclosed.flow.graph import Edge, EdgeKind

Key = tuple[NodeId, Obligation]


class Rank(NamedTuple):
    """How little a way convinces; the least is shown."""

    exceptions: int = 0
    oddness: int = 0


class Ways:
    """The way to each state of one site: a shortest one of the least rank seen."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self.starts: set[Key] = set()
        """The states from which ways begin: none leads to them, also where a loop comes round to one."""
        self.rounds: dict[Key, Key] = {}
        """For a start to which another way leads: the state before it on that way."""
        self.previous: dict[Key, tuple[Key, Edge]] = {}
        self.ranks: dict[Key, Rank] = {}

    def add(self, target: Key, before: Key, edge: Edge) -> None:
        """The first way to a state."""
        if target in self.starts:
            self.rounds.setdefault(target, before)
            return
        self.previous.setdefault(target, (before, edge))
        self.ranks.setdefault(target, self._rank(before, edge))

    def offer(self, target: Key, before: Key, edge: Edge) -> None:
        """Another way to a state that was reached before: taken if it convinces more."""
        present = self.ranks.get(target)
        if present is None or target not in self.previous or target in self.starts or self.ranks.get(before, Rank()) >= present:
            return
        rank = self._rank(before, edge)
        if rank < present and not self._passes(before, target):
            self.previous[target], self.ranks[target] = (before, edge), rank

    def _passes(self, at: Key, wanted: Key) -> bool:
        """Whether the way to a state leads through another."""
        while at != wanted and at in self.previous:
            at = self.previous[at][0]
        return at == wanted

    def _rank(self, before: Key, edge: Edge) -> Rank:
        rank = self.ranks.get(before, Rank())
        if edge.kind not in (EdgeKind.RAISE, EdgeKind.CANCEL):
            return rank
        return Rank(rank.exceptions + 1, rank.oddness + self._oddness(before))

    def _oddness(self, at: Key) -> int:
        """0: a call of the resource, of what it made, or with it; 1: anything else; 2: what hardly ever raises."""
        node, owed = at
        event = self._meaning.graph.events[node]
        if isinstance(event, ev.Step) and event.word == "next" and event.value is not None:
            walked = self._meaning.scope.call_behind(event.value)
            return 2 if walked is not None and self._meaning.hardly_raises(walked) else 1
        if not isinstance(event, ev.Call):
            return 2 if isinstance(event, ev.Step) and event.word.startswith("the ") and event.word != "the loop's next step" else 1
        receiver = event.callee.receiver
        if receiver in owed.aliases or any(argument.value in owed.aliases for argument in event.arguments):
            return 0
        made = self._meaning.scope.call_behind(receiver) if receiver is not None else None
        if made is not None and made.event.callee.receiver in owed.aliases:
            return 0
        return 2 if self._meaning.hardly_raises(self._meaning.call(node)) else 1
