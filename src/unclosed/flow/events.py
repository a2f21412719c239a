"""The vocabulary of events: what a node of a flow graph can say.

A *place* is something that can hold a value: a local name, an attribute or item of a place, a temporary, the returned value. Constants and
imported names are places too, so that one word, `Bind`, covers every assignment. `conn = psycopg2.connect(dsn)` reads, in events:

    Call(psycopg2.connect, (dsn,)) -> t1
    Bind(conn, t1)
    EndStatement(t1)

Events are values without control flow; `graph.py` connects them. An event never says what a call *means*: that is for `infer` and
`analysis` to find out.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, NewType

PlaceId = NewType("PlaceId", int)
NodeId = NewType("NodeId", int)
SpanId = NewType("SpanId", int)


class Local(NamedTuple):
    """A name of the function's own scope, or a free name read in it."""

    name: str


class Attribute(NamedTuple):
    """`base.name`."""

    base: PlaceId
    name: str


class Item(NamedTuple):
    """`base[number]` with a constant index, and the parts of a value that is unpacked."""

    base: PlaceId
    number: int


class Temp(NamedTuple):
    """The value of one expression; lives until the end of its statement."""

    number: int


MAX_TEXT = 200
"""The texts of literals and formatted strings are cut here."""


class Constant(NamedTuple):
    """A literal: `None`, `True`, `False`, a number or a string, as source text."""

    text: str


class Formatted(NamedTuple):
    """A formatted string: its text, with `{}` in the place of each value that is put in."""

    text: str


class Imported(NamedTuple):
    """What an import binds: the qualified name of a module or of something in it."""

    name: str


class Definition(NamedTuple):
    """A function or class defined in this module: its dotted name inside the module."""

    name: str


class Pure(NamedTuple):
    """A condition without calls, by its text, so that equal conditions are known to be equal; `roots` are the places it reads."""

    text: str
    roots: tuple[PlaceId, ...]


class Returned(NamedTuple):
    """The value that the function returns."""

    word: str = "return"


def bare_text(literal: str) -> str:
    """A string literal without its prefix and quotes; a literal that is cut has none at its end. Any other literal is its own text."""
    body = literal.lstrip("rbfuRBFU")
    return body.strip("'\"") if body[:1] in ("'", '"') else literal


PlaceKey = Local | Attribute | Item | Temp | Constant | Formatted | Imported | Definition | Pure | Returned


class Places:
    """The places of one function, interned: equal keys have equal ids. It only grows."""

    __slots__ = ("_ids", "keys")

    def __init__(self) -> None:
        self.keys: list[PlaceKey] = []
        # NamedTuples of different classes with equal fields compare equal: the class belongs to the key.
        self._ids: dict[tuple[type, PlaceKey], PlaceId] = {}

    def intern(self, key: PlaceKey) -> PlaceId:
        """The id of a place, made if new."""
        tagged = (type(key), key)
        found = self._ids.get(tagged)
        if found is None:
            found = self._ids[tagged] = PlaceId(len(self.keys))
            self.keys.append(key)
        return found

    def find(self, key: PlaceKey) -> PlaceId | None:
        """The id of a place, `None` if it was never mentioned."""
        return self._ids.get((type(key), key))

    def root(self, place: PlaceId) -> PlaceId:
        """The place of which this one is a part, through all attributes and items; itself if it is none."""
        key = self.keys[place]
        while isinstance(key, Item | Attribute):
            place = key.base
            key = self.keys[place]
        return place

    def is_temp(self, place: PlaceId) -> bool:
        """Whether the place is a temporary or a part of one."""
        return isinstance(self.keys[self.root(place)], Temp)

    def text(self, place: PlaceId) -> str:
        """The place as source text; temporaries as `t<number>`."""
        match self.keys[place]:
            case Local(name) | Imported(name) | Definition(name):
                return name
            case Attribute(base, name):
                return f"{self.text(base)}.{name}"
            case Item(base, number):
                return f"{self.text(base)}[{number}]"
            case Temp(number):
                return f"t{number}"
            case Constant(text) | Pure(text, _):
                return text
            case Formatted(text):
                return f"f'{text}'"
            case Returned(word):
                return word


@dataclass(frozen=True, slots=True)
class Callee:
    """What is called: the place of the whole callee if it has one, else only its last name.

    `receiver`: the place before the last dot, `None` for a plain name or where it has no place. `method`: the last name, empty for
    a callee that has none (`f()()`).
    """

    place: PlaceId | None
    receiver: PlaceId | None
    method: str
    is_method: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call. `key`: its position from 0, its keyword, or `"*"` / `"**"`. `value` is `None` where nothing is tracked."""

    key: int | str
    value: PlaceId | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call. `awaited`: `await` stands directly before it. `bare`: its value is dropped at once (a statement of its own)."""

    callee: Callee
    arguments: tuple[Argument, ...]
    result: PlaceId
    awaited: bool
    bare: bool
    span: SpanId


@dataclass(frozen=True, slots=True)
class Await:
    """`await place`, where the awaited thing is no direct call."""

    value: PlaceId | None
    result: PlaceId
    span: SpanId


@dataclass(frozen=True, slots=True)
class Bind:
    """`target = value`; a `value` of `None` is one that nothing is known of."""

    target: PlaceId
    value: PlaceId | None
    span: SpanId


@dataclass(frozen=True, slots=True)
class Unbind:
    """`del place`, and the end of `except ... as place`."""

    place: PlaceId
    is_delete: bool
    span: SpanId


@dataclass(frozen=True, slots=True)
class Enter:
    """A `with` item is entered; `result` is what `as` gets."""

    manager: PlaceId
    is_async: bool
    result: PlaceId
    span: SpanId


@dataclass(frozen=True, slots=True)
class Leave:
    """A `with` item is left; `failing` with an exception."""

    manager: PlaceId
    is_async: bool
    failing: bool
    span: SpanId


class StoreKind(enum.Enum):
    """Where a value is put."""

    ATTRIBUTE = "attribute"
    SUBSCRIPT = "subscript"
    CONTAINER = "container"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Store:
    """A value is put into an attribute, a container or a name of an outer scope; `base` is the object or container, if it has a place."""

    kind: StoreKind
    base: PlaceId | None
    name: str
    value: PlaceId | None
    span: SpanId


@dataclass(frozen=True, slots=True)
class Yield:
    """`yield value`; `is_from` for `yield from`."""

    value: PlaceId | None
    result: PlaceId
    is_from: bool
    span: SpanId


@dataclass(frozen=True, slots=True)
class Capture:
    """A nested function, lambda or class is made that reads `places`; `result` is the new value."""

    places: tuple[PlaceId, ...]
    result: PlaceId
    function: str
    span: SpanId


@dataclass(frozen=True, slots=True)
class Bare:
    """An expression statement that only names an attribute: `conn.close`."""

    place: PlaceId
    span: SpanId


@dataclass(frozen=True, slots=True)
class Step:
    """Anything else that can raise or branch: `raise`, `assert`, a test, the step of a loop, an import."""

    word: str
    value: PlaceId | None
    span: SpanId


INTERRUPTED = "interrupted"
"""The word of a join that only an interruption from outside leads to: on the way to `except KeyboardInterrupt`."""


@dataclass(frozen=True, slots=True)
class Join:
    """Paths meet; nothing happens."""

    word: str = ""


@dataclass(frozen=True, slots=True)
class EndStatement:
    """The temporaries of a statement die."""

    temps: tuple[PlaceId, ...]
    span: SpanId


class ExitKind(enum.Enum):
    """How a function is left."""

    RETURN = "return"
    RAISE = "raise"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of the function."""

    kind: ExitKind


Event = Call | Await | Bind | Unbind | Enter | Leave | Store | Yield | Capture | Bare | Step | Join | EndStatement | Exit
