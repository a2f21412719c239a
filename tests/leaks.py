"""Small programs that the tests of the front doors check."""

from __future__ import annotations

LEAK = """\
import sqlite3


def names(path):
    conn = sqlite3.connect(path)
    rows = conn.execute("SELECT name FROM users").fetchall()
    conn.close()
    return rows
"""
"""The release is skipped when the query raises: UNC103 at row 5, column 12."""

NEVER = """\
import sqlite3


def touch(path):
    conn = sqlite3.connect(path); conn.execute("SELECT 1")
"""
"""There is no release: UNC101 at row 5, column 12."""

CLEAN = """\
import sqlite3
from contextlib import closing


def names(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT name FROM users").fetchall()
"""
"""Everything is given back."""

BY_CONVENTION = """\
def names(db_pool):
    conn = db_pool.getconn()
    rows = conn.execute("SELECT name FROM users")
    db_pool.putconn(conn)
    return rows
"""
"""UNC103 at row 2, column 12, but only `likely`."""

IN_A_TRANSACTION = """\
import requests
from django.db import transaction


@transaction.atomic
def pay(order):
    requests.post("https://payments.example/charge", timeout=10)
"""
"""I/O with a limit of 10 seconds in a transaction: UNC204 at row 7, column 5, if 10 seconds are slow."""

BROKEN = "def f(:\n    pass\n"
"""UNC901 at row 1, column 7."""
