"""How messages speak of a resource: what it is called, the verb that fits it, where a path goes, and the way out that works.

A message is one line: what (the resource and where it was got), which path loses it, the way out. It should have at most
`LIMIT` characters; written names are shortened from the left, `...pools.main.getconn()`, until it has. The way out is taken from
the lease, so `with` is never advised where leaving the block does not release.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable

from unclosed.analysis.verdicts import Resource, Verdict
from unclosed.library import Lease, Release, WithExit
from unclosed.text import Span

LIMIT = 120
_WIDTHS = (60, 48, 40, 32, 26, 20, 18, 16, 14, 12, 10, 8)
_ONE_WAY_OUT = 26
"""At this width and below, one way out is enough."""
_CAUSE_ALONE = 18
"""At this width and below, what raises is said by its method alone."""
_METHOD_ALONE = 16
"""At this width and below, so is a release."""
_RELEASE_ALONE = 14
"""At this width and below, not even said of what."""
_LINE_ALONE = 10
"""At this width and below, what happens is said by its line alone, which leaves room for the rest again."""
_SHORT = 32
"""What happens is written out up to this width, while there is still something else to shorten."""
_NARROW = 20
"""At this width and below there is nothing else."""


def fitted(sentence: Callable[[int], str]) -> str:
    """The sentence with written names as wide as the limit allows; the narrowest where even that is too long."""
    text = ""
    for width in _WIDTHS:
        text = sentence(width)
        if len(text) <= LIMIT:
            break
    return text


def shortened(written: str, width: int) -> str:
    """A name or call as the user wrote it, on one line, cut to about this width."""
    text = " ".join(written.split())
    if len(text) <= width:
        return text
    names = text.split(".")
    while len(names) > 1 and len(".".join(names)) + 3 > width:
        names.pop(0)
    tail = ".".join(names)
    if tail != text and len(tail) + 3 <= width:
        return f"...{tail}"
    ending = "()" if tail.endswith("()") else ""
    return f"{tail[: max(width - 3 - len(ending), 4)]}...{ending}"


def article(noun: str) -> str:
    """A noun with its article: `an HTTP request`, `a queue`."""
    is_spoken = noun[:1].isupper() and noun[:2].isupper()
    vowels = "AEFHILMNORSX" if is_spoken else "aeioAEIO"
    return f"{'an' if noun[:1] in vowels else 'a'} {noun}"


def subject(resource: Resource, width: int) -> str:
    """What is lost and where it was got: `connection from psycopg2.connect()`."""
    return f"{resource.lease.kind.value} from {shortened(resource.text, _room(width))}"


def given_back(lease: Lease) -> str:
    """The participle that fits the lease: closed, released, or given back (to the pool that lent it)."""
    first = _first_release(lease)
    if _is_guessed(lease):
        return "released"
    if first is not None and first.owner:
        return "given back"
    return "released" if first is not None and first.method == "release" else "closed"


def happening(verdict: Verdict, width: int) -> str:
    """What loses the resource and its line: `fetch() (line 12)`, `'return' (line 9)`, `line 7`; empty where nothing single does."""
    if verdict.where is None:
        return ""
    if not verdict.cause or width <= _LINE_ALONE:
        return f"line {verdict.where.start.row}"
    return f"{_named(verdict.cause, width)} (line {verdict.where.start.row})"


def way_out(resource: Resource, width: int) -> str:
    """What to write instead, for that library."""
    lease, width = resource.lease, _room(width)
    if _is_guessed(lease):
        return "release it in 'finally'"
    block, wrapper, first = _releasing_block(lease), closing_wrapper(lease), _first_release(lease)
    if block and not resource.is_lender_hidden:
        # The block of a pool is entered on the acquiring call itself: `async with await pool.acquire()` would lose the slot.
        acquire = f" {shortened(resource.text, width)}" if first is not None and first.owner else ""
        return f"use '{block}{acquire}'"
    if wrapper:
        return f"use {wrapper}" if width <= _ONE_WAY_OUT else f"release it in 'finally' or use {wrapper}"
    return "release it in 'finally'" if first is None else f"{_release_call(first, resource, width)} in 'finally'"


def closing_wrapper(lease: Lease) -> str:
    """`closing()` or `aclosing()` where that is right for the resource, else nothing."""
    if _is_guessed(lease) or any(release.owner for release in lease.release):
        return ""
    if Release("close") in lease.release:
        return "closing()"
    return "aclosing()" if Release("aclose", awaited=True) in lease.release else ""


def release_first(lease: Lease) -> str:
    """The advice where a name is about to lose its resource."""
    return "give it back first" if given_back(lease) == "given back" else "release it first"


def lost_while_acquired(verdict: Verdict) -> bool:
    """Whether the resource is lost in a wrapper around its own acquire, `asyncio.wait_for(pool.getconn(), 5)`."""
    wrappers = {lost.function.rpartition(".")[2] for lost in verdict.resource.lease.lost_in}
    is_wrapper = verdict.cause.removesuffix("()").rpartition(".")[2] in wrappers
    return is_wrapper and verdict.where is not None and _encloses(verdict.where, verdict.resource.span)


def _room(width: int) -> int:
    """The width of all but what happens."""
    return width + _CAUSE_ALONE - _LINE_ALONE if width <= _LINE_ALONE else width


def _named(cause: str, width: int) -> str:
    """A word of the language in quotes, a callee with its parentheses, a phrase as it is."""
    if keyword.iskeyword(cause.rpartition(" ")[2]):
        return f"'{cause}'"
    if " " in cause and not cause.endswith(")"):
        return cause.replace("the 'with' block", "the block") if width <= _CAUSE_ALONE else cause
    if width <= _CAUSE_ALONE:
        return shortened(f"{cause.removesuffix('()').rpartition('.')[2]}()", _CAUSE_ALONE)
    return shortened(cause if cause.endswith(")") else f"{cause}()", width if width <= _NARROW else max(width, _SHORT))


def _releasing_block(lease: Lease) -> str:
    """`with` or `async with`, whichever gives the resource back; `async with` where both do and the release is awaited."""
    blocks = []
    if lease.with_exit is WithExit.RELEASE:
        blocks.append("with")
    if lease.async_with_exit is WithExit.RELEASE:
        blocks.append("async with")
    awaited = any(release.awaited for release in lease.release)
    return (blocks[-1] if awaited else blocks[0]) if blocks else ""


def _is_guessed(lease: Lease) -> bool:
    """Whether the lease is a naming convention's, which takes every release and names none."""
    return lease.type_name.startswith("unclosed.")


def _first_release(lease: Lease) -> Release | None:
    """The release that the model names first; `None` where only leaving a block releases."""
    return lease.release[0] if lease.release else None


def _release_call(release: Release, resource: Resource, width: int) -> str:
    """The request to release this resource as it would be written: `call pool.putconn(conn)`, `await conn.close()`."""
    verb = "await" if release.awaited else "call"
    lender = "" if resource.is_lender_hidden else resource.owner
    receiver = shortened(lender if release.owner else resource.target, width)
    if width <= _METHOD_ALONE or not receiver:
        is_clear = width <= _RELEASE_ALONE and receiver and not release.owner
        return f"{verb} {release.method}()" + (" of its pool" if release.owner else "" if is_clear else " on it")
    target = shortened(resource.target, width) or "..."
    argument = "" if release.argument is None else ", ".join(["..."] * release.argument + [target])
    return f"{verb} {receiver}.{release.method}({argument})"


def _encloses(outer: Span, inner: Span) -> bool:
    """Whether the inner span lies within the outer one."""
    return outer.start <= inner.start and inner.end <= outer.end
