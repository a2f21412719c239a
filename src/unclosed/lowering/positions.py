"""Positions of nodes, for wanted nodes only.

`Spans` is the one keeper of the syntax tree, until its file is done. The first request for a position resolves all nodes registered as
wanted in one code generation; a full `PositionProvider` costs four times as much (measured: 75–124 µs a line against 21).

This is the one module that touches libcst's private state of code generation (`libcst._nodes.internal`, libcst 1.9).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState

from unclosed.flow.events import SpanId
from unclosed.lowering.names import dotted
from unclosed.text import Position, Span

CODEGEN_FRAMES = 9_000
"""Stack frames for code generation; 1,000 operators need some 4,000 (measured with libcst 1.9)."""
_NEWLINE = re.compile(r"\r\n?|\n")


class Spans:
    """The nodes of one module by id, and on request their spans and texts."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module
        self._nodes: list[cst.CSTNode] = [module]
        self._ids: dict[int, SpanId] = {}
        self._spans: dict[int, Span] | None = None

    def register(self, node: cst.CSTNode) -> SpanId:
        """The id of a node whose span may be asked for."""
        known = self._ids.get(id(node))
        if known is None:
            known = self._ids[id(node)] = SpanId(len(self._nodes))
            self._nodes.append(node)
        return known

    def span(self, id_: SpanId) -> Span:
        """Where the node stands: rows from 1, columns from 0 in code points, no surrounding whitespace."""
        if self._spans is None:
            state = _Recorder(self._module, {id(node) for node in self._nodes})
            with _deep_recursion():
                self._module._codegen(state)
            self._spans = state.found
        origin = Position(1, 0)
        return self._spans.get(id(self._nodes[id_]), Span(origin, origin))

    def text(self, id_: SpanId) -> str:
        """The node's source text."""
        return self._module.code_for_node(self._nodes[id_])

    def callee_text(self, id_: SpanId) -> str:
        """The callee of a call as the user wrote it, without arguments, on one line: `pool.getconn`."""
        node = self._nodes[id_]
        while isinstance(node, cst.Await):
            node = node.expression
        if not isinstance(node, cst.Call):
            return " ".join(self._module.code_for_node(node).split())
        return _without_arguments(node.func)

    def call_text(self, id_: SpanId) -> str:
        """A call without its arguments, `pool.getconn()`; a property that is read as it stands, `source.conn`."""
        return self.callee_text(id_) + ("" if isinstance(self._nodes[id_], cst.Attribute) else "()")

    def arguments_text(self, id_: SpanId) -> str:
        """The arguments of a call as the user wrote them, on one line: `conn`; of anything else nothing."""
        node = self._nodes[id_]
        while isinstance(node, cst.Await):
            node = node.expression
        texts = [self._module.code_for_node(each.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for each in getattr(node, "args", ())]
        return ", ".join(" ".join(text.split()) for text in texts)

    def is_return(self, id_: SpanId) -> bool:
        """Whether the node is a `return` statement, and not the end of the function."""
        return isinstance(self._nodes[id_], cst.Return)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Room for libcst's code generation, which recurses three calls a level, on the longest chain that `parse` lets through."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, CODEGEN_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _without_arguments(node: cst.BaseExpression) -> str:
    """`engine().connect` for `engine(url).connect`; `…` stands for anything that is no chain."""
    tail = []
    while not dotted(node):
        if isinstance(node, cst.Attribute):
            tail.append(f".{node.attr.value}")
            node = node.value
        elif isinstance(node, cst.Call):
            tail.append("()")
            node = node.func
        elif isinstance(node, cst.Subscript):
            tail.append("[…]")
            node = node.value
        else:
            return "(…)" + "".join(reversed(tail))
    return dotted(node) + "".join(reversed(tail))


class _Recorder(CodegenState):
    """Generates the code once and notes where the wanted nodes begin and end."""

    __slots__ = ("_open", "column", "found", "line", "wanted")

    def __init__(self, module: cst.Module, wanted: set[int]) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.wanted = wanted
        self.found: dict[int, Span] = {}
        self.line, self.column = 1, 0
        self._open: dict[int, Position] = {}

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.column += len(token)

    def add_token(self, value: str) -> None:
        if "\n" in value or "\r" in value:
            segments = _NEWLINE.split(value)
            self.line += len(segments) - 1
            self.column = len(segments[-1])
        else:
            self.column += len(value)

    def pop_trailing_newline(self) -> None:
        """Nothing to take away: no text is kept."""

    def before_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted:
            self._open[id(node)] = Position(self.line, self.column)

    def after_codegen(self, node: cst.CSTNode) -> None:
        if id(node) in self.wanted and id(node) not in self.found:
            self.found[id(node)] = Span(self._open[id(node)], Position(self.line, self.column))

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        """Called by a node around its own text, comments and parentheses aside."""
        if id(node) not in self.wanted:
            yield
            return
        start = Position(self.line, self.column)
        yield
        self.found[id(node)] = Span(start, Position(self.line, self.column))
