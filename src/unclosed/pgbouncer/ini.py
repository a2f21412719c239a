"""Reads a `pgbouncer.ini` as PgBouncer does, with the position of each setting.

A line is a section's head, `name = value`, `%include file`, or a comment that begins with `;` or `#`. A value goes to the end of its line:
what looks like a comment behind it is part of it (libusual, usual/cfparser.c; PgBouncer 1.18 refuses `query_timeout = 5 ; seconds`).
Only behind a section's head a comment may follow. So a comment silences the setting on the line *below* it:

    ; noqa: UNC306
    query_wait_timeout = 0

The last of several settings of one name counts. The values in `[databases]` and `[users]` are lists of `key=value` with positions of
their own. Rows count from 1, columns from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from unclosed.errors import UnreadableFile
from unclosed.text import Position, SourceFile, Span

MAIN, DATABASES, USERS = "pgbouncer", "databases", "users"
_MAX_INCLUDE = 10
_HEAD = re.compile(r"\[([^\]\n]*)\]")
_INCLUDE = re.compile(r"%include[ \t]+(?P<file>.*\S)")
_SETTING = re.compile(r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<name>[\w.*-]+))[ \t]*=[ \t]*(?P<value>.*)")
_PAIR = re.compile(r"(?P<key>\w+)[ \t]*=[ \t]*(?:'(?P<quoted>(?:[^']|'')*)'|(?P<plain>[^\s']*))")
_COMMENT = (";", "#")
_NOQA = re.compile(r"[;#]\s*noqa(?::\s?(?P<codes>(?:[a-z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,\s]+")


class Setting(NamedTuple):
    """`name = value`. `owner`: the database or user whose entry holds it; empty for one of the section `[pgbouncer]`."""

    path: str
    span: Span
    name: str
    value: str
    owner: str = ""


class Head(NamedTuple):
    """The head of a section."""

    path: str
    span: Span
    name: str


class Entry(NamedTuple):
    """One line of `[databases]` or `[users]`, with the settings in it."""

    path: str
    span: Span
    section: str
    name: str
    settings: tuple[Setting, ...]


@dataclass
class Ini:
    """What a file and those that it includes say; `is_whole`: each of them could be read."""

    heads: dict[str, Head] = field(default_factory=dict)
    """The first head of each section."""
    settings: dict[str, Setting] = field(default_factory=dict)
    """Those of the section `[pgbouncer]`."""
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    """By section and name."""
    is_whole: bool = True
    silenced: dict[tuple[str, int], str] = field(default_factory=dict)
    """The comments that silence the settings of a row, by path and row."""

    def of(self, section: str) -> Iterator[Entry]:
        """The entries of one section."""
        return (entry for entry in self.entries.values() if entry.section == section)

    def is_silenced(self, code: str, path: str, row: int) -> bool:
        """Whether a comment silences a code in a row of a file."""
        comment = _NOQA.search(self.silenced.get((path, row), ""))
        if comment is None:
            return False
        return comment["codes"] is None or code.startswith(tuple(filter(None, _SEPARATORS.split(comment["codes"]))))


def read_settings_file(path: str) -> SourceFile:
    """The text of a file of settings; raises `UnreadableFile`. Bytes that are no UTF-8 are replaced: they stand in comments, or nowhere."""
    try:
        return SourceFile(path, Path(path).read_bytes().decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnreadableFile(f"cannot be read: {reason or error}") from error


def read_ini(source: SourceFile) -> Ini:
    """What a text says, and the files that it includes, which are looked for in its folder. Lines that PgBouncer refuses say nothing."""
    ini = Ini()
    _Reader(ini).read(source, 0)
    return ini


class _Reader:
    """Reads one file and those that it includes; the section goes on from one to the next, as it does for PgBouncer."""

    def __init__(self, ini: Ini) -> None:
        self._ini, self._section = ini, ""

    def read(self, source: SourceFile, level: int) -> None:
        comments: list[str] = []
        for row, line in enumerate(source.text.split("\n"), 1):
            text = line.strip()
            if text.startswith(_COMMENT):
                comments.append(text)
                continue
            if text:
                self._line(source.path, row, line.rstrip(), level, " ".join(comments))
            comments = []

    def _line(self, path: str, row: int, line: str, level: int, above: str) -> None:
        start = len(line) - len(line.lstrip())
        head, include = _HEAD.match(line, start), _INCLUDE.match(line, start)
        if above:
            self._ini.silenced[path, row] = above
        if include is not None:
            self._include(path, include["file"], level)
        elif head is not None:
            self._section = head[1]
            self._ini.heads.setdefault(head[1], Head(path, _span(row, head), head[1]))
            behind = line[head.end() :].strip()
            if behind.startswith(_COMMENT):
                self._ini.silenced[path, row] = f"{above} {behind}"
        else:
            self._setting(path, row, _SETTING.match(line, start))

    def _setting(self, path: str, row: int, match: re.Match[str] | None) -> None:
        if match is None:
            return
        name, span = match["name"] or match["quoted"], _span(row, match)
        if self._section == MAIN:
            self._ini.settings[name] = Setting(path, span, name, match["value"])
        elif self._section in (DATABASES, USERS):
            pairs = _PAIR.finditer(match.string, match.start("value"))
            inner = tuple(Setting(path, _span(row, pair), pair["key"], pair["plain"] or pair["quoted"] or "", name) for pair in pairs)
            self._ini.entries[self._section, name] = Entry(path, span, self._section, name, inner)

    def _include(self, path: str, name: str, level: int) -> None:
        """PgBouncer looks in its working directory; a project's files are looked for beside the file that names them."""
        included = Path(path).parent / name
        try:
            if level >= _MAX_INCLUDE or not included.is_file():
                raise UnreadableFile("is not there")
            source = read_settings_file(str(included))
        except (UnreadableFile, OSError, ValueError):
            self._ini.is_whole = False
            return
        self.read(source, level + 1)


def _span(row: int, match: re.Match[str]) -> Span:
    return Span(Position(row, match.start()), Position(row, match.end()))
