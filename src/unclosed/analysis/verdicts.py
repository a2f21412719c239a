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
    arguments: str = ""
    """The arguments of a release that is not awaited, as the user wrote them, which `written` and `right` leave out: `conn`."""


@dataclass(frozen=True, slots=True)
class HeldCall:
    """One call that reaches outside, or waits, while a transaction is open or a pooled connection is checked out.

    `written`: the call as the user wrote it, `requests.post()`. `what`: what it is, `HTTP request`. `seconds`: how long it may take,
    `math.inf` without a limit, `None` where that is not known. `began`: the row, from 1, where the transaction was opened or the
    connection taken.
    """

    span: Span
    written: str
    what: str
    seconds: float | None
    began: int
    confidence: Confidence
    trail: tuple[TrailStep, ...]
    is_wait: bool = False
    sleeps: bool = False
    in_transaction: bool = True
    through_helper: bool = False
    """The call is one of a function of the project, and the I/O stands in there."""
    limited_by: str = ""
    """The argument that would limit the call, `timeout`; empty if there is none, or it is not known."""
    of_client: bool = False
    """That argument is one of the constructor of the client that makes the call."""


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that a function begins by hand and that some path neither ends nor gives back. `leaving`: `return`, `raise` or
    `cancel`, how that path leaves the function."""

    span: Span
    written: str
    leaving: str
    confidence: Confidence
    trail: tuple[TrailStep, ...]


class PoolFault(enum.Enum):
    """What is wrong with a pool."""

    PER_CALL = "per-call"
    UNBOUNDED = "unbounded"
    ENDLESS_WAIT = "endless-wait"
    NEVER_CLOSED = "never-closed"
    IMPLICIT_LIMITS = "implicit-limits"


@dataclass(frozen=True, slots=True)
class PoolVerdict:
    """What is wrong with one pool, at the call that makes it or (`ENDLESS_WAIT`) takes a connection from it.

    `written`: the call as the user wrote it, `create_engine()`. `told`: the arguments that say it, `max_overflow=-1`, or that are missing,
    `pool_size`. `function`: the last name of the function; `release`: how the pool is closed, `dispose()`, empty if it cannot be; `kept`:
    the attribute or global that keeps it.
    """

    fault: PoolFault
    span: Span
    written: str
    confidence: Confidence
    trail: tuple[TrailStep, ...] = ()
    told: tuple[str, ...] = ()
    function: str = ""
    release: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class SessionVerdict:
    """One call that relies on what belongs to one server connection, behind a pooler that takes that away.

    `written`: the call as the user wrote it, `cur.execute()`. `what` it relies on, `LISTEN`; `instead`: what to use in its place. `mode`:
    the pooler's, `transaction`. `is_prepared`: the call makes a connection or pool whose driver prepares statements by itself;
    `is_waiting`: it waits for what another statement has asked for.
    """

    span: Span
    written: str
    what: str
    instead: str
    mode: str
    confidence: Confidence
    trail: tuple[TrailStep, ...]
    is_prepared: bool = False
    is_waiting: bool = False


class Taker(enum.Enum):
    """By what an endpoint or a generator comes to the session that it holds."""

    PARAMETER = "parameter"
    """A parameter, or an attribute of its class, that a dependency fills."""
    LIST = "list"
    """`dependencies=[Depends(…)]`."""
    ACQUIRE = "acquire"
    """A generator's own acquire."""


@dataclass(frozen=True, slots=True)
class StreamVerdict:
    """A session that is held while a response is being sent.

    `lender`: the dependency that lends it, `get_db`, or the acquiring call, `SessionLocal()`. `sent`: what is being sent,
    `StreamingResponse`; empty for a generator or a WebSocket (`is_socket`). `is_direct`: the parameter takes the session itself.
    """

    taker: Taker
    span: Span
    kind: Kind
    lender: str
    confidence: Confidence
    trail: tuple[TrailStep, ...]
    sent: str = ""
    is_socket: bool = False
    is_direct: bool = True
    name: str = ""
    """The parameter."""


@dataclass(frozen=True, slots=True)
class AnalysedFunction:
    """All that the rules may ask of one function."""

    path: str
    name: str
    """Dotted name inside the module."""
    verdicts: tuple[Verdict, ...] = ()
    faults: tuple[ReleaseFault, ...] = ()
    held_calls: tuple[HeldCall, ...] = ()
    open_transactions: tuple[OpenTransaction, ...] = ()
    streams: tuple[StreamVerdict, ...] = ()
    pools: tuple[PoolVerdict, ...] = ()
    sessions: tuple[SessionVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalysedModule:
    """The functions of a module that hold something to say, in source order, and those that were skipped."""

    path: str
    functions: tuple[AnalysedFunction, ...] = ()
    skipped: tuple[Skipped, ...] = ()
