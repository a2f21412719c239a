"""Reads what a model file says of time limits: the tables `limit` and `limits`, and spellings such as `block=False`.

    limit = { by = ["timeout@2"], default = "none", unlimited = ["0"], pair = 1, attempts = 3 }

`by` names arguments, with their position after an `@` where they may be given by position. `default` is a number of seconds, `"none"`
for no limit, `"owner"` for what the receiver's constructor was told, `["owner", 30]` where its default is not that of the constructor, or
absent where it is not known.
"""

from __future__ import annotations

import math
import re

from unclosed.catalog_table import Table
from unclosed.library import Limit

LIMIT_KEYS = frozenset(
    {
        *("by", "default", "unlimited", "none_is_default", "pair", "attempts", "attempts_by"),
        *("takes_first", "per_second", "changed_by", "settings"),
    }
)
_NAMED = re.compile(r"(?P<name>[^\W\d]\w*)(?:@(?P<position>\d+))?")
_SPELLED = re.compile(rf"{_NAMED.pattern}=(?P<spelling>.+)")
_ATTEMPTS = re.compile(r"(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)(?:\+(?P<more>\d))?")
_WORDS = {"none": math.inf, "owner": None}


def read_limit(table: Table, key: str) -> Limit | None:
    """The limit at `key`; `None` if there is none."""
    inner = table.table(key, LIMIT_KEYS)
    if inner is None:
        return None
    default = inner.values.get("default")
    from_owner = default == "owner" or (isinstance(default, list) and len(default) == 2 and default[0] == "owner")
    return Limit(
        by=read_named(inner, "by") or (),
        default=_default(inner, default[1] if isinstance(default, list) and from_owner else default),
        from_owner=from_owner,
        takes_first=inner.flag("takes_first"),
        per_second=_number(inner, "per_second"),
        changed_by=inner.names("changed_by") or frozenset(),
        settings=frozenset(inner.texts("settings") or ()),
        unlimited=frozenset(inner.texts("unlimited") or ()),
        none_is_default=inner.flag("none_is_default"),
        pair=inner.position("pair"),
        attempts=_number(inner, "attempts"),
        attempts_by=_attempts_by(inner),
    )


def read_spellings(table: Table, key: str) -> tuple[tuple[str, int | None, str], ...]:
    """`["block@0=False"]`: name, position and spelling of each."""
    found = []
    for text in table.texts(key) or ():
        match = _SPELLED.fullmatch(text)
        if match is None:
            table.refuse(key, f"{text!r} is no argument with its value such as 'block@0=False'")
            continue
        found.append((match["name"], int(match["position"]) if match["position"] else None, match["spelling"]))
    return tuple(found)


def read_named(table: Table, key: str) -> tuple[tuple[str, int | None], ...] | None:
    """`["timeout@2"]`: name and position of each argument; `None` if the key is not there."""
    texts = table.texts(key)
    if texts is None:
        return None
    found = []
    for text in texts:
        match = _NAMED.fullmatch(text)
        if match is None:
            table.refuse(key, f"{text!r} is no argument such as 'timeout' or 'timeout@2'")
            continue
        found.append((match["name"], int(match["position"]) if match["position"] else None))
    return tuple(found)


def _default(table: Table, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    table.refuse("default", f"is {value!r}, but must be a number of seconds, 'none' or 'owner'")
    return None


def _number(table: Table, key: str) -> float:
    value = table.values.get(key, 1)
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < math.inf:
        return value
    table.refuse(key, f"is {value!r}, but must be a number, 1 or more")
    return 1


def _attempts_by(table: Table) -> tuple[tuple[tuple[str, ...], int], ...]:
    found = []
    for text in table.texts("attempts_by") or ():
        match = _ATTEMPTS.fullmatch(text)
        if match is None:
            table.refuse("attempts_by", f"{text!r} is no argument such as 'attempts' or 'max_retries+1'")
            continue
        found.append((tuple(match["path"].split(".")), int(match["more"] or 0)))
    return tuple(found)
