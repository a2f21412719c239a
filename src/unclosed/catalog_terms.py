"""The terms of a lease as one entry of a model file says them.

*Terms* are a lease with gaps: what an entry leaves out comes from the type that it returns, and what a type leaves out from the
types that it extends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from unclosed.catalog_table import Table
from unclosed.library import Kind, Lease, LostIn, Release, WithExit

LEASE_KEYS = frozenset(
    {
        "kind",
        "release",
        "wrong_release",
        "with_exit",
        "async_with_exit",
        "lost_in",
        "opened_by",
        "ends_itself_by",
        "right_if_owner_given",
        "lazy",
        "stays_with_owner",
    }
)

_RELEASE = re.compile(r"(?P<awaited>await )?(?P<owner>owner\.)?(?P<method>[^\W\d]\w*)(?:\((?P<argument>\d)\))?")
_RELEASE_FORMS = ("close", "await close", "owner.putconn(0)", "await owner.release(0)")
_PYTHON = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Each field as in `Lease`; `None`: not said here."""

    kind: Kind | None = None
    release: tuple[Release, ...] | None = None
    wrong_release: frozenset[str] | None = None
    with_exit: WithExit | None = None
    async_with_exit: WithExit | None = None
    lost_in: tuple[LostIn, ...] | None = None
    opened_by: frozenset[str] | None = None
    ends_itself_by: frozenset[str] | None = None
    right_if_owner_given: frozenset[str] | None = None
    lazy: bool | None = None
    stays_with_owner: bool | None = None

    def over(self, other: LeaseTerms) -> LeaseTerms:
        """These terms, their gaps filled by `other`."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return LeaseTerms(**{name: getattr(other, name) if value is None else value for name, value in said.items()})

    def lease(self, type_name: str) -> Lease | None:
        """The lease of a value of that type; `None` without a kind: it is no resource."""
        if self.kind is None:
            return None
        return Lease(
            type_name=type_name,
            kind=self.kind,
            release=self.release or (),
            wrong_release=self.wrong_release or frozenset(),
            with_exit=self.with_exit or WithExit.NOTHING,
            async_with_exit=self.async_with_exit or WithExit.NOTHING,
            lost_in=self.lost_in or (),
            opened_by=self.opened_by or frozenset(),
            ends_itself_by=self.ends_itself_by or frozenset(),
            right_if_owner_given=self.right_if_owner_given or frozenset(),
            lazy=bool(self.lazy),
            stays_with_owner=bool(self.stays_with_owner),
        )


def read_terms(table: Table) -> LeaseTerms:
    """The terms that an entry says with its `LEASE_KEYS`."""
    return LeaseTerms(
        kind=table.choice("kind", Kind),
        release=_releases(table),
        wrong_release=table.names("wrong_release"),
        with_exit=table.choice("with_exit", WithExit),
        async_with_exit=table.choice("async_with_exit", WithExit),
        lost_in=_lost_in(table),
        opened_by=table.names("opened_by"),
        ends_itself_by=table.names("ends_itself_by"),
        right_if_owner_given=table.names("right_if_owner_given"),
        lazy=table.flag("lazy") or None,
        stays_with_owner=table.flag("stays_with_owner") or None,
    )


def _releases(table: Table) -> tuple[Release, ...] | None:
    texts = table.texts("release")
    if texts is None:
        return None
    releases = []
    for text in texts:
        match = _RELEASE.fullmatch(text)
        if match is None:
            table.refuse("release", f"{text!r} is no release", accepted=_RELEASE_FORMS, value=text)
            continue
        argument = match["argument"]
        releases.append(Release(match["method"], bool(match["awaited"]), bool(match["owner"]), int(argument) if argument else None))
    return tuple(releases)


def _lost_in(table: Table) -> tuple[LostIn, ...] | None:
    """`lost_in = ["asyncio.wait_for"]` or `lost_in = { function = "asyncio.wait_for", before = "3.12" }`, or a list of such tables."""
    value = table.values.get("lost_in")
    if value is None:
        return None
    entries = value if isinstance(value, list) else [value]
    lost = []
    for entry in entries:
        values = {"function": entry} if isinstance(entry, str) else entry if isinstance(entry, dict) else {}
        inner = Table(table.where, f"{table.key}.lost_in", values, table.problems, ("function", "before"))
        function = inner.qualified("function")
        if function is None:
            table.refuse("lost_in", f"is {entry!r}, but must name a function")
        else:
            lost.append(LostIn(function, _python(inner, "before")))
    return tuple(lost)


def _python(table: Table, key: str) -> tuple[int, int] | None:
    text = table.text(key)
    if text is None:
        return None
    match = _PYTHON.fullmatch(text)
    if match is None:
        table.refuse(key, f"{text!r} is not a Python version such as '3.12'")
        return None
    return int(match[1]), int(match[2])
