"""Conditions as they are written: which can be known again, and what they ask for."""

from __future__ import annotations

import libcst as cst

from unclosed.lowering.names import last_name


def is_pure(node: cst.CSTNode) -> bool:
    """Whether an expression is built of names, attributes, items, literals and operators only."""
    pending: list[cst.CSTNode] = [node]
    while pending:
        at = pending.pop()
        match at:
            case cst.Name() | cst.Integer() | cst.Float() | cst.SimpleString():
                pass
            case cst.Attribute():
                pending.append(at.value)
            case cst.Comparison():
                pending += [at.left, *(c.comparator for c in at.comparisons)]
            case cst.BinaryOperation() | cst.BooleanOperation():
                pending += [at.left, at.right]
            case cst.UnaryOperation():
                pending.append(at.expression)
            case cst.Tuple() | cst.List() | cst.Set():
                pending += [e.value for e in at.elements]
            case _:
                return False
    return True


def inside_bool(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What `bool(conn)` asks; `None` for anything else. Approximation: nobody calls a function of his own `bool`."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "bool" and len(node.args) == 1:
        argument = node.args[0]
        return argument.value if argument.keyword is None and not argument.star else None
    return None


def is_truth(node: cst.BaseExpression) -> bool:
    """Whether an expression gives `True` or `False` by a test that conditions know: `conn is None`, `not ready`, `bool(conn)`."""
    if inside_bool(node) is not None:
        return True
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not)
    return isinstance(node, cst.Comparison) and len(node.comparisons) == 1


def name_in_locals(node: cst.Comparison) -> str:
    """The name that `"conn" in locals()` asks for, else empty."""
    left, right = node.left, node.comparisons[0].comparator
    asks = (
        isinstance(node.comparisons[0].operator, cst.In)
        and isinstance(right, cst.Call)
        and last_name(right.func) in ("locals", "vars", "dir")
    )
    text = left.evaluated_value if asks and isinstance(left, cst.SimpleString) else ""
    return text if isinstance(text, str) and text.isidentifier() else ""
