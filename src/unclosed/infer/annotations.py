"""Annotations as values: `Optional[psycopg2.extensions.connection]`, `"Session | None"`, `Annotated[Session, Depends(get_db)]`.

The annotation's text is read with `ast`, never evaluated. Names are resolved by the caller's scope.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from unclosed.infer.values import Sort, Value, instance, join

Resolve = Callable[[str], Value | None]
"""Dotted name to what it names in the annotation's scope."""

_TRANSPARENT = {"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"}
_AWAITED = {"Awaitable", "Coroutine"}
_YIELDED = {"Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "Iterable", "AsyncIterable", "ContextManager",
"AsyncContextManager",
            "AbstractContextManager", "AbstractAsyncContextManager"}  # fmt: skip
_CLASSES = {"Type", "type"}
_UNKNOWN = {"Any", "object", "Self", "TypeVar"}


def annotated_value(text: str, resolve: Resolve) -> Value | None:
    """What a place with this annotation holds; `None` where the annotation does not say or cannot be read."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _value(tree, resolve)


def yielded_value(text: str, resolve: Resolve) -> Value | None:
    """What a generator with this return annotation yields."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return yielded_value(tree.value, resolve)
    if isinstance(tree, ast.Subscript) and _last(tree.value) in _YIELDED:
        return _value(_first(tree.slice), resolve)
    return None


def _value(node: ast.expr, resolve: Resolve) -> Value | None:
    match node:
        case ast.Constant(value=str() as text):
            return annotated_value(text, resolve)
        case ast.Constant(value=None):
            return Value(Sort.NONE)
        case ast.BinOp(op=ast.BitOr()):
            return _union([node.left, node.right], resolve)
        case ast.Subscript():
            return _subscripted(node, resolve)
        case ast.Name() | ast.Attribute():
            return _instance_of(resolve(_dotted(node)))
    return None


def _subscripted(node: ast.Subscript, resolve: Resolve) -> Value | None:
    name = _last(node.value)
    if name in _TRANSPARENT:
        return _value(_first(node.slice), resolve)
    if name == "Union":
        return _union(list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice], resolve)
    if name in _AWAITED:
        last = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
        return Value(Sort.AWAITABLE, parts=(_value(last, resolve),))
    if name in _CLASSES:
        return resolve(_dotted(_first(node.slice)))
    if name in ("tuple", "Tuple") and isinstance(node.slice, ast.Tuple):
        return Value(Sort.TUPLE, parts=tuple(_value(e, resolve) for e in node.slice.elts))
    return _value(node.value, resolve)


def _union(members: list[ast.expr], resolve: Resolve) -> Value | None:
    # The members of a union are alternatives that the author named: the resource among them counts.
    values: list[Value | None] = [value for value in (_value(member, resolve) for member in members) if value is not None]
    named = [value for value in values if value is not None and not value.name.startswith("builtins.")]
    return join([*named] if named else values)


def _instance_of(named: Value | None) -> Value | None:
    if named is None:
        return None
    if named.sort is Sort.ALIAS:
        return named.parts[0]
    if named.sort is Sort.DEFINITION:
        return named._replace(sort=Sort.OBJECT)
    if named.sort is not Sort.NAME or named.name.rpartition(".")[2] in _UNKNOWN:
        return None
    return instance(named.name)


def _first(node: ast.expr) -> ast.expr:
    return node.elts[0] if isinstance(node, ast.Tuple) and node.elts else node


def _last(node: ast.expr) -> str:
    return _dotted(node).rpartition(".")[2]


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))
