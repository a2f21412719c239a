"""Reads what a model file says of a pool's limits and of prepared statements: the tables `pool` and `prepares` of a call.

    pool = { none = ["poolclass=sqlalchemy.pool.NullPool"], unbounded = ["max_overflow=-1"], endless = ["pool_timeout=None"],
             asks = ["pool_size", "max_overflow"] }

An argument is a name, with its position after an `@` where it may be given by position and its spelling after an `=`, in which `*` stands
for anything. Arguments joined by `&` must all be told, `|` parts those of `asks` of which one is enough.
"""

from __future__ import annotations

import re

from unclosed.catalog_table import Table
from unclosed.library import PoolModel, PrepareModel, Told

POOL_KEYS = frozenset({"none", "unbounded", "endless", "asks", "within", "prefix", "settings"})
PREPARE_KEYS = frozenset({"when", "unless", "within"})
_TOLD = re.compile(r"(?P<name>[^\W\d]\w*)(?:@(?P<position>\d+))?(?:=(?P<spelling>.+))?")


def read_pool(table: Table) -> PoolModel | None:
    """The table `pool` of a call; `None` if there is none."""
    inner = table.table("pool", POOL_KEYS)
    if inner is None:
        return None
    return PoolModel(
        none=_groups(inner, "none", "&"),
        unbounded=_groups(inner, "unbounded", "&"),
        endless=_groups(inner, "endless", "&"),
        asks=_groups(inner, "asks", "|"),
        within=read_told(inner, "within"),
        prefix=inner.text("prefix") or "",
        settings=inner.texts("settings") or (),
    )


def read_told(table: Table, key: str) -> tuple[Told, ...]:
    """The arguments at `key`, each with its spelling."""
    return tuple(told for group in _groups(table, key, "&") for told in group)


def read_all_told(table: Table, key: str) -> tuple[Told, ...]:
    """Arguments that must all be told: `timeout@1=None & block@0=True`."""
    text = table.text(key)
    return () if text is None else tuple(_told(table, key, part.strip()) for part in text.split("&"))


def read_prepares(table: Table) -> PrepareModel | None:
    """The table `prepares` of a call; `None` if there is none."""
    inner = table.table("prepares", PREPARE_KEYS)
    if inner is None:
        return None
    within = tuple(told for group in _groups(inner, "within", "&") for told in group)
    return PrepareModel(_groups(inner, "when", "&"), _groups(inner, "unless", "&"), within)


def _groups(table: Table, key: str, joint: str) -> tuple[tuple[Told, ...], ...]:
    return tuple(tuple(_told(table, key, part.strip()) for part in text.split(joint)) for text in table.texts(key) or ())


def _told(table: Table, key: str, text: str) -> Told:
    match = _TOLD.fullmatch(text)
    if match is None:
        table.refuse(key, f"{text!r} is no argument such as 'maxsize@1=0'")
        return Told(text, None)
    return Told(match["name"], int(match["position"]) if match["position"] else None, match["spelling"] or "")
