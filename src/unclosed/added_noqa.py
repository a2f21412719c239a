"""Writes `# noqa` comments for findings into a text, so that flake8 and the command read them as they are meant.

    conn = connect(path)  # reads only          conn = connect(path)  # reads only  # noqa: UNC103
    conn = connect(path)  # noqa: E501          conn = connect(path)  # noqa: E501,UNC103

A comment stands at the end of the finding's line: of the physical line, or of the last of those that a backslash or a string joins to it.
Nothing but comments changes; line ends stay as they are.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Sequence
from typing import NamedTuple

from unclosed.source import split_lines
from unclosed.suppressions import Suppressions

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_END = re.compile(r"[ \t\f]*(?:\r\n|\r|\n)?\Z")


class Added(NamedTuple):
    """The text with comments, and the findings (code, row) that no comment could silence."""

    text: str
    left: tuple[tuple[str, int], ...]


def with_noqa(text: str, findings: Sequence[tuple[str, int]], reason: str = "") -> Added:
    """The text with a comment for each finding, given as its code and its row (from 1), and the reason behind each new comment.

    A line on which a comment would change what the program is, or would not be read (a string that looks like one stands before it),
    stays as it is.
    """
    lines = _LINE.findall(text)
    suppressions = Suppressions(text)
    wanted: dict[int, list[str]] = {}
    for code, row in findings:
        wanted.setdefault(suppressions.rows_of(row)[-1], []).append(code)
    done = list(lines)
    for last, codes in sorted(wanted.items()):
        _mark(done, suppressions, last, codes, reason)
    new = "".join(done)
    if new != text and not _is_same_program(text, new):
        return Added(text, tuple(findings))
    read = Suppressions(new)
    return Added(new, tuple((code, row) for code, row in findings if not read.covers(code, row)))


def _mark(lines: list[str], suppressions: Suppressions, last: int, codes: Sequence[str], reason: str) -> None:
    """Write the codes on the line that ends in this row, in place."""
    comment = next((each for each in suppressions.comments if last in each.rows), None)
    if comment is not None:
        line = lines[comment.start.row - 1]
        known = line.index(comment.text, comment.start.column) + len(comment.text)
        new = [code for code in dict.fromkeys(codes) if code not in line[comment.start.column : known]]
        lines[comment.start.row - 1] = f"{line[:known]}{''.join(f',{code}' for code in new)}{line[known:]}"
        return
    line = lines[last - 1]
    end = _END.search(line)
    assert end is not None  # it matches the empty text
    why = f" - {reason}" if reason else ""
    lines[last - 1] = f"{line[: end.start()]}  # noqa: {','.join(dict.fromkeys(codes))}{why}{end.group().lstrip(' ').lstrip(chr(9))}"


def _is_same_program(old: str, new: str) -> bool:
    """Whether two texts differ in comments alone, by their tokens: the running Python need not know the syntax."""
    tokens = _program(old)
    return bool(tokens) and tokens == _program(new)


def _program(text: str) -> Sequence[tuple[int, str]]:
    """The tokens of a text without comments and line breaks that mean nothing; none where it cannot be tokenized."""
    try:
        tokens = list(tokenize.generate_tokens(iter(split_lines(text)).__next__))
    except (tokenize.TokenError, SyntaxError):
        return ()
    return [(token.type, token.string) for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL)]
