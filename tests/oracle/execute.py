"""Runs a program under every choice and gathers what was seen of each of its acquires."""

from __future__ import annotations

import contextlib
import gc
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .fake import arguments, namespace
from .instrument import Program
from .resources import mark_escape
from .world import CutError, Exit, Loss, Record, World


@dataclass(frozen=True)
class Bounds:
    """How far a program is followed: most rounds of one loop, most runs, most choices in a run; one that needs more is not judged."""

    rounds: int
    runs: int
    choices: int


USUAL = Bounds(rounds=2, runs=600, choices=40)
THOROUGH = Bounds(rounds=3, runs=20_000, choices=80)


@dataclass
class Observed:
    """What all runs together show of one acquire. `stories` tells, for each exit and loss, how one run came there."""

    was_released: bool = False
    was_escaped: bool = False
    was_kept_by_with: bool = False
    losses: set[Loss] = field(default_factory=set)
    exits: set[Exit] = field(default_factory=set)
    stories: dict[Loss | Exit, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_leaked(self) -> bool:
        """Some run ends with the resource open and nobody to release it."""
        return bool(self.losses or self.exits)

    def add(self, record: Record, end: Exit | None, story: tuple[str, ...]) -> None:
        """Take in the record of one run that ended with `end` (`None`: it was cut)."""
        self.was_released |= record.was_released
        self.was_escaped |= record.was_escaped
        self.was_kept_by_with |= record.was_kept_by_with
        if record.loss is not None:
            self.losses.add(record.loss)
            self.stories.setdefault(record.loss, story)
        elif record.is_owed and end is not None:
            self.exits.add(end)
            self.stories.setdefault(end, story)


class UnjudgedError(Exception):
    """The program takes too many runs, or goes wrong in a way that has nothing to do with resources."""


def observe(program: Program, bounds: Bounds = USUAL, *, tells: bool = False) -> dict[str, Observed]:
    """What every run of the program shows of each acquire, by label; raises `UnjudgedError`."""
    world = World(program.kinds, program.returned, bounds.rounds)
    world.tells = tells
    function = _function(program, world)
    observed: dict[str, Observed] = {}
    prefix: list[int] = []
    with _no_collector():
        for _ in range(bounds.runs):
            world.begin(prefix)
            end = _run(function, program, world)
            if world.is_ill_formed or len(world.taken) > bounds.choices:
                raise UnjudgedError(program.text)
            for record in world.records:
                observed.setdefault(record.label, Observed()).add(record, end, tuple(world.story))
            following = _next_prefix(world.taken)
            if following is None:
                return observed
            prefix = following
    raise UnjudgedError(program.text)


def _function(program: Program, world: World) -> Callable[..., Any]:
    """The function of the program, in a fresh namespace with its probes."""

    def start_loop(number: int) -> None:
        world.rounds[number] = 0

    def count_round(number: int) -> None:
        world.rounds[number] += 1
        if world.rounds[number] > world.most_rounds:
            world.cut()

    def look_at_error(number: int) -> None:
        world.inspect_error(sys.exc_info()[1])

    def steps() -> Iterator[int]:
        yield 0
        for number in range(1, world.most_rounds):
            if world.choose(2, "step") == 0:
                return
            yield number

    def look_up(value: object) -> object:
        world.happens()
        if world.choose(2, "subscript"):
            world.raise_kind(world.kinds.index(KeyError))
        return value

    scope = namespace(world, program.flavour)
    scope |= {"__loop__": start_loop, "__round__": count_round, "__caught__": look_at_error, "__steps__": steps, "__look_up__": look_up}
    exec(program.code(), scope)
    function = scope[program.function.name]
    world.code = function.__code__
    return function  # type: ignore[no-any-return]  # it comes out of a namespace


def _run(function: Callable[..., Any], program: Program, world: World) -> Exit | None:
    """How one run ends; `None` if it was cut."""
    try:
        _mark_returned(_result(function(*arguments(world, program.flavour, program.parameters)), world), world)
    except CutError:
        pass
    except BaseException as error:  # noqa: BLE001  # every way out of the program is what we are here to see
        world.is_over = True
        world.inspect_error(error)
        return None if world.is_cut else Exit.RAISE if isinstance(error, Exception) else Exit.CANCEL
    return None if world.is_cut else Exit.RETURN


def _result(value: Any, world: World) -> Any:
    """The value that the program's function returns in the end: of the coroutine or generator that calling it gave."""
    if inspect.iscoroutine(value):
        try:
            value.send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("no fake suspends")
    if inspect.isgenerator(value):
        return _exhausted(value, world)
    return value


def _exhausted(generator: Any, world: World) -> Any:
    """What a generator returns whose consumer takes every value, or throws an exception at some `yield`."""
    try:
        given = next(generator)
        while True:
            mark_escape(given)
            del given
            world.happens()
            option = world.choose(1 + len(world.kinds), "yield")
            if option:
                given = generator.throw(world.planned(option - 1))
            else:
                given = next(generator)
    except StopIteration as stop:
        return stop.value


def _mark_returned(value: object, world: World) -> None:
    """What is returned escapes; nothing that happens to it from here on is the program's doing."""
    world.is_over = True
    mark_escape(value)


def _next_prefix(taken: list[tuple[int, int]]) -> list[int] | None:
    """The choices of the run after the one that took `taken`; `None` after the last."""
    while taken and taken[-1][0] == taken[-1][1] - 1:
        taken.pop()
    if not taken:
        return None
    return [option for option, _ in taken[:-1]] + [taken[-1][0] + 1]


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """The garbage collector rests: references alone decide when a resource goes."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
