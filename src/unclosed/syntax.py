"""CPython's opinion on whether a text is Python."""

from __future__ import annotations

import ast
import symtable


def is_python(text: str) -> bool:
    """Whether the running CPython parses the text, or finds nothing wrong before it gives up on how deeply it is nested.

    A symbol table costs half of a tree, and finds errors that no parser finds; so a tree is made only to confirm a complaint.
    """
    try:
        symtable.symtable(text, "<text>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _parses(text)
    return True


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    except (RecursionError, MemoryError):
        return True
    return True
