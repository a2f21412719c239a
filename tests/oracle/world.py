"""The state of one run: which choices were taken, and what became of each resource.

A *choice* is a point where the outside world decides: a branch, a raised exception, another round of a loop. A run is told
its first choices and takes the first option everywhere after them; `World.taken` then says which choices there were.

A resource is *lost* inside the function when its last reference goes while it is open. Which kind of loss it is follows from the
instruction at which the reference went: a store or a deletion of a name rebinds; anything else discards, unless
an exception is unwinding the expression. Then the resource counts as open until the function ends, like all that live at its
end. Two exceptions: if it was still held by a `with` block alone, its names had been bound anew before; and if a later round of a
loop acquires anew what an exception dropped, it is overwritten (but not what a `return` held: that was on its way out).
"""

from __future__ import annotations

import asyncio
import dis
import enum
import sys
from dataclasses import dataclass
from types import CodeType, FrameType

PLANNED = "planned"
"""The argument of each exception that the outside world raises."""
STORES = ("STORE_FAST", "STORE_DEREF", "DELETE_FAST", "DELETE_DEREF")
RAISES = ("RAISE_VARARGS", "RERAISE", "YIELD_VALUE", "RESUME")


class Exit(enum.Enum):
    """How a function ends."""

    RETURN = "return"
    RAISE = "raise"
    CANCEL = "cancel"


class Loss(enum.Enum):
    """How an open resource loses its last reference inside the function."""

    REBOUND = "rebound"
    DISCARDED = "discarded"


class CutError(BaseException):
    """The run goes on no further: a loop turned often enough, or the process ends."""


@dataclass
class Record:
    """What became of one resource in one run."""

    label: str
    is_open: bool = True
    was_released: bool = False
    was_escaped: bool = False
    was_kept_by_with: bool = False
    is_dropped: bool = False
    """An exception unwound the expression that held it."""
    loss: Loss | None = None

    @property
    def is_owed(self) -> bool:
        """Somebody must still release it, and the function still can."""
        return self.is_open and not self.was_escaped and self.loss is None


class World:
    """The choices and records of the current run of one program."""

    def __init__(self, kinds: tuple[type[Exception], ...] = (), returned: frozenset[str] = frozenset(), rounds: int = 2) -> None:
        """`kinds`: exceptions that some handler of the program names, so that a raising call may raise each.

        `returned`: the labels of acquires that are returned at once. `rounds`: the most rounds of one loop.
        """
        self.returned = returned
        self.most_rounds = rounds
        self.kinds: tuple[type[Exception], ...] = (RuntimeError, *kinds)
        self.code: CodeType | None = None
        self.tells = False
        self.begin([])

    def begin(self, prefix: list[int]) -> None:
        """Start a run whose first choices are `prefix`."""
        self.prefix = prefix
        self.taken: list[tuple[int, int]] = []
        self.story: list[str] = []
        self.records: list[Record] = []
        self.is_over = False
        self.raised_at: int | None = None
        self.is_ill_formed = False
        self.is_cut = False
        self.rounds: dict[int, int] = {}

    def choose(self, options: int, what: str = "") -> int:
        """The number of the option that is taken here."""
        if options == 1 or self.is_over:
            return 0
        place = len(self.taken)
        option = self.prefix[place] if place < len(self.prefix) else 0
        self.taken.append((option, options))
        if self.tells and what:
            self.story.append(f"{self.row()}: {what} {option}")
        return option

    def happens(self) -> None:
        """Something of the fake library is called. An instruction that runs again does not unwind any more."""
        if self.is_cut:
            raise CutError
        if self.raised_at is not None and self.instruction() == self.raised_at:
            self.raised_at = None

    def cut(self) -> None:
        """End this run; what was seen so far stays true."""
        self.is_cut = True
        raise CutError

    def may_raise(self, what: str, *, awaited: bool = False) -> None:
        """Raise nothing, an exception of each kind or, at an await, a cancellation."""
        option = self.choose(1 + len(self.kinds) + awaited, what)
        if option:
            self.raise_kind(option - 1)

    def raise_kind(self, number: int) -> None:
        """Raise the exception of this number; the one after the last is a cancellation."""
        self.note_raise()
        raise self.planned(number)

    def note_raise(self) -> None:
        """Remember which instruction of the program raises: while it is the current one, the expression around it unwinds.

        A handler or `finally` in between does not matter: where it raises again, CPython goes back to that instruction.
        """
        self.raised_at = self.instruction()

    def planned(self, number: int) -> BaseException:
        """An exception that this world makes on purpose."""
        if number < len(self.kinds):
            return self.kinds[number](PLANNED)
        return asyncio.CancelledError(PLANNED)

    def inspect_error(self, error: BaseException | None) -> None:
        """Note that the program is ill-formed if it met an exception that nobody planned (an unbound name, a method of None)."""
        if error is not None and not isinstance(error, (CutError, AssertionError)) and error.args != (PLANNED,):
            self.is_ill_formed = True

    def acquire(self, label: str) -> Record:
        """The record of a resource that is open from now on."""
        for earlier in self.records:
            if earlier.label == label and earlier.is_dropped and earlier.is_owed and label not in self.returned:
                earlier.loss = Loss.REBOUND
        record = Record(label)
        self.records.append(record)
        return record

    def lose(self, record: Record) -> None:
        """The last reference to the resource of `record` is gone."""
        if self.is_over or self.is_cut or not record.is_owed or not any(record is known for known in self.records):
            return
        frame = self.frame()
        if frame is None:
            return
        instruction = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        is_unwinding = frame.f_lasti == self.raised_at or instruction in RAISES
        if instruction.startswith(STORES) or (is_unwinding and record.was_kept_by_with):
            record.loss = Loss.REBOUND
        elif is_unwinding:
            record.is_dropped = True
        else:
            record.loss = Loss.DISCARDED

    def frame(self) -> FrameType | None:
        """The frame of the program's function, `None` when it is not running."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not self.code:
            frame = frame.f_back
        return frame

    def instruction(self) -> int | None:
        """The offset of the current instruction of the program's function, `None` when it is not running."""
        frame = self.frame()
        return frame.f_lasti if frame is not None else None

    def row(self) -> int:
        """The row at which the program's function stands, 0 when it is not running."""
        frame = self.frame()
        return frame.f_lineno if frame is not None else 0
