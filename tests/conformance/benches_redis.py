"""redis-py, its synchronous and its asynchronous client, against Redis: held is a connection in `CLIENT LIST`."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from conformance.probes import Rig, bench, refused
from conformance.servers import REDIS, redis


def _library(acquire: str) -> Any:
    return importlib.import_module("redis.asyncio" if acquire.startswith("redis.asyncio") else "redis")


def _where(name: str) -> dict[str, Any]:
    password = {"password": REDIS.password} if REDIS.password else {}
    return {"host": REDIS.host, "port": REDIS.port, "client_name": name, **password}


def _url(name: str) -> str:
    return f"{REDIS.url}?client_name={name}"


@bench(
    *("redis.Redis", "redis.Redis.from_url", "redis.from_url", "redis.Redis.from_pool"),
    *("redis.asyncio.Redis", "redis.asyncio.Redis.from_url", "redis.asyncio.from_url", "redis.asyncio.Redis.from_pool"),
)
async def clients(acquire: str) -> AsyncIterator[Rig]:
    """A client connects with its first command."""
    library = _library(acquire)
    name = acquire.partition("asyncio.")[2] or acquire.partition(".")[2]
    with redis() as witness:
        make = {
            "Redis": lambda: library.Redis(**_where(witness.name)),
            "Redis.from_url": lambda: library.Redis.from_url(_url(witness.name)),
            "from_url": lambda: library.from_url(_url(witness.name)),
            "Redis.from_pool": lambda: library.Redis.from_pool(library.ConnectionPool(**_where(witness.name))),
        }[name]
        yield Rig(make, held=witness.sessions, use=lambda client: client.ping())


@bench("redis.Redis.pubsub", "redis.asyncio.Redis.pubsub")
async def subscriptions(acquire: str) -> AsyncIterator[Rig]:
    """A subscription takes a connection of its own when it subscribes; released, that goes back to the pool or is cut."""
    library = _library(acquire)
    with redis() as witness:
        pool = library.ConnectionPool(max_connections=1, **_where(witness.name))
        client = library.Redis(connection_pool=pool)

        async def give_back(connection: Any) -> None:
            released = pool.release(connection)
            if released is not None:
                await released

        yield Rig(client.pubsub, held=partial(refused, pool.get_connection, give_back), use=lambda value: value.subscribe("news"))


@bench(
    *("redis.ConnectionPool", "redis.ConnectionPool.from_url", "redis.BlockingConnectionPool"),
    *("redis.asyncio.ConnectionPool", "redis.asyncio.ConnectionPool.from_url", "redis.asyncio.BlockingConnectionPool"),
)
async def pools(acquire: str) -> AsyncIterator[Rig]:
    """A pool keeps what was taken from it and given back."""
    library = _library(acquire)
    name = acquire.partition("asyncio.")[2] or acquire.partition(".")[2]

    async def use(pool: Any) -> None:
        connection = pool.get_connection()
        connection = await connection if "asyncio" in acquire else connection
        released = pool.release(connection)
        if released is not None:
            await released

    with redis() as witness:
        if name.endswith("from_url"):
            yield Rig(lambda: library.ConnectionPool.from_url(_url(witness.name)), held=witness.sessions, use=use)
        else:
            yield Rig(lambda: getattr(library, name)(**_where(witness.name)), held=witness.sessions, use=use)


@bench("redis.ConnectionPool.get_connection", "redis.asyncio.ConnectionPool.get_connection")
async def lent(acquire: str) -> AsyncIterator[Rig]:
    """The only slot of a pool is taken as long as nobody else gets it."""
    pool = _library(acquire).ConnectionPool(max_connections=1, **_where("unclosed"))

    async def give_back(connection: Any) -> None:
        released = pool.release(connection)
        if released is not None:
            await released

    yield Rig(pool.get_connection, held=partial(refused, pool.get_connection, give_back), owner=pool)


BENCHES = [*clients, *subscriptions, *pools, *lent]
