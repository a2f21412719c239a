"""sqlite3 and aiosqlite on a file: held is what has the file open, or a cursor that still answers."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from conformance.probes import Rig, answering, bench

_DESCRIPTORS = Path("/proc/self/fd")


def _open_descriptors(path: str) -> int:
    """How many descriptors of this process are open on a file."""
    targets = (os.path.realpath(descriptor) for descriptor in _DESCRIPTORS.iterdir())
    return sum(target == os.path.realpath(path) for target in targets)


@bench("sqlite3.connect", "sqlite3.Connection", "aiosqlite.connect")
async def connections(acquire: str) -> AsyncIterator[Rig]:
    """A connection has the file open once a statement has run."""
    module, _, name = acquire.partition(".")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.db"
        made: list[Any] = []
        yield Rig(lambda: getattr(importlib.import_module(module), name)(path), held=lambda: _open_descriptors(path), note=made.append)
        for connection in made:
            with suppress(ValueError):  # aiosqlite: no active connection
                closed = connection.close()
                await closed if module == "aiosqlite" else None


@bench("sqlite3.Connection.cursor", "sqlite3.Connection.blobopen")
async def cursors(acquire: str) -> AsyncIterator[Rig]:
    """A cursor or blob that was closed answers no more."""
    with closing(importlib.import_module("sqlite3").connect(":memory:")) as connection:
        connection.execute("CREATE TABLE rows (data BLOB)")
        connection.execute("INSERT INTO rows VALUES (zeroblob(8))")
        made: list[Any] = []
        if acquire.endswith("cursor"):
            yield Rig(connection.cursor, held=lambda: answering(made, lambda cursor: cursor.execute("SELECT 1")), note=made.append)
        else:
            yield Rig(
                lambda: connection.blobopen("rows", "data", 1),
                held=lambda: answering(made, lambda blob: blob.read()),
                note=made.append,
            )


@bench(
    "aiosqlite.Connection.cursor",
    "aiosqlite.Connection.execute",
    "aiosqlite.Connection.executemany",
    "aiosqlite.Connection.executescript",
)
async def asynchronous_cursors(acquire: str) -> AsyncIterator[Rig]:
    """A cursor that was closed answers no more."""
    statement = {"execute": ("SELECT 1",), "executemany": ("DELETE FROM rows WHERE n = ?", [(1,)]), "executescript": ("SELECT 1",)}
    async with importlib.import_module("aiosqlite").connect(":memory:") as connection:
        await connection.execute("CREATE TABLE rows (n INTEGER)")
        name = acquire.rpartition(".")[2]
        made: list[Any] = []
        yield Rig(
            lambda: getattr(connection, name)(*statement.get(name, ())),
            held=lambda: answering(made, lambda cursor: cursor.execute("SELECT 1")),
            note=made.append,
        )


BENCHES = [*connections, *cursors, *asynchronous_cursors]
