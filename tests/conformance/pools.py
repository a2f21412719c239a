"""What a model says of a pool's limits: with which arguments it grows without limit, or lets wait without limit."""

from __future__ import annotations

import ast
import asyncio
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from conformance.limits import limit_of_thread, observed_task
from conformance.names import catalog
from unclosed.catalog import Catalog
from unclosed.library import Told

_MANY = 7
"""More connections than the pool that a basin is made with has slots."""


@dataclass(frozen=True, slots=True)
class Basin:
    """A pool that can be made with more arguments; `made` lends the pool, `take` takes a connection from it."""

    name: str
    made: Callable[[dict[str, Any]], AbstractAsyncContextManager[Any]]
    take: Callable[..., Any]
    base: Mapping[str, Any]
    """Arguments with which it has one slot."""
    taking: bool = False
    """The arguments are those of taking a connection, not of making the pool."""
    asynchronous: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    """A value for arguments of which the model says only that they are given."""


@dataclass(frozen=True, slots=True)
class PoolClaim:
    """With these arguments the pool grows, or lets wait, without limit."""

    text: str
    grows: bool
    arguments: tuple[tuple[str, Any], ...]


def claims_of_pool(basin: Basin, libraries: Catalog | None = None) -> list[PoolClaim]:
    """What the model says of the pool's limits."""
    model = (libraries or catalog()).function(basin.name)
    assert model is not None and model.pool is not None, basin.name
    claims = []
    for grows, groups in ((True, model.pool.unbounded), (False, model.pool.endless)):
        for group in groups:
            arguments = tuple((told.name, _value(told, basin)) for told in group)
            written = " and ".join(f"{name}={value}" for name, value in arguments)
            claims.append(PoolClaim(f"{written} {'grows' if grows else 'waits'} without limit", grows, arguments))
    return claims


async def try_pool(basin: Basin, claim: PoolClaim) -> None:
    """Take many connections, or the second of one, and see; raises `AssertionError` where the claim does not hold."""
    told = dict(claim.arguments)
    making, taking = ({}, told) if basin.taking else (told, {})
    async with basin.made({**basin.base, **making}) as pool:
        taken = [await asyncio.wait_for(_done(basin.take(pool, **taking)), 3) for _ in range(_MANY if claim.grows else 1)]
        if claim.grows:
            assert len({id(each) for each in taken}) == _MANY
            return
        if basin.asynchronous:
            seconds = await observed_task(lambda: basin.take(pool, **taking))
        else:
            seconds = await _waiting(lambda: basin.take(pool, **taking))
        assert seconds == math.inf, f"waits for {seconds} seconds"


async def _waiting(call: Callable[[], Any]) -> float:
    """How long a thread waits for a condition at most."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    for _ in range(100):
        await asyncio.sleep(0.02)
        seconds = limit_of_thread(thread)
        if seconds is not None or not thread.is_alive():
            break
    assert seconds is not None, "did not wait"
    return seconds


async def _done(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


def _value(told: Told, basin: Basin) -> Any:
    return ast.literal_eval(told.spelling) if told.spelling else basin.values[told.name]
