"""What has changed since a revision, line by line, and whether a finding has to do with it.

*Changed lines* are those of the files on disk that differ from the commit at which HEAD and the revision went apart: committed since,
staged, not staged, or in a file that git does not know yet. A renamed file's lines are compared with those of its old name. A
*removal* is a place where lines went away, with the words that they held.

A finding has to do with the changes if its reported lines or those of a step of its trail are changed, or if lines with a name that the
acquire is bound to were removed from the function around one of these: the release that somebody deletes leaves no line behind.
"""

from __future__ import annotations

import ast
import bisect
import keyword
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from unclosed.errors import ConfigError
from unclosed.findings import Finding
from unclosed.git import GitError, Repository, repository
from unclosed.report.report import Report
from unclosed.source import split_lines
from unclosed.text import Span

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_BINARY = re.compile(rb"Binary files .* and (.*) differ$", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_COMMON_WORDS = frozenset({*keyword.kwlist, "self", "cls"})


@dataclass(frozen=True, slots=True)
class Removal:
    """Lines that were removed, or replaced, between the row `row` and the next; `indent` is the depth of the first of them with code."""

    row: int
    indent: int
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class FileChanges:
    """The changes of one file: changed rows, in order and apart from each other, and removals. `is_new`: every row is changed."""

    rows: tuple[range, ...] = ()
    removals: tuple[Removal, ...] = ()
    is_new: bool = False

    def touch(self, first: int, last: int) -> bool:
        """Whether one of these rows is changed."""
        if self.is_new:
            return True
        index = bisect.bisect_right(self.rows, last, key=lambda rows: rows.start)
        return index > 0 and self.rows[index - 1].stop > first


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed, by the real path of each file."""

    files: Mapping[str, FileChanges] = field(default_factory=dict)

    def of(self, path: str) -> FileChanges | None:
        """The changes of the file that is shown under this path; `None`: there are none."""
        return self.files.get(os.path.realpath(path))


def changes_since(revision: str, directory: Path) -> Changes:
    """The changes since a revision of the repository that holds the directory; raises `ConfigError`, in the name of `--diff`."""
    try:
        return _changes(revision, repository(directory))
    except GitError as error:
        raise ConfigError("--diff", str(error)) from error


def touched(report: Report, changes: Changes) -> Report:
    """The report without the findings that have nothing to do with the changes."""
    functions = _Functions(report.texts)
    return replace(report, findings=tuple(finding for finding in report.findings if _is_touched(finding, changes, functions)))


def _changes(revision: str, found: Repository) -> Changes:
    files = dict(parse_patch(found.diff(found.common_commit(revision))))
    files |= dict.fromkeys(found.untracked(), FileChanges(is_new=True))
    return Changes({str(found.root / path): changes for path, changes in files.items()})


def parse_patch(patch: bytes) -> Iterator[tuple[str, FileChanges]]:
    """The path and the changes of each file that a patch without context leaves behind."""
    lines = iter(patch.split(b"\n"))
    path: str | None = None
    rows: list[range] = []
    removals: list[Removal] = []
    for line in lines:
        if line.startswith(b"diff --git "):
            if path is not None:
                yield path, FileChanges(tuple(rows), tuple(removals))
            path, rows, removals = None, [], []
        elif line.startswith(b"+++ ") and path is None:
            path = _path(line[4:])
        elif hunk := _HUNK.match(line):
            old, start, new = (int(number or 1) if number != b"0" else 0 for number in hunk.groups())
            removed = [next(lines) for _ in range(old)]
            if new:
                rows.append(range(start, start + new))
            removals += _removal(start - 1 if new else start, removed)
            for _ in range(new):
                next(lines)
        elif binary := _BINARY.match(line):
            name = _path(binary[1])
            if name is not None:
                yield name, FileChanges(is_new=True)
    if path is not None:
        yield path, FileChanges(tuple(rows), tuple(removals))


def _path(written: bytes) -> str | None:
    """The path that a patch names with the prefix `b/`, in quotes where it has odd characters; `None` for that of a removed file."""
    written = written.removesuffix(b"\t")  # git ends a name with a blank in it so
    if written.startswith(b'"'):
        written = _ESCAPE.sub(lambda found: _unescaped(found[1]), written[1:-1])
    return os.fsdecode(written[2:]) if written.startswith(b"b/") else None


def _unescaped(escape: bytes) -> bytes:
    if len(escape) == 3:
        return bytes([int(escape, 8)])
    return bytes([_ESCAPES[escape.decode()]]) if escape.decode("latin-1") in _ESCAPES else escape


def _removal(row: int, removed: Iterable[bytes]) -> Iterator[Removal]:
    """The removal of these lines of a patch, none if they hold no code."""
    code = [
        text for text in (line[1:].decode("utf-8", "replace") for line in removed) if text.strip() and not text.lstrip().startswith("#")
    ]
    if code:
        yield Removal(row, len(code[0]) - len(code[0].lstrip()), frozenset(_WORD.findall("\n".join(code))))


def _is_touched(finding: Finding, changes: Changes, functions: _Functions) -> bool:
    places = {(finding.path, finding.span), *((step.path, step.span) for step in finding.trail)}
    changed = [(path, span, of_file) for path, span in places if (of_file := changes.of(path)) is not None]
    if any(of_file.touch(span.start.row, _last_row(span)) for _, span, of_file in changed):
        return True
    names = functions.names(finding.path, finding.span)
    return any(_is_removed_from(functions.around(path, span.start.row), of_file, names) for path, span, of_file in changed)


def _is_removed_from(function: _Extent | None, changes: FileChanges, names: frozenset[str]) -> bool:
    """Whether lines with one of these names were removed from the function; with code that no parser reads, whether anything changed."""
    if function is None:
        return False
    if function.is_unknown:
        return True
    return any(
        function.first <= removal.row <= function.last
        and (removal.row < function.last or removal.indent > function.indent)
        and names & removal.words
        for removal in changes.removals
    )


def _last_row(span: Span) -> int:
    """The last row of which something belongs to the span."""
    return span.end.row - 1 if span.end.column == 0 and span.end.row > span.start.row else span.end.row


@dataclass(frozen=True, slots=True)
class _Extent:
    """The rows of a function and the depth at which it is defined."""

    first: int
    last: int
    indent: int
    is_unknown: bool = False


class _Functions:
    """Where functions begin and end in the texts of a report."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._extents: dict[str, tuple[_Extent, ...]] = {}
        self._lines: dict[str, list[str]] = {}

    def around(self, path: str, row: int) -> _Extent | None:
        """The innermost function that holds the row; `None`: there is none."""
        if path not in self._extents:
            self._extents[path] = tuple(_extents(self._texts.get(path, "")))
        holding = [extent for extent in self._extents[path] if extent.first <= row <= extent.last]
        return max(holding, key=lambda extent: extent.first, default=None)

    def names(self, path: str, span: Span) -> frozenset[str]:
        """The names beside the span on its lines: `conn` for the call in `conn = pool.getconn()`."""
        if path not in self._lines:
            self._lines[path] = split_lines(self._texts.get(path, ""))
        lines = self._lines[path]
        if _last_row(span) > len(lines):
            return frozenset()
        beside = lines[span.start.row - 1][: span.start.column] + " " + lines[_last_row(span) - 1][span.end.column :].partition("#")[0]
        return frozenset(_WORD.findall(beside)) - _COMMON_WORDS


def _extents(text: str) -> Iterator[_Extent]:
    """Every function of a text; one that spans everything for a text that cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the checked code
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield _Extent(0, len(text) + 1, 0, is_unknown=True)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _Extent(node.lineno, node.end_lineno or node.lineno, node.col_offset)
