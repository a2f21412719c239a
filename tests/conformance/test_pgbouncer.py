"""What `pgbouncer/settings.toml`, `pgbouncer/session_state.toml` and the key `prepares` say is what a real PgBouncer does."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from conformance.pgbouncer import RunningPooler, backend, program_version, running, started
from conformance.servers import POSTGRES
from unclosed.pgbouncer.ini import Ini, Setting
from unclosed.pgbouncer.known import knowledge
from unclosed.pgbouncer.pooler import Pooler
from unclosed.pgbouncer.states import states, tracked_names
from unclosed.text import Position, Span

asyncpg: Any = importlib.import_module("asyncpg")
psycopg: Any = importlib.import_module("psycopg")

STATEMENTS = {
    "LISTEN": "LISTEN orders",
    "an advisory lock": "SELECT pg_advisory_lock(4711)",
    "SET": "SET statement_timeout = '4321ms'",
    "set_config()": "SELECT set_config('shop.mark', 'x', false)",
    "PREPARE": "PREPARE by_id AS SELECT 1",
    "a cursor WITH HOLD": "DECLARE all_orders CURSOR WITH HOLD FOR SELECT 1",
    "a temporary table": "CREATE TEMP TABLE changed (id int)",
}


@pytest.fixture
def pooler(tmp_path: Path) -> Iterator[RunningPooler]:
    """A pooler by transaction."""
    POSTGRES.require()
    with running(tmp_path) as found:
        yield found


def client(pooler: RunningPooler, **options: Any) -> Any:
    """A client whose statements are transactions of their own."""
    return psycopg.connect(f"{pooler.dsn} dbname=test", autocommit=True, **{"prepare_threshold": None, **options})


def moved(pooler: RunningPooler, statement: str, ask: Callable[[Any], object]) -> object:
    """What a client is answered in another session of the server than that of its statement."""
    with client(pooler) as connection:
        with connection.transaction():
            connection.execute(statement)
            pid = backend(connection)
        with pooler.occupied(pid):
            assert backend(connection) != pid
            return ask(connection)


def refusal(query: str) -> Callable[[Any], object]:
    """Asks for the name of the error with which the server refuses a query, or its answer."""

    def ask(connection: Any) -> object:
        try:
            return connection.execute(query).fetchone()
        except psycopg.Error as error:
            return type(error).__name__

    return ask


def heard(connection: Any) -> object:
    """What a client hears of a notification that is sent past the pooler."""
    with psycopg.connect(POSTGRES.url, autocommit=True) as other:
        other.execute("NOTIFY orders, 'sent'")
    return [note.payload for note in connection.notifies(timeout=0.5)]


ANSWERS: dict[str, tuple[Callable[[Any], object], object]] = {
    "LISTEN": (heard, []),
    "an advisory lock": (refusal("SELECT pg_advisory_unlock(4711)"), (False,)),
    "SET": (refusal("SELECT current_setting('statement_timeout') = '4321ms'"), (False,)),
    "set_config()": (refusal("SELECT current_setting('shop.mark', true)"), (None,)),
    "PREPARE": (refusal("EXECUTE by_id"), "InvalidSqlStatementName"),
    "a cursor WITH HOLD": (refusal("FETCH 1 FROM all_orders"), "InvalidCursorName"),
    "a temporary table": (refusal("SELECT * FROM changed"), "UndefinedTable"),
}


def test_each_state_is_tried() -> None:
    """None of the file is left out here."""
    assert sorted(STATEMENTS) == sorted(ANSWERS) == sorted(state.what for state in states())
    assert [state.what for state in states() if not state.fits(STATEMENTS[state.what], tracked_names())] == []


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_state_stays_behind(pooler: RunningPooler, what: str) -> None:
    """The next statement runs in another session, and does not find it."""
    ask, answer = ANSWERS[what]
    assert moved(pooler, STATEMENTS[what], ask) == answer


def test_a_setting_is_left_to_the_next_client(pooler: RunningPooler) -> None:
    """`SET` without `LOCAL` holds for whoever comes into that session."""
    with client(pooler) as first:
        first.execute("SET statement_timeout = '4321ms'")
    with client(pooler) as second:
        assert second.execute("SHOW statement_timeout").fetchone() == ("4321ms",)


@pytest.mark.parametrize("name", sorted(tracked_names() - {"intervalstyle"}))
def test_what_is_tracked_is_set_again(pooler: RunningPooler, name: str) -> None:
    """In whatever session the client comes."""
    values = {"timezone": "Asia/Tokyo", "datestyle": "German, DMY", "client_encoding": "LATIN1", "standard_conforming_strings": "off"}
    value = values.get(name, "x")
    assert moved(pooler, f"SET {name} = '{value}'", refusal(f"SELECT current_setting('{name}')")) == (value,)


def test_locks_of_the_transaction_are_no_harm(pooler: RunningPooler) -> None:
    """They are gone with it."""
    count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712"
    assert moved(pooler, "SELECT pg_advisory_xact_lock(4712)", refusal(count)) == (0,)


# Prepared statements


def kept(settings: str = "") -> bool:
    """Whether the data says that this PgBouncer, told so, carries prepared statements over."""
    ini = Ini()
    if settings:
        name, _, value = settings.partition(" = ")
        ini.settings[name] = Setting("", Span(Position(1, 0), Position(1, 0)), name, value)
    found = Pooler("", ini, program_version()).keeps_statements()
    assert found is not None
    return found


def told() -> list[str]:
    """What this PgBouncer can be told of prepared statements; nothing where it does not know the setting."""
    is_known = program_version() >= knowledge().settings["max_prepared_statements"].since
    return ["", "max_prepared_statements = 0", "max_prepared_statements = 100"] if is_known else [""]


async def asyncpg_survives(pooler: RunningPooler, **options: Any) -> bool:
    """Whether a statement that asyncpg has prepared runs in another session."""
    connection = await asyncpg.connect(database="test", **pooler.arguments, **options)
    try:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        with pooler.occupied(pid):
            return bool(await connection.fetchval("SELECT pg_backend_pid()") != pid)
    except asyncpg.InvalidSQLStatementNameError:
        return False
    finally:
        connection.terminate()


async def engine_survives(pooler: RunningPooler, **options: Any) -> bool:
    """The same of asyncpg under SQLAlchemy."""
    url = sqlalchemy.URL.create("postgresql+asyncpg", POSTGRES.user, host="127.0.0.1", port=pooler.port, database="test")
    engine = create_async_engine(url, connect_args=options)
    query = sqlalchemy.text("SELECT pg_backend_pid()")
    try:
        async with engine.begin() as connection:
            pid = (await connection.execute(query)).scalar_one()
        with pooler.occupied(pid):
            async with engine.begin() as connection:
                return bool((await connection.execute(query)).scalar_one() != pid)
    except sqlalchemy.exc.DBAPIError:
        return False
    finally:
        await engine.dispose()


def psycopg_survives(pooler: RunningPooler, **options: Any) -> bool:
    """Whether a statement that psycopg has prepared, because it was executed often, runs in another session."""
    with client(pooler, **options) as connection:
        for _ in range(10):
            pid = backend(connection)
        with pooler.occupied(pid):
            try:
                return backend(connection) != pid
            except psycopg.errors.InvalidSqlStatementName:
                return False


@pytest.mark.parametrize("settings", told())
def test_prepared_statements_survive_if_they_are_kept(tmp_path: Path, settings: str) -> None:
    """By the version and by what it is told; with the driver's own remedy always."""
    POSTGRES.require()
    with running(tmp_path, f"pool_mode = transaction\n{settings}\n") as pooler:
        assert asyncio.run(asyncpg_survives(pooler)) is kept(settings)
        assert asyncio.run(asyncpg_survives(pooler, statement_cache_size=0))
        assert asyncio.run(engine_survives(pooler)) is kept(settings)
        assert asyncio.run(engine_survives(pooler, statement_cache_size=0))
        assert asyncio.run(engine_survives(pooler, prepared_statement_cache_size=0))
        assert psycopg_survives(pooler, prepare_threshold=5) is kept(settings)
        assert psycopg_survives(pooler, prepare_threshold=None)


# Settings


def test_defaults_are_those_that_it_prints(tmp_path: Path) -> None:
    """`SHOW CONFIG` knows the settings of its version, with these defaults."""
    with running(tmp_path, "admin_users = pgbouncer\nstats_users = pgbouncer\n") as pooler:
        connection = psycopg.connect(f"{pooler.dsn} dbname=pgbouncer", autocommit=True, prepare_threshold=None, user="pgbouncer")
        with connection, psycopg.ClientCursor(connection) as cursor:
            rows = cursor.execute("SHOW CONFIG").fetchall()
    printed = {row[0]: row[2] for row in rows}
    version = program_version()
    expected = {name: known.default_in(version) for name, known in knowledge().settings.items()}
    assert {name: printed.get(name) for name in expected} == expected


@pytest.mark.parametrize("line", ["query_timeout = 5 ; seconds", "query_timeout = 5 # seconds", "query_timeout 5", "query_time = 5"])
def test_what_stands_behind_a_value_is_part_of_it(tmp_path: Path, line: str) -> None:
    """It does not come up then, so a comment must stand on a line of its own."""
    with started(tmp_path, f"listen_port = 1\n{line}\n") as process:
        assert process.wait(timeout=10) != 0


@pytest.mark.parametrize("settings", ["query_wait_timeout = 1", "query_wait_timeout = 20\nquery_timeout = 1"])
def test_waiting_clients_end_by_the_shorter_limit(tmp_path: Path, settings: str) -> None:
    """`query_timeout` ends a client that waits, too."""
    POSTGRES.require()
    settings = f"pool_mode = transaction\ndefault_pool_size = 1\n{settings}\n"
    with running(tmp_path, settings) as pooler, closing(client(pooler)) as holder, closing(client(pooler)) as waiting:
        holder.execute("BEGIN")
        backend(holder)
        began = time.monotonic()
        with pytest.raises(psycopg.Error):
            backend(waiting)
        assert time.monotonic() - began < 10


def test_an_idle_transaction_ends_by_its_limit(tmp_path: Path) -> None:
    """Without one it holds its session for as long as it likes."""
    POSTGRES.require()
    with running(tmp_path, "pool_mode = transaction\nidle_transaction_timeout = 1\n") as pooler:
        connection = psycopg.connect(f"{pooler.dsn} dbname=test", prepare_threshold=None)
        backend(connection)
        time.sleep(3)
        with pytest.raises(psycopg.OperationalError):
            backend(connection)
        connection.close()
