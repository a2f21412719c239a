"""A program made ready to run: its text, the acquires in it, and its code with probes.

The probes are calls that the linter never sees: at the start of each round of a `while` loop or of a loop over a literal one that
bounds the rounds (of a literal with elements there is at least one), at the start of each handler and `finally` block one that
looks at the exception in flight, and around each subscript in a `try` that expects its `KeyError` one that may raise it. Imports are
taken out: the fake library stands in for what they would bring.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .flavours import Flavour

KINDS = {"ValueError": ValueError, "KeyError": KeyError}
"""Exception classes that handlers name, besides `Exception`, `BaseException` and `CancelledError`."""
BROAD = {"Exception", "BaseException"}


@dataclass(frozen=True)
class Program:
    """The text of one module: imports and one function. What follows from it is worked out once."""

    text: str
    flavour: Flavour

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The text, parsed."""
        return ast.parse(self.text)

    @functools.cached_property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The function of the program."""
        return next(node for node in self.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Every name that the function mentions."""
        return frozenset(node.id for node in ast.walk(self.function) if isinstance(node, ast.Name))

    @functools.cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in order, empty for one that the function does not use."""
        return tuple(argument.arg if argument.arg in self.names else "" for argument in self.function.args.args)

    @property
    def kinds(self) -> tuple[type[Exception], ...]:
        """The exception classes that some handler or suppressor names."""
        return tuple(kind for name, kind in KINDS.items() if name in self.names)

    @property
    def acquires(self) -> dict[tuple[int, int], str]:
        """The label of each acquiring call, by its row (from 1) and column (from 0)."""
        found = {}
        for node in ast.walk(self.function):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == self.flavour.acquires and node.args:
                assert isinstance(node.args[0], ast.Constant)
                found[node.lineno, node.col_offset] = str(node.args[0].value)
        return found

    @property
    def returned(self) -> frozenset[str]:
        """The labels of the acquires that stand in a `return` statement."""
        statements = [node for node in ast.walk(self.function) if isinstance(node, ast.Return)]
        return frozenset(
            label for (row, _), label in self.acquires.items() if any(each.lineno <= row <= (each.end_lineno or 0) for each in statements)
        )

    def code(self) -> CodeType:
        """The module with probes, ready for `exec`."""
        module = _Probes().visit(ast.parse(self.text))
        return compile(ast.fix_missing_locations(module), "<program>", "exec")


class _Probes(ast.NodeTransformer):
    """Adds the probes and takes out the imports."""

    def __init__(self) -> None:
        self.loops = 0
        self.handled: list[set[str]] = []
        """The names that the handlers around name, one set for each `try` or suppressor, from the outermost on."""

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        self.generic_visit(node)
        self.loops += 1
        node.body.insert(0, _probe("__round__", self.loops, node.body[0]))
        return [_probe("__loop__", self.loops, node), node]

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        if isinstance(node.iter, ast.Tuple):
            node.iter = ast.copy_location(ast.Call(ast.Name("__steps__", ast.Load()), [], []), node.iter)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        for names in reversed(self.handled if isinstance(node.ctx, ast.Load) else []):
            if names & {"KeyError", "LookupError"}:
                return ast.copy_location(ast.Call(ast.Name("__look_up__", ast.Load()), [node], []), node)
            if names & BROAD:
                break
        return node

    def visit_With(self, node: ast.With) -> ast.With:
        suppressed = {name for item in node.items for name in _suppressed(item)}
        self.handled.append(suppressed)
        self.generic_visit(node)
        self.handled.pop()
        return node

    def visit_Try(self, node: ast.Try) -> ast.Try:
        self.handled.append({name for handler in node.handlers for name in _named(handler.type)})
        node.body = [each for statement in node.body for each in _listed(self.visit(statement))]
        self.handled.pop()
        for rest in (node.handlers, node.orelse, node.finalbody):
            rest[:] = [each for statement in rest for each in _listed(self.visit(statement))]
        for handler in node.handlers:
            handler.body.insert(0, _probe("__caught__", 0, handler.body[0]))
        if node.finalbody:
            node.finalbody.insert(0, _probe("__caught__", 0, node.finalbody[0]))
        return node


def _named(node: ast.expr | None) -> set[str]:
    """The names in the type of a handler; `BaseException` for a bare one."""
    return {"BaseException"} if node is None else {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _suppressed(item: ast.withitem) -> set[str]:
    """The names that a suppressor swallows; none for any other manager."""
    call = item.context_expr
    if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "contextlib.suppress"):
        return set()
    return {name for argument in call.args for name in _named(argument)}


def _listed(visited: ast.AST | list[ast.stmt]) -> list[Any]:
    """What a visit of a statement gave, as a list of statements."""
    return visited if isinstance(visited, list) else [visited]


def _probe(name: str, number: int, where: ast.stmt) -> ast.stmt:
    """A call of the probe `name`, standing where `where` stands."""
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(number)], []))
    return ast.copy_location(call, where)
