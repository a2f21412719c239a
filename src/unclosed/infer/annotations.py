"""Annotations as values: `Optional[psycopg2.extensions.connection]`, `"Session | None"`, `Annotated[Session, Depends(get_db)]`.

The annotation's text is read with `ast`, never evaluated. Names are resolved by the caller's scope.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from unclosed.infer.values import Sort, Value, instance, join

MAX_ALIASES = 10
"""Aliases of aliases followed."""


@dataclass(frozen=True, slots=True)
class Names:
    """What names mean in the scope of an annotation."""

    named: Callable[[str], Value | None]
    """What a dotted name names."""
    is_resource: Callable[[Value], bool]
    """Whether a value is one that the models know."""
    alias: Callable[[Value], tuple[str, Names] | None]
    """The text of a type alias, and the names where it stands."""
    hops: int = MAX_ALIASES

    def aliased(self, dotted: str) -> tuple[str, Names] | None:
        """The text that a name is an alias of, with what its names mean; `None` for any other name."""
        named = self.named(dotted) if dotted and self.hops > 0 else None
        found = self.alias(named) if named is not None and named.sort is Sort.ALIAS else None
        return None if found is None else (found[0], replace(found[1], hops=self.hops - 1))


_TRANSPARENT = {"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"}
_AWAITED = {"Awaitable", "Coroutine"}
_YIELDED = {"Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "Iterable", "AsyncIterable", "ContextManager",
"AsyncContextManager",
            "AbstractContextManager", "AbstractAsyncContextManager"}  # fmt: skip
_CLASSES = {"Type", "type"}
_SEQUENCES = {"list", "List", "tuple", "Tuple", "set", "Set", "frozenset", "FrozenSet", "deque", "Deque", "Sequence", "MutableSequence",
              "Collection", "Iterable", "Iterator", "AbstractSet", "MutableSet"}  # fmt: skip
_MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
_UNKNOWN = {"Any", "object", "Self", "TypeVar"}


def annotated_value(text: str, names: Names) -> Value | None:
    """What a place with this annotation holds; `None` where the annotation does not say or cannot be read."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _value(tree, names)


def yielded_value(text: str, names: Names) -> Value | None:
    """What a generator with this return annotation yields."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return yielded_value(tree.value, names)
    aliased = names.aliased(_dotted(tree))
    if aliased is not None:
        return yielded_value(*aliased)
    if isinstance(tree, ast.Subscript) and _last(tree.value) in _YIELDED:
        return _value(_first(tree.slice), names)
    return None


def _value(node: ast.expr, names: Names) -> Value | None:
    match node:
        case ast.Constant(value=str() as text):
            return annotated_value(text, names)
        case ast.Constant(value=None):
            return Value(Sort.NONE)
        case ast.BinOp(op=ast.BitOr()):
            return _union([node.left, node.right], names)
        case ast.Subscript():
            return _subscripted(node, names)
        case ast.Name() | ast.Attribute():
            aliased = names.aliased(_dotted(node))
            return annotated_value(*aliased) if aliased is not None else _instance_of(names.named(_dotted(node)))
    return None


def _subscripted(node: ast.Subscript, names: Names) -> Value | None:
    name = _last(node.value)
    if name in _TRANSPARENT:
        return _value(_first(node.slice), names)
    if name == "Union":
        return _union(list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice], names)
    if name in _AWAITED:
        last = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
        return Value(Sort.AWAITABLE, parts=(_value(last, names),))
    if name in _CLASSES:
        return names.named(_dotted(_first(node.slice)))
    if name in ("tuple", "Tuple") and isinstance(node.slice, ast.Tuple) and not _is_endless(node.slice):
        return Value(Sort.TUPLE, parts=tuple(_value(e, names) for e in node.slice.elts))
    found = _value(node.value, names)
    if found is None or found.sort is not Sort.INSTANCE:
        return found
    if name in _SEQUENCES:
        return found._replace(item=_value(_first(node.slice), names))
    if name in _MAPPINGS and isinstance(node.slice, ast.Tuple):
        return found._replace(item=_value(node.slice.elts[-1], names))
    return found


def _is_endless(elements: ast.Tuple) -> bool:
    """Whether a tuple has any number of elements: `tuple[Client, ...]`."""
    last = elements.elts[-1] if len(elements.elts) == 2 else None
    return isinstance(last, ast.Constant) and last.value is ...


def _union(members: list[ast.expr], names: Names) -> Value | None:
    """The members of a union are alternatives that the author named: the resource among them counts, then what is no builtin."""
    values = [value for value in (_value(member, names) for member in members) if value is not None]
    return join([*sorted(values, key=lambda value: (not names.is_resource(value), value.name.startswith("builtins.")))])


def _instance_of(named: Value | None) -> Value | None:
    if named is None:
        return None
    if named.sort is Sort.ALIAS:
        return None
    if named.sort is Sort.DEFINITION:
        return named._replace(sort=Sort.OBJECT, broad=True)
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
