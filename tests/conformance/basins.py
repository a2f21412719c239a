"""The pools whose limits are tried."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.pools import Basin
from conformance.servers import MYSQL, POSTGRES, REDIS, Server, mysql, postgres

_SQLALCHEMY = {"pool_size": 1, "max_overflow": 0}


def _url(driver: str) -> str:
    return POSTGRES.url.replace("postgresql://", f"postgresql+{driver}://")


@asynccontextmanager
async def _engine(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    with postgres() as witness:
        yield importlib.import_module("sqlalchemy").create_engine(f"{_url('psycopg2')}?application_name={witness.name}", **arguments)


@asynccontextmanager
async def _async_engine(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    engine = importlib.import_module("sqlalchemy.ext.asyncio").create_async_engine(_url("asyncpg"), **arguments)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def _queue_pool(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    connect = importlib.import_module("psycopg2").connect
    with postgres() as witness:
        where = f"{POSTGRES.url}?application_name={witness.name}"
        yield importlib.import_module("sqlalchemy.pool").QueuePool(lambda: connect(where), **arguments)


@asynccontextmanager
async def _pooled_db(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    with postgres() as witness:
        where = f"{POSTGRES.url}?application_name={witness.name}"
        yield importlib.import_module("dbutils.pooled_db").PooledDB(importlib.import_module("psycopg2"), dsn=where, **arguments)


@asynccontextmanager
async def _redis_pool(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    pool = importlib.import_module("redis").BlockingConnectionPool(host=REDIS.host, port=REDIS.port, **arguments)
    yield pool
    pool.disconnect()


@asynccontextmanager
async def _aiopg(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    with postgres() as witness:
        server = f"host={POSTGRES.host} port={POSTGRES.port} dbname={POSTGRES.database} user={POSTGRES.user}"
        where = f"{server} application_name={witness.name}"
        pool = await importlib.import_module("aiopg").create_pool(where, **arguments)
        yield pool
        pool.terminate()
        await pool.wait_closed()


@asynccontextmanager
async def _aiomysql(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    with mysql() as witness:
        where = {"host": MYSQL.host, "port": MYSQL.port, "user": witness.name, "db": MYSQL.database}
        pool = await importlib.import_module("aiomysql").create_pool(**where, **arguments)
        yield pool
        pool.terminate()
        await pool.wait_closed()


@asynccontextmanager
async def _asyncpg(arguments: dict[str, Any]) -> AsyncIterator[Any]:
    pool = await importlib.import_module("asyncpg").create_pool(POSTGRES.url, **arguments)
    yield pool
    pool.terminate()


def _connect(pool: Any, **arguments: Any) -> Any:
    return pool.connect(**arguments)


def _acquire(pool: Any, **arguments: Any) -> Any:
    return pool.acquire(**arguments)


BASINS: list[tuple[Server, Basin]] = [
    (POSTGRES, Basin("sqlalchemy.create_engine", _engine, _connect, _SQLALCHEMY)),
    (POSTGRES, Basin("sqlalchemy.ext.asyncio.create_async_engine", _async_engine, _connect, _SQLALCHEMY, asynchronous=True)),
    (POSTGRES, Basin("sqlalchemy.pool.QueuePool", _queue_pool, _connect, {"pool_size": 1, "max_overflow": 0})),
    (
        POSTGRES,
        Basin(
            "dbutils.pooled_db.PooledDB", _pooled_db, lambda pool: pool.connection(), {"maxconnections": 1}, values={"maxconnections": 1}
        ),
    ),
    (POSTGRES, Basin("aiopg.create_pool", _aiopg, _acquire, {"minsize": 0, "maxsize": 1}, asynchronous=True)),
    (POSTGRES, Basin("asyncpg.Pool.acquire", _asyncpg, _acquire, {"min_size": 0, "max_size": 1}, taking=True, asynchronous=True)),
    (MYSQL, Basin("aiomysql.create_pool", _aiomysql, _acquire, {"minsize": 0, "maxsize": 1}, asynchronous=True)),
    (REDIS, Basin("redis.BlockingConnectionPool", _redis_pool, lambda pool: pool.get_connection(), {"max_connections": 1})),
]
