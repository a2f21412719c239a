"""UNC203: a transaction that is begun by hand is not ended on every path."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction, OpenTransaction
from unclosed.findings import Finding
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted, shortened

_LEAVING = {"return": "on a path that returns", "raise": "when an exception leaves the function", "cancel": "when the task is cancelled"}
_WAY_OUT = {"return": "commit or roll back", "raise": "roll back", "cancel": "roll back"}


class TransactionLeftOpen(Rule):
    """Allow transaction-left-open: a transaction begun by hand that some path neither commits nor rolls back."""

    code = "UNC203"
    name = "transaction-left-open"
    summary = "a transaction begun by hand is neither committed nor rolled back on some path"
    explanation = sections(
        does="""
            Reports a transaction that the function opens explicitly, by `conn.begin()`, `tr.start()` or a `BEGIN` in an SQL
            literal, and that some path, one by an exception or by cancellation included, neither commits nor rolls back,
            where the connection is not released on that path either. Reported at the begin.
        """,
        why="""
            The transaction stays open as long as its connection lives: it keeps its locks and its snapshot, and whoever gets the connection
            next works inside it.
        """,
        release="""
            A block that ends it on every path, `with conn.begin():`, `async with conn.transaction():`; otherwise `commit()` at the end of a
            `try` and `rollback()` in `except BaseException`, then `raise`.
        """,
        ignore="""
            When the caller ends what the function begins.
        """,
    )
    bad = dedent("""\
        import sqlalchemy


        def rename(conn: sqlalchemy.Connection, user_id, name):
            trans = conn.begin()
            conn.execute(sqlalchemy.text("UPDATE users SET name = :name"), {"name": name})
            trans.commit()
    """)
    good = dedent("""\
        import sqlalchemy


        def rename(conn: sqlalchemy.Connection, user_id, name):
            with conn.begin():
                conn.execute(sqlalchemy.text("UPDATE users SET name = :name"), {"name": name})
    """)

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each transaction that is left open."""
        for left in function.open_transactions:
            message = fitted(partial(self.sentence, left))
            yield Finding(self.code, function.path, left.span, message, left.confidence, left.trail, left.written, function.name)

    def sentence(self, left: OpenTransaction, width: int) -> str:
        """`transaction begun by conn.begin() is not ended when an exception leaves the function; …`."""
        written = shortened(left.written, width)
        return f"transaction begun by {written} is not ended {_LEAVING[left.leaving]}; {_WAY_OUT[left.leaving]} there too"
