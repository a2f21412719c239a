"""Reads one TOML table of a library model: typed values out, every mistake noted.

A reader never stops at the first mistake: it notes a `ConfigError` in `problems` and goes on with the value left out, so that
one run tells a person everything that is wrong with a file.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from unclosed.errors import ConfigError

Choice = TypeVar("Choice", bound=enum.Enum)

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_QUALIFIED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


class Table:
    """One table: `where` is its file and its dotted key, `keys` what is accepted in it."""

    def __init__(
        self, where: str, key: str, values: Mapping[str, object], problems: list[ConfigError], keys: Collection[str] | None = None
    ) -> None:
        """`keys`: `None` where any key may stand (a table of names)."""
        self.where, self.key, self.values, self.problems = where, key, values, problems
        if keys is not None:
            for name in values:
                if name not in keys:
                    self.refuse(name, "is no key here", accepted=keys, value=name)

    def refuse(self, key: str, problem: str, *, accepted: Collection[str] = (), value: str | None = None) -> None:
        """Note a mistake at `key` of this table (`""`: at the table itself)."""
        path = self.key if not key else _dotted(self.key, key)
        place = f"{self.where}: {path}" if path else self.where
        self.problems.append(ConfigError(place, problem, accepted=accepted, value=value))

    def text(self, key: str) -> str | None:
        """The text at `key`; `None` if there is none."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        self._refuse_value(key, value, "a text")
        return None

    def qualified(self, key: str) -> str | None:
        """The qualified name at `key`, `psycopg2.connect`; `None` if there is none."""
        value = self.text(key)
        return value if value is None or self._is_qualified(key, value) else None

    def flag(self, key: str) -> bool:
        """True if `key` says so."""
        value = self.values.get(key, False)
        if isinstance(value, bool):
            return value
        self._refuse_value(key, value, "true or false")
        return False

    def position(self, key: str) -> int | None:
        """The position of an argument, counted from 0; `None` if there is none."""
        value = self.values.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self._refuse_value(key, value, "the position of an argument, counted from 0")
        return None

    def texts(self, key: str) -> tuple[str, ...] | None:
        """The list of texts at `key`; a single text counts as a list of one; `None` if the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._refuse_value(key, value, "a list of texts")
        return None

    def qualifieds(self, key: str) -> tuple[str, ...]:
        """The list of qualified names at `key`."""
        return tuple(name for name in self.texts(key) or () if self._is_qualified(key, name))

    def names(self, key: str) -> frozenset[str] | None:
        """The set of method, attribute or argument names at `key`; `None` if the key is not there."""
        values = self.texts(key)
        if values is None:
            return None
        for name in values:
            if not name.isidentifier():
                self.refuse(key, f"{name!r} is not the name of a method, attribute or argument")
        return frozenset(values)

    def choice(self, key: str, choices: type[Choice]) -> Choice | None:
        """The member of `choices` whose value stands at `key`; `None` if there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        for member in choices:
            if member.value == value:
                return member
        self.refuse(key, f"{value!r} is not known", accepted=[str(member.value) for member in choices], value=str(value))
        return None

    def table(self, key: str, keys: Collection[str] | None = None) -> Table | None:
        """The table at `key`; `None` if there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(self.where, _dotted(self.key, key), value, self.problems, keys)
        self._refuse_value(key, value, "a table")
        return None

    def list_of_tables(self, key: str, keys: Collection[str]) -> Iterator[Table]:
        """The tables in the list at `key`."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._refuse_value(key, value, "a list of tables")
            return
        for item in value:
            yield Table(self.where, _dotted(self.key, key), item, self.problems, keys)

    def tables(self, key: str, keys: Collection[str]) -> Iterator[tuple[str, Table]]:
        """The tables in the table at `key`, by name."""
        outer = self.table(key)
        if outer is not None:
            for name in outer.values:
                inner = outer.table(name, keys)
                if inner is not None:
                    yield name, inner

    def _is_qualified(self, key: str, value: str) -> bool:
        if _QUALIFIED.fullmatch(value):
            return True
        self.refuse(key, f"{value!r} is not a qualified name such as 'psycopg2.connect'")
        return False

    def _refuse_value(self, key: str, value: object, wanted: str) -> None:
        self.refuse(key, f"is {value!r}, but must be {wanted}")


def _dotted(key: str, name: str) -> str:
    """`name` below `key`, quoted as TOML wants it."""
    shown = name if _BARE_KEY.fullmatch(name) else f'"{name}"'
    return f"{key}.{shown}" if key else shown
