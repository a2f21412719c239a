"""The fake library: resources that are counted, and an outside world that decides as its `World` says.

It behaves as the linter assumes of real libraries (`architecture.md`, "What raises"; `rules.md`, "Must stay silent" 6):

- acquiring, `execute`, `commit`, unknown functions, the steps of a loop over a parameter may raise; an acquire that raises owes nothing;
- releases, rollbacks, `cursor()`, attributes, subscripts, comparisons, `print` and entering a `with` block never raise;
- but a subscript raises `KeyError` where a handler around it names that, and no broad handler takes it before;
- leaving a `with` block that keeps the resource commits, which may raise; leaving one that releases it may not;
- whatever is awaited, except a release, may be cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any

from .flavours import Flavour, Manager
from .resources import Asynchronous, AsynchronousReleasing, Connecting, Keeping, Opaque, Releasing, Resource, mark_callable, mark_escape
from .world import World


class Items:
    """A parameter that is iterated and appended to."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __iter__(self) -> Iterator[Opaque]:
        return Steps(self.world)

    def __aiter__(self) -> AsyncIterator[Opaque]:
        return Steps(self.world, is_awaited=True)

    def append(self, value: object) -> None:
        world = self.world
        world.happens()
        mark_escape(value)
        del self, value
        world.may_raise("append")


class Steps:
    """An iterator of a few steps, each of which may raise."""

    def __init__(self, world: World, *, is_awaited: bool = False) -> None:
        self.world = world
        self.ways = len(world.kinds) + is_awaited
        self.left = world.most_rounds

    def __iter__(self) -> Steps:
        return self

    def __aiter__(self) -> Steps:
        return self

    def __next__(self) -> Opaque:
        if self.is_at_end():
            raise StopIteration
        return Opaque(self.world)

    async def __anext__(self) -> Opaque:
        if self.is_at_end():
            raise StopAsyncIteration
        return Opaque(self.world)

    def is_at_end(self) -> bool:
        """There is no further step; may raise."""
        self.world.happens()
        option = self.world.choose(1 + self.ways + (self.left > 0), "step")
        if 0 < option <= self.ways:
            self.world.raise_kind(option - 1)
        self.left -= 1
        return option == 0


class Stack:
    """`contextlib.ExitStack`, as far as programs use it; nothing of it raises by itself."""

    def __init__(self) -> None:
        self.exits: list[Callable[..., object]] = []

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *error: object) -> None:
        while self.exits:
            self.exits.pop()(*error)

    def enter_context(self, manager: Any) -> Any:
        entered = manager.__enter__()
        self.push(manager)
        return entered

    def push(self, manager: Any) -> None:
        mark_escape(manager)
        self.exits.append(manager.__exit__)

    def callback(self, release: Callable[[], object]) -> None:
        mark_escape(release)
        self.exits.append(lambda *error: release())


class Keeper:
    """A parameter (`self`) whose attributes outlive the function."""

    def __setattr__(self, name: str, value: object) -> None:
        mark_escape(value)


class Suppress(contextlib.suppress):
    """`contextlib.suppress`, which also notes exceptions that nobody planned."""

    world: World

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.world.inspect_error(error)
        return bool(super().__exit__(kind, error, trace))


def functions(world: World) -> dict[str, Any]:
    """The unknown functions that programs call, and `print`, which does not raise."""

    def work(*arguments: object) -> Opaque:
        world.happens()
        for argument in arguments:
            mark_callable(argument)
        argument = None
        del arguments
        world.may_raise("work")
        return Opaque(world)

    async def fetch(*arguments: object) -> Opaque:
        world.happens()
        del arguments
        world.may_raise("fetch", awaited=True)
        return Opaque(world)

    def more() -> Opaque:
        world.happens()
        world.may_raise("more")
        return Opaque(world, bool(world.choose(2, "more")))

    class Holder:
        def __init__(self, *arguments: object) -> None:
            world.happens()
            mark_escape(arguments)
            del arguments, self
            world.may_raise("Holder")

    def failure(*arguments: object) -> BaseException:
        world.happens()
        return world.planned(world.choose(len(world.kinds), "Failure"))

    def tell(*arguments: object) -> None:
        world.happens()

    def leave(*arguments: object) -> None:
        world.cut()

    return {
        "work": work, "fetch": fetch, "more": more, "Holder": Holder, "Failure": failure, "print": tell,
        "sys": types.SimpleNamespace(exit=leave),
    }  # fmt: skip


def library(world: World, flavour: Flavour) -> dict[str, Any]:
    """The module that stands for the library of `flavour`."""
    made = {Manager.NONE: Resource, Manager.KEEPS: Keeping, Manager.RELEASES: Releasing}[flavour.manager]
    made_later = Asynchronous if flavour.manager is Manager.NONE else AsynchronousReleasing

    def connect(label: str) -> Resource:
        world.happens()
        world.may_raise("connect")
        return made(world, world.acquire(label))

    def connect_later(label: str) -> Awaitable[Asynchronous]:
        return Connecting(world, made_later, label)

    later = types.SimpleNamespace(connect=connect_later)
    module = types.SimpleNamespace(connect=connect_later if flavour.is_async else connect, AsyncConnection=later, Connection=Resource)
    return {flavour.module: module}


def namespace(world: World, flavour: Flavour) -> dict[str, Any]:
    """The globals in which a program of this flavour runs."""
    suppress = type("Suppress", (Suppress,), {"world": world})
    return {
        **functions(world),
        **library(world, flavour),
        "contextlib": types.SimpleNamespace(closing=contextlib.closing, suppress=suppress, ExitStack=Stack),
        "asyncio": types.SimpleNamespace(CancelledError=asyncio.CancelledError),
    }


def arguments(world: World, flavour: Flavour, names: tuple[str, ...]) -> list[object]:
    """The values of the parameters called `names`; a parameter that is not used has no name."""
    values: list[object] = []
    for name in names:
        if name == "self":
            values.append(Keeper())
        elif name == "items":
            values.append(Items(world))
        elif name == "conn":
            values.append(Resource(world, None))
        elif name in ("n", "m", "first", "second"):
            made = Asynchronous if flavour.is_async else Keeping
            values.append(made(world, None) if world.choose(2, f"{name} is given") else None)
        else:
            values.append(Opaque(world) if name else None)
    return values
