"""Where responsibility for an acquired value goes: escapes, closures, providers; and whose a child is.

A comment behind an acquire says how the value is lost and how sure that is, one behind a release how it fails; other lines are silent.
"""

from __future__ import annotations

from commented_verdicts import analysed, check

# Escapes


def test_what_is_returned_stored_or_passed_on_escapes() -> None:
    """Itself, in a display, in a container that leaves, on an object, in a global, in an exception."""
    check("""
        def returned(dsn):
            return psycopg.connect(dsn) if dsn else None

        def in_displays(dsn):
            conn = psycopg.connect(dsn)
            return [conn, 1], {"conn": conn}

        def on_self(self, dsn):
            conn = psycopg.connect(dsn)
            self.conn = conn
            work()

        def in_a_container(dsn, conns):
            conns["x"] = psycopg.connect(dsn)
            conn = psycopg.connect(dsn)
            conns.append(conn)
            work()

        def in_a_list_that_leaves(self, dsn):
            conns = [psycopg.connect(dsn)]
            self.conns = conns

        def in_a_global(dsn):
            global CONN
            CONN = psycopg.connect(dsn)
            work()

        def in_an_exception(dsn):
            conn = psycopg.connect(dsn)
            raise Finished(conn)

        def by_setattr(dsn, holder):
            conn = psycopg.connect(dsn)
            setattr(holder, "conn", conn)

        def on_the_function(dsn):
            if not hasattr(on_the_function, "conn"):
                on_the_function.conn = psycopg.connect(dsn)
            return on_the_function.conn

        def yielded(dsn):
            conn = psycopg.connect(dsn)
            yield conn
            conn.close()
    """)


def test_what_is_handed_to_somebody_who_releases_it_escapes() -> None:
    """A bound release, a thread, an executor, a stack that is handed on, a cached factory's argument."""
    check("""
        def at_exit(dsn):
            conn = psycopg.connect(dsn)
            atexit.register(conn.close)
            work()

        def finalizer(dsn, request):
            conn = psycopg.connect(dsn)
            request.addfinalizer(conn.close)
            return conn

        def thread(dsn):
            conn = psycopg.connect(dsn)
            Thread(target=work, args=(conn,)).start()

        def executor(dsn, executor):
            conn = psycopg.connect(dsn)
            executor.submit(work, conn)

        def stack(path):
            stack = ExitStack()
            conn = stack.enter_context(closing(sqlite3.connect(path)))
            return stack

        def partial(dsn):
            conn = psycopg.connect(dsn)
            return functools.partial(work, conn)
    """)


def test_a_container_made_here_holds_what_is_put_into_it() -> None:
    """It escapes with the container; going through it may release; a container that holds something is true."""
    check("""
        def dropped(dsn):
            [psycopg.connect(dsn) for _ in "ab"]  # discarded, certain

        def counted(dsn):
            conns = [psycopg.connect(dsn)]  # never, certain
            print(len(conns))

        def returned(dsn):
            conns = {"a": psycopg.connect(dsn)}
            return conns

        def passed_on(dsn):
            conns = [psycopg.connect(dsn)]
            return work(*conns)

        def closed_in_turn(dsn):
            conns = [psycopg.connect(dsn)]
            for conn in conns:
                conn.close()

        def emptied(dsn):
            conns = [psycopg.connect(dsn)]
            while conns:
                conns.pop().close()

        def closed_if_any(dsn):
            conns = {"a": psycopg.connect(dsn)}
            if conns:
                conns["a"].close()
    """)


def test_a_closure_that_leaves_takes_what_it_captured() -> None:
    """One that is called releases what it closes; one that only reads, releases nothing."""
    check("""
        def returned(dsn):
            conn = psycopg.connect(dsn)

            def close():
                conn.close()

            return close

        def as_a_lambda(dsn):
            conn = psycopg.connect(dsn)
            return lambda: conn.execute("x")

        def decorated(dsn):
            conn = psycopg.connect(dsn)

            @work.register
            def handler():
                return conn

        def as_a_class(dsn):
            conn = psycopg.connect(dsn)

            class Inner:
                held = conn

            return Inner

        def called(dsn):
            conn = psycopg.connect(dsn)  # exception, certain

            def close():
                conn.close()

            work()
            close()

        async def awaited(dsn):
            conn = await asyncpg.connect(dsn)

            async def close():
                await conn.close()

            await close()

        def only_read(dsn):
            conn = psycopg.connect(dsn)  # never, certain

            def read():
                return conn.execute("x")

            read()
    """)


# Providers


def test_a_provider_lends_what_it_yields() -> None:
    """What follows the `yield` must stand in `with` or `try/finally`."""
    check("""
        @contextmanager
        def never(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            yield conn

        @contextmanager
        def unprotected(dsn):
            conn = psycopg.connect(dsn)  # exception, certain
            yield conn
            conn.close()

        @contextmanager
        def in_finally(dsn):
            conn = psycopg.connect(dsn)
            try:
                yield conn
            finally:
                conn.close()

        @contextmanager
        def in_a_block(dsn):
            with psycopg.connect(dsn) as conn:
                yield conn

        @contextlib.asynccontextmanager
        async def asynchronous(pool: asyncpg.Pool):
            async with pool.acquire() as conn, conn.transaction():
                yield conn
    """)


def test_a_provider_is_marked_as_one() -> None:
    """For the rule that speaks of providers."""
    functions = """
        @contextmanager
        def lends(dsn):
            conn = psycopg.connect(dsn)
            yield conn
            conn.close()

        def loops(dsn):
            conn = psycopg.connect(dsn)
            yield 1
            conn.close()
    """
    assert [(f.name, v.in_provider) for f in analysed(functions).functions for v in f.verdicts] == [("lends", True), ("loops", False)]


# Children and conventions


def test_a_cursor_is_owed_only_for_a_connection_from_outside() -> None:
    """A parameter's; not one of a connection that was acquired here."""
    check("""
        def never(conn: psycopg2.extensions.connection):
            cursor = conn.cursor()  # never, certain
            cursor.execute("x")

        def past_it(conn: psycopg2.extensions.connection, ready):
            cursor = conn.cursor()  # early-exit, certain
            if ready:
                return
            cursor.close()

        def raised(conn: psycopg2.extensions.connection):
            cursor = conn.cursor()  # exception, certain
            cursor.execute("x")
            cursor.close()

        def dropped(conn: psycopg2.extensions.connection):
            conn.cursor().execute("x")  # discarded, certain

        def in_a_block(conn: psycopg2.extensions.connection):
            with conn.cursor() as cursor:
                cursor.execute("x")

        def returned(conn: psycopg2.extensions.connection):
            return conn.cursor()

        def acquired_here(dsn):
            conn = psycopg2.connect(dsn)
            try:
                cursor = conn.cursor()
                cursor.execute("x")
            finally:
                conn.close()

        def of_an_unknown_thing(conn):
            cursor = conn.cursor()
            cursor.execute("x")
    """)


def test_a_convention_is_likely_and_given_back_by_convention() -> None:
    """By the pool, by the connection, by a block; as an attribute as well."""
    check("""
        def raised(db_pool):
            conn = db_pool.getconn()  # exception, likely
            conn.execute("x")
            db_pool.putconn(conn)

        class Store:
            def past_it(self, ready):
                conn = self.db_pool.getconn()  # early-exit, likely
                if not ready:
                    return
                self.db_pool.putconn(conn)

            def given_back(self):
                conn = self.pool.get_connection()
                try:
                    work()
                finally:
                    self.pool.return_connection(conn)

        async def asynchronous(pool):
            conn = await pool.acquire()  # exception, likely
            await conn.execute("x")
            await pool.release(conn)

        async def in_a_block(pool):
            async with pool.acquire() as conn:
                await conn.execute("x")
    """)
