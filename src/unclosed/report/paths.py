"""Paths as other programs want them: relative to the root of the repository, with `/`, and of characters alone."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def relative(path: str, root: Path) -> str:
    """The path as it is called from the root; absolute where it lies elsewhere. A byte that is no text becomes an escape."""
    return printable(_from_root(path, root))


def uri(path: str, root: Path) -> str:
    """The path as a URI reference: relative to the root, or `file:///…` where it lies elsewhere."""
    found = quote(os.fsencode(_from_root(path, root)))
    return f"file://{found}" if os.path.isabs(found) else found


def is_inside(path: str, root: Path) -> bool:
    """Whether the path lies below the root."""
    return not os.path.isabs(_from_root(path, root))


def _from_root(path: str, root: Path) -> str:
    absolute = os.path.abspath(path)
    try:
        found = os.path.relpath(absolute, root)
    except ValueError:  # another drive
        return absolute.replace(os.sep, "/")
    is_outside = found == os.pardir or found.startswith(os.pardir + os.sep)
    return (absolute if is_outside else found).replace(os.sep, "/")


def printable(path: str) -> str:
    """The path with an escape for each byte that is no text, for which JSON and XML have no character."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
