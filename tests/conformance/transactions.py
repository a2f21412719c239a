"""What a model says of transactions: which statement opens one, what opens one by hand, what ends it, what keeps one from opening.

A *desk* is a connection of a library with a way to send a statement and a witness that says whether the server, or the library that has no
server, sees a transaction.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from conformance import probes
from conformance.names import catalog
from unclosed.catalog import Catalog

READ = "SELECT n FROM unclosed_rows"
WRITE = "INSERT INTO unclosed_rows (n) VALUES (1)"


@dataclass(frozen=True, slots=True)
class Desk:
    """One open connection."""

    connection: Any
    send: Callable[[str], Any]
    """Sends a statement; may give an awaitable."""
    in_transaction: Callable[[], Any]
    """How many transactions are open, seen from the other side."""


@dataclass(frozen=True, slots=True)
class Office:
    """The desks of one modelled type; `open_desk` takes the arguments of the connecting call."""

    type_name: str
    open_desk: Callable[[dict[str, Any]], AbstractAsyncContextManager[Desk]]
    maker: str
    """The call that connects, whose `autocommit` arguments are tried."""


@dataclass(frozen=True, slots=True)
class TransactionClaim:
    """One thing that a model says of the transactions of a connection."""

    text: str
    statement: str = ""
    opens: bool = True
    begin: str = ""
    end: str = ""
    attribute: tuple[str, Any] | None = None
    arguments: tuple[tuple[str, Any], ...] = ()


def claims_of_type(type_name: str, maker: str, libraries: Catalog | None = None) -> list[TransactionClaim]:
    """What is said of the transactions of a type, and of the arguments of the call that makes it."""
    libraries = libraries or catalog()
    model, made = libraries.type(type_name), libraries.function(maker)
    assert model is not None and made is not None and model.implicit, type_name
    claims = [
        TransactionClaim("reading opens one" if model.implicit == "any" else "reading opens none", READ, opens=model.implicit == "any"),
        TransactionClaim("writing opens none" if model.implicit == "none" else "writing opens one", WRITE, opens=model.implicit != "none"),
    ]
    begin = min(model.begin) if model.implicit == "none" and model.begin else ""
    if model.implicit != "none" or begin:
        ends = (*sorted(model.commit), *sorted(model.rollback))
        claims += [TransactionClaim(f"{end}() ends it", WRITE, begin=begin, end=end) for end in ends if end not in _WITH_ARGUMENTS]
    claims += [TransactionClaim(f"{begin}() opens one", WRITE, begin=begin) for begin in sorted(model.begin - _WITH_ARGUMENTS)]
    for name, spelling in model.autocommit:
        if (type_name, name) not in _NEWER:
            claims.append(TransactionClaim(f"{name} = {spelling}: none opens", WRITE, opens=False, attribute=(name, _value(spelling))))
    for name, _, spelling in made.autocommit:
        if (type_name, name) not in _NEWER:
            claims.append(TransactionClaim(f"{name}={spelling}: none opens", WRITE, opens=False, arguments=((name, _value(spelling)),)))
    return claims


_WITH_ARGUMENTS = {"executescript", "begin_twophase"}
"""Methods that begin or end a transaction and need an argument, or a server that is set up for them."""
_NEWER = {(f"{module}.Connection", "autocommit") for module in ("sqlite3", "aiosqlite") if sys.version_info < (3, 12)}
"""Attributes and arguments that this Python does not have."""


async def try_transaction(office: Office, claim: TransactionClaim) -> None:
    """Do what the claim speaks of and look at the server; raises `AssertionError` where a transaction is open against the claim."""
    async with office.open_desk(dict(claim.arguments)) as desk:
        connection = desk.connection
        assert await _open(desk, 0) == 0, "a transaction is open before anything is done"
        if claim.attribute is not None:
            setattr(connection, *claim.attribute)
        if claim.begin:
            await _done(getattr(connection, claim.begin)())
        await _done(desk.send(claim.statement))
        opens = claim.opens or bool(claim.begin)
        assert await _open(desk, int(opens)) == opens, f"after a statement {'no' if opens else 'a'} transaction is open"
        if claim.end:
            await _done(getattr(connection, claim.end)())
            assert await _open(desk, 0) == 0, f"after {claim.end}() a transaction is open"


async def _open(desk: Desk, wanted: int) -> int:
    """How many transactions are seen, after some patience with a server that tells late."""
    seen = int(await _done(desk.in_transaction()))
    waited = 0.0
    while seen != wanted and waited < probes.PATIENCE:
        await probes.pause()
        waited += probes.A_MOMENT
        seen = int(await _done(desk.in_transaction()))
    if seen == wanted == 0:  # what is on its way is not yet seen
        await probes.pause()
        seen = int(await _done(desk.in_transaction()))
    return seen


async def _done(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


def _value(spelling: str) -> Any:
    """What a spelling of the models means: a literal, or the name of a constant, which is its text."""
    try:
        return ast.literal_eval(spelling)
    except ValueError:
        return spelling
