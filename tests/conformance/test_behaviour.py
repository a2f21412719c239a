"""What the models say of acquiring and releasing is what the libraries do, seen from the server."""

from __future__ import annotations

import asyncio

import pytest

from conformance import (
    benches_files,
    benches_mysql,
    benches_network,
    benches_postgres,
    benches_postgres_async,
    benches_redis,
    benches_sqlalchemy,
    probes,
)
from conformance.ledger import Ledger
from conformance.names import file_of
from conformance.probes import Bench, Claim, claims_of_call, try_claim
from conformance.servers import MYSQL, POSTGRES, REDIS, Server
from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels

SERVERS: list[tuple[Server | None, list[Bench]]] = [
    (None, [*benches_files.BENCHES, *benches_network.BENCHES]),
    (POSTGRES, [*benches_postgres.BENCHES, *benches_postgres_async.BENCHES, *benches_sqlalchemy.BENCHES]),
    (MYSQL, benches_mysql.BENCHES),
    (REDIS, benches_redis.BENCHES),
]
CASES = [
    pytest.param(server, bench, claim, id=f"{bench.acquire}-{claim.text}")
    for server, benches in SERVERS
    for bench in benches
    for claim in claims_of_call(bench.model())
]


@pytest.mark.parametrize(("server", "bench", "claim"), CASES)
def test_the_library_does_what_its_model_says(server: Server | None, bench: Bench, claim: Claim, ledger: Ledger) -> None:
    """A claim of the model holds."""
    if server is not None:
        server.require()
    asyncio.run(try_claim(bench.set_up, bench.model(), claim))
    ledger.note(file_of(bench.acquire), claim.about)


@pytest.mark.parametrize(
    ("acquire", "models", "text"),
    [
        ("sqlite3.connect", {"types": {"sqlite3.Connection": {"with_exit": "release"}}}, "with: release"),
        ("sqlite3.connect", {"types": {"sqlite3.Connection": {"with_exit": "nothing"}}}, "with: nothing"),
        ("sqlite3.connect", {"types": {"sqlite3.Connection": {"release": ["commit"]}}}, "commit releases"),
        ("sqlite3.connect", {"types": {"sqlite3.Connection": {"wrong_release": ["close"]}}}, "close() loses it"),
        ("sqlite3.connect", {"types": {"sqlite3.Connection": {"lazy": True}}}, "holds nothing until it is used"),
        ("aiosqlite.connect", {"functions": {"aiosqlite.connect": {"acquires": True}}}, "holds from the call on"),
        ("aiosqlite.connect", {"types": {"aiosqlite.Connection": {"release": ["close"]}}}, "close releases"),
        ("aiosqlite.connect", {"types": {"aiosqlite.Connection": {"release": ["await commit"]}}}, "await commit releases"),
        ("psycopg2.connect", {"types": {"psycopg2.extensions.connection": {"with_exit": "release"}}}, "with: release"),
        ("psycopg.connect", {"types": {"psycopg.Connection": {"with_exit": "transaction"}}}, "with: transaction"),
        (
            "psycopg2.pool.AbstractConnectionPool.getconn",
            {"types": {"psycopg2.pool.AbstractConnectionPool": {"methods": {"getconn": {"release": ["close"]}}}}},
            "close releases",
        ),
        (
            "psycopg_pool.AsyncConnectionPool.getconn",
            {"types": {"psycopg_pool.AsyncConnectionPool": {"methods": {"getconn": {"release": ["owner.putconn(0)"]}}}}},
            "owner.putconn(0) releases",
        ),
    ],
)
def test_a_wrong_model_fails(monkeypatch: pytest.MonkeyPatch, acquire: str, models: dict[str, object], text: str) -> None:
    """A claim that a changed model makes, and that the library does not keep, is seen; `models` are laid over the shipped ones."""
    monkeypatch.setattr(probes, "PATIENCE", 0.2)
    monkeypatch.setattr(probes, "A_MOMENT", 0.2)
    server, bench = next((server, bench) for server, benches in SERVERS for bench in benches if bench.acquire == acquire)
    if server is not None:
        server.require()
    model = bench.model(Catalog.load([UserModels("tests", models)]))
    claim = next(claim for claim in claims_of_call(model) if claim.text == text)
    with pytest.raises(AssertionError):
        asyncio.run(try_claim(bench.set_up, model, claim))
