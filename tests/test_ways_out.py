"""The way out that a message names works for the library at hand: asked of every call of every model that acquires something."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest

from unclosed.analysis.verdicts import AnalysedFunction, Loss, Resource, Verdict
from unclosed.catalog import Catalog
from unclosed.catalog_files import shipped_shelf
from unclosed.confidence import Confidence
from unclosed.library import Acquires, CallModel, Kind, Lease, Release, WithExit
from unclosed.rules import all_rules
from unclosed.text import Position, Span

ACQUIRE, LATER = Span(Position(7, 11), Position(7, 29)), Span(Position(12, 4), Position(12, 20))
LOSSES = {
    Loss.NEVER: "",
    Loss.EARLY_EXIT: "return",
    Loss.EXCEPTION: "fetch",
    Loss.WITH_KEEPS_OPEN: "",
    Loss.DISCARDED: "",
    Loss.CANCELLATION: "fetch",
}
WAY_OUT = re.compile(
    r"use '(?P<block>(?:async )?with)(?: (?P<entered>[^']*))?'"
    r"|use (?P<wrapper>a?closing\(\))"
    r"|(?P<verb>call|await) (?P<receiver>[\w.]+\.)?(?P<method>\w+)\((?P<arguments>[^)]*)\)(?P<of>| of its pool| on it)(?: in 'finally'|$)"
    r"|(?P<plain>release it in 'finally')$"
)
"""The ways out that a sentence may end with."""


def acquiring() -> Iterator[CallModel]:
    """Every call that acquires something, pools left out: they have rules of their own, which name the release of the model as it is."""
    shelf, catalog = shipped_shelf(), Catalog.load()
    calls = [catalog.function(name) for name in shelf.functions]
    for name in shelf.types:
        model = catalog.type(name)
        assert model is not None
        calls += [model.constructor, model.call, *(catalog.method(name, method) for method in model.methods)]
    for call in dict.fromkeys(calls):
        if call is not None and call.lease is not None and call.acquires is not Acquires.NO and call.lease.kind is not Kind.POOL:
            yield call


CALLS = {f"{call.name} -> {call.lease.type_name}": call for call in acquiring() if call.lease is not None}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def ways_out(call: CallModel) -> Iterator[re.Match[str]]:
    """The ways out of the messages for each loss of what a call acquires."""
    last = call.name.rpartition(".")[2]
    is_method = any(release.owner for release in _lease(call).release)
    text = f"{'pool.' if is_method else ''}{last}()"
    resource = Resource(text, "pool" if is_method else "", "thing", _lease(call), call.child, ACQUIRE)
    verdicts = tuple(Verdict(loss, resource, Confidence.CERTAIN, (), LATER, cause) for loss, cause in LOSSES.items())
    for rule in all_rules():
        for finding in rule.check(AnalysedFunction("shop.py", "load", verdicts, ())):
            for part in re.split(r" or (?=use )", finding.message.rpartition("; ")[2]):
                found = WAY_OUT.fullmatch(part)
                assert found is not None, finding.message
                yield found


def _lease(call: CallModel) -> Lease:
    assert call.lease is not None
    return call.lease


BY_OTHER_MEANS = {"django.db.backends.utils.CursorWrapper": "passes every name on to the driver's cursor"}
"""Classes whose methods cannot be seen on the class."""


def real_class(name: str) -> type | None:
    """The class of this name in the installed library; `None` if that is not here, or has none."""
    module, _, last = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), last, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


@every_call
def test_a_way_out_is_one_that_the_model_has(call: CallModel) -> None:
    """A block that releases, a wrapper around a plain release, a release by its name, with its lender and awaited where it must be."""
    lease = _lease(call)
    for way in ways_out(call):
        if way["block"]:
            exit_ = lease.async_with_exit if way["block"] == "async with" else lease.with_exit
            assert exit_ is WithExit.RELEASE
        elif way["wrapper"]:
            assert (Release("close") if way["wrapper"] == "closing()" else Release("aclose", awaited=True)) in lease.release
        elif way["method"]:
            is_owner = way["receiver"] == "pool." or way["of"] == " of its pool"
            named = [release for release in lease.release if (release.method, release.owner) == (way["method"], is_owner)]
            assert way["verb"] in ["await" if release.awaited else "call" for release in named]
        else:
            assert lease.release


@every_call
def test_the_block_of_a_lender_can_be_entered_as_it_is_written(call: CallModel) -> None:
    """`async with pool.acquire()` only where the un-awaited result is a manager."""
    entered = [way["entered"] for way in ways_out(call) if way["entered"]]
    if call.acquires is Acquires.AWAITED and any(not text.startswith("await ") for text in entered):
        assert call.lends is not None


@every_call
def test_a_way_out_exists_in_the_installed_library(call: CallModel) -> None:
    """The block has its methods, the release is a method of the class."""
    found = real_class(_lease(call).type_name)
    if found is None or _lease(call).type_name in BY_OTHER_MEANS:
        return
    for way in ways_out(call):
        if way["block"] and not way["entered"]:
            assert hasattr(found, "__aexit__" if way["block"] == "async with" else "__exit__")
        elif way["wrapper"]:
            assert hasattr(found, "close" if way["wrapper"] == "closing()" else "aclose")


def test_there_are_many() -> None:
    """The tests above asked something."""
    assert len(CALLS) > 200
