"""What opens and ends a transaction, seen from the server."""

from __future__ import annotations

import asyncio

import pytest

from conformance import probes
from conformance.ledger import Ledger
from conformance.names import file_of
from conformance.offices import OFFICES
from conformance.servers import Server
from conformance.transactions import Office, TransactionClaim, claims_of_type, try_transaction
from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels

CASES = [
    pytest.param(server, office, claim, id=f"{office.type_name}-{claim.text}")
    for server, office in OFFICES
    for claim in claims_of_type(office.type_name, office.maker)
]


@pytest.mark.parametrize(("server", "office", "claim"), CASES)
def test_a_transaction_is_open_when_its_model_says_so(
    server: Server | None, office: Office, claim: TransactionClaim, ledger: Ledger
) -> None:
    """After a statement, a begin or an end, or with what keeps one from opening."""
    if server is not None:
        server.require()
    asyncio.run(try_transaction(office, claim))
    ledger.note(file_of(office.type_name), "transactions")


@pytest.mark.parametrize(
    ("type_name", "said", "text"),
    [
        ("sqlite3.Connection", {"implicit": "any"}, "reading opens one"),
        ("sqlite3.Connection", {"implicit": "none"}, "writing opens none"),
        ("sqlite3.Connection", {"commit": ["interrupt"]}, "interrupt() ends it"),
        ("psycopg.Connection", {"implicit": "dml"}, "reading opens none"),
        ("asyncpg.Connection", {"implicit": "any"}, "writing opens one"),
    ],
)
def test_a_wrong_model_fails(monkeypatch: pytest.MonkeyPatch, type_name: str, said: dict[str, object], text: str) -> None:
    """A claim that a changed model makes, and that the library does not keep, is seen."""
    monkeypatch.setattr(probes, "PATIENCE", 0.2)
    monkeypatch.setattr(probes, "A_MOMENT", 0.1)
    server, office = next((server, office) for server, office in OFFICES if office.type_name == type_name)
    if server is not None:
        server.require()
    libraries = Catalog.load([UserModels("tests", {"types": {type_name: {"transaction": said}}})])
    claim = next(claim for claim in claims_of_type(type_name, office.maker, libraries) if claim.text == text)
    with pytest.raises(AssertionError):
        asyncio.run(try_transaction(office, claim))
