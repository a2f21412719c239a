"""Small functions with what becomes of their resources in comments.

A comment behind an acquire says how the value is lost and how sure that is (`# never, certain`); one behind a release says how it fails
(`# not-awaited, certain`). A line without such a comment is silent.
"""

from __future__ import annotations

import re
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedModule
from unclosed.catalog import Catalog
from unclosed.engine import analyse
from unclosed.text import SourceFile

CATALOG = Catalog.load()
IMPORTS = """\
import asyncio, atexit, contextlib, functools, logging, os, socket, sys
import asyncpg, psycopg, psycopg2, psycopg2.pool, sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
"""
COMMENT = re.compile(r"  # ([a-z-]+, [a-z]+)$")


def analysed(functions: str) -> AnalysedModule:
    """The analysis of some functions below the usual imports, in a folder where no project is."""
    return analyse(SourceFile("/nowhere/app.py", IMPORTS + dedent(functions)), CATALOG)


def found(functions: str) -> dict[int, str]:
    """The verdict on each acquire and the fault of each release, by row."""
    outcomes: dict[int, str] = {}
    for function in analysed(functions).functions:
        outcomes |= {v.resource.span.start.row: f"{v.loss.value}, {v.confidence.label}" for v in function.verdicts}
        outcomes |= {f.span.start.row: f"{f.fault.value}, {f.confidence.label}" for f in function.faults}
    return outcomes


def said(functions: str) -> dict[int, str]:
    """What the comments say, by row."""
    lines = enumerate((IMPORTS + dedent(functions)).splitlines(), 1)
    return {row: match.group(1) for row, line in lines if (match := COMMENT.search(line))}


def check(functions: str) -> None:
    """The comments say what is found, and all of it."""
    assert found(functions) == said(functions)
