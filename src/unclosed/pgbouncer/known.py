"""What is known of PgBouncer's settings: the data of `settings.toml`, read once."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unclosed.toml_text import parse_toml

SETTINGS = Path(__file__).parent / "settings.toml"

Version = tuple[int, ...]


class Zero(str, enum.Enum):
    """What the number 0 says in a setting."""

    NUMBER = "number"
    UNLIMITED = "unlimited"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Known:
    """One setting. `default`: `None` if it has none; `inside`: the sections whose entries may say it too."""

    name: str
    default: str | None
    zero: Zero
    since: Version
    before: Mapping[Version, str]
    """Older defaults: each held below that version."""
    inside: frozenset[str]
    holds: str
    """What its 0 lets clients do without limit, for messages; empty if it is none that people wait or hold by."""

    def default_in(self, version: Version | None) -> str | None:
        """What holds in a version when nothing is said; `None` where it does not exist. An unknown version is the newest."""
        if version is None:
            return self.default
        if version < self.since:
            return None
        return next((self.before[bound] for bound in sorted(self.before) if version < bound), self.default)


@dataclass(frozen=True, slots=True)
class Order:
    """Two limits, of which `larger` must be at least `times` as long. `why`: what the larger one does otherwise."""

    smaller: str
    larger: str
    times: float
    both: bool
    """Only where both are written out."""
    general: bool
    """The larger one counts as it stands in the general section."""
    why: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that the file says."""

    settings: Mapping[str, Known]
    orders: tuple[Order, ...]
    web_packages: tuple[str, ...]


@functools.cache
def knowledge() -> Knowledge:
    """The data of `settings.toml`."""
    tables = parse_toml(SETTINGS.read_text(encoding="utf-8"), str(SETTINGS))
    settings = {name: _known(name, _table(value)) for name, value in _table(tables["settings"]).items()}
    packages = _table(tables["web"])["packages"]
    assert isinstance(packages, list)
    orders = tables["orders"]
    assert isinstance(orders, list)
    return Knowledge(settings, tuple(_order(_table(each)) for each in orders), tuple(map(str, packages)))


def _known(name: str, table: Mapping[str, object]) -> Known:
    inside = table.get("in", [])
    assert isinstance(inside, list)
    return Known(
        name=name,
        default=str(table["default"]) if "default" in table else None,
        zero=Zero(table.get("zero", "number")),
        since=parse_version(str(table.get("since", "1"))),
        before={parse_version(bound): str(value) for bound, value in _table(table.get("before", {})).items()},
        inside=frozenset(map(str, inside)),
        holds=str(table.get("holds", "")),
    )


def _order(table: Mapping[str, object]) -> Order:
    times = table.get("times", 1)
    assert isinstance(times, int | float)
    flags = {flag: table.get(flag) is True for flag in ("both", "general")}
    return Order(str(table["smaller"]), str(table["larger"]), float(times), flags["both"], flags["general"], str(table["why"]))


def parse_version(text: str) -> Version:
    """`1.24` as numbers that compare."""
    return tuple(int(part) for part in text.split("."))


def _table(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value
