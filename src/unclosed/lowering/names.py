"""Small readings of libcst nodes: dotted names, source text, parts of targets."""

from __future__ import annotations

import libcst as cst

_EMPTY = cst.Module([])
_SPECIAL_FORMS = frozenset({"Annotated", "Optional", "Union", "Type", "type"})


def dotted(node: cst.CSTNode | None) -> str:
    """`a.b.c` for a chain of plain names, empty for anything else (a chain with a call in it has no dotted name)."""
    parts = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    parts.append(node.value)
    return ".".join(reversed(parts))


def source(node: cst.CSTNode) -> str:
    """The node's source text."""
    return dotted(node) or _EMPTY.code_for_node(node)


def last_name(node: cst.CSTNode) -> str:
    """The last name of a dotted chain or of a callee, empty if there is none."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def exception_names(node: cst.BaseExpression | None) -> frozenset[str]:
    """The last names of the exception types of a handler; a name that cannot be read is `?`."""
    if node is None:
        return frozenset()
    if isinstance(node, cst.Tuple):
        return frozenset().union(*(exception_names(e.value) for e in node.elements)) or frozenset({"()"})
    return frozenset({last_name(node) or "?"})


def type_text(node: cst.BaseExpression) -> str:
    """The type that an expression stands for, as source text, empty if it stands for none; of a bounded type variable its bound."""
    if isinstance(node, cst.Call):
        return _bound_of_call(node) if last_name(node.func) == "TypeVar" else ""
    return source(node) if is_type_expression(node) else ""


def _bound_of_call(node: cst.Call) -> str:
    """`Base` of `TypeVar("T", bound=Base)`, `Union[A, B]` of `TypeVar("T", A, B)`."""
    bound = next((source(a.value) for a in node.args if a.keyword is not None and a.keyword.value == "bound"), "")
    choices = [source(a.value) for a in node.args[1:] if a.keyword is None and not a.star]
    return bound or (f"Union[{', '.join(choices)}]" if choices else "")


def type_bounds(parameters: cst.TypeParameters | None) -> dict[str, str]:
    """The bounds of type parameters by their names: `class Store[T: Base]`."""
    found = {}
    for parameter in parameters.params if parameters is not None else ():
        if isinstance(parameter.param, cst.TypeVar) and parameter.param.bound is not None:
            bound = parameter.param.bound
            text = source(bound)
            found[parameter.param.name.value] = f"Union[{text.strip('()')}]" if isinstance(bound, cst.Tuple) else text
    return found


def is_type_expression(node: cst.BaseExpression) -> bool:
    """Whether an expression looks like a type and like nothing else: `Optional[Session]`, `Session | None`, but not `re.I | re.M`."""
    if isinstance(node, cst.Subscript):
        return last_name(node.value) in _SPECIAL_FORMS
    members = []
    at = node
    while isinstance(at, cst.BinaryOperation) and isinstance(at.operator, cst.BitOr):
        members.append(at.right)
        at = at.left
    names = [dotted(member).rpartition(".")[2] for member in (at, *members)]
    return at is not node and all(names) and any(name == "None" or (name[0].isupper() and not name.isupper()) for name in names)


def is_stub_body(body: cst.BaseSuite) -> bool:
    """Whether a function's body only raises `NotImplementedError`, or says `...` or `pass`, after its docstring."""
    statements = list(body.body)
    small: list[cst.BaseSmallStatement] = []
    for statement in statements:
        if isinstance(statement, cst.SimpleStatementLine):
            small.extend(statement.body)
        elif isinstance(statement, cst.BaseSmallStatement):
            small.append(statement)
        else:
            return False
    return all(_is_stub(s) for s in small)


def _is_stub(statement: cst.BaseSmallStatement) -> bool:
    if isinstance(statement, cst.Pass):
        return True
    if isinstance(statement, cst.Expr):
        return isinstance(statement.value, cst.Ellipsis | cst.SimpleString | cst.ConcatenatedString)
    if isinstance(statement, cst.Raise) and statement.exc is not None:
        exc = statement.exc.func if isinstance(statement.exc, cst.Call) else statement.exc
        return last_name(exc) == "NotImplementedError"
    return False
