"""What a lease claims, and how each claim is tried: acquire, do what the claim speaks of, and look whether the value is still held.

A *rig* is one acquire of a library, set up to be run: how to call it, and how to see from the other side whether something is held. The
*claims* come from the model (`claims_of_call`), never from the rig, so that a wrong model fails. `held` counts what is held: sessions that
the server lists, slots of a pool that nobody else can get, open descriptors, a cursor that still answers.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.names import catalog
from unclosed.catalog import Catalog
from unclosed.library import Acquires, CallModel, Release, WithExit

PATIENCE = 3.0
"""Seconds until a session that was closed has to be gone at the server."""
A_MOMENT = 0.02
"""Seconds after which what is still held counts as held."""


@dataclass(frozen=True, slots=True)
class Rig:
    """One acquire that can be run."""

    call: Callable[[], Any]
    """The acquiring call, with its arguments."""
    held: Callable[[], Any]
    """How many are held, seen from the other side; may be a coroutine function."""
    owner: Any = None
    """What lends the value."""
    use: Callable[[Any], Any] | None = None
    """A first use of the value, for what holds nothing before."""
    opens: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """How each method that opens the value is called."""
    note: Callable[[Any], object] = lambda value: None
    """Is told the value as soon as it is acquired, for `held` to look at."""
    late: bool = False
    """It counts as acquired from the call on, as a session does, and holds nothing before its first use."""
    finish: Callable[[Any], Any] | None = None
    """What the documentation asks for after a release or a block (`wait_closed`)."""
    sessions: Callable[[], int] | None = None
    """What the server lists of the owner: it tells whether something is held after a release that closes the owner."""
    at_rest: int = 0
    """What is held before the call and after the release."""


Setup = Callable[[], AbstractAsyncContextManager[Rig]]


@dataclass(frozen=True, slots=True)
class Bench:
    """A rig with the qualified name of its acquire, as the models have it; `()` at the end: the call of an instance."""

    acquire: str
    set_up: Setup

    def model(self, libraries: Catalog | None = None) -> CallModel:
        """What the models say of the acquire."""
        libraries = libraries or catalog()
        model = libraries.call(self.acquire[:-2]) if self.acquire.endswith("()") else libraries.function(self.acquire)
        assert model is not None, self.acquire
        return model


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a model says of an acquire: `about` is the column of the table, `text` what is said."""

    about: str
    text: str
    release: Release | None = None


def bench(*acquires: str) -> Callable[[Callable[[str], AsyncIterator[Rig]]], list[Bench]]:
    """Make an asynchronous generator function that yields a rig into benches, one for each acquire, whose name it is handed."""

    def made(function: Callable[[str], AsyncIterator[Rig]]) -> list[Bench]:
        manager = asynccontextmanager(function)
        return [Bench(acquire, lambda acquire=acquire: manager(acquire)) for acquire in acquires]  # type: ignore[misc]

    return made


def claims_of_call(model: CallModel) -> Iterator[Claim]:
    """What the model of an acquire says and what can be tried."""
    lease = model.lease
    assert lease is not None, model.name
    if model.acquires is not Acquires.NO:
        yield Claim("acquires", "holds nothing until it is used" if lease.lazy else "holds from the call on")
        if lease.opened_by and not model.only_given:
            yield Claim("acquires", f"holds nothing until {sorted(lease.opened_by)[0]}()")
        if model.acquires is Acquires.AWAITED:
            yield Claim("acquires", "holds nothing until it is awaited")
        for release in lease.release:
            yield Claim("releases", f"{_written(release)} releases", release)
            if release.awaited:
                yield Claim("un-awaited", f"{_written(release)} un-awaited does nothing", release)
        for method in sorted(lease.wrong_release):
            yield Claim("wrong release", f"{method}() loses it", Release(method))
        yield Claim("with", f"with: {lease.with_exit.value}")
        yield Claim("with", f"async with: {lease.async_with_exit.value}")
    if model.lends is not None:
        word = "async with" if model.acquires is Acquires.AWAITED or lease.async_with_exit is WithExit.RELEASE else "with"
        yield Claim("with", f"lends in '{word}'")


async def try_claim(set_up: Setup, model: CallModel, claim: Claim) -> None:
    """Run a claim; raises `AssertionError` where the library does something else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        async with set_up() as rig:
            await _PROBES[claim.about](rig, model, claim)


async def _try_acquire(rig: Rig, model: CallModel, claim: Claim) -> None:
    """When the value begins to be held."""
    assert model.lease is not None
    await _expect(rig, 0, "before the call")
    result = rig.call()
    if claim.text == "holds nothing until it is awaited":
        await asyncio.sleep(A_MOMENT)
        await _expect(rig, 0, "before the result was awaited")
    value = await result if model.acquires is Acquires.AWAITED else result
    rig.note(value)
    if rig.late or model.lease.lazy or (model.lease.opened_by and not model.only_given):
        await _expect(rig, 0, "before it was used or opened")
        await _opened(rig, model, value)
    await _expect(rig, 1, "after it was acquired")


async def _try_release(rig: Rig, model: CallModel, claim: Claim) -> None:
    """A release releases, awaited only where the model awaits it."""
    assert claim.release is not None
    value = await _acquired(rig, model)
    result = _call_release(rig, value, claim.release)
    if claim.release.awaited:
        await result
    if rig.finish is not None:
        await _done(rig.finish(value))
    if claim.release.owner and claim.release.argument is None and rig.sessions is not None:
        rig = replace(rig, held=rig.sessions)
    await _expect(rig, 0, f"after {claim.release.method}()")


async def _try_unawaited(rig: Rig, model: CallModel, claim: Claim) -> None:
    """A release that is a coroutine does nothing before it is awaited."""
    assert claim.release is not None
    value = await _acquired(rig, model)
    result = _call_release(rig, value, claim.release)
    assert inspect.isawaitable(result), f"{claim.release.method}() gives nothing to await"
    await asyncio.sleep(A_MOMENT)
    await _expect(rig, 1, f"after {claim.release.method}() un-awaited")
    await _done(result)


async def _try_wrong_release(rig: Rig, model: CallModel, claim: Claim) -> None:
    """After a wrong release the slot is still taken."""
    assert claim.release is not None
    value = await _acquired(rig, model)
    await _done(_call_release(rig, value, claim.release))
    await _expect(rig, 1, f"after {claim.release.method}()")


async def _try_block(rig: Rig, model: CallModel, claim: Claim) -> None:
    """What leaving a block does: gives back, leaves it held, or there is no block at all."""
    if claim.text.startswith("lends"):
        await _try_lent(rig, claim)
        return
    assert model.lease is not None
    word, _, said = claim.text.partition(": ")
    used_within = rig.late or model.lease.lazy or bool(model.lease.opened_by)
    value = await (_made(rig, model) if used_within else _acquired(rig, model))
    enter, leave = ("__enter__", "__exit__") if word == "with" else ("__aenter__", "__aexit__")
    refused = False
    try:
        if not hasattr(type(value), enter):
            raise TypeError("no manager")
        await _done(getattr(type(value), enter)(value))
    except Exception:  # noqa: BLE001 - each library refuses in its own way
        refused = True
    else:
        if used_within:
            await _opened(rig, model, value)
            await _expect(rig, 1, f"in the '{word}' block")
        with suppress(Exception):
            await _done(getattr(type(value), leave)(value, None, None, None))
    if said == WithExit.NOTHING.value:
        assert refused, f"can be entered by '{word}', of which nothing is said"
    elif said == WithExit.RELEASE.value:
        assert not refused, f"cannot be entered by '{word}'"
        await _expect(rig, 0, f"after the '{word}' block")
    else:
        await _expect(rig, 1, f"after the '{word}' block")


async def _try_lent(rig: Rig, claim: Claim) -> None:
    """The un-awaited result holds inside of its block and not after it."""
    manager = rig.call()
    if claim.text == "lends in 'async with'":
        async with manager as value:
            rig.note(value)
            await _used(rig, value)
            await _expect(rig, 1, "in the block")
    else:
        with manager as value:
            rig.note(value)
            await _used(rig, value)
            await _expect(rig, 1, "in the block")
    await _expect(rig, 0, "after the block")


_PROBES = {
    "acquires": _try_acquire,
    "releases": _try_release,
    "un-awaited": _try_unawaited,
    "wrong release": _try_wrong_release,
    "with": _try_block,
}


async def _acquired(rig: Rig, model: CallModel) -> Any:
    """The value, held."""
    value = await _made(rig, model)
    await _opened(rig, model, value)
    await _expect(rig, 1, "after it was acquired")
    return value


async def _made(rig: Rig, model: CallModel) -> Any:
    """The value as the call gives it."""
    result = rig.call()
    value = await result if model.acquires is Acquires.AWAITED else result
    rig.note(value)
    return value


async def _opened(rig: Rig, model: CallModel, value: Any) -> None:
    """Use the value, or open it by the method that the model names."""
    assert model.lease is not None
    if model.lease.opened_by and not model.only_given:
        await _done(rig.opens[min(model.lease.opened_by)](value))
    await _used(rig, value)


async def _used(rig: Rig, value: Any) -> None:
    if rig.use is not None:
        await _done(rig.use(value))


def _call_release(rig: Rig, value: Any, release: Release) -> Any:
    """Call a release as the model writes it."""
    receiver = rig.owner if release.owner else value
    return getattr(receiver, release.method)(*(() if release.argument is None else (*[None] * release.argument, value)))


async def _done(result: Any) -> Any:
    """What a call gives, awaited if it can be."""
    return await result if inspect.isawaitable(result) else result


async def _expect(rig: Rig, number: int, when: str) -> None:
    """As many are held as said; what is released gets time to go."""
    wanted = rig.at_rest + number
    seen = await _done(rig.held())
    waited = 0.0
    while seen != wanted and waited < PATIENCE:
        await asyncio.sleep(A_MOMENT)
        waited += A_MOMENT
        seen = await _done(rig.held())
    if number and seen == wanted:  # what is on its way out is still seen for a moment
        await asyncio.sleep(A_MOMENT)
        seen = await _done(rig.held())
    assert seen == wanted, f"{when}: {seen - rig.at_rest} held instead of {number}"


def _written(release: Release) -> str:
    """A release as the models write it."""
    argument = "" if release.argument is None else f"({release.argument})"
    return f"{'await ' if release.awaited else ''}{'owner.' if release.owner else ''}{release.method}{argument}"


async def answering(values: Iterable[Any], ask: Callable[[Any], Any]) -> int:
    """How many values still answer what they are asked; a closed cursor raises."""
    count = 0
    for value in values:
        try:
            await _done(ask(value))
        except Exception:  # noqa: BLE001 - each library raises its own
            continue
        count += 1
    return count


async def refused(call: Callable[[], Any], give_back: Callable[[Any], Any]) -> int:
    """1 if a call raises, as one does that waits in vain for the only slot of a pool; else 0, and what it gave is given back."""
    try:
        value = await _done(call())
    except Exception:  # noqa: BLE001 - each library raises its own
        return 1
    await _done(give_back(value))
    return 0


async def in_time(waiting: Any) -> Any:
    """What an awaitable gives, if it does so soon; raises `TimeoutError` otherwise."""
    return await asyncio.wait_for(_done(waiting), 0.05)


async def pause() -> None:
    """Wait a moment, for a server that tells late."""
    await asyncio.sleep(A_MOMENT)
