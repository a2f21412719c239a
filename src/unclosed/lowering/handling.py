"""Which handler takes which exception, and which `suppress(...)` swallows it, by their names."""

from __future__ import annotations

import builtins
import enum

import libcst as cst

from unclosed.lowering.frames import Cleanup, Continuation, Frame, Handlers, Jump, Suppression
from unclosed.lowering.names import exception_names, last_name


class Taken(enum.Enum):
    """Whether a handler takes an exception."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


BROAD = frozenset({"Exception", "BaseException"})
INTERRUPTS = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit"})
"""What comes from outside at any point: no call raises them by itself."""
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
    if names and is_interrupt(names, continuation):
        return Suppression.NEVER
    if continuation.exact and names:
        return _OF_EXACT[_takes_exact(names, continuation)]
    return Suppression.SOME if names else Suppression.NEVER


def is_interrupt(names: frozenset[str], arriving: Continuation) -> bool:
    """Whether only an interruption from outside leads from a call to a handler for these exceptions: Ctrl-C, not an error."""
    return names <= INTERRUPTS and arriving.jump is Jump.RAISE and not arriving.exact


def suppressed_names(item: cst.BaseExpression) -> frozenset[str]:
    """The exceptions that `suppress(...)` names; none for any other manager."""
    if not (isinstance(item, cst.Call) and last_name(item.func) == "suppress"):
        return frozenset()
    return frozenset().union(*(exception_names(argument.value) for argument in item.args))


def is_expected(exception: str, frame: Frame | None) -> bool:
    """Whether a handler around `frame`, or a `suppress(...)`, asks for a builtin exception by its name or that of a narrow base class.

    The author says then that the exception comes: from an operation that else does not raise in practice, such as `row["name"]`.
    `False` if something further in may take the exception before: a broad handler, or one for a class that is not builtin.
    """
    raised = getattr(builtins, exception)
    while frame is not None:
        names = frame.names if isinstance(frame, Handlers | Cleanup) else frozenset()
        handled = [getattr(builtins, name, None) for name in names - BROAD]
        if any(isinstance(each, type) and issubclass(raised, each) for each in handled):
            return True
        if names & BROAD or not all(handled) or (isinstance(frame, Handlers) and frame.takes_all):
            return False
        frame = frame.outer
    return False
