"""The decorators around a function: those above it, those that one of them applies, and those that are applied to its class for it.

@method_decorator(transaction.atomic, name="dispatch")
class Pay(View):
    def post(self, request):         # `dispatch` runs it, in a transaction
        ...
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.flow.events import SpanId
from unclosed.infer.decorated import decorator_model
from unclosed.infer.types import ScopeTypes
from unclosed.lowering.facts import Decorator


@dataclass(frozen=True, slots=True)
class Around:
    """One decorator: its dotted name, whether it is called, where it stands, and the arguments by name, each as source text."""

    name: str
    is_called: bool
    span: SpanId
    given: frozenset[tuple[str, str]] = frozenset()


def decorators_around(scope: ScopeTypes) -> Iterator[Around]:
    """The decorators of a function, outermost first where they stand above one another."""
    facts, module = scope.facts, scope.module
    outer = module.scope(facts.outer if facts.outer is not None else facts.id)
    owner = module.facts.classes.get(facts.owner)
    for decorator in owner.decorators if owner is not None else ():
        yield from _applied(outer, decorator, facts.name.rpartition(".")[2])
    for decorator in facts.decorators:
        yield Around(decorator.name, decorator.is_called, decorator.span, _given(_read(decorator.text)))
        yield from _applied(outer, decorator, "")


def _applied(scope: ScopeTypes, decorator: Decorator, method: str) -> Iterator[Around]:
    """What a decorator applies; to a class, for one of its methods."""
    model = decorator_model(scope, decorator.name) if decorator.is_called and decorator.name else None
    call = _read(decorator.text) if model is not None and model.applies is not None else None
    if model is None or model.applies is None or call is None or not call.args:
        return
    name = next((str(k.value.value) for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)), "")
    if method and method != name and f"{name}.{method}" not in model.applies:
        return
    first = call.args[0]
    for each in first.elts if isinstance(first, ast.List | ast.Tuple) else [first]:
        applied = each.func if isinstance(each, ast.Call) else each
        given = _given(each if isinstance(each, ast.Call) else None)
        yield Around(ast.unparse(applied), isinstance(each, ast.Call), decorator.span, given)


def _given(call: ast.Call | None) -> frozenset[tuple[str, str]]:
    return frozenset((each.arg, ast.unparse(each.value)) for each in (call.keywords if call is not None else ()) if each.arg)


def _read(text: str) -> ast.Call | None:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Call) else None
