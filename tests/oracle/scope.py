"""What the generator believes of the names at one point of a program.

The beliefs only steer: they make releases stand where something may be open, and keep unbound names rare. A program that goes
wrong all the same is found when it runs, and not judged.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace


class State(enum.Enum):
    """What a name is bound to."""

    OPEN = "an open resource"
    CLOSED = "a resource that is released or escaped"
    MAYBE = "a resource or None"
    NONE = "None"


@dataclass
class Scope:
    """The names bound for sure, with their states, and what may stand here."""

    states: dict[str, State] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    guarded: dict[str, dict[str, State]] = field(default_factory=dict)
    """Names bound wherever a condition, by its text, holds."""
    in_loop: bool = False
    in_finally: bool = False
    in_handler: bool = False
    depth: int = 0

    def branch(self, **changes: object) -> Scope:
        """A scope one level deeper, where bindings can be made without being seen here."""
        inner = replace(self, states=dict(self.states), guarded=dict(self.guarded), depth=self.depth + 1)
        return replace(inner, **changes)  # type: ignore[arg-type]  # the names of fields

    def bind(self, name: str, state: State) -> None:
        """From here on `name` is bound to that."""
        self.states[name] = state

    def unbind(self, name: str) -> None:
        """From here on `name` is unbound."""
        self.states.pop(name, None)

    def join(self, ends: Iterable[Scope]) -> None:
        """Go on where these branches meet; with none, beliefs stay as they are."""
        branches = list(ends)
        if not branches:
            return
        common = set.intersection(*(set(branch.states) for branch in branches))
        self.states = {name: _joined([branch.states[name] for branch in branches]) for name in sorted(common)}
        self.flags = frozenset.intersection(*(branch.flags for branch in branches))

    def forget(self, condition: str) -> None:
        """The value behind a condition changes."""
        self.guarded = {text: names for text, names in self.guarded.items() if condition not in text.split()}

    def names(self, *states: State) -> list[str]:
        """The names in one of these states (in any, if none is given), sorted."""
        return sorted(name for name, state in self.states.items() if not states or state in states)


def _joined(states: list[State]) -> State:
    """What a name is bound to that had these states on the ways that meet."""
    if len(set(states)) == 1:
        return states[0]
    if State.NONE in states or State.MAYBE in states:
        return State.MAYBE
    return State.OPEN
