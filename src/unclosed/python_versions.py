"""Which Python versions a project admits, from the `requires-python` of its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLAUSE = re.compile(r"(?P<operator>~=|===?|!=|<=|>=|<|>)\s*v?(?P<major>\d+)(?:\.(?P<minor>\d+))?(?P<rest>[.\w*+!-]*)")
_HIGHEST_MINOR = 99
_BOUNDING = ("~=", "==", "===", ">=", ">")


def lowest_python(specifiers: str) -> tuple[int, int] | None:
    """The lowest (major, minor) that PEP 440 version specifiers admit, `(3, 9)` for `>=3.9,<4`.

    `>3.9` admits 3.9.1, so its lowest is 3.9 too. `None`: no lowest one is known, because only upper bounds are given or the text is
    not understood.
    """
    written = [text.strip() for text in specifiers.split(",") if text.strip()]
    clauses = [clause for clause in map(_CLAUSE.fullmatch, written) if clause is not None]
    bounds = [_version(clause) for clause in clauses if clause["operator"] in _BOUNDING]
    if len(clauses) < len(written) or not bounds:
        return None
    excluded = {_version(clause) for clause in clauses if _excludes_whole_minor(clause)}
    return next((version for version in _from(max(bounds)) if version not in excluded), None)


def _version(clause: re.Match[str]) -> tuple[int, int]:
    return int(clause["major"]), int(clause["minor"] or 0)


def _excludes_whole_minor(clause: re.Match[str]) -> bool:
    """Whether the clause is `!=3.9.*`; `!=3.9.1` leaves other releases of 3.9."""
    return clause["operator"] == "!=" and clause["minor"] is not None and clause["rest"] == ".*"


def _from(version: tuple[int, int]) -> Iterator[tuple[int, int]]:
    major, first = version
    return ((major, minor) for minor in range(first, _HIGHEST_MINOR))
