"""The time limits of the models are those of the libraries, read from a call that waits."""

from __future__ import annotations

import math

import pytest

from conformance.ledger import Ledger
from conformance.limits import LimitClaim, Wait, claims_of_wait, try_wait
from conformance.names import file_of
from conformance.waits import WAITS
from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels

CASES = [pytest.param(wait, claim, id=f"{wait.name}-{claim.text}") for wait in WAITS for claim in claims_of_wait(wait.name)]


@pytest.mark.parametrize(("wait", "claim"), CASES)
def test_a_call_waits_as_long_as_its_model_says(wait: Wait, claim: LimitClaim, ledger: Ledger) -> None:
    """By default, and with each argument that limits it."""
    pytest.importorskip(wait.name.partition(".")[0], reason="pip install 'unclosed[conformance]'")
    try_wait(wait, claim)
    ledger.note(file_of(wait.name), "limits")


@pytest.mark.parametrize(("name", "limit"), [("smtplib.SMTP", 30), ("urllib.request.urlopen", 60)])
def test_a_wrong_limit_is_seen(name: str, limit: int) -> None:
    """A model that gives a default where the library has none fails."""
    kind = "types" if name == "smtplib.SMTP" else "functions"
    said = {"limit": {"by": ["timeout"], "default": limit}}
    models = {kind: {name: {"constructor": said} if kind == "types" else said}}
    claims = claims_of_wait(name, Catalog.load([UserModels("tests", models)]))
    claim = next(claim for claim in claims if not claim.given)
    assert claim.seconds == limit != math.inf
    with pytest.raises(AssertionError, match="waits for inf seconds"):
        try_wait(next(wait for wait in WAITS if wait.name == name), claim)
