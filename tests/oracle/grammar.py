"""Makes programs: the same seed, the same programs.

A *production* is a function `(maker, scope) -> lines | None`; `None` says that it does not fit here. The lines of a block
are its statements, already indented to their depth inside the block. A block that cannot be left at its end *jumps*.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import compounds, idioms, statements
from .flavours import FLAVOURS, Flavour
from .instrument import Program
from .lines import indented, jumps
from .scope import Scope, State

if TYPE_CHECKING:
    from collections.abc import Sequence

Production = Callable[["Maker", Scope], "list[str] | None"]

NAMES = ("c", "d", "e")
PARAMETERS = ("self", "a", "b", "n", "m", "first", "second", "items")
SMALLEST, LARGEST = 5, 25
DEEPEST = 4
HEADER = """\
import asyncio
import contextlib
import sys

import {module}
from app import Failure, Holder, fetch, more, work


"""

PRODUCTIONS: tuple[tuple[int, Production], ...] = (*statements.PRODUCTIONS, *compounds.PRODUCTIONS, *idioms.PRODUCTIONS)


class Maker:
    """Makes one program: `random` decides, `left` counts the statements that may still be made."""

    def __init__(self, generator: random.Random, flavour: Flavour) -> None:
        self.random = generator
        self.flavour = flavour
        self.labels = itertools.count(1)
        self.indexes = itertools.count()
        self.given = ["second", "first"]
        self.left = int(generator.triangular(SMALLEST, LARGEST, SMALLEST))
        self.is_generator = not flavour.is_async and generator.random() < 0.06

    def program(self) -> Program:
        """A whole program."""
        scope = Scope()
        body = []
        if self.random.random() < 0.3:
            for name in self.random.sample(NAMES, self.random.randint(1, 2)):
                body.append(f"{name} = None")
                scope.bind(name, State.NONE)
        body += self.block(scope, self.left)
        parameters = ", ".join((*filter(None, [self.flavour.parameter]), *PARAMETERS))
        head = f"{'async ' if self.flavour.is_async else ''}def task({parameters}):"
        return Program(HEADER.format(module=self.flavour.module) + "\n".join([head, *indented(body)]) + "\n", self.flavour)

    def block(self, scope: Scope, most: int) -> list[str]:
        """Between one and `most` statements, fewer after a jump; at least `pass`."""
        lines: list[str] = []
        for _ in range(max(1, most)):
            if self.left <= 0 or jumps(lines):
                break
            lines += self.statement(scope)
        return lines or ["pass"]

    def small_block(self, scope: Scope) -> list[str]:
        """A block of one to four statements."""
        return self.block(scope, self.random.randint(1, 4))

    def statement(self, scope: Scope) -> list[str]:
        """One statement, or the few of an idiom."""
        self.left -= 1
        weights = [weight for weight, _ in PRODUCTIONS]
        while True:
            ((_, production),) = self.random.choices(PRODUCTIONS, weights)
            lines = production(self, scope)
            if lines is not None:
                return lines

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def label(self) -> int:
        """A label that no other acquire of the program has."""
        return next(self.labels)

    def fresh(self, condition: str) -> str:
        """The condition with a number of its own: no other has its text, so that it tells nothing of any other."""
        return condition.replace("?", str(next(self.indexes))) if "?" in condition else condition

    def acquire(self) -> str:
        """An acquiring expression with a fresh label."""
        return self.flavour.acquire(self.label())

    def name(self, scope: Scope) -> str:
        """A name to bind: mostly one that holds nothing open."""
        free = [name for name in NAMES if scope.states.get(name) not in (State.OPEN, State.MAYBE)]
        return self.random.choice(free if free and self.chance(0.85) else NAMES)

    def pick(self, options: Sequence[str]) -> str:
        """One of these."""
        return self.random.choice(options)


def programs(seed: int) -> Iterator[Program]:
    """An endless row of programs that acquire something; the flavours take turns by chance."""
    generator = random.Random(seed)
    while True:
        flavour = generator.choices(FLAVOURS, [6, 5, 5, 2, 2, 3])[0]
        program = Maker(generator, flavour).program()
        if program.acquires:
            yield program
