"""What a value is: factories, wrappers, globals, attributes of `self`, and how sure that is."""

from __future__ import annotations

from held_values import UNKNOWN, held

# Factories


def test_session_factories_make_sessions() -> None:
    """By call and by `with`; synchronous, asynchronous, and the old spelling of the latter."""
    program = """
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
        from sqlalchemy.orm import sessionmaker

        Local = sessionmaker(bind=1)
        AsyncLocal = async_sessionmaker(None)
        OldAsyncLocal = sessionmaker(class_=AsyncSession)

        async def f():
            a = Local()
            with Local() as b:
                pass
            c = AsyncLocal()
            async with AsyncLocal() as d:
                pass
            e = OldAsyncLocal()
    """
    session, asynchronous = "sqlalchemy.orm.Session, certain", "sqlalchemy.ext.asyncio.AsyncSession, certain"
    assert held(program, "f", "Local") == ["sqlalchemy.orm.sessionmaker, certain"]
    assert held(program, "f", *"abcde") == [session, session, asynchronous, asynchronous, asynchronous]


def test_engines_and_pools_make_connections() -> None:
    """The types follow the calls, awaited where they must be."""
    program = """
        import asyncpg
        import psycopg2.pool
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import create_async_engine

        async def f():
            engine = create_engine("x")
            a = engine.connect()
            b = await create_async_engine("x").connect()
            pool = psycopg2.pool.ThreadedConnectionPool(1, 2)
            c = pool.getconn()
            other = await asyncpg.create_pool()
            d = await other.acquire()
            async with other.acquire() as e:
                pass
    """
    assert held(program, "f", "engine", "pool", "other") == [
        "sqlalchemy.engine.Engine, certain",
        "psycopg2.pool.ThreadedConnectionPool, certain",
        "asyncpg.Pool, certain",
    ]
    assert held(program, "f", *"abcde") == [
        "sqlalchemy.engine.Connection, certain",
        "sqlalchemy.ext.asyncio.AsyncConnection, certain",
        "psycopg2.extensions.connection, certain",
        "asyncpg.pool.PoolConnectionProxy, certain",
        "asyncpg.pool.PoolConnectionProxy, certain",
    ]


def test_a_partial_makes_what_its_function_makes() -> None:
    """`functools.partial(connect, dsn)` called."""
    program = """
        import functools
        import psycopg2

        connect = functools.partial(psycopg2.connect, "x")

        def f():
            conn = connect()
    """
    assert held(program, "f", "connect", "conn") == ["callable name psycopg2.connect, certain", "psycopg2.extensions.connection, certain"]


def test_wrappers_give_what_they_wrap() -> None:
    """`closing`, `nullcontext`, `enter_context`; `wait_for` and `shield` once awaited; an awaitable kept in a name."""
    program = """
        import asyncio
        import sqlite3
        from contextlib import ExitStack, closing, nullcontext

        import asyncpg

        async def f(pool: asyncpg.Pool):
            with closing(sqlite3.connect("x")) as a, nullcontext(sqlite3.connect("y")) as b, ExitStack() as stack:
                c = stack.enter_context(closing(sqlite3.connect("z")))
            d = await asyncio.wait_for(pool.acquire(), 1)
            e = await asyncio.shield(pool.acquire())
            pending = pool.acquire()
            g = await pending
    """
    assert held(program, "f", *"abc") == ["sqlite3.Connection, certain"] * 3
    assert held(program, "f", *"deg") == ["asyncpg.pool.PoolConnectionProxy, certain"] * 3
    assert held(program, "f", "pending") == ["awaitable asyncpg.pool.PoolConnectionProxy, certain"]


def test_a_tuple_result_has_parts() -> None:
    """`accept()` gives a socket and something else; `open_connection` a reader and a writer."""
    program = """
        import asyncio
        import socket

        async def f(server: socket.socket):
            peer, address = server.accept()
            whole = server.accept()
            reader, writer = await asyncio.open_connection("x", 1)
    """
    assert held(program, "f", "peer", "address", "whole") == ["socket.socket, certain", UNKNOWN, "tuple socket.socket, certain"]
    assert held(program, "f", "reader", "writer") == [UNKNOWN, "asyncio.StreamWriter, certain"]


def test_a_function_of_the_file_gives_what_it_returns_or_says() -> None:
    """By its annotation, else by its `return`; a coroutine function once awaited; a provider once entered."""
    program = """
        import contextlib
        import sqlite3
        from collections.abc import Iterator

        def said() -> "sqlite3.Connection": ...

        def returned():
            return sqlite3.connect("x")

        async def later():
            return sqlite3.connect("x")

        @contextlib.contextmanager
        def lent():
            yield sqlite3.connect("x")

        @contextlib.contextmanager
        def said_to_be_lent() -> Iterator[sqlite3.Connection]:
            yield make()

        async def f():
            a = said()
            b = returned()
            c = await later()
            d = later()
            with lent() as e, said_to_be_lent() as g:
                pass
    """
    connection = "sqlite3.Connection, certain"
    assert held(program, "f", *"abcdeg") == [connection, connection, connection, f"awaitable {connection}", connection, connection]


# Globals and attributes


def test_a_global_holds_what_its_writers_bind() -> None:
    """The functions that declare it `global` count like the module itself; `None` says nothing; another value makes it likely."""
    program = """
        import asyncpg

        POOL = None
        SHAKY = None

        async def start():
            global POOL, SHAKY
            POOL = await asyncpg.create_pool()
            SHAKY = await asyncpg.create_pool()

        def replace(other):
            global SHAKY
            SHAKY = other

        async def f():
            conn = await POOL.acquire()
    """
    assert held(program, "f", "POOL", "SHAKY", "conn") == [
        "asyncpg.Pool, certain",
        "asyncpg.Pool, likely",
        "asyncpg.pool.PoolConnectionProxy, certain",
    ]


def test_an_attribute_of_self_holds_what_the_class_says_and_its_methods_bind() -> None:
    """Annotated in the class, bound in a method to a call or an annotated parameter, a property, inherited from a class of the file."""
    program = """
        import functools
        import sqlite3

        import psycopg2.pool
        from sqlalchemy import create_engine

        class Base:
            def __init__(self, given: sqlite3.Connection, other):
                self.given = given
                self.made = None
                self.other = other
                self.said: "sqlite3.Connection" = other

            def open(self):
                self.made = sqlite3.connect("x")

        class Store(Base):
            pool: psycopg2.pool.SimpleConnectionPool

            @property
            def engine(self):
                return create_engine("x")

            @functools.cached_property
            def cached(self):
                return create_engine("x")

            def method(self):
                conn = self.pool.getconn()
    """
    connection, engine = "sqlite3.Connection, certain", "sqlalchemy.engine.Engine, certain"
    assert held(program, "Store.method", "self.given", "self.made", "self.said", "self.other") == [
        connection,
        connection,
        connection,
        UNKNOWN,
    ]
    assert held(program, "Store.method", "self.engine", "self.cached", "conn") == [
        engine,
        engine,
        "psycopg2.extensions.connection, certain",
    ]


def test_an_instance_of_a_class_of_the_file_has_its_attributes() -> None:
    """Made here, or annotated."""
    program = """
        import sqlite3

        class Store:
            def __init__(self):
                self.conn = sqlite3.connect("x")

        def f(given: Store):
            made = Store()
    """
    assert held(program, "f", "given.conn", "made.conn") == ["sqlite3.Connection, certain", "sqlite3.Connection, certain"]


# Confidence


def test_a_name_bound_to_something_unknown_as_well_is_likely() -> None:
    """In branches, in one expression, in one place after another; `None` beside a value says nothing."""
    program = """
        import sqlite3

        def f(x):
            a = sqlite3.connect("x") if x else None
            b = sqlite3.connect("x") if x else x
            c = x or sqlite3.connect("x")
            d = make()
            d = sqlite3.connect("x")
            if x:
                e = sqlite3.connect("x")
            else:
                e = x
    """
    sure, likely = "sqlite3.Connection, certain", "sqlite3.Connection, likely"
    assert held(program, "f", *"abcde") == [sure, likely, likely, likely, likely]


def test_of_two_libraries_the_first_is_likely() -> None:
    """Neither is sure."""
    program = """
        import psycopg2
        import sqlite3

        def f(x):
            if x:
                conn = sqlite3.connect("x")
            else:
                conn = psycopg2.connect("x")
    """
    assert held(program, "f", "conn") == ["sqlite3.Connection, likely"]


def test_what_follows_from_something_likely_is_likely() -> None:
    """A cursor of a connection that is only likely one."""
    program = """
        import sqlite3

        def f(x):
            conn = x or sqlite3.connect("x")
            cursor = conn.cursor()
    """
    assert held(program, "f", "cursor") == ["sqlite3.Cursor, likely"]


def test_the_name_of_an_unknown_receiver_makes_a_connection_likely() -> None:
    """A pool by its name, a method called `getconn`, an engine, a session factory."""
    program = """
        def f(db_pool, thing, engine, self):
            a = db_pool.acquire()
            b = thing.getconn()
            c = self.pool.get_connection()
            d = engine.connect()
            e = SessionLocal()
    """
    connection = "unclosed.Connection, likely"
    assert held(program, "f", *"abcde") == [connection, connection, connection, connection, "unclosed.Session, likely"]


def test_a_known_type_silences_the_name() -> None:
    """By annotation, by construction, by a function of the file that says what it returns."""
    program = """
        import queue
        import threading

        def make() -> threading.Thread: ...

        def f(pool: queue.Queue, conn_pool: "threading.Thread"):
            a = pool.acquire()
            b = conn_pool.acquire()
            my_pool = threading.BoundedSemaphore()
            c = my_pool.acquire()
            other_pool = make()
            d = other_pool.acquire()
    """
    assert held(program, "f", *"abcd") == [UNKNOWN] * 4


def test_a_name_that_says_something_else_is_no_pool() -> None:
    """Locks and semaphores of a pool are acquired too."""
    program = """
        def f(pool_lock, pool_semaphore):
            a = pool_lock.acquire()
            b = pool_semaphore.acquire()
    """
    assert held(program, "f", "a", "b") == [UNKNOWN, UNKNOWN]
