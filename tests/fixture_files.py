"""Reads the files under `fixtures/`: what each line promises, and which functions are loud.

A *marker* is a trailing comment: `# expect: UNC103@9` (reported, and rightly), `# false alarm: UNC102, why` (reported, and wrongly),
`# missed: UNC103, why` (not reported, and wrongly). `@9` is the column, from 1. A *loud* function has a marker, a *silent* one has none.
The first lines of a file may hold `# python: 3.11` (older Pythons cannot parse it), `# requires-python: >=3.10` and
`# extend-select: UNC205` (that rule is on).
A *project* is a folder under `fixtures/projects/`: several files that are right or wrong only together.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PROJECTS = FIXTURES / "projects"

_MARKER = re.compile(r"# *(expect|false alarm|missed): *((?:UNC\d{3}(?:@\d+)?(?:, *|\b))+)")
_CODE = re.compile(r"(UNC\d{3})(?:@(\d+))?")
_PYTHON = re.compile(r"^# python: (\d+)\.(\d+)$", re.MULTILINE)
_REQUIRES = re.compile(r"^# requires-python: >=(\d+)\.(\d+)$", re.MULTILINE)
_SELECTS = re.compile(r"^# extend-select: (UNC\d{3})$", re.MULTILINE)
_LOOKS_LIKE_A_MARKER = re.compile(r"UNC\d|expect|false alarm|missed:", re.IGNORECASE)


class Marker(NamedTuple):
    """One code of one trailing comment; `column` is 0 where it does not matter."""

    row: int
    column: int
    code: str
    word: str


class FixtureFile:
    """One fixture: its text and its markers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(FIXTURES).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.markers = tuple(_markers(self.text))
        self.python = _version(_PYTHON, self.text)
        self.requires_python = _version(_REQUIRES, self.text)
        self.selects = tuple(_SELECTS.findall(self.text))
        """Codes that are off by default and on for this file."""

    def __repr__(self) -> str:
        return self.name

    def expected(self) -> list[str]:
        """What the linter has to print, `12 UNC103` or `12:9 UNC103`, sorted."""
        return _lines((marker.row, marker.column, marker.code) for marker in self.markers if marker.word != "missed")

    def seen(self, findings: Iterable[tuple[int, int, str]]) -> list[str]:
        """The findings (row and column from 1, code) in the words of `expected`; the column only where a marker names one."""
        with_column = {(marker.row, marker.code) for marker in self.markers if marker.column}
        return _lines((row, column if (row, code) in with_column else 0, code) for row, column, code in findings)

    def functions(self) -> tuple[list[str], list[tuple[str, frozenset[str]]]]:
        """Names of the silent functions, and of the loud ones with their codes. Nested functions belong to the one around them."""
        silent: list[str] = []
        loud: list[tuple[str, frozenset[str]]] = []
        for name, first, last in _spans(ast.parse(self.text), ""):
            codes = frozenset(marker.code for marker in self.markers if first <= marker.row <= last)
            if codes:
                loud.append((name, codes))
            else:
                silent.append(name)
        return silent, loud


class FixtureProject:
    """One project: its folder and its files, in the order of their paths."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self.files = tuple(FixtureFile(path) for path in sorted(folder.rglob("*.py")))

    def __repr__(self) -> str:
        return self.name


def fixture_files(folder: str = "") -> list[FixtureFile]:
    """All fixtures of one file, or those of one folder, in the order of their paths."""
    paths = sorted((FIXTURES / folder).rglob("*.py"))
    return [FixtureFile(path) for path in paths if PROJECTS not in path.parents]


def fixture_projects() -> list[FixtureProject]:
    """All projects, in the order of their names."""
    return [FixtureProject(folder) for folder in sorted(PROJECTS.iterdir()) if folder.is_dir()]


def malformed_markers(fixture: FixtureFile) -> list[str]:
    """Comments that look like a marker and are none."""
    comments = [(row, text) for row, text in _comments(fixture.text) if not _SELECTS.fullmatch(text) and not text.startswith("# noqa: ")]
    return [f"{row}: {text}" for row, text in comments if _LOOKS_LIKE_A_MARKER.search(text) and not _MARKER.search(text)]


def _markers(text: str) -> Iterator[Marker]:
    for row, comment in _comments(text):
        for word, codes in _MARKER.findall(comment):
            for code, column in _CODE.findall(codes):
                yield Marker(row, int(column or 0), code, word)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _spans(tree: ast.AST, prefix: str) -> Iterator[tuple[str, int, int]]:
    """Qualified name, first and last row of each outermost function and method, decorators included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _spans(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield prefix + node.name, first, node.end_lineno or first


def _version(pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    found = pattern.search(text)
    return (int(found[1]), int(found[2])) if found else None


def _lines(places: Iterable[tuple[int, int, str]]) -> list[str]:
    return [f"{row}:{column} {code}" if column else f"{row} {code}" for row, column, code in sorted(set(places))]
