"""asyncpg, aiopg and databases against PostgreSQL: held is a session that the server lists, or a slot that nobody else gets."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from conformance.probes import Rig, answering, bench, in_time, refused
from conformance.servers import POSTGRES, postgres


def _named(name: str) -> str:
    """The server's address for connections with an application name."""
    return f"{POSTGRES.url}?application_name={name}"


def _dsn(name: str) -> str:
    """The same as libpq writes it, for aiopg."""
    password = f" password={POSTGRES.password}" if POSTGRES.password else ""
    where = f"host={POSTGRES.host} port={POSTGRES.port} dbname={POSTGRES.database} user={POSTGRES.user}"
    return f"{where}{password} application_name={name}"


@bench("asyncpg.connect", "aiopg.connect")
async def connections(acquire: str) -> AsyncIterator[Rig]:
    """A connection is a session at the server."""
    library = acquire.partition(".")[0]
    with postgres() as witness:
        where = _named(witness.name) if library == "asyncpg" else _dsn(witness.name)
        yield Rig(lambda: importlib.import_module(library).connect(where), held=witness.sessions)


@bench("asyncpg.create_pool", "aiopg.create_pool")
async def pools(acquire: str) -> AsyncIterator[Rig]:
    """A pool has its sessions from the start."""
    library = acquire.partition(".")[0]
    with postgres() as witness:
        sizes = {"min_size": 1, "max_size": 1} if library == "asyncpg" else {"minsize": 1, "maxsize": 1}
        where = _named(witness.name) if library == "asyncpg" else _dsn(witness.name)
        finish = (lambda pool: pool.wait_closed()) if library == "aiopg" else None
        yield Rig(lambda: importlib.import_module(library).create_pool(where, **sizes), held=witness.sessions, finish=finish)


@bench("asyncpg.Pool.acquire")
async def lent_by_asyncpg(acquire: str) -> AsyncIterator[Rig]:
    """The only slot of a pool is taken as long as nobody else gets it."""
    with postgres() as witness:
        pool = await importlib.import_module("asyncpg").create_pool(_named(witness.name), min_size=0, max_size=1)
        taken = partial(refused, partial(pool.acquire, timeout=0.05), pool.release)
        yield Rig(pool.acquire, held=taken, owner=pool, sessions=witness.sessions)
        pool.terminate()


@bench("aiopg.Pool.acquire")
async def lent_by_aiopg(acquire: str) -> AsyncIterator[Rig]:
    """The same; waiting has no limit of its own here."""
    with postgres() as witness:
        pool = await importlib.import_module("aiopg").create_pool(_dsn(witness.name), minsize=0, maxsize=1)
        taken = partial(refused, lambda: in_time(pool.acquire()), pool.release)
        yield Rig(pool.acquire, held=taken, owner=pool, sessions=witness.sessions)
        pool.terminate()


@bench("aiopg.Connection.cursor")
async def cursors(acquire: str) -> AsyncIterator[Rig]:
    """A cursor that was closed answers no more."""
    made: list[Any] = []
    async with importlib.import_module("aiopg").connect(_dsn("unclosed")) as connection:
        yield Rig(connection.cursor, held=lambda: answering(made, lambda cursor: cursor.execute("SELECT 1")), note=made.append)


@bench("databases.Database")
async def databases(acquire: str) -> AsyncIterator[Rig]:
    """Opened by connect() or by its block."""
    with postgres() as witness:
        options = {"min_size": 1, "max_size": 1, "server_settings": {"application_name": witness.name}}
        made = importlib.import_module("databases").Database(POSTGRES.url, **options)
        yield Rig(lambda: made, held=witness.sessions, opens={"connect": lambda value: None if value.is_connected else value.connect()})


BENCHES = [*connections, *pools, *lent_by_asyncpg, *lent_by_aiopg, *cursors, *databases]
