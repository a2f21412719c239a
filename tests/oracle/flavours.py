"""The libraries that programs are written against, and what a program must know of each to be written well.

A *label* is the argument of an acquiring call, `"1"`; no two acquires of a program share one, so a label names its acquire in
the text and at run time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Manager(enum.Enum):
    """What leaving a `with` block of the resource does."""

    NONE = "the resource is no context manager"
    KEEPS = "the resource stays open"
    RELEASES = "the resource is given back"


@dataclass(frozen=True)
class Flavour:
    """One library. `acquires` makes a value at once, or something to be awaited if `is_async`."""

    name: str
    module: str
    acquires: str
    manager: Manager
    is_async: bool = False
    enters_unawaited: bool = False
    """`async with connect() as c` without an inner `await`; the resource itself is not entered again."""
    wraps: bool = False
    """`contextlib.closing` gives it back."""
    annotation: str = ""
    """The type of the resource."""
    parameter: str = ""
    """A first parameter that the acquiring call needs."""
    closed: str = ""
    """An attribute that is true once the resource is given back."""
    is_child: bool = False
    """The resource is a cursor of a connection that the function did not acquire."""

    def acquire(self, label: int) -> str:
        """The expression that acquires, awaited where it must be."""
        return f"await {self.unawaited(label)}" if self.is_async else self.unawaited(label)

    def unawaited(self, label: int) -> str:
        """The acquiring call without its `await`."""
        return f'{self.acquires}("{label}")'

    def header(self, label: int) -> str:
        """The acquiring expression as it stands in the header of a `with` statement."""
        return self.unawaited(label) if self.enters_unawaited else self.acquire(label)

    @property
    def enter(self) -> str:
        """`with`, or `async with` for an asynchronous library."""
        return "async with" if self.is_async else "with"

    def call(self, expression: str) -> str:
        """A method call on the resource, awaited where it must be."""
        return f"await {expression}" if self.is_async else expression


FLAVOURS = (
    Flavour("psycopg", "psycopg", "psycopg.connect", Manager.RELEASES, wraps=True, annotation="psycopg.Connection", closed="closed"),
    Flavour("sqlite3", "sqlite3", "sqlite3.connect", Manager.KEEPS, wraps=True, annotation="sqlite3.Connection"),
    Flavour("asyncpg", "asyncpg", "asyncpg.connect", Manager.NONE, is_async=True, annotation="asyncpg.Connection"),
    Flavour(
        "psycopg async", "psycopg", "psycopg.AsyncConnection.connect", Manager.RELEASES, is_async=True, annotation="psycopg.AsyncConnection"
    ),
    Flavour(
        "aiosqlite", "aiosqlite", "aiosqlite.connect", Manager.RELEASES, is_async=True, enters_unawaited=True,
        annotation="aiosqlite.Connection",
    ),
    Flavour(
        "cursor", "sqlite3", "conn.cursor", Manager.NONE, wraps=True, annotation="sqlite3.Cursor",
        parameter="conn: sqlite3.Connection", is_child=True,
    ),
)  # fmt: skip
BY_NAME = {flavour.name: flavour for flavour in FLAVOURS}
