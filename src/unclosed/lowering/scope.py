"""One scope under construction: its graph, its names, and the scopes nested in it.

A *scope* is a module body, a class body, a function or a lambda. Names bound inside a comprehension are kept apart from the scope's own
by a mark that no Python name can have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, SpanId
from unclosed.lowering.facts import Scope
from unclosed.lowering.frames import BODY_BUDGET, NODE_BUDGET, Builder

if TYPE_CHECKING:
    from unclosed.lowering.module import ModuleLowering


class ScopeBuilder(Builder):
    """The builder of one scope. `name` is its dotted name in the module, empty for the module itself."""

    def __init__(self, module: ModuleLowering, name: str, scope: Scope, *, is_async: bool = False) -> None:
        super().__init__()
        self.module = module
        self.name = name
        self.scope = scope
        self.budget = NODE_BUDGET if scope is Scope.FUNCTION else BODY_BUDGET
        self.is_async = is_async
        self.is_generator = False
        self.awaited_calls: set[cst.Call] = set()
        self.bare_calls: set[cst.Call] = set()
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.outer_names: set[str] = set()
        self.bound: set[str] = set()
        self.annotations: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.free: set[str] = set()
        """Names that the scopes nested in this one read and do not bind."""
        self._renames: list[dict[str, str]] = []
        self._comprehensions = 0

    def span(self, node: cst.CSTNode) -> SpanId:
        """The id under which the node's position can be asked for later."""
        return self.module.spans.register(node)

    # Names

    def local(self, name: str) -> PlaceId:
        """The place of a name as read here."""
        for renames in reversed(self._renames):
            if name in renames:
                return self.place(ev.Local(renames[name]))
        return self.place(ev.Local(name))

    def bind_name(self, name: str) -> PlaceId:
        """The place of a name that is bound here."""
        place = self.local(name)
        if not any(name in renames for renames in self._renames) and name not in self.outer_names:
            self.bound.add(name)
        return place

    def enter_comprehension(self, clause: cst.CompFor | None) -> None:
        """Names bound by the clauses of a comprehension are its own until `leave_comprehension`."""
        self._comprehensions += 1
        renames: dict[str, str] = {}
        while clause is not None:
            for name in names_of(clause.target):
                renames[name] = f"{name}'{self._comprehensions}"
            clause = clause.inner_for_in
        self._renames.append(renames)

    def leave_comprehension(self) -> None:
        """The innermost comprehension is over."""
        self._renames.pop()

    def names_in(self, node: cst.CSTNode) -> tuple[PlaceId, ...]:
        """The places of all names that an expression reads, in order of their names."""
        return tuple(self.local(name) for name in sorted(names_of(node)))

    def capture(self, names: set[str]) -> tuple[PlaceId, ...]:
        """The places of the free names of a nested scope; they are free here too unless bound here."""
        self.free |= names
        return tuple(self.local(name) for name in sorted(names))

    def free_names(self) -> set[str]:
        """Names that are read here or further in and not bound here."""
        mentioned = {key.name for key in self.places.keys if isinstance(key, ev.Local) and "'" not in key.name}
        if self.scope is Scope.CLASS:
            return mentioned - self.bound | self.free
        return (mentioned | self.free) - self.bound

    def nested_lambda(self, node: cst.Lambda) -> tuple[tuple[PlaceId, ...], str]:
        """Lower a lambda: the places it captures, its dotted name."""
        free, name = self.module.lower_lambda(self, node)
        return self.capture(free), name

    def aside(self, lower: Callable[[], None]) -> None:
        """Lower code that control never reaches: its names count, its events do not."""
        ends, self.ends = self.ends, []
        lower()
        self.ends = ends


def names_of(node: cst.CSTNode) -> set[str]:
    """All names that an expression or target mentions, attribute names and keywords aside."""
    found: set[str] = set()
    pending: list[cst.CSTNode] = [node]
    while pending:
        at = pending.pop()
        match at:
            case cst.Name():
                if at.value not in ("None", "True", "False"):
                    found.add(at.value)
            case cst.Attribute():
                pending.append(at.value)
            case cst.Arg():
                pending.append(at.value)
            case _:
                pending.extend(at.children)
    return found


def names_captured_by(node: cst.GeneratorExp) -> set[str]:
    """The names of the scope around that a generator expression reads when it runs: all but those of its first iterable and its own."""
    read, own = names_of(node.elt), set[str]()
    clause: cst.CompFor | None = node.for_in
    while clause is not None:
        own |= names_of(clause.target)
        read |= set().union(*(names_of(condition.test) for condition in clause.ifs))
        clause = clause.inner_for_in
        read |= names_of(clause.iter) if clause is not None else set()
    return read - own
