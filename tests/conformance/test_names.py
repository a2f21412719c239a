"""Every name in a model exists in the installed library and can be called as the model says."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from conformance.ledger import Ledger, is_required
from conformance.names import absent_roots, claims_of, names_by_file
from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels


@pytest.mark.parametrize("file", names_by_file())
def test_what_a_model_names_is_there(file: str, ledger: Ledger) -> None:
    """Names, methods, arguments, coroutines, blocks and annotated results agree with the installed library.

    A library of the extra `conformance` has to be there; of another one that is not, the table says so.
    """
    absent = absent_roots(file)
    if absent and not is_required(file):
        ledger.miss(file)
        return
    if absent and "CI" not in os.environ:
        pytest.skip(f"{', '.join(absent)} cannot be imported; pip install 'unclosed[conformance]'")
    assert absent == []
    claims = list(claims_of(file))
    assert [f"{claim.subject}: {claim.problem}" for claim in claims if claim.problem] == []
    for about, number in Counter(claim.about for claim in claims).items():
        ledger.note(file, about, number)


@pytest.mark.parametrize(
    ("models", "problem"),
    [
        ({"functions": {"sqlite3.open": {"borrows": True}}}, "sqlite3.open: there is no such name"),
        ({"types": {"sqlite3.Connection": {"release": ["shut"]}}}, "sqlite3.Connection.shut: there is no such member"),
        ({"types": {"sqlite3.Cursor": {"with_exit": "release"}}}, "sqlite3.Cursor: is no manager for 'with'"),
        (
            {"types": {"sqlite3.Connection": {"with_exit": "nothing"}}},
            "sqlite3.Connection: is a manager for 'with', of which nothing is said",
        ),
        (
            {"types": {"sqlite3.Connection": {"release": ["await close"]}}},
            "sqlite3.Connection.close: is awaited by the model, but is a plain function",
        ),
    ],
)
def test_a_wrong_model_is_seen(models: dict[str, object], problem: str) -> None:
    """What a model claims falsely is told; `models` are laid over the shipped ones."""
    claims = claims_of("sqlite3", Catalog.load([UserModels("tests", models)]))
    assert problem in [f"{claim.subject}: {claim.problem}" for claim in claims]
