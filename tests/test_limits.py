"""How long a call may take: arguments, constructors, libraries' defaults, attempts and timeout scopes, in seconds."""

from __future__ import annotations

import math
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unclosed.analysis.verdicts import HeldCall
from unclosed.catalog import Catalog
from unclosed.engine import Engine
from unclosed.text import SourceFile

CATALOG = Catalog.load()
HEAD = """\
import asyncio
import functools
import math

import anthropic
import anyio
import asyncpg
import httpx
import requests
import subprocess
import urllib3
from django.db import transaction

URL = "https://api.example"
SECONDS = 12
PAIR = (3, 12)
"""
NO_LIMIT = math.inf
NOT_KNOWN = None
finite = st.floats(min_value=0.001, max_value=1e6, allow_nan=False, allow_infinity=False)


def held(program: str) -> tuple[HeldCall, ...]:
    """The calls of a program that reach outside while a transaction is open."""
    module = Engine(CATALOG).analyse(SourceFile("/nowhere/limits.py", program))
    assert module.skipped == ()
    return tuple(call for function in module.functions for call in function.held_calls)


def seconds(*lines: str, before: str = "") -> float | None:
    """The limit of the one call in these lines of a function in a transaction."""
    body = "".join(f"    {line}\n" for line in lines)
    (call,) = held(f"{HEAD}{dedent(before)}\n@transaction.atomic\nasync def in_a_transaction(conn, something, **options):\n{body}")
    return call.seconds


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("requests.get(URL)", NO_LIMIT),
        ("requests.get(URL, timeout=None)", NO_LIMIT),
        ("requests.get(URL, timeout=7)", 7),
        ("requests.get(URL, timeout=1_000)", 1000),
        ("requests.get(URL, timeout=SECONDS)", 12),
        ("requests.get(URL, timeout=PAIR)", 12),
        ("requests.get(URL, timeout=(12, 3))", 3),
        ("requests.get(URL, timeout=(12, None))", NO_LIMIT),
        ("requests.get(URL, timeout=(None, 3))", 3),
        ("requests.get(URL, timeout=(3, SECONDS))", 12),
        ("requests.get(URL, timeout=(3, something))", NOT_KNOWN),
        ("requests.get(URL, timeout=something)", NOT_KNOWN),
        ("requests.get(URL, timeout=something.timeout)", NOT_KNOWN),
        ("requests.get(URL, timeout=2 * SECONDS)", NOT_KNOWN),
        ("requests.get(URL, timeout=-something)", NOT_KNOWN),
        ("requests.get(URL, **options)", NOT_KNOWN),
        ("requests.request(*something)", NOT_KNOWN),
        ("functools.partial(requests.get, timeout=4)(URL)", 4),
        ("httpx.get(URL)", 5),
        ("httpx.get(URL, timeout=None)", NO_LIMIT),
        ("httpx.get(URL, timeout=httpx.Timeout(9))", 9),
        ("httpx.get(URL, timeout=httpx.Timeout(None))", NO_LIMIT),
        ("httpx.get(URL, timeout=httpx.Timeout(something))", NOT_KNOWN),
        ("httpx.get(URL, timeout=httpx.Timeout(None, connect=2))", NO_LIMIT),
        ("httpx.Client(timeout=8).get(URL)", 8),
        ("httpx.Client(timeout=8).get(URL, timeout=2)", 2),
        ("httpx.Client(**options).get(URL)", NOT_KNOWN),
        ("httpx.Client(timeout=httpx.Timeout(8)).get(URL)", 8),
        ("urllib3.PoolManager(timeout=urllib3.Timeout(connect=2)).request('GET', URL)", NO_LIMIT),
        ("anthropic.Anthropic().messages.create()", 1800),
        ("anthropic.Anthropic(max_retries=0).messages.create()", 600),
        ("anthropic.Anthropic(timeout=10).messages.create()", 30),
        ("anthropic.Anthropic(timeout=10, max_retries=4).messages.create()", 50),
        ("anthropic.Anthropic(timeout=10, max_retries=something).messages.create()", NOT_KNOWN),
        ("anthropic.Anthropic(max_retries=0).messages.create(timeout=3)", 3),
        ("something.get(URL) or subprocess.run(['true'], timeout=6)", 6),
        ("subprocess.run(['true'], timeout=math.inf)", NO_LIMIT),
    ],
)
def test_what_a_call_is_told(call: str, expected: float | None) -> None:
    """By an argument, by what made its receiver, by its library."""
    assert seconds(call) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("client = httpx.Client(timeout=8)", 8),
        ("def make():\n    return httpx.Client(timeout=8)\nclient = make()", 8),
        ("client = other = httpx.Client(timeout=8)", 8),
        ("limit = httpx.Timeout(8)\nclient = httpx.Client(timeout=limit)", 8),
        ("client = httpx.Client(timeout=8)\nclient = httpx.Client(timeout=9)", NOT_KNOWN),
        ("client = httpx.Client(timeout=8) if URL else httpx.Client()", NOT_KNOWN),
        ("client: httpx.Client = some.client", NOT_KNOWN),
    ],
)
def test_a_client_of_the_module(before: str, expected: float | None) -> None:
    """It is looked up as far as there is one source."""
    assert seconds("client.get(URL)", before=before) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["async with asyncio.timeout(4):", "    await httpx.AsyncClient(timeout=None).get(URL)"], 4),
        (["async with asyncio.timeout(None):", "    await httpx.AsyncClient(timeout=None).get(URL)"], NO_LIMIT),
        (["async with asyncio.timeout(something):", "    await httpx.AsyncClient(timeout=None).get(URL)"], NOT_KNOWN),
        (["async with asyncio.timeout_at(something):", "    await httpx.AsyncClient(timeout=None).get(URL)"], NOT_KNOWN),
        (["async with asyncio.timeout(4):", "    requests.get(URL)"], NO_LIMIT),
        (["async with asyncio.timeout(4):", "    await httpx.AsyncClient(timeout=2).get(URL)"], 2),
        (["with anyio.fail_after(4):", "    await httpx.AsyncClient(timeout=None).get(URL)"], 4),
        (["async with asyncio.timeout(9), asyncio.timeout(4):", "    await httpx.AsyncClient(timeout=None).get(URL)"], 4),
        (["await asyncio.wait_for(httpx.AsyncClient(timeout=None).get(URL), 4)"], 4),
        (["await asyncio.wait_for(httpx.AsyncClient(timeout=None).get(URL), timeout=None)"], NO_LIMIT),
        (["await asyncio.wait_for(asyncio.gather(httpx.AsyncClient(timeout=None).get(URL)), 4)"], 4),
        (["await asyncio.to_thread(requests.get, URL, timeout=4)"], 4),
        (["await asyncio.to_thread(requests.get, URL)"], NO_LIMIT),
    ],
)
def test_what_is_told_around_a_call(lines: list[str], expected: float | None) -> None:
    """Scopes end what is awaited, not what blocks."""
    assert seconds(*lines) == expected


@given(finite)
@settings(max_examples=25, deadline=None)
def test_a_number_is_read_as_python_writes_it(number: float) -> None:
    """Whatever its notation."""
    assert seconds(f"requests.get(URL, timeout={number!r})") == number


@given(finite, finite)
@settings(max_examples=25, deadline=None)
def test_the_shorter_of_scope_and_call_holds(inner: float, outer: float) -> None:
    """Whichever it is."""
    lines = (f"async with asyncio.timeout({outer!r}):", f"    await httpx.AsyncClient(timeout={inner!r}).get(URL)")
    assert seconds(*lines) == min(inner, outer)


@given(st.integers(0, 20), st.integers(1, 600))
@settings(max_examples=25, deadline=None)
def test_attempts_multiply(retries: int, limit: int) -> None:
    """One more than there are retries."""
    call = f"anthropic.Anthropic(timeout={limit}, max_retries={retries}).messages.create()"
    assert seconds(call) == limit * (retries + 1)


@given(st.lists(st.one_of(st.none(), finite), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_a_client_under_several_names_has_the_limit_of_the_last_one_told(limits: list[float | None]) -> None:
    """Each call is told anew; without an argument the constructor holds."""
    calls = "".join(f"    client.get(URL, timeout={limit!r})\n" for limit in limits)
    program = f"{HEAD}client = httpx.Client(timeout=77)\n\n@transaction.atomic\ndef f():\n{calls}    client.get(URL)\n"
    told = [NO_LIMIT if limit is None else limit for limit in limits]
    assert [call.seconds for call in held(program)] == [*told, 77]


@pytest.mark.parametrize(
    "change",
    [
        "client.request = functools.partial(client.request, timeout=5)",
        "client.mount('https://', something.Adapter())",
        "client.get = something",
    ],
)
def test_a_client_that_was_changed_is_not_known(change: str) -> None:
    """Its class says nothing any more of what its methods do."""
    assert seconds("client = requests.Session()", change, "client.get(URL)") is NOT_KNOWN


def test_a_client_that_was_changed_is_believed_what_the_call_says() -> None:
    """An argument is an argument."""
    assert seconds("client = requests.Session()", "client.get = something", "client.get(URL, timeout=None)") == NO_LIMIT
