"""PyMySQL, mysql-connector, aiomysql and asyncmy against MariaDB: held is a session in the process list, or a slot of a pool."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from typing import Any

from conformance.probes import Rig, answering, bench, in_time, refused
from conformance.servers import MYSQL, mysql

_CONNECTOR = {"charset": "utf8mb4", "collation": "utf8mb4_general_ci", "ssl_disabled": True}
"""MariaDB does not know the collation that mysql-connector asks for by itself, and need not have TLS."""


def _where(user: str = "") -> dict[str, Any]:
    """The arguments that name the server, for a user; for who may do everything if there is none."""
    password = {"password": MYSQL.password} if MYSQL.password and not user else {}
    return {"host": MYSQL.host, "port": MYSQL.port, "user": user or MYSQL.user, **password}


def _database(library: str) -> dict[str, Any]:
    """How a library wants to be told the database."""
    if library == "mysql":
        return {"database": MYSQL.database, **_CONNECTOR}
    return {"db" if library in {"aiomysql", "asyncmy"} else "database": MYSQL.database}


def _select(cursor: Any) -> Any:
    return cursor.execute("SELECT 1")


@bench(
    *("pymysql.connect", "pymysql.connections.Connection", "mysql.connector.connect", "mysql.connector.connection.MySQLConnection"),
    *("mysql.connector.aio.connect", "aiomysql.connect", "asyncmy.connect"),
)
async def connections(acquire: str) -> AsyncIterator[Rig]:
    """A connection is a session at the server."""
    module, _, name = acquire.rpartition(".")
    make = getattr(importlib.import_module(module), name)
    with mysql() as witness:
        arguments = {**_where(witness.name), **_database(acquire.partition(".")[0])}
        yield Rig(lambda: make(**arguments), held=witness.sessions)


@bench("pymysql.connections.Connection.cursor", "mysql.connector.abstracts.MySQLConnectionAbstract.cursor")
async def cursors(acquire: str) -> AsyncIterator[Rig]:
    """A cursor that was closed answers no more."""
    made: list[Any] = []
    library = "pymysql" if acquire.startswith("pymysql") else "mysql"
    connect = importlib.import_module("pymysql" if library == "pymysql" else "mysql.connector").connect
    with closing(connect(**_where(), **_database(library))) as connection:
        options = {"buffered": True} if library == "mysql" else {}
        yield Rig(lambda: connection.cursor(**options), held=lambda: answering(made, _select), note=made.append)


@bench("mysql.connector.aio.abstracts.MySQLConnectionAbstract.cursor")
async def cursors_of_the_connector(acquire: str) -> AsyncIterator[Rig]:
    """The same for its asynchronous one."""
    made: list[Any] = []
    async with await importlib.import_module("mysql.connector.aio").connect(**_where(), **_database("mysql")) as connection:
        yield Rig(lambda: connection.cursor(buffered=True), held=lambda: answering(made, _select), note=made.append)


@bench("aiomysql.Connection.cursor", "asyncmy.connection.Connection.cursor")
async def asynchronous_cursors(acquire: str) -> AsyncIterator[Rig]:
    """The same for the asynchronous drivers."""
    made: list[Any] = []
    library = acquire.partition(".")[0]
    async with importlib.import_module(library).connect(**_where(), **_database(library)) as connection:
        yield Rig(connection.cursor, held=lambda: answering(made, _select), note=made.append)


@bench("aiomysql.create_pool", "asyncmy.create_pool")
async def pools(acquire: str) -> AsyncIterator[Rig]:
    """A pool has its sessions from the start; those that are idle end when it is waited for."""
    library = acquire.partition(".")[0]
    with mysql() as witness:
        arguments = {**_where(witness.name), **_database(library), "minsize": 1, "maxsize": 1}
        make = importlib.import_module(library).create_pool
        yield Rig(lambda: make(**arguments), held=witness.sessions, finish=lambda pool: pool.wait_closed())


@bench("aiomysql.Pool.acquire", "asyncmy.pool.Pool.acquire")
async def lent(acquire: str) -> AsyncIterator[Rig]:
    """The only slot of a pool is taken as long as nobody else gets it."""
    library = acquire.partition(".")[0]
    with mysql() as witness:
        where = {**_where(witness.name), **_database(library)}
        pool = await importlib.import_module(library).create_pool(**where, minsize=0, maxsize=1)
        taken = partial(refused, lambda: in_time(pool.acquire()), pool.release)
        yield Rig(pool.acquire, held=taken, owner=pool, sessions=witness.sessions)
        pool.terminate()


@bench("mysql.connector.pooling.MySQLConnectionPool", "mysql.connector.aio.pooling.MySQLConnectionPool")
async def pools_of_the_connector(acquire: str) -> AsyncIterator[Rig]:
    """The pool has its sessions from the start, the asynchronous one once it is opened."""
    module, _, name = acquire.rpartition(".")
    make = getattr(importlib.import_module(module), name)
    with mysql() as witness:
        arguments = {**_where(witness.name), **_database("mysql"), "pool_size": 1, "pool_name": witness.name}
        use = (lambda pool: pool.initialize_pool()) if ".aio." in acquire else None
        yield Rig(lambda: make(**arguments), held=witness.sessions, use=use, late=use is not None)


@bench("mysql.connector.pooling.MySQLConnectionPool.get_connection", "mysql.connector.aio.pooling.MySQLConnectionPool.get_connection")
async def lent_by_the_connector(acquire: str) -> AsyncIterator[Rig]:
    """The only slot of a pool is taken as long as nobody else gets it."""
    module = acquire.partition(".MySQL")[0]
    with mysql() as witness:
        arguments = {**_where(witness.name), **_database("mysql"), "pool_size": 1, "pool_name": witness.name}
        pool = importlib.import_module(module).MySQLConnectionPool(**arguments)
        if ".aio." in acquire:
            await pool.initialize_pool()
        yield Rig(pool.get_connection, held=partial(refused, pool.get_connection, lambda value: value.close()), owner=pool)


BENCHES = [
    *(*connections, *cursors, *cursors_of_the_connector, *asynchronous_cursors, *pools, *lent),
    *(*pools_of_the_connector, *lent_by_the_connector),
]
