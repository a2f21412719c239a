"""The limits of pools that the models speak of are those of the libraries."""

from __future__ import annotations

import asyncio
import importlib

import pytest

from conformance.basins import BASINS
from conformance.ledger import Ledger
from conformance.names import file_of
from conformance.pools import Basin, PoolClaim, claims_of_pool, try_pool
from conformance.servers import Server
from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels

CASES = [pytest.param(server, basin, claim, id=f"{basin.name}-{claim.text}") for server, basin in BASINS for claim in claims_of_pool(basin)]


@pytest.mark.parametrize(("server", "basin", "claim"), CASES)
def test_a_pool_has_the_limits_that_its_model_says(server: Server, basin: Basin, claim: PoolClaim, ledger: Ledger) -> None:
    """It grows, or lets wait, without limit."""
    server.require()
    asyncio.run(try_pool(basin, claim))
    ledger.note(file_of(basin.name), "limits")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sqlalchemy.create_engine", {"unbounded": [], "endless": ["pool_timeout=20"]}),
        ("sqlalchemy.create_engine", {"unbounded": ["max_overflow=1 & pool_timeout=1"], "endless": []}),
        ("sqlalchemy.ext.asyncio.create_async_engine", {"unbounded": [], "endless": ["pool_timeout=20"]}),
        ("aiopg.create_pool", {"unbounded": [], "endless": ["timeout=20"]}),
    ],
)
def test_a_wrong_limit_is_seen(name: str, said: dict[str, object]) -> None:
    """A limit that a changed model takes for none."""
    server, basin = next((server, basin) for server, basin in BASINS if basin.name == name)
    server.require()
    (claim,) = claims_of_pool(basin, Catalog.load([UserModels("tests", {"functions": {name: {"pool": said}}})]))
    with pytest.raises((AssertionError, importlib.import_module("sqlalchemy.exc").TimeoutError)):
        asyncio.run(try_pool(basin, claim))
