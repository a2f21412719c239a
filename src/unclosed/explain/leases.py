"""Leases in words: what is owed for a value, and how it is given back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from unclosed.library import Lease, Release, WithExit

_MANY = 6
_EXITS = {
    WithExit.RELEASE: "leaving the block releases it",
    WithExit.TRANSACTION: "leaving the block ends the transaction and leaves it open",
    WithExit.NOTHING: "not a context manager",
}


def listed(words: Iterable[str]) -> str:
    """The words between commas, the first few of many."""
    found = list(words)
    rest = f", and {len(found) - _MANY} more" if len(found) > _MANY else ""
    return ", ".join(found[:_MANY]) + rest


def lease_lines(lease: Lease) -> Iterator[str]:
    """What is owed, and how it is given back, a line each."""
    yield f"released by {listed(map(release_text, lease.release)) or 'leaving its block alone'}"
    if lease.wrong_release:
        yield f"not released by {listed(f'{name}()' for name in sorted(lease.wrong_release))}"
    if lease.opened_by or lease.lazy:
        opening = listed(f"{name}()" for name in sorted(lease.opened_by)) or "its first use"
        yield f"nothing is owed before {opening}"
    yield f"with: {_EXITS[lease.with_exit]}"
    yield f"async with: {_EXITS[lease.async_with_exit]}"


def release_text(release: Release) -> str:
    """One way to give a resource back as it would be written: `await owner.release(it)`."""
    receiver = "owner." if release.owner else ""
    argument = "" if release.argument is None else ", ".join(["..."] * release.argument + ["it"])
    return f"{'await ' if release.awaited else ''}{receiver}{release.method}({argument})"
