"""What the shipped models say of calls that leave the program: `data/external_calls.txt` lists them, library by library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config, override
from unclosed.lint import check_source
from unclosed.text import SourceFile

TABLE = Path(__file__).parent / "data" / "external_calls.txt"
SECONDS = re.compile(r"may take ([\d.]+) s\b")


@dataclass(frozen=True)
class Section:
    """One library: what stands in front of its calls, and each call with what is to be said of it."""

    name: str
    head: str
    calls: tuple[tuple[str, str], ...]


def sections() -> Iterator[Section]:
    """The sections of the table."""
    for part in TABLE.read_text(encoding="utf-8").split("\n[")[1:]:
        title, _, body = part.partition("]\n")
        head, _, rows = body.partition("---\n")
        pairs = (row.split(" | ", 1) for row in rows.splitlines() if row.strip())
        yield Section(title, head, tuple((said, call) for said, call in pairs))


SECTIONS = tuple(sections())


def program(section: Section) -> tuple[str, list[int]]:
    """A module with a function for each call, made in a transaction, and the row of each call."""
    lines = ["from django.db import transaction", *section.head.splitlines()]
    rows = []
    for number, (_, call) in enumerate(section.calls):
        is_async = "await " in call or call.startswith("async ")
        lines += [f"{'async ' if is_async else ''}def call_{number}():", f"    {'async ' if is_async else ''}with transaction.atomic():"]
        lines.append(f"        {call}")
        rows.append(len(lines))
    return "\n".join(lines) + "\n", rows


def said_of(section: Section, catalog: Catalog, folder: Path) -> list[tuple[str, str]]:
    """Each call of a section with what the linter says of it."""
    text, rows = program(section)
    config = override(Config(), slow_io_seconds=0)
    result = check_source(SourceFile(str(folder / "calls.py"), text), config, catalog)
    assert (result.error, result.skipped) == (None, ())
    found = {finding.start.row: _word(finding.code, finding.message) for finding in result.findings if finding.code in CODES}
    return [(found.get(row, "silent"), call) for row, (_, call) in zip(rows, section.calls, strict=True)]


CODES = {"UNC201": "none", "UNC202": "wait", "UNC204": "some"}


def _word(code: str, message: str) -> str:
    seconds = SECONDS.search(message)
    return seconds[1] if code == "UNC204" and seconds is not None else CODES[code]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped models."""
    return Catalog.load()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_what_is_said_of_a_call(section: Section, catalog: Catalog, tmp_path: Path) -> None:
    """Each call of the table is reported as it says, in a transaction, when every limit counts as slow."""
    assert said_of(section, catalog, tmp_path) == list(section.calls)


def test_the_table_is_read_whole() -> None:
    """No row is lost on the way."""
    rows = [row for row in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"(none|some|wait|silent|[\d.]+) \|", row)]
    assert sum(len(section.calls) for section in SECTIONS) == len(rows) > 400
