"""A text is thrown away only if it holds no word of the catalog."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unclosed.prefilter import matters

CATALOG = SimpleNamespace(words=frozenset({"psycopg", "psycopg2", "sqlite3", "SessionLocal", "getconn", "get_connection", "a.b"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import sqlite3\n", True),
        ("from psycopg2 import connect\n", True),
        ("conn = POOL.getconn()\n", True),
        ("with sessionlocal() as s: ...\n", True),
        ("with SESSIONLOCAL() as s: ...\n", True),
        ("a.b()\n", True),
        ("axb()\n", False),
        ("import sqlite\nget_conn()\n", False),
        ("", False),
    ],
)
def test_a_word_anywhere_in_any_case_matters(text: str, expected: bool) -> None:
    """Conventions compare names without regard to case, so the test does."""
    assert matters(text, CATALOG) is expected


def test_a_catalog_without_words_lets_nothing_pass() -> None:
    """Nothing could be found."""
    assert not matters("import sqlite3", SimpleNamespace(words=frozenset()))


@given(st.frozensets(st.text("abc._*", min_size=1, max_size=5), max_size=8), st.text("abcABC._*\n", max_size=30))
def test_the_folded_pattern_finds_what_the_words_find(words: frozenset[str], text: str) -> None:
    """Folding words into a tree loses none and adds none."""
    plain = any(re.search(re.escape(word), text.lower()) for word in words)
    assert matters(text, SimpleNamespace(words=words)) is plain
