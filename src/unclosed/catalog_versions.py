"""What a model file says of other versions of its library: the list `versions`, each with entries that are laid over the file's own.

    [[versions]]
    admits = "<1.0"
    [versions.types."pymysql.connections.Connection"]
    with_exit = "transaction"

The versions that the files of a project pin choose; where none is pinned, the current release counts, which is what stands outside the
list. A *variant* is one item of it. Versions are tuples of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

VERSION_KEYS = frozenset({"package", "admits", "source", "functions", "types"})
SPECIFIER = re.compile(r"(?:>=|<)\d+(?:\.\d+)*(?:,(?:>=|<)\d+(?:\.\d+)*)*")
_BOUND = re.compile(r"(>=|<)(\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class Variant:
    """What differs in some versions of a package: `where` is the file, `tables` its entries, `words` those that tell of the library."""

    package: str
    specifier: str
    where: str
    tables: Mapping[str, object]
    words: tuple[str, ...]

    def names(self) -> frozenset[str]:
        """The functions and types of which it says something else."""
        tables = (self.tables.get(key) for key in ("functions", "types"))
        return frozenset(name for table in tables if isinstance(table, dict) for name in table)

    def standing(self, version: tuple[int, ...] | None) -> bool | None:
        """Whether it holds for a version; `None` where that is not known."""
        return None if version is None else admits(self.specifier, version)


def variants_of(where: str, tables: Mapping[str, object], words: tuple[str, ...]) -> list[Variant]:
    """The variants of one model file. What has a wrong shape is passed over: the schema check names it."""
    listed = tables.get("versions")
    return [
        Variant(package_of(item, tables), str(item.get("admits", "")), where, item, words)
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    ]


def package_of(item: Mapping[str, object], tables: Mapping[str, object]) -> str:
    """The package that a variant is of, by its normalised name: its own `package`, or the library of the file."""
    return re.sub(r"[-_.]+", "-", str(item.get("package") or tables.get("library", ""))).lower()


def admits(specifier: str, version: tuple[int, ...]) -> bool:
    """Whether a version lies within bounds such as `>=0.106,<0.118`."""
    for sign, number in _BOUND.findall(specifier):
        bound = tuple(int(part) for part in number.split("."))
        if (version < bound) if sign == ">=" else (version >= bound):
            return False
    return True
