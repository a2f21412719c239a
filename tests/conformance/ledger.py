"""What was checked of each library: how many claims were run against the real thing, how many only read from it."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from conformance.exceptions import LEFT_OUT
from unclosed.catalog_files import read_model_file

CHECKED = Path(__file__).parent / "checked.json"
"""What the last recorded run has checked; `docs/libraries.md` tells it."""

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"

READ = ("names", "arguments", "coroutines", "blocks", "results")
"""Claims that the library's own names, signatures and annotations answer."""
RUN = ("acquires", "releases", "un-awaited", "wrong release", "with", "transactions", "limits")
"""Claims that are answered by running it and looking at the other side."""


class Ledger:
    """Counts the claims that held, by model file and claim."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.missed: set[str] = set()
        """The model files whose library is not here."""

    def note(self, file: str, about: str, number: int = 1) -> None:
        """Claims of the model file `file` about one thing of `READ` or `RUN` hold."""
        assert about in (*READ, *RUN), about
        self._counts[file, about] += number

    def miss(self, file: str) -> None:
        """The library of a model file is not here."""
        self.missed.add(file)

    def is_empty(self) -> bool:
        """Whether nothing was checked at all."""
        return not self._counts

    def files(self) -> list[str]:
        """The model files of which anything was checked."""
        return sorted({file for file, _ in self._counts})

    def counts(self, file: str) -> dict[str, int]:
        """How many claims were checked about each thing, in the order of the columns."""
        return {about: self._counts[file, about] for about in (*READ, *RUN) if self._counts[file, about]}

    def table(self) -> Iterator[str]:
        """The lines of the table, a model file each."""
        heads = ["model", *READ, "|", *RUN, "|", "library"]
        rows = [["", "read", *[""] * (len(READ) - 1), "|", "run", *[""] * (len(RUN) - 1), "|", ""], heads]
        for file in self.files():
            read, run = ([str(self._counts[file, about] or "-") for about in claims] for claims in (READ, RUN))
            rows.append([file, *read, "|", *run, "|", version_of(file)])
        widths = [max(len(row[index]) for row in rows) for index in range(len(heads))]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if self.missed:
            yield f"not checked for want of the library: {', '.join(sorted(self.missed))}"


def write_record(ledger: Ledger, path: Path) -> None:
    """Write what was checked as JSON, a model file each; of libraries that are not here, what was written of them before."""
    record: dict[str, object] = {file: {"left out": reason} for file, reason in LEFT_OUT.items()}
    record.update({file: entry for file, entry in read_record(path).items() if file in ledger.missed and "claims" in entry})
    record.update({file: {"library": version_of(file), "claims": ledger.counts(file)} for file in ledger.files()})
    path.write_text(json.dumps(dict(sorted(record.items())), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_record(path: Path = CHECKED) -> Mapping[str, Mapping[str, object]]:
    """What the last recorded run has checked, by model file."""
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    assert isinstance(record, dict)
    return record


def is_required(file: str) -> bool:
    """Whether a library was checked in the recorded run, and its packages are all in the extra `conformance`."""
    packages = str(read_record().get(file, {}).get("library", "?")).split(", ")
    extras = read_model_file(PROJECT)["project"]
    assert isinstance(extras, dict)
    named = {_normal(re.split(r"[\[>]", text)[0]) for key in ("conformance", "dev") for text in extras["optional-dependencies"][key]}
    return all(_normal(package.partition(" ")[0]) in named for package in packages)


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def version_of(file: str) -> str:
    """The installed packages that a model file speaks of, with their versions: `psycopg2-binary 2.9.13`, `Python 3.11`."""
    from conformance.names import names_by_file

    modules = {name.rpartition(".")[0] for name in names_by_file()[file].all()}
    found = sorted({package for module in modules for package in _packages_of(module)})
    return ", ".join(found) or f"Python {sys.version_info[0]}.{sys.version_info[1]}"


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _packages_of(module: str) -> list[str]:
    """The installed packages with the top-level module of a name; of a namespace that several share, those that have the module."""
    names = sorted(set(_packages().get(module.partition(".")[0], ())))
    if len(names) > 1:
        folder = module.replace(".", "/")
        names = [name for name in names if any(str(file).startswith(folder) for file in importlib.metadata.files(name) or ())]
    return [f"{name} {importlib.metadata.version(name)}" for name in names]
