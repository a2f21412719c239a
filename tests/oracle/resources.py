"""The resources of the fake library, and the opaque values that its functions return.

No frame of a method that raises holds its resource: the traceback would keep it alive.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Generator

from .world import Record, World


class Opaque:
    """A value of which the program knows nothing: its truth is decided once, at the first test."""

    def __init__(self, world: World, truth: bool | None = None) -> None:
        self._world = world
        self._truth = truth

    def __bool__(self) -> bool:
        if self._truth is None:
            self._truth = bool(self._world.choose(2, "truth"))
        return self._truth

    def __getitem__(self, key: object) -> Opaque:
        return Opaque(self._world)

    def __eq__(self, other: object) -> bool:
        return bool(self._world.choose(2, "equal"))

    __hash__ = None  # type: ignore[assignment]  # no program hashes one

    def fetchone(self) -> Opaque:
        self._world.happens()
        self._world.may_raise("fetchone")
        return Opaque(self._world)


class Resource:
    """A resource of the synchronous libraries; `record` is `None` for one that belongs to the caller."""

    def __init__(self, world: World, record: Record | None) -> None:
        self.world = world
        self.record = record

    def __del__(self) -> None:
        if self.record is not None:
            self.world.lose(self.record)

    @property
    def closed(self) -> bool:
        return self.record is not None and not self.record.is_open

    def release(self) -> None:
        """Give the resource back."""
        if self.record is not None and self.record.is_open:
            self.record.is_open = False
            self.record.was_released = True

    def close(self) -> None:
        self.world.happens()
        self.release()

    def rollback(self) -> None:
        self.world.happens()

    def execute(self, *arguments: object) -> object:
        world = self.world
        world.happens()
        del self, arguments
        world.may_raise("execute")
        return Opaque(world)

    def commit(self) -> None:
        world = self.world
        world.happens()
        del self
        world.may_raise("commit")

    def cursor(self, label: str = "") -> Resource:
        self.world.happens()
        return Cursor(self.world, self.world.acquire(label) if label else None)


class Cursor(Resource):
    """A cursor, whose `execute` gives the cursor itself (Python 3.13 documentation, sqlite3, Cursor objects)."""

    def execute(self, *arguments: object) -> Cursor:
        self.world.happens()
        if option := self.world.choose(1 + len(self.world.kinds), "execute"):
            world = self.world
            world.note_raise()
            del self, arguments
            world.raise_kind(option - 1)
        return self

    def fetchone(self) -> Opaque:
        world = self.world
        world.happens()
        del self
        world.may_raise("fetchone")
        return Opaque(world)


class Releasing(Resource):
    """A resource whose `with` block gives it back."""

    def __enter__(self) -> Resource:
        self.world.happens()
        return self

    def __exit__(self, *error: object) -> None:
        self.world.happens()
        self.release()


class Keeping(Resource):
    """A resource whose `with` block ends a transaction and leaves it open."""

    def __enter__(self) -> Resource:
        self.world.happens()
        if self.record is not None:
            self.record.was_kept_by_with = True
        return self

    def __exit__(self, *error: object) -> None:
        world = self.world
        world.happens()
        del self, error
        world.may_raise("leave")


class Asynchronous(Resource):
    """A resource of the asynchronous libraries."""

    async def close(self) -> None:  # type: ignore[override]
        super().close()

    async def execute(self, *arguments: object) -> Opaque:
        world = self.world
        world.happens()
        del self, arguments
        world.may_raise("execute", awaited=True)
        return Opaque(world)

    async def commit(self) -> None:  # type: ignore[override]
        world = self.world
        world.happens()
        del self
        world.may_raise("commit", awaited=True)

    async def rollback(self) -> None:  # type: ignore[override]
        super().rollback()


class AsynchronousReleasing(Asynchronous):
    """An asynchronous resource whose `async with` block gives it back."""

    async def __aenter__(self) -> Asynchronous:
        self.world.happens()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.world.happens()
        self.release()


class Connecting:
    """What an asynchronous library's `connect()` returns: awaited or entered, it acquires."""

    def __init__(self, world: World, made: type[Asynchronous], label: str) -> None:
        self.world, self.made, self.label = world, made, label
        self.entered: Asynchronous | None = None

    def __await__(self) -> Generator[None, None, Asynchronous]:
        self.world.happens()
        self.world.may_raise("connect", awaited=True)
        yield from ()
        return self.made(self.world, self.world.acquire(self.label))

    async def __aenter__(self) -> Asynchronous:
        self.entered = await self
        return self.entered

    async def __aexit__(self, *error: object) -> None:
        self.world.happens()
        assert self.entered is not None
        self.entered.release()


def mark_escape(value: object) -> None:
    """Each resource that can be reached through `value` is somebody else's from now on."""
    if isinstance(value, Resource):
        if value.record is not None:
            value.record.was_escaped = value.record.was_escaped or value.record.is_open
    elif isinstance(value, (tuple, list)):
        for item in value:
            mark_escape(item)
    elif isinstance(value, types.MethodType):
        mark_escape(value.__self__)
    elif isinstance(value, types.FunctionType):
        for cell in value.__closure__ or ():
            with contextlib.suppress(ValueError):
                mark_escape(cell.cell_contents)
    elif isinstance(value, contextlib.closing):
        mark_escape(value.thing)  # type: ignore[attr-defined]  # Lib/contextlib.py, class closing; not in typeshed


def mark_callable(value: object) -> None:
    """A resource whose bound release, or a closure over which, is handed on escapes; the resource itself is only borrowed."""
    if isinstance(value, (types.MethodType, types.FunctionType)):
        mark_escape(value)
