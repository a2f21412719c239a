"""Connections of the libraries that transactions are tried on."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from conformance.servers import MYSQL, POSTGRES, Server, mysql, postgres
from conformance.transactions import Desk, Office


def _real(path: str) -> Any:
    module, _, name = path.rpartition(".")
    owner = importlib.import_module(module) if not module[module.rfind(".") + 1 :][:1].isupper() else _real(module)
    return getattr(owner, name)


async def _done(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


def _on_postgres(type_name: str, maker: str, send: Callable[[Any, str], Any]) -> Office:
    """A driver that is told a URL."""

    @asynccontextmanager
    async def desk(arguments: dict[str, Any]) -> AsyncIterator[Desk]:
        with postgres() as witness:
            where = f"{POSTGRES.url}?application_name={witness.name}"
            if type_name.startswith("aiopg"):
                server = f"host={POSTGRES.host} port={POSTGRES.port} dbname={POSTGRES.database} user={POSTGRES.user}"
                where = f"{server} application_name={witness.name}"
            connection = await _done(_real(maker)(where, **arguments))
            yield Desk(connection, lambda statement: send(connection, statement), witness.transactions)
            await _done(connection.close())

    return Office(type_name, desk, maker)


def _on_mysql(type_name: str, maker: str, send: Callable[[Any, str], Any]) -> Office:
    """A driver that is told host, user and database."""

    @asynccontextmanager
    async def desk(arguments: dict[str, Any]) -> AsyncIterator[Desk]:
        with mysql() as witness:
            library = maker.partition(".")[0]
            where: dict[str, Any] = {"host": MYSQL.host, "port": MYSQL.port, "user": witness.name}
            where["db" if library in {"aiomysql", "asyncmy"} else "database"] = MYSQL.database
            if library == "mysql":
                where.update(charset="utf8mb4", collation="utf8mb4_general_ci", ssl_disabled=True)
            connection = await _done(_real(maker)(**where, **arguments))
            yield Desk(connection, lambda statement: send(connection, statement), witness.transactions)
            await _done(connection.close())

    return Office(type_name, desk, maker)


def _by_cursor(connection: Any, statement: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement)
    return cursor.fetchall() if statement.startswith("SELECT") else None


async def _by_awaited_cursor(connection: Any, statement: str) -> None:
    cursor = await _done(connection.cursor())
    await cursor.execute(statement)
    if statement.startswith("SELECT"):
        await cursor.fetchall()


def _by_connection(connection: Any, statement: str) -> Any:
    return connection.execute(statement)


def _by_text(connection: Any, statement: str) -> Any:
    return connection.execute(importlib.import_module("sqlalchemy").text(statement))


def _on_file(module: str) -> Office:
    """sqlite3 and aiosqlite, which tell themselves whether a transaction is open."""

    @asynccontextmanager
    async def desk(arguments: dict[str, Any]) -> AsyncIterator[Desk]:
        # In the other thread of aiosqlite isolation_level can only be set if that is allowed.
        connection = await _done(importlib.import_module(module).connect(":memory:", check_same_thread=False, **arguments))
        await _done(connection.execute("CREATE TABLE unclosed_rows (n INTEGER)"))
        yield Desk(connection, connection.execute, lambda: int(connection.in_transaction))
        await _done(connection.close())

    return Office(f"{module}.Connection", desk, f"{module}.connect")


def _of_sqlalchemy(type_name: str, maker: str) -> Office:
    """A connection or session on an engine of its own."""
    asynchronous = ".asyncio." in type_name

    @asynccontextmanager
    async def desk(arguments: dict[str, Any]) -> AsyncIterator[Desk]:
        with postgres() as witness:
            driver, name = ("asyncpg", "create_async_engine") if asynchronous else ("psycopg2", "create_engine")
            told = {"server_settings": {"application_name": witness.name}} if asynchronous else {"application_name": witness.name}
            create = _real(f"sqlalchemy.ext.asyncio.{name}" if asynchronous else f"sqlalchemy.{name}")
            url = POSTGRES.url.replace("postgresql://", f"postgresql+{driver}://")
            engine = create(url, connect_args=told, **arguments)
            value = _real(type_name)(engine) if type_name.endswith("Session") else await _done(engine.connect())
            yield Desk(value, lambda statement: _by_text(value, statement), witness.transactions)
            await _done(value.close())
            await _done(engine.dispose())

    return Office(type_name, desk, maker)


OFFICES: list[tuple[Server | None, Office]] = [
    (None, _on_file("sqlite3")),
    (None, _on_file("aiosqlite")),
    (POSTGRES, _on_postgres("psycopg2.extensions.connection", "psycopg2.connect", _by_cursor)),
    (POSTGRES, _on_postgres("psycopg.Connection", "psycopg.connect", _by_cursor)),
    (POSTGRES, _on_postgres("psycopg.AsyncConnection", "psycopg.AsyncConnection.connect", _by_connection)),
    (POSTGRES, _on_postgres("asyncpg.Connection", "asyncpg.connect", _by_connection)),
    (POSTGRES, _on_postgres("aiopg.Connection", "aiopg.connect", _by_awaited_cursor)),
    (POSTGRES, _of_sqlalchemy("sqlalchemy.engine.Connection", "sqlalchemy.create_engine")),
    (POSTGRES, _of_sqlalchemy("sqlalchemy.orm.Session", "sqlalchemy.create_engine")),
    (POSTGRES, _of_sqlalchemy("sqlalchemy.ext.asyncio.AsyncConnection", "sqlalchemy.ext.asyncio.create_async_engine")),
    (POSTGRES, _of_sqlalchemy("sqlalchemy.ext.asyncio.AsyncSession", "sqlalchemy.ext.asyncio.create_async_engine")),
    (MYSQL, _on_mysql("pymysql.connections.Connection", "pymysql.connect", _by_cursor)),
    (MYSQL, _on_mysql("mysql.connector.abstracts.MySQLConnectionAbstract", "mysql.connector.connect", _by_cursor)),
    (MYSQL, _on_mysql("mysql.connector.aio.abstracts.MySQLConnectionAbstract", "mysql.connector.aio.connect", _by_awaited_cursor)),
    (MYSQL, _on_mysql("aiomysql.Connection", "aiomysql.connect", _by_awaited_cursor)),
    (MYSQL, _on_mysql("asyncmy.connection.Connection", "asyncmy.connect", _by_awaited_cursor)),
]
