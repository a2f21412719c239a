"""The database servers that the libraries are run against, and how they are asked who is connected.

A server is named by an environment variable, or answers at its standard port on 127.0.0.1. A *witness* looks at the sessions of one test
from the server's side, by a mark that the test's connections carry: an application name, a user, a client name.
"""

from __future__ import annotations

import importlib
import itertools
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """One server: the environment variable that names its address, and the address without it."""

    variable: str
    default: str

    @property
    def url(self) -> str:
        """Its address."""
        return os.environ.get(self.variable, self.default)

    @property
    def host(self) -> str:
        """Its host."""
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        """Its port."""
        return urlsplit(self.url).port or urlsplit(self.default).port or 0

    @property
    def user(self) -> str:
        """Who logs in."""
        return urlsplit(self.url).username or "root"

    @property
    def password(self) -> str:
        """The password, empty where none is asked for."""
        return urlsplit(self.url).password or ""

    @property
    def database(self) -> str:
        """The database to work in."""
        return urlsplit(self.url).path.lstrip("/")

    def require(self) -> None:
        """Skip the test where the server does not answer; in CI that is a failure."""
        try:
            socket.create_connection((self.host, self.port), timeout=5).close()
        except OSError as error:
            reason = f"nothing answers at {self.host}:{self.port} ({error}); {self.variable} names another server"
            if "CI" in os.environ:
                pytest.fail(reason)
            pytest.skip(reason)


POSTGRES = Server("UNCLOSED_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
MYSQL = Server("UNCLOSED_TEST_MYSQL", "mysql://root@127.0.0.1:3306/test")
REDIS = Server("UNCLOSED_TEST_REDIS", "redis://127.0.0.1:6379/0")


def mark() -> str:
    """A name that no other test has."""
    return f"unclosed_{os.getpid()}_{next(_numbers)}"


class PostgresWitness:
    """Looks into `pg_stat_activity` for the sessions with one application name."""

    def __init__(self, connection: Any, name: str) -> None:
        self._connection, self.name = connection, name

    def sessions(self) -> int:
        """How many sessions there are."""
        return self._count("")

    def transactions(self) -> int:
        """How many of them are in a transaction."""
        return self._count("AND starts_with(state, 'idle in transaction')")

    def end(self) -> None:
        """End what the test has left open."""
        self._connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", (self.name,))

    def _count(self, condition: str) -> int:
        query = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = %s {condition}"
        return int(self._connection.execute(query, (self.name,)).fetchone()[0])


class MysqlWitness:
    """Looks into the process list for the sessions of one user, made for the test."""

    def __init__(self, connection: Any, name: str) -> None:
        self._connection, self.name = connection, name

    def sessions(self) -> int:
        """How many sessions there are."""
        return len(self._ids())

    def transactions(self) -> int:
        """How many of them are in a transaction that has read or written something."""
        time.sleep(0.11)  # the table is filled anew only for who has not looked for a tenth of a second
        theirs = "SELECT id FROM information_schema.processlist WHERE user = %s"
        query = f"SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id IN ({theirs})"
        return int(self._rows(query, self.name)[0][0])

    def end(self) -> None:
        """End what the test has left open."""
        for session in self._ids():
            with suppress(Exception):  # it has ended by itself
                self._rows(f"KILL {session}")

    def _ids(self) -> list[int]:
        return [int(row[0]) for row in self._rows("SELECT id FROM information_schema.processlist WHERE user = %s", self.name)]

    def _rows(self, query: str, *values: str) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())


class RedisWitness:
    """Looks into `CLIENT LIST` for the connections of one client name."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name

    def sessions(self) -> int:
        """How many connections there are."""
        return len(self._clients())

    def end(self) -> None:
        """End what the test has left open."""
        for client in self._clients():
            with suppress(Exception):  # it has ended by itself
                self._client.client_kill(client["addr"])

    def _clients(self) -> list[dict[str, str]]:
        return [client for client in self._client.client_list() if client["name"] == self.name]


@contextmanager
def postgres() -> Iterator[PostgresWitness]:
    """A witness with a name of its own; what is left open is ended at the end."""
    psycopg = importlib.import_module("psycopg")
    with psycopg.connect(POSTGRES.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS unclosed_rows (n INTEGER)")
        witness = PostgresWitness(connection, mark())
        yield witness
        witness.end()


@contextmanager
def mysql() -> Iterator[MysqlWitness]:
    """A witness with a user of its own, who is dropped at the end."""
    pymysql = importlib.import_module("pymysql")
    where = {"host": MYSQL.host, "port": MYSQL.port, "user": MYSQL.user, "password": MYSQL.password, "database": MYSQL.database}
    with closing(pymysql.connect(**where, autocommit=True)) as connection, connection.cursor() as cursor:
        witness = MysqlWitness(connection, mark())
        cursor.execute("CREATE TABLE IF NOT EXISTS unclosed_rows (n INT) ENGINE=InnoDB")
        cursor.execute(f"CREATE USER {witness.name}@'%'")
        try:
            cursor.execute(f"GRANT ALL ON {MYSQL.database}.* TO {witness.name}@'%'")
            yield witness
            witness.end()
        finally:
            cursor.execute(f"DROP USER {witness.name}@'%'")


@contextmanager
def redis() -> Iterator[RedisWitness]:
    """A witness with a client name of its own."""
    client = importlib.import_module("redis").Redis(
        host=REDIS.host, port=REDIS.port, password=REDIS.password or None, decode_responses=True
    )
    with closing(client):
        witness = RedisWitness(client, mark())
        yield witness
        witness.end()
