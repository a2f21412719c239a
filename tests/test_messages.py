"""What the messages say, for each kind of loss and each sort of lease."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest

from unclosed.analysis.verdicts import AnalysedFunction, Fault, HeldCall, Loss, ReleaseFault, Resource, Verdict
from unclosed.confidence import Confidence
from unclosed.library import Kind, Lease, LostIn, Release, WithExit
from unclosed.rules import all_rules
from unclosed.rules.wording import LIMIT, shortened
from unclosed.text import Position, Span

ACQUIRE = Span(Position(7, 11), Position(7, 29))
LATER = Span(Position(12, 4), Position(12, 20))
CLOSE = Release("close")
IN_THE_FUNCTION = tuple(loss for loss in Loss if loss is not Loss.KEPT_BY_OWNER)

PLAIN = Resource(
    "psycopg2.connect()",
    "",
    "conn",
    Lease("psycopg2.extensions.connection", Kind.CONNECTION, (CLOSE,), with_exit=WithExit.TRANSACTION),
    False,
    ACQUIRE,
)
BLOCK = Resource(
    "Session()", "", "session", Lease("sqlalchemy.orm.Session", Kind.SESSION, (CLOSE,), with_exit=WithExit.RELEASE), False, ACQUIRE
)
ASYNC_BLOCK = Resource(
    "httpx.AsyncClient()",
    "",
    "client",
    Lease("httpx.AsyncClient", Kind.CLIENT, (Release("aclose", awaited=True),), async_with_exit=WithExit.RELEASE),
    False,
    ACQUIRE,
)
AWAITED = Resource(
    "asyncpg.connect()", "", "conn", Lease("asyncpg.Connection", Kind.CONNECTION, (Release("close", awaited=True),)), False, ACQUIRE
)
ACLOSE = Resource("make_client()", "", "client", Lease("acme.Client", Kind.CLIENT, (Release("aclose", awaited=True),)), False, ACQUIRE)
OTHER_NAME = Resource("imaplib.IMAP4()", "", "mail", Lease("imaplib.IMAP4", Kind.CLIENT, (Release("logout"),)), False, ACQUIRE)
LENT = Resource(
    "pool.getconn()",
    "pool",
    "conn",
    Lease(
        "psycopg2.extensions.connection",
        Kind.CONNECTION,
        (Release("putconn", owner=True, argument=0),),
        frozenset({"close"}),
        with_exit=WithExit.TRANSACTION,
    ),
    False,
    ACQUIRE,
)
LENT_BLOCK = Resource(
    "pool.acquire()",
    "pool",
    "conn",
    Lease(
        "asyncpg.Connection", Kind.CONNECTION, (Release("release", awaited=True, owner=True, argument=0),), async_with_exit=WithExit.RELEASE
    ),
    False,
    ACQUIRE,
)
ONLY_BLOCK = Resource("open_channel()", "", "", Lease("acme.Channel", Kind.CLIENT, with_exit=WithExit.RELEASE), False, ACQUIRE)
EVERY_SORT = (PLAIN, BLOCK, ASYNC_BLOCK, AWAITED, ACLOSE, OTHER_NAME, LENT, LENT_BLOCK, ONLY_BLOCK)


def reported(*verdicts: Verdict, faults: tuple[ReleaseFault, ...] = ()) -> list[str]:
    """Code and message of every finding that the rules make of these verdicts and faults."""
    function = AnalysedFunction("shop.py", "load", verdicts, faults)
    return [f"{finding.code} {finding.message}" for rule in all_rules() for finding in rule.check(function)]


def of_each(resources: Iterable[Resource], loss: Loss, cause: str = "") -> list[str]:
    """The messages for this loss of each resource."""
    return reported(*(Verdict(loss, resource, Confidence.CERTAIN, (), LATER, cause) for resource in resources))


def test_with_that_keeps_open() -> None:
    """A block that keeps the resource open is not advised again."""
    assert of_each((PLAIN, AWAITED, OTHER_NAME, LENT), Loss.WITH_KEEPS_OPEN) == [
        "UNC104 connection from psycopg2.connect() is not closed by 'with', which only ends the transaction; use closing()",
        "UNC104 connection from asyncpg.connect() is not closed by 'with'; await conn.close() in 'finally'",
        "UNC104 client from imaplib.IMAP4() is not closed by 'with'; call mail.logout() in 'finally'",
        "UNC104 connection from pool.getconn() is not given back by 'with'; call pool.putconn(conn) in 'finally'",
    ]


def test_discarded() -> None:
    """What has no name gets one, or a block."""
    assert of_each((replace(resource, target="") for resource in EVERY_SORT), Loss.DISCARDED) == [
        "UNC106 connection from psycopg2.connect() has no name and is never closed; release it in 'finally' or use closing()",
        "UNC106 session from Session() has no name and is never closed; use 'with'",
        "UNC106 client from httpx.AsyncClient() has no name and is never closed; use 'async with'",
        "UNC106 connection from asyncpg.connect() has no name and is never closed; await close() on it in 'finally'",
        "UNC106 client from make_client() has no name and is never closed; release it in 'finally' or use aclosing()",
        "UNC106 client from imaplib.IMAP4() has no name and is never closed; call logout() on it in 'finally'",
        "UNC106 connection from pool.getconn() has no name and is never given back; call pool.putconn(...) in 'finally'",
        "UNC106 connection from pool.acquire() has no name and is never given back; use 'async with pool.acquire()'",
        "UNC106 client from open_channel() has no name and is never closed; use 'with'",
    ]


def test_never_released() -> None:
    """The way out is the one that the library has."""
    assert of_each(EVERY_SORT, Loss.NEVER) == [
        "UNC101 connection from psycopg2.connect() is never closed; release it in 'finally' or use closing()",
        "UNC101 session from Session() is never closed; use 'with'",
        "UNC101 client from httpx.AsyncClient() is never closed; use 'async with'",
        "UNC101 connection from asyncpg.connect() is never closed; await conn.close() in 'finally'",
        "UNC101 client from make_client() is never closed; release it in 'finally' or use aclosing()",
        "UNC101 client from imaplib.IMAP4() is never closed; call mail.logout() in 'finally'",
        "UNC101 connection from pool.getconn() is never given back; call pool.putconn(conn) in 'finally'",
        "UNC101 connection from pool.acquire() is never given back; use 'async with pool.acquire()'",
        "UNC101 client from open_channel() is never closed; use 'with'",
    ]


def test_an_exception_in_a_narrow_place() -> None:
    """What raises is said by its method at least, whatever else has to be short."""
    store = replace(OTHER_NAME, text="stores.CustomerOrderStore()", target="customer_orders")
    releases = (Release("close_control_connection"), Release("stop"))
    stores = [replace(store, lease=replace(store.lease, release=(release,))) for release in releases]
    assert of_each(stores, Loss.EXCEPTION, "self.customers.orders.refresh_all()") == [
        "UNC103 client from Custome...() is not closed when refresh_all() (line 12) raises; call close_control_connection() in 'finally'",
        "UNC103 client from CustomerOrd...() is not closed when refresh_all() (line 12) raises; call stop() on it in 'finally'",
    ]
    assert of_each(stores[1:], Loss.EXCEPTION, "entering the 'with' block") == [
        "UNC103 client from CustomerOrd...() is not closed when entering the block (line 12) raises; call stop() on it in 'finally'",
    ]


def test_overwritten() -> None:
    """The name and the line that takes it are said."""
    assert of_each(EVERY_SORT, Loss.OVERWRITTEN, "=") == [
        "UNC105 connection from psycopg2.connect() is not closed before line 12 overwrites conn; release it first",
        "UNC105 session from Session() is not closed before line 12 overwrites session; release it first",
        "UNC105 client from httpx.AsyncClient() is not closed before line 12 overwrites client; release it first",
        "UNC105 connection from asyncpg.connect() is not closed before line 12 overwrites conn; release it first",
        "UNC105 client from make_client() is not closed before line 12 overwrites client; release it first",
        "UNC105 client from imaplib.IMAP4() is not closed before line 12 overwrites mail; release it first",
        "UNC105 connection from pool.getconn() is not given back before line 12 overwrites conn; give it back first",
        "UNC105 connection from pool.acquire() is not given back before line 12 overwrites conn; give it back first",
        "UNC105 client from open_channel() is not closed before line 12 overwrites it; release it first",
    ]


def test_early_exit() -> None:
    """The word that leaves and its line are said."""
    assert of_each(EVERY_SORT, Loss.EARLY_EXIT, "return") == [
        "UNC102 connection from psycopg2.connect() is not closed before 'return' (line 12); release it in 'finally' or use closing()",
        "UNC102 session from Session() is not closed before 'return' (line 12); use 'with'",
        "UNC102 client from httpx.AsyncClient() is not closed before 'return' (line 12); use 'async with'",
        "UNC102 connection from asyncpg.connect() is not closed before 'return' (line 12); await conn.close() in 'finally'",
        "UNC102 client from make_client() is not closed before 'return' (line 12); release it in 'finally' or use aclosing()",
        "UNC102 client from imaplib.IMAP4() is not closed before 'return' (line 12); call mail.logout() in 'finally'",
        "UNC102 connection from pool.getconn() is not given back before 'return' (line 12); call pool.putconn(conn) in 'finally'",
        "UNC102 connection from pool.acquire() is not given back before 'return' (line 12); use 'async with pool.acquire()'",
        "UNC102 client from open_channel() is not closed before 'return' (line 12); use 'with'",
    ]


def test_exception() -> None:
    """The call that raises and its line are said."""
    assert of_each(EVERY_SORT, Loss.EXCEPTION, "fetch") == [
        "UNC103 connection from psycopg2.connect() is not closed when fetch() (line 12) raises; release it in 'finally' or use closing()",
        "UNC103 session from Session() is not closed when fetch() (line 12) raises; use 'with'",
        "UNC103 client from httpx.AsyncClient() is not closed when fetch() (line 12) raises; use 'async with'",
        "UNC103 connection from asyncpg.connect() is not closed when fetch() (line 12) raises; await conn.close() in 'finally'",
        "UNC103 client from make_client() is not closed when fetch() (line 12) raises; release it in 'finally' or use aclosing()",
        "UNC103 client from imaplib.IMAP4() is not closed when fetch() (line 12) raises; call mail.logout() in 'finally'",
        "UNC103 connection from pool.getconn() is not given back when fetch() (line 12) raises; call pool.putconn(conn) in 'finally'",
        "UNC103 connection from pool.acquire() is not given back when fetch() (line 12) raises; use 'async with pool.acquire()'",
        "UNC103 client from open_channel() is not closed when fetch() (line 12) raises; use 'with'",
    ]


def test_cancellation() -> None:
    """The call that is cancelled is said, by its line alone where space is short."""
    assert of_each(EVERY_SORT, Loss.CANCELLATION, "conn.fetch") == [
        "UNC112 connection from psycopg2.connect() is not closed when conn.fetch() (line 12) is cancelled; use closing()",
        "UNC112 session from Session() is not closed when conn.fetch() (line 12) is cancelled; use 'with'",
        "UNC112 client from httpx.AsyncClient() is not closed when conn.fetch() (line 12) is cancelled; use 'async with'",
        "UNC112 connection from asyncpg.connect() is not closed when fetch() (line 12) is cancelled; await conn.close() in 'finally'",
        "UNC112 client from make_client() is not closed when conn.fetch() (line 12) is cancelled; use aclosing()",
        "UNC112 client from imaplib.IMAP4() is not closed when conn.fetch() (line 12) is cancelled; call mail.logout() in 'finally'",
        "UNC112 connection from pool.getconn() is not given back when line 12 is cancelled; call pool.putconn(conn) in 'finally'",
        "UNC112 connection from pool.acquire() is not given back when fetch() (line 12) is cancelled; use 'async with pool.acquire()'",
        "UNC112 client from open_channel() is not closed when conn.fetch() (line 12) is cancelled; use 'with'",
    ]


def test_a_lender_out_of_sight_is_not_named() -> None:
    """`gateway.take()` of a pool inside: `gateway` has no `putconn`, and the block of the pool cannot be entered from here."""
    behind = [replace(resource, text="gateway.take()", is_lender_hidden=True) for resource in (LENT, LENT_BLOCK, PLAIN)]
    assert of_each(tuple(behind), Loss.NEVER) == [
        "UNC101 connection from gateway.take() is never given back; call putconn() of its pool in 'finally'",
        "UNC101 connection from gateway.take() is never given back; await release() of its pool in 'finally'",
        "UNC101 connection from gateway.take() is never closed; release it in 'finally' or use closing()",
    ]


CURSOR = Resource("conn.cursor()", "conn", "cur", Lease("sqlite3.Cursor", Kind.CURSOR, (CLOSE,)), True, ACQUIRE)


def test_cursors_have_codes_of_their_own_except_for_cancellation() -> None:
    """The family of a verdict follows from the kind of its lease."""
    messages = reported(*(Verdict(loss, CURSOR, Confidence.CERTAIN, (), LATER, "cur.fetchall") for loss in IN_THE_FUNCTION))
    assert [message.split()[0] for message in messages] == ["UNC112", "UNC131", "UNC132", "UNC133", "UNC134", "UNC135", "UNC136"]


def in_provider(resource: Resource) -> list[str]:
    """The messages for every loss of a resource that a provider lends; an exception is raised at its `yield`."""
    return reported(*(Verdict(loss, resource, Confidence.CERTAIN, (), LATER, "yield", in_provider=True) for loss in IN_THE_FUNCTION))


@pytest.mark.parametrize("resource", [PLAIN, CURSOR], ids=["connection", "cursor"])
def test_a_provider_has_one_code_for_three_losses(resource: Resource) -> None:
    """Never, on an early exit and on an exception; the others keep their codes."""
    codes = [message.split()[0] for message in in_provider(resource)]
    assert [code for code in codes if code == "UNC109"] == ["UNC109"] * 3
    assert len(codes) == len(IN_THE_FUNCTION)


def test_a_provider_says_what_its_borrower_does() -> None:
    """At the `yield` it is the borrower's exception that skips the release."""
    assert [message for message in in_provider(PLAIN) if message.startswith("UNC109")] == [
        "UNC109 connection from psycopg2.connect() is lent to its borrower and never closed; release it in 'finally' or use closing()",
        "UNC109 connection from psycopg2.connect() is not closed on the path through 'yield' (line 12); use closing()",
        "UNC109 connection from psycopg2.connect() is not closed when its borrower raises at 'yield' (line 12); use closing()",
    ]


WAITED_FOR = Resource(
    "pool.getconn()",
    "pool",
    "conn",
    Lease(
        "psycopg.AsyncConnection",
        Kind.CONNECTION,
        (Release("putconn", awaited=True, owner=True, argument=0),),
        lost_in=(LostIn("asyncio.wait_for", (3, 12)),),
    ),
    False,
    ACQUIRE,
)


def test_a_wrapper_that_loses_the_acquired_value_is_named() -> None:
    """`asyncio.wait_for(pool.getconn(), 5)` gets the advice to use the pool's own limit."""
    around = Span(Position(7, 4), Position(7, 40))
    assert reported(Verdict(Loss.CANCELLATION, WAITED_FOR, Confidence.CERTAIN, (), around, "asyncio.wait_for")) == [
        "UNC112 connection from pool.getconn() is lost when asyncio.wait_for() (line 7) is cancelled; give it the limit itself"
    ]


def test_a_wrapper_that_comes_later_is_only_a_call() -> None:
    """The same function around a query is cancelled like any other call."""
    assert reported(Verdict(Loss.CANCELLATION, WAITED_FOR, Confidence.CERTAIN, (), LATER, "asyncio.wait_for")) == [
        "UNC112 connection from pool.getconn() is not given back when line 12 is cancelled; await pool.putconn(conn) in 'finally'"
    ]


def fault(kind_of_fault: Fault, written: str, right: str) -> list[str]:
    """The message for one release fault of a connection."""
    return reported(faults=(ReleaseFault(kind_of_fault, Kind.CONNECTION, LATER, written, right, Confidence.CERTAIN),))


def test_release_faults_show_the_right_release() -> None:
    """What is written, what it does not do, and what to write instead."""
    messages = [
        *fault(Fault.WRONG_METHOD, "conn.close()", "pool.putconn(conn)"),
        *fault(Fault.WRONG_OWNER, "other.putconn(conn)", "pool.putconn(conn)"),
        *fault(Fault.NOT_AWAITED, "conn.close()", "await conn.close()"),
        *fault(Fault.NOT_CALLED, "conn.close", "conn.close()"),
    ]
    assert messages == [
        "UNC107 conn.close() does not give the connection back to its pool; use pool.putconn(conn)",
        "UNC107 other.putconn(conn) gives the connection to a pool that did not lend it; use pool.putconn(conn)",
        "UNC108 conn.close() is a coroutine that is not awaited, so the connection stays open; write 'await conn.close()'",
        "UNC113 conn.close is named but not called, so the connection stays open; write 'conn.close()'",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("conn", "pool.release(conn) is a coroutine that is not awaited, so the connection stays open; write 'await pool.release(conn)'"),
        (
            "self.connections[name].raw",
            "pool.release(...) is a coroutine that is not awaited, so the connection stays open; write 'await pool.release(...)'",
        ),
    ],
)
def test_a_release_that_is_not_awaited_keeps_its_arguments(arguments: str, message: str) -> None:
    """`await pool.release()` would be no release; long ones are left out where there is no room."""
    written = ReleaseFault(
        *(Fault.NOT_AWAITED, Kind.CONNECTION, LATER, "pool.release()", "await pool.release()", Confidence.CERTAIN), arguments=arguments
    )
    assert reported(faults=(written,)) == [f"UNC108 {message}"]


def test_a_release_outside_of_a_coroutine_cannot_be_awaited_there() -> None:
    """`await` in a plain `def` is no Python."""
    written = ReleaseFault(
        Fault.NOT_AWAITED, Kind.CONNECTION, LATER, "conn.close()", "await conn.close()", Confidence.CERTAIN, in_async=False
    )
    findings = (finding for rule in all_rules() for finding in rule.check(AnalysedFunction("shop.py", "f", (), (written,))))
    assert [f"{finding.code} {finding.message}" for finding in findings] == [
        "UNC108 conn.close() is a coroutine that is not awaited, so the connection stays open; await it in an 'async def'"
    ]


def test_a_short_call_is_named_whole_as_long_as_something_else_can_be_shorter() -> None:
    """`conn.enable_load_extension()` says more than `...enable_load_extension()`."""
    verdict = Verdict(Loss.EXCEPTION, PLAIN, Confidence.CERTAIN, (), LATER, "conn.enable_load_extension")
    assert reported(verdict) == [
        "UNC103 connection from psycopg2.connect() is not closed when conn.enable_load_extension() (line 12) raises; use closing()"
    ]


def test_a_resource_that_its_class_keeps_says_where() -> None:
    """The attribute is the one of the user's code."""
    assert reported(Verdict(Loss.KEPT_BY_OWNER, PLAIN, Confidence.CERTAIN, (), attribute="self.conn")) == [
        "UNC110 connection from psycopg2.connect() is kept in self.conn and never closed; give the class a method that does"
    ]


def test_a_finding_says_where_and_in_what() -> None:
    """Losses are reported at the acquire, with the function and the resource for formats that want them."""
    function = AnalysedFunction("shop.py", "Orders.load", (Verdict(Loss.NEVER, PLAIN, Confidence.LIKELY, ()),))
    (finding,) = (finding for rule in all_rules() for finding in rule.check(function))
    assert (finding.path, finding.span, finding.confidence) == ("shop.py", ACQUIRE, Confidence.LIKELY)
    assert (finding.resource, finding.function) == ("psycopg2.connect()", "Orders.load")


@pytest.mark.parametrize(
    ("seconds", "limited_by", "of_client", "through_helper", "message"),
    [
        (math.inf, "timeout", False, False, "UNC201 api.call(), an API call, has no time limit in {}; move it or pass 'timeout'"),
        (
            math.inf,
            "timeout",
            True,
            False,
            "UNC201 api.call(), an API call, has no time limit in {}; move it or pass 'timeout' to its client",
        ),
        (math.inf, "", False, False, "UNC201 api.call(), an API call, has no time limit in {}; move it out"),
        (math.inf, "timeout", False, True, "UNC201 api.call() makes an API call with no time limit in {}; move or limit it"),
        (90.0, "timeout", False, False, "UNC204 api.call(), an API call, may take 90 s in {}; move it or lower 'timeout'"),
        (90.0, "timeout", True, False, "UNC204 api.call(), an API call, may take 90 s in {}; move it or lower 'timeout'"),
        (90.0, "", False, False, "UNC204 api.call(), an API call, may take 90 s in {}; move it out"),
        (90.0, "", False, True, "UNC204 api.call() makes an API call that may take 90 s in {}; move or shorten it"),
    ],
)
def test_io_in_a_transaction_is_limited_by_the_argument_that_the_library_has(
    seconds: float, limited_by: str, of_client: bool, through_helper: bool, message: str
) -> None:
    """Of the call or of its client; where there is none, only moving it helps."""
    call = HeldCall(
        *(LATER, "api.call()", "API call", seconds, 7, Confidence.CERTAIN, ()),
        limited_by=limited_by,
        of_client=of_client,
        through_helper=through_helper,
    )
    function = AnalysedFunction("shop.py", "pay", (), (), held_calls=(call,))
    findings = (finding for rule in all_rules() for finding in rule.check(function))
    assert [f"{finding.code} {finding.message}" for finding in findings] == [message.format("the transaction opened on line 7")]


def test_paths_without_a_single_place_are_still_said() -> None:
    """No line and no name is made up."""
    assert reported(*(Verdict(loss, PLAIN, Confidence.CERTAIN, ()) for loss in IN_THE_FUNCTION)) == [
        "UNC101 connection from psycopg2.connect() is never closed; release it in 'finally' or use closing()",
        "UNC102 connection from psycopg2.connect() is not closed on a path to the end of the function; use closing()",
        "UNC103 connection from psycopg2.connect() is not closed when an exception leaves the function; use closing()",
        "UNC104 connection from psycopg2.connect() is not closed by 'with', which only ends the transaction; use closing()",
        "UNC105 connection from psycopg2.connect() is not closed before the next assignment overwrites conn; release it first",
        "UNC106 connection from psycopg2.connect() has no name and is never closed; release it in 'finally' or use closing()",
        "UNC112 connection from psycopg2.connect() is not closed when the task is cancelled; release it in 'finally' or use closing()",
    ]


def test_statements_are_quoted_and_calls_are_not() -> None:
    """`raise` and `for` are words of the language, `fetch` is the user's."""
    causes = ("raise", "async for", "self.fetch", "get_rows()")
    verdicts = (Verdict(Loss.EXCEPTION, BLOCK, Confidence.CERTAIN, (), LATER, cause) for cause in causes)
    assert reported(*verdicts) == [
        "UNC103 session from Session() is not closed at 'raise' (line 12); use 'with'",
        "UNC103 session from Session() is not closed when 'async for' (line 12) raises; use 'with'",
        "UNC103 session from Session() is not closed when self.fetch() (line 12) raises; use 'with'",
        "UNC103 session from Session() is not closed when get_rows() (line 12) raises; use 'with'",
    ]


def test_a_loop_that_overwrites_its_own_acquire_is_called_a_loop() -> None:
    """The line that overwrites is the line that is reported."""
    again = Span(Position(7, 4), Position(7, 29))
    assert reported(Verdict(Loss.OVERWRITTEN, PLAIN, Confidence.CERTAIN, (), again, "=")) == [
        "UNC105 connection from psycopg2.connect() is not closed before the next round of the loop overwrites conn; release it first",
    ]


LONG = Resource(
    "self.application.state.database_pools.primary_shop_database_pool.getconn()",
    "self.application.state.database_pools.primary_shop_database_pool",
    "connection_to_the_shop_database",
    LENT.lease,
    False,
    ACQUIRE,
)


@pytest.mark.parametrize("loss", IN_THE_FUNCTION)
def test_long_names_are_shortened(loss: Loss) -> None:
    """A message stays a line."""
    cause = "self.repository.fetch_every_order_of_the_last_year_with_its_items"
    (message,) = reported(Verdict(loss, LONG, Confidence.CERTAIN, (), LATER, cause))
    assert len(message.partition(" ")[2]) <= LIMIT


def test_the_end_of_a_long_name_is_kept() -> None:
    """The last names say most; a call keeps its parentheses; line breaks go."""
    assert [
        shortened(text, 20) for text in ("pool.getconn()", "self.app.state.pool.getconn()", "a_function_with_a_long_name()", "a\n.b()")
    ] == [
        "pool.getconn()",
        "...pool.getconn()",
        "a_function_with...()",
        "a .b()",
    ]
