"""CPython's opinion on whether a text is Python."""

from __future__ import annotations

import ast
import symtable

from unclosed.errors import UnparsableFile
from unclosed.source import split_lines


def check_syntax(text: str) -> None:
    """Raises `UnparsableFile`, with CPython's position and words, for a text that it does not parse.

    A symbol table costs half of a tree, and finds errors that no parser finds; so a tree is made only to confirm a complaint. A text
    that is nested too deeply for the running Python is no error here.
    """
    try:
        symtable.symtable(text, "<text>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _parse(text)


def unparsable(error: SyntaxError, text: str) -> UnparsableFile:
    """CPython's error with rows from 1 and columns from 0; the start of the text where it gives no position."""
    lines = split_lines(text) or [""]
    row = min(max(error.lineno or 1, 1), len(lines) + 1)
    width = len(lines[row - 1].rstrip("\n")) if row <= len(lines) else 0
    column = min(max((error.offset or 1) - 1, 0), width)
    return UnparsableFile(row, column, error.msg or "invalid syntax")


def _parse(text: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise unparsable(error, text) from error
    except (ValueError, RecursionError, MemoryError):
        return
