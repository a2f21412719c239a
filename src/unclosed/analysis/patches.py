"""Names that a test puts something else in the place of: what a call of them gives is not known.

    def test_orders(monkeypatch):
        monkeypatch.setattr(db, "open_db", fake)
        conn = db.open_db()                           not known: `fake` runs

A patch counts in the test that makes it; one that is made outside of tests, by a fixture or a `setUp`, in its whole file. Which calls
patch, and what tests are called, is a list in the catalog.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import Decorator, FunctionFacts, Scope

_QUALIFIED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
TextOf = Callable[[Path], str]
"""The text of a file of the project."""


@dataclass(frozen=True, slots=True)
class _Patch:
    """One patched name, and what it named; `None`: not known."""

    name: str
    value: Value | None


class Patches:
    """The names that are patched in one module."""

    def __init__(self, types: ModuleTypes, text_of: TextOf) -> None:
        self._types, self._text_of, self._catalog = types, text_of, types.catalog
        self._made = tuple(self._all())
        """Each patch with the dotted name of the function or class in which it counts; empty: in the whole file."""

    def cover(self, scope: ScopeTypes, info: CallInfo, trail: tuple[TrailStep, ...]) -> bool:
        """Whether a call may run something else: its callee is patched, or one on the way to the acquire is.

        Approximation: of a class, any name in its file is taken to be on the way (missed alarms only).
        """
        patches = [patch for where, patch in self._made if not where or f"{scope.facts.name}.".startswith(f"{where}.")]
        if not patches:
            return False
        texts = [self._acquiring(step) for step in trail]
        if info.is_class and info.target is not None:
            texts.append(self._text_of(Path(info.target.module)))
        return any(_is_called(patch, info) or any(_mentions(text, patch.name) for text in texts) for patch in patches)

    def _acquiring(self, step: TrailStep) -> str:
        """The rows of the call that a step of a trail names."""
        rows = self._text_of(Path(step.path).absolute()).splitlines()
        return "\n".join(rows[step.span.start.row - 1 : step.span.end.row])

    def _all(self) -> Iterator[tuple[str, _Patch]]:
        facts = self._types.facts
        for function in facts.functions:
            in_test = any(self._catalog.names_test(part) for part in function.name.split("."))
            yield from ((function.name if in_test else "", patch) for patch in self._made_by(function))
        for name, found in facts.classes.items():
            yield from ((name, patch) for patch in self._by_decorators(self._types.scope(found.body), found.decorators))

    def _made_by(self, facts: FunctionFacts) -> Iterator[_Patch]:
        scope = self._types.scope(facts.id)
        yield from self._by_decorators(scope, facts.decorators)
        for event in facts.graph.events if facts.scope is Scope.FUNCTION else ():  # in a module or class, they are its decorators
            if isinstance(event, ev.Call) and self._catalog.names_patch(scope.calls.receiver_name(event), event.callee.method):
                yield from self._by_call(scope, event)

    def _by_call(self, scope: ScopeTypes, event: ev.Call) -> Iterator[_Patch]:
        places = scope.graph.places
        given = [places.keys[a.value] if a.value is not None else None for a in event.arguments if isinstance(a.key, int)]
        texts = [key.text.strip("'\"") if isinstance(key, ev.Constant) else "" for key in given[:2]]
        keywords = [a.key for a in event.arguments if isinstance(a.key, str)]
        owner = places.text(event.arguments[0].value) if given and event.arguments[0].value is not None and not texts[0] else ""
        yield from self._patched(scope, owner, texts, keywords)

    def _by_decorators(self, scope: ScopeTypes, decorators: tuple[Decorator, ...]) -> Iterator[_Patch]:
        for decorator in decorators:
            owner, _, method = decorator.name.rpartition(".")
            if decorator.is_called and self._catalog.names_patch(owner.rpartition(".")[2], method):
                tree = _parsed(decorator.text)
                given = tree.args if tree is not None else []
                texts = [arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else "" for arg in given[:2]]
                keywords = [keyword.arg or "" for keyword in tree.keywords] if tree is not None else []
                yield from self._patched(scope, ast.unparse(given[0]) if given and not texts[0] else "", texts, keywords)

    def _patched(self, scope: ScopeTypes, owner: str, texts: list[str], keywords: list[str]) -> Iterator[_Patch]:
        """The names that arguments name: `("app.db.open_db")`, `(db, "open_db")`, or `("app.db", open_db=…)` and the like."""
        if owner:
            names = [texts[1]] if len(texts) > 1 and texts[1] else keywords
            held = scope.named(owner)
            yield from (_Patch(name, scope.attribute_of(held, name)) for name in names)
        elif texts and _QUALIFIED.fullmatch(texts[0]):
            yield _Patch(texts[0].rpartition(".")[2], scope.module.named(texts[0]))
            yield from (_Patch(name, scope.module.named(f"{texts[0]}.{name}")) for name in keywords)


def _is_called(patch: _Patch, info: CallInfo) -> bool:
    value = patch.value
    if value is None or value.sort not in (Sort.DEFINITION, Sort.NAME) or (info.target is None and not info.name):
        return patch.name == info.event.callee.method
    if info.target is not None:
        return (value.name, value.module) == (info.target.name, info.target.module)
    return value.sort is Sort.NAME and value.name in (info.name, info.name.rpartition(".")[0])  # a function, or the class of a method


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _parsed(text: str) -> ast.Call | None:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Call) else None
