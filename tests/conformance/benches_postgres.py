"""psycopg2, psycopg and their pools against PostgreSQL: held is a session that the server lists, or a slot that nobody else gets."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from typing import Any

from conformance.probes import Rig, answering, bench, refused
from conformance.servers import POSTGRES, postgres


def _named(name: str) -> str:
    """The server's address for connections with an application name."""
    return f"{POSTGRES.url}?application_name={name}"


def _select(cursor: Any) -> Any:
    return cursor.execute("SELECT 1")


def _real(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@bench(
    "psycopg2.connect",
    "psycopg2.extensions.connection",
    "psycopg2.extras.DictConnection",
    "psycopg2.extras.RealDictConnection",
    "psycopg2.extras.NamedTupleConnection",
    "psycopg.connect",
)
async def connections(acquire: str) -> AsyncIterator[Rig]:
    """A connection is a session at the server."""
    with postgres() as witness:
        yield Rig(lambda: _real(acquire)(_named(witness.name)), held=witness.sessions)


@bench("psycopg.Connection.connect", "psycopg.AsyncConnection.connect")
async def connections_of_a_class(acquire: str) -> AsyncIterator[Rig]:
    """The same by the class."""
    with postgres() as witness:
        yield Rig(lambda: _real(acquire.rpartition(".")[0]).connect(_named(witness.name)), held=witness.sessions)


@bench("psycopg2.extensions.connection.cursor", "psycopg.Connection.cursor")
async def cursors(acquire: str) -> AsyncIterator[Rig]:
    """A cursor that was closed answers no more."""
    made: list[Any] = []
    with closing(importlib.import_module(acquire.partition(".")[0]).connect(POSTGRES.url)) as connection:
        yield Rig(connection.cursor, held=lambda: answering(made, _select), note=made.append)


@bench("psycopg.AsyncConnection.cursor")
async def asynchronous_cursors(acquire: str) -> AsyncIterator[Rig]:
    """The same for the asynchronous one."""
    made: list[Any] = []
    async with await _real(acquire.rpartition(".")[0]).connect(POSTGRES.url) as connection:
        yield Rig(connection.cursor, held=lambda: answering(made, _select), note=made.append)


@bench("psycopg.Connection.transaction", "psycopg.AsyncConnection.transaction")
async def transactions(acquire: str) -> AsyncIterator[Rig]:
    """A transaction is one at the server."""
    with postgres() as witness:
        made = _real(acquire.rpartition(".")[0]).connect(_named(witness.name))
        connection = made if acquire.startswith("psycopg.Connection") else await made
        yield Rig(connection.transaction, held=witness.transactions)
        closed = connection.close()
        if closed is not None:
            await closed


@bench("psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool", "psycopg_pool.ConnectionPool")
async def pools(acquire: str) -> AsyncIterator[Rig]:
    """A pool has its sessions from the start."""
    with postgres() as witness:
        if acquire.startswith("psycopg2"):
            yield Rig(lambda: _real(acquire)(1, 1, _named(witness.name)), held=witness.sessions)
        else:
            yield Rig(lambda: _real(acquire)(_named(witness.name), min_size=1, max_size=1, open=True), held=witness.sessions)


@bench("psycopg_pool.AsyncConnectionPool")
async def asynchronous_pools(acquire: str) -> AsyncIterator[Rig]:
    """The same; its constructor opens in the background."""
    with postgres() as witness:
        made: list[Any] = []
        yield Rig(lambda: _real(acquire)(_named(witness.name), min_size=1, max_size=1, open=True), held=witness.sessions, note=made.append)
        await made[0].close()


@bench("psycopg_pool.NullConnectionPool", "psycopg_pool.AsyncNullConnectionPool")
async def empty_pools(acquire: str) -> AsyncIterator[Rig]:
    """A pool that keeps no connection keeps threads: it is open or closed."""
    made: list[Any] = []
    yield Rig(lambda: _real(acquire)(POSTGRES.url, open=True), held=lambda: sum(not pool.closed for pool in made), note=made.append)


@bench("psycopg2.pool.AbstractConnectionPool.getconn")
async def lent_by_psycopg2(acquire: str) -> AsyncIterator[Rig]:
    """The only slot of a pool is taken as long as nobody else gets it."""
    with postgres() as witness:
        pool = _real("psycopg2.pool.ThreadedConnectionPool")(0, 1, _named(witness.name))
        yield Rig(pool.getconn, held=lambda: refused(pool.getconn, pool.putconn), owner=pool, sessions=witness.sessions)
        if not pool.closed:
            pool.closeall()


@bench("psycopg_pool.ConnectionPool.getconn", "psycopg_pool.ConnectionPool.connection")
async def lent_by_psycopg_pool(acquire: str) -> AsyncIterator[Rig]:
    """The same; waiting has a limit here."""
    with _real("psycopg_pool.ConnectionPool")(POSTGRES.url, min_size=0, max_size=1, open=True) as pool:
        taken = partial(refused, partial(pool.getconn, timeout=0.05), pool.putconn)
        yield Rig(getattr(pool, acquire.rpartition(".")[2]), held=taken, owner=pool)


@bench("psycopg_pool.AsyncConnectionPool.getconn", "psycopg_pool.AsyncConnectionPool.connection")
async def lent_by_asynchronous_psycopg_pool(acquire: str) -> AsyncIterator[Rig]:
    """The same for the asynchronous one."""
    async with _real("psycopg_pool.AsyncConnectionPool")(POSTGRES.url, min_size=0, max_size=1, open=False) as pool:
        taken = partial(refused, partial(pool.getconn, timeout=0.05), pool.putconn)
        yield Rig(getattr(pool, acquire.rpartition(".")[2]), held=taken, owner=pool)


BENCHES = [
    *(*connections, *connections_of_a_class, *cursors, *asynchronous_cursors, *transactions, *pools, *asynchronous_pools, *empty_pools),
    *(*lent_by_psycopg2, *lent_by_psycopg_pool, *lent_by_asynchronous_psycopg_pool),
]
