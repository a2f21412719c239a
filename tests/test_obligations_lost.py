"""What loses an acquired value, in the order of the contract: the first that is true.

A comment behind an acquire says how the value is lost and how sure that is, one behind a release how it fails; other lines are silent.
"""

from __future__ import annotations

from commented_verdicts import check

# Never released


def test_a_value_that_no_path_releases_is_never_released() -> None:
    """Using it, testing it, setting its attributes and returning something made from it change nothing."""
    check("""
        def used(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            return conn.execute("x").fetchone()

        def looked_at(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            if conn:
                print(conn, conn.info.dbname)
            conn.autocommit = True

        def its_cursor_is_read(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            return [row for row in conn.cursor()]

        def forgotten(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            try:
                pass
            finally:
                conn = None

        def bound_to_a_name_that_says_so(dsn):
            _ = psycopg.connect(dsn)  # never, certain

        def swallowed(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            try:
                work()
            finally:
                return 1

        def raised_past(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            raise ValueError("x")
    """)


def test_an_unresolved_function_borrows_and_makes_it_likely() -> None:
    """Its name may say that it releases or keeps; a class keeps."""
    check("""
        def borrowed(dsn):
            conn = psycopg.connect(dsn)  # never, likely
            work(conn)

        def released_by_name(dsn):
            conn = psycopg.connect(dsn)
            close_quietly(conn)

        def kept_by_name(dsn, registry):
            conn = psycopg.connect(dsn)
            registry.register(conn)

        def kept_by_a_class(dsn):
            conn = psycopg.connect(dsn)
            wrapped = Wrapper(conn, timeout=3)
            wrapped.run()

        def used_by_builtins(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            print(conn, len(dsn), isinstance(conn, object))
    """)


def test_a_value_is_never_released_in_each_scope() -> None:
    """Methods, nested functions and coroutines are functions; a module and its main guard are none."""
    check("""
        class Store:
            def method(self, dsn):
                conn = psycopg.connect(dsn)  # never, certain
                print(conn)

        def outer(dsn):
            def inner():
                conn = psycopg.connect(dsn)  # never, certain
                print(conn)

            inner()

        async def coroutine(dsn):
            conn = await asyncpg.connect(dsn)  # never, certain
            await conn.execute("x")

        async def awaited_later(dsn):
            pending = asyncpg.connect(dsn)  # never, certain
            conn = await pending
            await conn.execute("x")

        kept = psycopg.connect("x")

        if __name__ == "__main__":
            conn = psycopg.connect("x")
    """)


# Discarded


def test_a_value_that_is_only_a_temporary_is_discarded() -> None:
    """As a statement, as a receiver, in a condition, in a text; as an argument it is only possible."""
    check("""
        def statement(dsn):
            psycopg.connect(dsn)  # discarded, certain

        def receiver(dsn):
            return psycopg.connect(dsn).execute("x").fetchone()  # discarded, certain

        def its_cursor(dsn):
            cursor = psycopg.connect(dsn).cursor()  # discarded, certain
            cursor.execute("x")

        def conditions(dsn):
            assert psycopg.connect(dsn)  # discarded, certain
            if psycopg.connect(dsn):  # discarded, certain
                return not psycopg.connect(dsn)  # discarded, certain
            while psycopg.connect(dsn).execute("x"):  # discarded, certain
                pass

        def text(dsn):
            return f"{psycopg.connect(dsn)}"  # discarded, certain

        def argument(dsn):
            work(psycopg.connect(dsn))  # discarded, possible

        def headers(dsn):
            for row in psycopg.connect(dsn).cursor():  # discarded, certain
                print(row)

        def in_a_list_that_is_dropped(dsn):
            [psycopg.connect(dsn) for _ in "ab"]  # discarded, certain
    """)


# Overwritten


def test_a_name_that_is_bound_anew_loses_an_open_value() -> None:
    """In a loop, by an assignment on some path, by `del`; where no path releases it, that comes first."""
    check("""
        def in_a_loop(dsns):
            conn = None
            for dsn in dsns:
                conn = psycopg.connect(dsn)  # overwritten, certain
            if conn is not None:
                conn.close()

        def by_continue(dsn, rows):
            for row in rows:
                conn = psycopg.connect(dsn)  # overwritten, certain
                if row:
                    continue
                conn.close()

        def in_a_retry(dsn):
            for attempt in range(5):
                try:
                    conn = psycopg.connect(dsn)  # overwritten, certain
                    conn.execute("x")
                    conn.close()
                    return
                except OSError:
                    pass

        def on_one_path(dsn):
            conn = psycopg.connect(dsn)  # overwritten, certain
            if dsn.old:
                conn = None
            if conn is not None:
                conn.close()

        def deleted(dsn, keep):
            conn = psycopg.connect(dsn)  # overwritten, certain
            if keep:
                conn.close()
            del conn

        def at_once(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            conn = psycopg.connect(dsn)
            conn.close()
    """)


def test_a_name_that_is_released_before_is_bound_anew_freely() -> None:
    """Or that still has another name."""
    check("""
        def released_first(dsn):
            conn = psycopg.connect(dsn)
            for x in [1, 2]:
                conn.close()
                conn = psycopg.connect(dsn)
            conn.close()

        def another_name(dsn):
            first = psycopg.connect(dsn)
            second = first
            first = 1
            second.close()

        def deleted_name(dsn):
            first = psycopg.connect(dsn)
            second = first
            del first
            second.close()

        def to_itself(dsn):
            conn = psycopg.connect(dsn)
            conn = conn
            conn.close()

        def retried(dsn):
            for attempt in range(3):
                try:
                    conn = psycopg.connect(dsn)
                    break
                except OSError:
                    continue
            else:
                raise TimeoutError
            conn.close()

        def until_there_is_one(dsn):
            conn = None
            while conn is None:
                try:
                    conn = psycopg.connect(dsn)
                except OSError:
                    work()
            conn.close()
    """)


# Early exit


def test_a_normal_path_past_the_release_is_an_early_exit() -> None:
    """`return`, `break`, a branch, a handler or a manager that swallows."""
    check("""
        def returned(dsn, ready):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if not ready:
                return None
            conn.close()

        def broken_out(dsn, rows):
            for row in rows:
                conn = psycopg.connect(dsn)  # early-exit, certain
                if row:
                    break
                conn.close()

        def one_branch(dsn, ready):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if ready:
                conn.close()

        def some_cases(dsn, mode):
            conn = psycopg.connect(dsn)  # early-exit, certain
            match mode:
                case 1:
                    conn.close()
                case [x] if x:
                    conn.close()

        def swallowed_by_a_handler(dsn):
            conn = psycopg.connect(dsn)  # early-exit, certain
            try:
                conn.execute("x")
                conn.close()
            except psycopg.Error:
                logging.warning("lost")

        def swallowed_by_a_manager(dsn):
            conn = psycopg.connect(dsn)  # early-exit, certain
            with suppress(OSError):
                work()
                conn.close()

        def one_handler_returns(dsn):
            conn = psycopg.connect(dsn)  # early-exit, certain
            try:
                work()
            except KeyError:
                return
            except Exception:
                conn.close()
                raise
            conn.close()

        def unresolved(self, dsn):
            conn = psycopg.connect(dsn)  # early-exit, likely
            if self.use(conn):
                conn.close()
    """)


# Exception


def test_what_raises_before_the_release_is_an_exception_path() -> None:
    """A call, `raise`, `assert`, `yield`, an import, the step of a loop; also inside the `finally`; also in the handler."""
    check("""
        def call(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            work()
            conn.close()

        def raised(dsn, rows):
            conn = psycopg.connect(dsn)  # exception, certain
            if not rows:
                raise ValueError(rows)
            conn.close()

        def asserted(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            assert dsn.valid
            conn.close()

        def yielded(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            yield 1
            conn.close()

        def yielded_from(dsn, rows):
            conn = psycopg.connect(dsn)  # exception, certain
            yield from rows
            conn.close()

        def imported(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            import acme

            conn.close()

        def stepped(dsn, rows):
            conn = psycopg.connect(dsn)  # exception, certain
            for row in rows:
                pass
            conn.close()

        def in_finally(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                conn.execute("x")
            finally:
                conn.commit()
                conn.close()

        def in_the_handler(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                work()
            except Exception:
                notify()
                conn.close()
                raise
            else:
                conn.close()

        def of_its_cursor(path):
            conn = sqlite3.connect(path)  # exception, certain
            cursor = conn.cursor()
            cursor.execute("x")
            conn.close()

        def second_acquire(dsn):
            first = psycopg.connect(dsn)  # exception, certain
            second = psycopg.connect(dsn)
            second.close()
            first.close()

        def unresolved(dsn):
            conn = psycopg.connect(dsn)  # exception, likely
            work(conn)
            conn.close()

        def surely_before(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            work()
            work(conn)
            conn.close()
    """)


def test_what_no_handler_surely_takes_leaves() -> None:
    """A handler of some type takes only some exceptions; one of the raised type takes it."""
    check("""
        def one_type(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                work()
            except ValueError:
                conn.close()
                raise
            conn.close()

        def two_types(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                work()
            except (ValueError, KeyError):
                conn.close()
                raise
            conn.close()

        def groups(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                work()
            except* ValueError:
                conn.close()
                raise
            conn.close()

        def keyboard(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                while True:
                    work()
            except KeyboardInterrupt:
                conn.close()

        def another_type(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            try:
                raise ValueError
            except KeyError:
                conn.close()
            finally:
                if dsn:
                    conn.close()

        def that_type(dsn):
            conn = psycopg.connect(dsn)
            try:
                raise ValueError
            except ValueError:
                conn.close()

        def all_groups(dsn):
            conn = psycopg.connect(dsn)
            try:
                work()
            except* Exception:
                pass
            conn.close()
    """)


def test_what_can_raise_before_a_value_is_handed_over_is_possible() -> None:
    """Returned, put into a list that is returned, kept on `self`."""
    check("""
        def returned(dsn):
            conn = psycopg.connect(dsn)  # exception, possible
            conn.execute("x")
            return conn

        def returned_beside_a_call(dsn):
            conn = psycopg.connect(dsn)  # exception, possible
            return work(), conn

        def listed(dsns):
            conns = [psycopg.connect(dsn) for dsn in dsns]  # exception, possible
            return conns

        def kept(self, dsn):
            conn = psycopg.connect(dsn)  # exception, possible
            self.check()
            self.conn = conn
    """)


def test_what_does_not_raise_in_practice_is_no_exception_path() -> None:
    """Logging, `print`, `len`, `cursor()`, a release or rollback of anything, the construction of an exception, `closing`."""
    check("""
        def quiet(dsn, other):
            conn = psycopg.connect(dsn)
            cursor = conn.cursor()
            logging.info("open")
            print(len(dsn), isinstance(dsn, str))
            error = ValueError("x")
            cursor.close()
            other.rollback()
            conn.rollback()
            conn.close()

        def literal(dsn):
            conn = psycopg.connect(dsn)
            for name in ("a", "b"):
                print(name)
            names = [name for name in ["a", "b"]]
            conn.close()

        def values(dsn, a, b):
            conn = psycopg.connect(dsn)
            c = a.x + b[0] * a.y
            d = {"x": c, "y": [a, b]} if a < b else (a, b)
            conn.close()
    """)


# Cancellation


def test_what_ordinary_exceptions_release_and_cancellation_does_not() -> None:
    """`except Exception` and `suppress(Exception)` let cancellation through; `finally` and the others do not."""
    check("""
        async def handler(dsn):
            conn = await asyncpg.connect(dsn)  # cancellation, certain
            try:
                await work()
            except Exception:
                await conn.close()
                raise
            await conn.close()

        async def swallowed(dsn):
            conn = await asyncpg.connect(dsn)  # cancellation, certain
            with suppress(Exception):
                await work()
            await conn.close()

        async def raised_again(dsn):
            conn = await asyncpg.connect(dsn)  # cancellation, certain
            try:
                await work()
            except asyncio.CancelledError:
                raise
            except Exception:
                await conn.close()
                raise
            await conn.close()

        async def step(dsn):
            conn = await asyncpg.connect(dsn)  # cancellation, certain
            try:
                async for x in rows():
                    pass
            except Exception:
                pass
            await conn.close()

        async def everything(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                await work()
            except BaseException:
                await conn.close()
                raise
            await conn.close()

        async def both(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                await work()
            except (Exception, asyncio.CancelledError):
                await conn.close()
                raise
            await conn.close()

        async def in_finally(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                with suppress(Exception):
                    await work()
            finally:
                await conn.close()

        async def nothing_awaited(dsn):
            conn = await asyncpg.connect(dsn)
            try:
                work()
            except Exception:
                await conn.close()
                raise
            await conn.close()
    """)
