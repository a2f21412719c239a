"""What releases an acquired value: blocks, calls, names that stand for it, and paths that do not exist.

A comment behind an acquire says how the value is lost and how sure that is, one behind a release how it fails; other lines are silent.
"""

from __future__ import annotations

from commented_verdicts import check

# With blocks


def test_a_block_that_does_not_release_keeps_it_open() -> None:
    """psycopg2, sqlite3 and a pool's connection; made in the header or before."""
    check("""
        def in_the_header(dsn):
            with psycopg2.connect(dsn) as conn:  # with-keeps-open, certain
                conn.cursor()

        def without_a_name(path):
            with sqlite3.connect(path):  # with-keeps-open, certain
                pass

        def before(dsn):
            conn = psycopg2.connect(dsn)  # with-keeps-open, certain
            with conn, conn.cursor() as cursor:
                cursor.execute("x")

        def lent(pool: psycopg2.pool.ThreadedConnectionPool):
            with pool.getconn() as conn:  # with-keeps-open, certain
                conn.cursor()

        def released_after_it(dsn):
            with psycopg2.connect(dsn) as conn:  # exception, certain
                work()
            conn.close()

        def released_around_it(dsn):
            conn = psycopg2.connect(dsn)
            try:
                with conn:
                    work()
            finally:
                conn.close()

        def returned_from_it(path):
            with sqlite3.connect(path) as conn:  # exception, possible
                return conn
    """)


def test_a_block_that_releases_is_a_release() -> None:
    """On every way out, whatever becomes of the name; `closing`, `ExitStack` and an awaited manager too."""
    check("""
        def by_itself(dsn):
            with psycopg.connect(dsn) as conn, conn.cursor() as cursor:
                cursor.execute("x")
                conn = None

        def returned_through(dsn):
            with psycopg.connect(dsn) as conn:
                if dsn:
                    raise ValueError
                return conn.execute("x")

        def closed(dsn):
            with closing(psycopg2.connect(dsn)) as conn, conn:
                work()

        def closed_later(dsn):
            manager = closing(psycopg2.connect(dsn))
            with manager as conn:
                conn.cursor()

        def stacked(dsn):
            with ExitStack() as stack:
                conn = stack.enter_context(psycopg.connect(dsn))
                work()

        def called_back(dsn):
            with ExitStack() as stack:
                conn = psycopg2.connect(dsn)
                stack.callback(conn.close)
                work()

        async def awaited(dsn):
            async with await psycopg.AsyncConnection.connect(dsn) as conn:
                await conn.execute("x")

        async def lent(dsn):
            async with asyncpg.create_pool(dsn) as pool:
                async with pool.acquire() as conn:
                    await conn.execute("x")

        def chosen(dsn):
            with psycopg.connect(dsn) if dsn else suppress() as conn:
                pass
    """)


# Releases


def test_a_release_on_every_path_is_silent() -> None:
    """`finally`, handlers of everything, a release that may itself raise, by another name, by a bound method."""
    check("""
        def in_finally(dsn):
            try:
                conn = psycopg.connect(dsn)
                work()
            finally:
                conn.close()

        def in_handlers(dsn):
            conn = psycopg.connect(dsn)
            try:
                work()
            except BaseException:
                conn.rollback()
                conn.close()
                raise
            conn.close()

        def in_a_handler_of_exceptions(dsn):
            conn = psycopg.connect(dsn)
            try:
                work()
            except Exception as error:
                logging.exception("x")
                conn.close()
                raise RuntimeError from error
            else:
                conn.close()

        def quietly(dsn):
            conn = psycopg.connect(dsn)
            try:
                work()
            finally:
                try:
                    conn.close()
                except Exception:
                    pass

        def nested(dsn):
            a = psycopg.connect(dsn)
            b = None
            try:
                b = psycopg.connect(dsn)
                work()
            finally:
                if b is not None:
                    b.close()
                a.close()

        def bound(dsn):
            conn = psycopg.connect(dsn)
            close = conn.close
            close()

        def by_hand(dsn):
            conn = psycopg.connect(dsn)
            conn.__exit__(None, None, None)

        def returned(dsn):
            conn = psycopg.connect(dsn)
            return conn.close()

        async def handed_to_a_runner(dsn):
            conn = await asyncpg.connect(dsn)
            await asyncio.wait_for(conn.close(), 1)

        def every_round(dsn):
            while True:
                conn = psycopg.connect(dsn)
                try:
                    return work()
                except OSError:
                    pass
                finally:
                    conn.close()

        def given_back(pool: psycopg2.pool.SimpleConnectionPool):
            conn = pool.getconn()
            try:
                work()
            finally:
                pool.putconn(conn)
    """)


def test_a_name_stands_for_its_value_wherever_it_is_bound() -> None:
    """Chained, swapped, unpacked, by walrus, by either side of a choice, by a capture."""
    check("""
        def chained(dsn):
            a = b = psycopg.connect(dsn)
            a.close()

        def swapped(dsn, x):
            a = psycopg.connect(dsn)
            b = x
            a, b = b, a
            b.close()

        def unpacked(dsn, x):
            a, [b] = psycopg.connect(dsn), [x]
            a.close()

        def bound_in_a_test(dsn):
            if (conn := psycopg.connect(dsn)) is None:
                return
            conn.close()

        def chosen(dsn, x):
            conn = psycopg.connect(dsn) if x else psycopg.connect("y")
            conn.close()

        def first_true(dsn, given):
            conn = given or psycopg.connect(dsn)
            conn.close()

        def captured(dsn):
            match psycopg.connect(dsn):
                case conn:
                    conn.close()

        def part_of_a_result(server: socket.socket):
            peer, address = server.accept()  # exception, certain
            peer.recv(1)
            peer.close()
    """)


def test_a_wrong_release_is_reported_where_it_stands() -> None:
    """The wrong method, the wrong pool, not awaited, not called; the acquire is silent then."""
    check("""
        def wrong_method(pool: psycopg2.pool.SimpleConnectionPool):
            conn = pool.getconn()
            try:
                work()
            finally:
                conn.close()  # wrong-method, certain

        def wrong_pool(dsn):
            a = psycopg2.pool.SimpleConnectionPool(1, 2)
            b = psycopg2.pool.SimpleConnectionPool(1, 2)
            conn = a.getconn()
            b.putconn(conn)  # wrong-owner, certain

        async def not_awaited(dsn):
            conn = await asyncpg.connect(dsn)
            conn.close()  # not-awaited, certain

        async def owner_not_awaited(pool: asyncpg.Pool):
            conn = await pool.acquire()
            try:
                await conn.execute("x")
            finally:
                pool.release(conn)  # not-awaited, certain

        def not_called(dsn):
            conn = psycopg.connect(dsn)
            conn.close  # not-called, certain
    """)


# Conditions


def test_a_condition_that_contradicts_the_path_is_not_taken() -> None:
    """A fresh value is not None and true; a flag that was set, a test that is repeated, the side of a choice."""
    check("""
        def not_none(dsn):
            conn = None
            try:
                conn = psycopg.connect(dsn)
                work()
            finally:
                if conn is not None:
                    conn.close()

        def is_true(dsn):
            conn = None
            try:
                conn = psycopg.connect(dsn)
                work()
            finally:
                conn and conn.close()

        def owned(dsn, conn=None):
            own = conn is None
            if own:
                conn = psycopg.connect(dsn)
            try:
                work()
            finally:
                if own:
                    conn.close()

        def flagged(dsn, conn=None):
            own = False
            if conn is None:
                conn = psycopg.connect(dsn)
                own = True
            try:
                work()
            finally:
                if own:
                    conn.close()

        def kept_apart(dsn, conn=None):
            made = None
            if conn is None:
                conn = made = psycopg.connect(dsn)
            try:
                work()
            finally:
                if made is not None:
                    made.close()

        def repeated(dsn, mode):
            if mode == "a":
                conn = psycopg.connect(dsn)
            try:
                work()
            finally:
                if not mode != "a":
                    conn.close()

        def repeated_match(dsn, mode):
            match mode:
                case "a":
                    conn = psycopg.connect(dsn)
                case _:
                    conn = None
            match mode:
                case "a":
                    conn.close()

        def on_failure(dsn):
            done = False
            conn = psycopg.connect(dsn)
            try:
                work()
                done = True
            finally:
                if not done:
                    conn.close()
            return conn

        def already_closed(dsn):
            conn = psycopg.connect(dsn)
            if conn.closed:
                return
            conn.close()
    """)


def test_a_condition_on_something_else_is_taken_both_ways() -> None:
    """Another name, a name that was bound anew, a call."""
    check("""
        def another_name(dsn, a, b):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if a:
                conn.close()
            elif not b:
                conn.close()

        def bound_anew(dsn, a, b):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if a:
                conn.close()
            a = b
            if not a:
                conn.close()

        def asked_again(dsn, ready):
            conn = psycopg.connect(dsn)  # early-exit, certain
            with suppress(Exception):
                if ready():
                    conn.close()
            with suppress(Exception):
                if not ready():
                    conn.close()
    """)


def test_where_the_process_or_the_path_ends_nothing_is_owed() -> None:
    """`sys.exit`, `os._exit`, an endless loop, a body that only raises `NotImplementedError`."""
    check("""
        def exits(dsn):
            conn = psycopg.connect(dsn)
            if isinstance(dsn, str):
                sys.exit(1)
            if len(dsn) > 3:
                os._exit(1)
            conn.close()

        def endless(dsn):
            conn = psycopg.connect(dsn)
            while True:
                pass

        def abstract(dsn):
            raise NotImplementedError
    """)
