"""What the analysis says of one function, in terms that rules can read.

A *verdict* is about one acquire that is not given back on some path. A *release fault* is about one release that does not
release. Rules choose the code and the words.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from unclosed.confidence import Confidence
from unclosed.findings import Skipped, TrailStep
from unclosed.library import Kind, Lease
from unclosed.text import Span


class Loss(enum.Enum):
    """How an acquired value is lost, in the order in which the first that is true is reported."""

    WITH_KEEPS_OPEN = "with-keeps-open"
    DISCARDED = "discarded"
    NEVER = "never"
    OVERWRITTEN = "overwritten"
    EARLY_EXIT = "early-exit"
    EXCEPTION = "exception"
    CANCELLATION = "cancellation"
    KEPT_BY_OWNER = "kept-by-owner"
    """Kept on `self`, and nothing gives it back: judged of the class, not of the function."""


class Fault(enum.Enum):
    """How a release fails to release."""

    WRONG_METHOD = "wrong-method"
    WRONG_OWNER = "wrong-owner"
    NOT_AWAITED = "not-awaited"
    NOT_CALLED = "not-called"


@dataclass(frozen=True, slots=True)
class Resource:
    """An acquired value as a person sees it.

    `text` is the acquiring call as the user wrote it without its arguments, `pool.getconn()`; `owner` the written receiver
    (`pool`; empty for a plain function). `target` is the name it is bound to first, empty if none. `is_child`: it
    belongs to a parent that the function did not acquire. `is_lender_hidden`: what lent it, and takes it back, has no name here.
    """

    text: str
    owner: str
    target: str
    lease: Lease
    is_child: bool
    span: Span
    is_lender_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One acquire that is not given back on some path.

    `where` is the span of the statement that loses it (the rebinding, the early exit, the call that raises); `None` where there is
    no single one. `cause` is the written callee that raises, or the word of the statement (`return`, `break`, `raise`, ...). `row` of a
    span counts from 1.
    """

    loss: Loss
    resource: Resource
    confidence: Confidence
    trail: tuple[TrailStep, ...]
    where: Span | None = None
    cause: str = ""
    in_provider: bool = False
    attribute: str = ""
    """For a resource kept on `self`: the attribute, `self.conn`."""


@dataclass(frozen=True, slots=True)
class ReleaseFault:
    """One release that does not give the resource back. `written` is the release as the user wrote it, `conn.close()`.

    `right` is how it must be written, `await conn.close()` or `pool.putconn(conn)`.
    """

    fault: Fault
    kind: Kind
    span: Span
    written: str
    right: str
    confidence: Confidence
    trail: tuple[TrailStep, ...] = ()
    in_async: bool = True
    """It stands in an `async def`, where it can be awaited as it is."""


@dataclass(frozen=True, slots=True)
class AnalysedFunction:
    """All that the rules may ask of one function."""

    path: str
    name: str
    """Dotted name inside the module."""
    verdicts: tuple[Verdict, ...] = ()
    faults: tuple[ReleaseFault, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysedModule:
    """The functions of a module that hold something to say, in source order, and those that were skipped."""

    path: str
    functions: tuple[AnalysedFunction, ...] = ()
    skipped: tuple[Skipped, ...] = ()
