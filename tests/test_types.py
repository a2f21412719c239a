"""What a name holds: imports, annotations, factories, attributes of `self`, and how sure that is.

`held` reads one scope of a small program and gives, for each expression asked for, its type and the confidence in it.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from unclosed.catalog import Catalog
from unclosed.infer.types import ModuleTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.module import ModuleLowering
from unclosed.lowering.parse import parse

CATALOG = Catalog.load()
UNKNOWN = "unknown"


def held(program: str, scope: str, *asked: str) -> list[str]:
    """What names or dotted names hold in the scope with this dotted name."""
    facts = ModuleLowering(parse(dedent(program))).lower()
    types = ModuleTypes("app", facts, CATALOG)
    ids = [function.id for function in facts.functions if function.name == scope]
    values = [types.scope(ids[0]).named(name) for name in asked]
    return [UNKNOWN if value is None else f"{shown(value)}, {value.confidence.label}" for value in values]


def shown(value: Value | None) -> str:
    """A value as text; an instance by its class alone."""
    if value is None:
        return UNKNOWN
    if value.sort is Sort.INSTANCE:
        return value.name
    return f"{value.sort.value} {value.name or ' '.join(shown(part) for part in value.parts)}"


# Imports


def test_a_library_has_one_name_however_it_is_imported() -> None:
    """`import a`, `import a as b`, `import a.b`, `from a import b`, `from a import b as c`."""
    program = """
        import psycopg2
        import psycopg2 as pg
        import os.path, sqlite3.dbapi2
        from psycopg2 import connect
        from psycopg2 import connect as open_it

        def f():
            a = psycopg2.connect()
            b = pg.connect()
            c = connect()
            d = open_it()
            e = sqlite3.dbapi2.connect("x")
    """
    connection = "psycopg2.extensions.connection, certain"
    assert held(program, "f", "pg", "open_it") == ["name psycopg2, certain", "name psycopg2.connect, certain"]
    assert held(program, "f", "a", "b", "c", "d", "e") == [connection, connection, connection, connection, "sqlite3.Connection, certain"]


def test_an_import_in_a_function_binds_there_and_further_in() -> None:
    """And nowhere else."""
    program = """
        def outer():
            import sqlite3 as db

            def inner():
                conn = db.connect("x")

        def other():
            conn = db.connect("x")
    """
    assert held(program, "outer.inner", "conn") == ["sqlite3.Connection, certain"]
    assert held(program, "other", "conn") == [UNKNOWN]


def test_of_two_conditional_imports_the_known_one_is_likely() -> None:
    """One of them is no library that is known; `None` says nothing."""
    program = """
        import sys

        try:
            import psycopg2 as db
        except ImportError:
            import psycopg2cffi as db

        try:
            import sqlite3
        except ImportError:
            sqlite3 = None

        if sys.version_info >= (3,):
            from psycopg2 import connect
        else:
            from elsewhere import connect

        def f():
            a = db.connect()
            b = sqlite3.connect("x")
            c = connect()
    """
    connection = "psycopg2.extensions.connection, likely"
    assert held(program, "f", "a", "b", "c") == [connection, "sqlite3.Connection, certain", connection]


def test_imports_for_type_checking_name_types() -> None:
    """Under `TYPE_CHECKING` as a name or an attribute."""
    program = """
        import typing as t
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from sqlite3 import Connection
        if t.TYPE_CHECKING:
            import sqlite3 as lite

        def f(a: Connection, b: "Connection", c: "lite.Connection"):
            pass
    """
    assert held(program, "f", "a", "b", "c") == ["sqlite3.Connection, certain"] * 3


def test_a_star_import_of_a_modelled_library_brings_its_names() -> None:
    """Of two star imports each brings its own; a name bound in the module, or in the function, comes first."""
    program = """
        from sqlalchemy import *
        from sqlalchemy.orm import *

        def sessionmaker():
            return 1

        def f(scoped_session):
            engine = create_engine("x")
            session = Session(engine)
            a = sessionmaker()
            b = scoped_session()
    """
    assert held(program, "f", "engine", "session", "a", "b") == [
        "sqlalchemy.engine.Engine, certain",
        "sqlalchemy.orm.Session, certain",
        UNKNOWN,
        UNKNOWN,
    ]


def test_a_relative_import_names_nothing_of_a_library() -> None:
    """`from .sqlite3 import connect` is the project's own."""
    program = """
        from .sqlite3 import connect
        from . import sqlite3

        def f():
            a = connect("x")
            b = sqlite3.connect("x")
    """
    assert held(program, "f", "a", "b") == [UNKNOWN, UNKNOWN]


# Shadowing


def test_a_local_binding_shadows_an_import_everywhere_in_its_scope() -> None:
    """A parameter, an assignment (also one further down), a loop variable, an `except` name, a nested function."""
    program = """
        import sqlite3

        def parameter(sqlite3):
            conn = sqlite3.connect("x")

        def assigned(x):
            conn = sqlite3.connect("x")
            if x:
                sqlite3 = x

        def looped(x):
            for sqlite3 in x:
                conn = sqlite3.connect("x")

        def caught():
            try:
                one()
            except E as sqlite3:
                conn = sqlite3.connect("x")

        def defined():
            def sqlite3():
                pass
            conn = sqlite3.connect("x")

        def free():
            conn = sqlite3.connect("x")
    """
    names = ("parameter", "assigned", "looped", "caught", "defined", "free")
    assert [held(program, name, "conn") for name in names] == [[UNKNOWN]] * 5 + [["sqlite3.Connection, certain"]]


def test_a_comprehension_variable_shadows_nothing_outside() -> None:
    """Inside it is the comprehension's own; outside the name keeps its value."""
    program = """
        import sqlite3

        def f(rows):
            row = sqlite3.connect("x")
            names = [row.cursor() for row in rows]
            cursor = row.cursor()
    """
    assert held(program, "f", "row", "cursor") == ["sqlite3.Connection, certain", "sqlite3.Cursor, certain"]


def test_a_nested_function_sees_the_names_of_the_function_around_it() -> None:
    """A method does not see those of its class."""
    program = """
        import sqlite3

        def outer():
            conn = sqlite3.connect("x")

            def inner():
                cursor = conn.cursor()

        class Store:
            kept = sqlite3.connect("x")

            def method(self):
                cursor = kept.cursor()
                right = self.kept.cursor()
    """
    assert held(program, "outer.inner", "cursor") == ["sqlite3.Cursor, certain"]
    assert held(program, "Store.method", "cursor", "right") == [UNKNOWN, "sqlite3.Cursor, certain"]


# Annotations


def test_an_annotation_says_what_a_parameter_holds() -> None:
    """As text, optional, in either spelling of a union, with more said of it, keyword-only."""
    program = """
        import sqlite3
        import typing
        from typing import Annotated, Final, Optional, Union

        def f(
            a: sqlite3.Connection,
            b: "sqlite3.Connection",
            c: Optional[sqlite3.Connection],
            d: sqlite3.Connection | None,
            e: Union[None, sqlite3.Connection],
            g: Annotated[sqlite3.Connection, "the store"],
            h: "Final[sqlite3.Connection]",
            i: typing.Optional["sqlite3.Connection"] = None,
            *,
            j: "sqlite3.Connection | None" = None,
        ):
            pass
    """
    assert held(program, "f", *"abcdeghij") == ["sqlite3.Connection, certain"] * 9


def test_an_annotation_that_says_something_else_is_something_else() -> None:
    """A container, `Any`, a star, a text that is no annotation."""
    program = """
        import sqlite3
        from typing import Any

        def f(a: list[sqlite3.Connection], b: Any, c: "not [an annotation", *d: sqlite3.Connection, **e: sqlite3.Connection):
            pass
    """
    assert held(program, "f", *"abcde") == ["builtins.list, certain", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]


def test_of_a_union_of_two_types_the_first_named_is_likely() -> None:
    """Neither is sure."""
    program = """
        import psycopg2.extensions
        import sqlite3

        def f(a: sqlite3.Connection | psycopg2.extensions.connection):
            pass
    """
    assert held(program, "f", "a") == ["sqlite3.Connection, likely"]


def test_a_class_as_a_parameter_makes_instances() -> None:
    """`Type[X]`, `type[X]`."""
    program = """
        import sqlite3
        from typing import Type

        def f(a: Type[sqlite3.Connection], b: type[sqlite3.Connection]):
            c = a("x")
            d = b("x")
    """
    assert held(program, "f", "a", "c", "d") == [
        "name sqlite3.Connection, certain",
        "sqlite3.Connection, certain",
        "sqlite3.Connection, certain",
    ]


def test_an_annotated_local_holds_what_it_says() -> None:
    """With or without a value in the same statement, whatever the value is."""
    program = """
        import sqlite3

        def f():
            a: sqlite3.Connection = make()
            b: "sqlite3.Connection"
            b = make()
    """
    assert held(program, "f", "a", "b") == ["sqlite3.Connection, certain", "sqlite3.Connection, certain"]


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


# Known to be wrong


@pytest.mark.xfail(reason="the first star import counts", strict=True)
def test_of_two_star_imports_the_last_one_counts() -> None:
    """As in Python."""
    program = """
        from psycopg2 import *
        from sqlite3 import *

        def f():
            conn = connect("x")
    """
    assert held(program, "f", "conn") == ["sqlite3.Connection, certain"]


@pytest.mark.xfail(reason="the first member counts", strict=True)
def test_of_a_union_the_resource_counts() -> None:
    """Wherever it stands."""
    program = """
        import sqlite3

        from elsewhere import Store

        def f(a: sqlite3.Connection | str, b: str | sqlite3.Connection, c: "Store | sqlite3.Connection"):
            pass
    """
    assert held(program, "f", "a", "b", "c") == ["sqlite3.Connection, likely"] * 3


@pytest.mark.xfail(reason="only plain aliases are followed", strict=True)
def test_an_alias_of_an_annotation_says_what_it_says() -> None:
    """Of `Annotated`, of a text, of a union."""
    program = """
        import sqlite3
        from typing import Annotated, Optional, TypeAlias

        Plain = sqlite3.Connection
        Store = Annotated[sqlite3.Connection, "the store"]
        Text: TypeAlias = "sqlite3.Connection"
        Maybe = Optional[sqlite3.Connection]

        def f(a: Plain, b: Store, c: Text, d: Maybe):
            pass
    """
    assert held(program, "f", *"abcd") == ["sqlite3.Connection, certain"] * 4
