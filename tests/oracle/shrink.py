"""Makes a program smaller while something stays true of it.

A step takes one statement out, or puts the body (a handler, an `else`) of a compound statement in its place.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from .instrument import Program

SUITES = ("body", "orelse", "finalbody")


def shrunk(program: Program, holds: Callable[[Program], bool]) -> Program:
    """A program of which `holds` is still true and that no single step makes smaller."""
    while True:
        smaller = next((candidate for candidate in _smaller(program) if holds(candidate)), None)
        if smaller is None:
            return program
        program = smaller


def _smaller(program: Program) -> Iterator[Program]:
    """Each program that is one step smaller, the largest steps first."""
    size = len(program.text)
    candidates = {}
    for path in range(_count(program)):
        for way in range(6):
            tree = ast.parse(program.text)
            if _Step(path, way).run(tree):
                text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
                if len(text) < size and _is_valid(text):
                    candidates[text] = Program(text, program.flavour)
    yield from sorted(candidates.values(), key=lambda candidate: (len(candidate.text), candidate.text))


def _count(program: Program) -> int:
    """How many statements the function has, at any depth."""
    return sum(isinstance(node, ast.stmt) for node in ast.walk(program.function)) - 1


def _is_valid(text: str) -> bool:
    """The text compiles (`break` outside a loop does not)."""
    try:
        compile(text, "<smaller>", "exec")
    except SyntaxError:
        return False
    return True


class _Step:
    """One step at the statement with this number, in document order: way 0 takes it out, the others put a part in its place."""

    def __init__(self, number: int, way: int) -> None:
        self.number, self.way = number, way

    def run(self, tree: ast.Module) -> bool:
        """Change the tree; false if there is no such step."""
        function = next(node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
        return self._suite(function.body)

    def _suite(self, suite: list[ast.stmt]) -> bool:
        for index, statement in enumerate(suite):
            if self.number == 0:
                self.number = -1
                return self._replace(suite, index)
            self.number -= 1
            if any(self._suite(inner) for inner in _suites(statement)):
                return True
        return False

    def _replace(self, suite: list[ast.stmt], index: int) -> bool:
        statement = suite[index]
        if self.way == 0:
            suite[index : index + 1] = [] if len(suite) > 1 else [ast.Pass()]
            return not isinstance(statement, ast.Pass) or len(suite) > 1
        inner = _suites(statement)
        if self.way <= len(inner):
            suite[index : index + 1] = inner[self.way - 1]
            return bool(inner[self.way - 1])
        return self._drop_part(statement)

    def _drop_part(self, statement: ast.stmt) -> bool:
        """Take out the `else`, the last handler or the `finally` (ways 4 and 5)."""
        if self.way == 4 and getattr(statement, "orelse", None):
            statement.orelse = []  # type: ignore[attr-defined]  # tested
            return True
        if self.way == 5 and isinstance(statement, ast.Try) and len(statement.handlers) + bool(statement.finalbody) > 1:
            if statement.finalbody:
                statement.finalbody = []
            else:
                statement.handlers.pop()
            return True
        return False


def _suites(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The suites directly inside a statement, in document order."""
    suites = [getattr(statement, "body", [])]
    suites += [handler.body for handler in getattr(statement, "handlers", [])]
    suites += [case.body for case in getattr(statement, "cases", [])]
    suites += [getattr(statement, name, []) for name in SUITES[1:]]
    return [suite for suite in suites if isinstance(suite, list) and suite]
