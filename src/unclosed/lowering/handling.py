"""Which handler takes which exception, and which `suppress(...)` swallows it, by their names."""

from __future__ import annotations

import builtins
import enum

import libcst as cst

from unclosed.lowering.frames import Continuation, Jump, Suppression
from unclosed.lowering.names import exception_names, last_name


class Taken(enum.Enum):
    """Whether a handler takes an exception."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


_OF_EXACT = {Taken.YES: Suppression.ALWAYS, Taken.MAYBE: Suppression.SOME, Taken.NO: Suppression.NEVER}


def takes(node: cst.ExceptHandler | cst.ExceptStarHandler, names: frozenset[str], arriving: Continuation, is_async: bool) -> Taken:
    """Whether a handler for the exceptions called `names` takes what arrives."""
    if node.type is None or "BaseException" in names:
        return Taken.YES
    if arriving.jump is Jump.CANCEL:
        return Taken.YES if "CancelledError" in names else Taken.NO
    if "Exception" in names:
        return Taken.NO if _is_outside_exception(arriving.exact) else Taken.YES
    if names == {"CancelledError"} and is_async:
        return Taken.NO
    if arriving.exact:
        return _takes_exact(names, arriving)
    return Taken.NO if names <= arriving.passed else Taken.MAYBE


def _takes_exact(names: frozenset[str], arriving: Continuation) -> Taken:
    if arriving.exact in names:
        return Taken.YES
    raised = getattr(builtins, arriving.exact, None)
    handled = [getattr(builtins, name, None) for name in names]
    if isinstance(raised, type) and all(isinstance(h, type) for h in handled):
        return Taken.YES if any(issubclass(raised, h) for h in handled if isinstance(h, type)) else Taken.NO
    return Taken.NO if names <= arriving.passed else Taken.MAYBE


def _is_outside_exception(exact: str) -> bool:
    raised = getattr(builtins, exact, None) if exact else None
    return isinstance(raised, type) and issubclass(raised, BaseException) and not issubclass(raised, Exception)


def suppression(item: cst.BaseExpression, continuation: Continuation, is_async: bool) -> Suppression:
    """What a manager does with an exception, as far as its spelling says: `suppress(ValueError)`."""
    if not (isinstance(item, cst.Call) and last_name(item.func) == "suppress"):
        return Suppression.IF_KNOWN if continuation.jump is Jump.RAISE else Suppression.NEVER
    names = suppressed_names(item)
    if continuation.jump is Jump.CANCEL:
        return Suppression.ALWAYS if names & {"CancelledError", "BaseException"} else Suppression.NEVER
    if names & {"Exception", "BaseException"}:
        return Suppression.ALWAYS
    if (names <= {"CancelledError", "KeyboardInterrupt"} and is_async) or names <= continuation.passed:
        return Suppression.NEVER
    if continuation.exact and names:
        return _OF_EXACT[_takes_exact(names, continuation)]
    return Suppression.SOME if names else Suppression.NEVER


def suppressed_names(item: cst.BaseExpression) -> frozenset[str]:
    """The exceptions that `suppress(...)` names; none for any other manager."""
    if not (isinstance(item, cst.Call) and last_name(item.func) == "suppress"):
        return frozenset()
    return frozenset().union(*(exception_names(argument.value) for argument in item.args))
