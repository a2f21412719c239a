"""What a name means: imports, shadowing, annotations."""

from __future__ import annotations

from held_values import UNKNOWN, held

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


def test_of_two_star_imports_the_last_one_counts() -> None:
    """As in Python."""
    program = """
        from psycopg2 import *
        from sqlite3 import *

        def f():
            conn = connect("x")
    """
    assert held(program, "f", "conn") == ["sqlite3.Connection, certain"]


def test_of_a_union_the_resource_counts() -> None:
    """Wherever it stands."""
    program = """
        import sqlite3

        from elsewhere import Store

        def f(a: sqlite3.Connection | str, b: str | sqlite3.Connection, c: "Store | sqlite3.Connection"):
            pass
    """
    assert held(program, "f", "a", "b", "c") == ["sqlite3.Connection, likely"] * 3


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


def test_an_alias_may_be_of_another_alias() -> None:
    """Of `X | None`, by a `type` statement, in a circle."""
    program = """
        import sqlite3
        from typing import Annotated

        type Late = sqlite3.Connection
        Maybe = sqlite3.Connection | None
        Store = Annotated[Maybe, "the store"]
        type Endless = Endless

        def f(a: Late, b: Maybe, c: "Store", d: Store | None, e: Endless):
            pass
    """
    assert held(program, "f", *"abcd") == ["sqlite3.Connection, certain"] * 4
    assert held(program, "f", "e") == [UNKNOWN]


def test_what_only_looks_like_an_alias_is_a_value() -> None:
    """Flags, items, and a name that the function binds itself."""
    program = """
        import re
        import sqlite3
        from typing import Optional

        FLAGS = re.I | re.M
        Store = Optional[sqlite3.Connection]

        def f(Store, a: FLAGS, b: "Store"):
            c = Store
    """
    assert held(program, "f", "a", "b", "c") == [UNKNOWN, "sqlite3.Connection, certain", UNKNOWN]


def test_an_annotation_that_names_its_own_name_means_an_outer_one() -> None:
    """In a class, in a function, of a module, and two names in a circle: nothing recurses without end."""
    program = """
        import sqlite3
        from sqlite3 import Connection as conn

        class Store:
            conn: conn
            type: type | None = None
            first: second = None
            second: first = None

        around: around = None

        def f(store: Store, around: around):
            here: here = sqlite3.connect("shop.db")
            a, b, c, d = store.conn, store.type, store.first, store.second
    """
    assert held(program, "f", "a") == ["sqlite3.Connection, certain"]
    assert held(program, "f", "c", "d", "around") == [UNKNOWN] * 3
