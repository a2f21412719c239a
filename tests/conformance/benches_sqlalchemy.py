"""SQLAlchemy and SQLModel against PostgreSQL: held is a connection that is checked out of an engine, or the engine's own session."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from conformance.probes import Rig, bench
from conformance.servers import POSTGRES, postgres


def _url(driver: str) -> str:
    return POSTGRES.url.replace("postgresql://", f"postgresql+{driver}://")


def _engine(**options: Any) -> Any:
    """An engine with one connection, on psycopg2."""
    return importlib.import_module("sqlalchemy").create_engine(_url("psycopg2"), pool_size=1, max_overflow=0, pool_timeout=0.05, **options)


def _async_engine() -> Any:
    """The same on asyncpg."""
    create = importlib.import_module("sqlalchemy.ext.asyncio").create_async_engine
    return create(_url("asyncpg"), pool_size=1, max_overflow=0, pool_timeout=0.05)


def _text(statement: str) -> Any:
    return importlib.import_module("sqlalchemy").text(statement)


def _run(value: Any) -> Any:
    """A first statement of a session or a connection."""
    return value.execute(_text("SELECT 1"))


def _slot(engine: Any) -> Callable[[], int]:
    """Whether the only connection of an engine is taken: nobody else gets it."""

    def held() -> int:
        try:
            connection = engine.raw_connection()
        except Exception:  # noqa: BLE001 - TimeoutError of SQLAlchemy
            return 1
        connection.close()
        return 0

    return held


@bench("sqlalchemy.create_engine", "sqlmodel.create_engine", "sqlalchemy.engine_from_config", "sqlalchemy.create_pool_from_url")
async def engines(acquire: str) -> AsyncIterator[Rig]:
    """An engine has no session before its first connection, and keeps one after it."""
    module, _, name = acquire.rpartition(".")
    make = getattr(importlib.import_module(module), name)
    with postgres() as witness:
        options = {"connect_args": {"application_name": witness.name}}
        if name == "engine_from_config":
            yield Rig(
                lambda: make({"sqlalchemy.url": _url("psycopg2")}, **options),
                held=witness.sessions,
                use=lambda value: value.connect().close(),
            )
        else:
            url = f"{_url('psycopg2')}?application_name={witness.name}"
            yield Rig(lambda: make(url), held=witness.sessions, use=lambda value: value.connect().close())


@bench("sqlalchemy.ext.asyncio.create_async_engine", "sqlalchemy.ext.asyncio.async_engine_from_config")
async def asynchronous_engines(acquire: str) -> AsyncIterator[Rig]:
    """The same on asyncpg."""
    make = getattr(importlib.import_module("sqlalchemy.ext.asyncio"), acquire.rpartition(".")[2])

    async def use(value: Any) -> None:
        async with value.connect():
            pass

    with postgres() as witness:
        where: Any = _url("asyncpg") if acquire.endswith("create_async_engine") else {"sqlalchemy.url": _url("asyncpg")}
        options = {"connect_args": {"server_settings": {"application_name": witness.name}}}
        yield Rig(lambda: make(where, **options), held=witness.sessions, use=use)


@bench(
    "sqlalchemy.engine.Engine.connect",
    "sqlalchemy.engine.Engine.begin",
    "sqlalchemy.engine.Engine.raw_connection",
    "sqlalchemy.pool.Pool.connect",
)
async def connections(acquire: str) -> AsyncIterator[Rig]:
    """A connection takes the engine's only slot."""
    engine = _engine()
    owner = engine.pool if ".pool." in acquire else engine
    made: list[Any] = []
    yield Rig(getattr(owner, acquire.rpartition(".")[2]), held=_slot(engine), owner=owner, note=made.append)
    made.clear()
    engine.dispose()


@bench(
    "sqlalchemy.ext.asyncio.AsyncEngine.connect",
    "sqlalchemy.ext.asyncio.AsyncEngine.begin",
    "sqlalchemy.ext.asyncio.AsyncEngine.raw_connection",
)
async def asynchronous_connections(acquire: str) -> AsyncIterator[Rig]:
    """The same on asyncpg."""
    engine = _async_engine()

    async def held() -> int:
        try:
            async with engine.connect():
                return 0
        except Exception:  # noqa: BLE001 - TimeoutError of SQLAlchemy
            return 1

    made: list[Any] = []
    yield Rig(getattr(engine, acquire.rpartition(".")[2]), held=held, owner=engine, note=made.append)
    for value in made:
        with suppress(Exception):
            closed = value.close()
            await closed if closed is not None else None
    await engine.dispose()


@bench(
    "sqlalchemy.orm.Session",
    "sqlalchemy.orm.sessionmaker()",
    "sqlalchemy.orm.scoped_session()",
    "sqlalchemy.orm.sessionmaker.begin",
    "sqlmodel.Session",
)
async def sessions(acquire: str) -> AsyncIterator[Rig]:
    """A session takes a connection with its first statement."""
    engine, orm = _engine(), importlib.import_module("sqlalchemy.orm")
    makers: dict[str, Any] = {
        "sqlalchemy.orm.sessionmaker()": orm.sessionmaker(engine),
        "sqlalchemy.orm.sessionmaker.begin": orm.sessionmaker(engine).begin,
    }
    if acquire in makers:
        yield Rig(makers[acquire], held=_slot(engine), use=_run, late=True)
    elif acquire == "sqlalchemy.orm.scoped_session()":
        registry = orm.scoped_session(orm.sessionmaker(engine))
        yield Rig(registry, held=_slot(engine), use=_run, late=True, owner=registry)
        registry.remove()
    else:
        module, _, name = acquire.rpartition(".")
        yield Rig(lambda: getattr(importlib.import_module(module), name)(engine), held=_slot(engine), use=_run, late=True)
    engine.dispose()


@bench(
    "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.ext.asyncio.async_sessionmaker()",
    "sqlalchemy.ext.asyncio.async_scoped_session()",
    "sqlalchemy.ext.asyncio.async_sessionmaker.begin",
    "sqlmodel.ext.asyncio.session.AsyncSession",
)
async def asynchronous_sessions(acquire: str) -> AsyncIterator[Rig]:
    """The same on asyncpg."""
    engine, asynchronous = _async_engine(), importlib.import_module("sqlalchemy.ext.asyncio")
    maker = asynchronous.async_sessionmaker(engine)
    made: list[Any] = []

    async def held() -> int:
        try:
            async with engine.connect():
                return 0
        except Exception:  # noqa: BLE001 - TimeoutError of SQLAlchemy
            return 1

    if acquire.endswith("async_sessionmaker()"):
        yield Rig(maker, held=held, use=_run, late=True, note=made.append)
    elif acquire.endswith("async_sessionmaker.begin"):
        yield Rig(maker.begin, held=held, use=_run, late=True)
    elif acquire.endswith("async_scoped_session()"):
        registry = asynchronous.async_scoped_session(maker, scopefunc=lambda: 1)
        yield Rig(registry, held=held, use=_run, late=True, owner=registry, note=made.append)
    else:
        module, _, name = acquire.rpartition(".")
        yield Rig(lambda: getattr(importlib.import_module(module), name)(engine), held=held, use=_run, late=True, note=made.append)
    for session in made:
        await session.close()
    await engine.dispose()


BENCHES = [*engines, *asynchronous_engines, *connections, *asynchronous_connections, *sessions, *asynchronous_sessions]
