"""UNC113: the release is named as a statement and not called."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Fault, ReleaseFault
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import FaultRule
from unclosed.rules.wording import shortened


class ReleaseNotCalled(FaultRule):
    """Allow release-not-called: `conn.close` without its parentheses."""

    code = "UNC113"
    name = "release-not-called"
    summary = "the release is named and not called: `conn.close` as a statement"
    faults = frozenset({Fault.NOT_CALLED})
    explanation = sections(
        does="""
            Reports a statement that names the release of a resource and does not call it: `conn.close` without parentheses.
            Reported there.
        """,
        why="""
            The statement is valid Python and does nothing. The code reads as if the resource were released, so nobody looks again.
        """,
        release="""
            Calling it. The bound method passed on, `stack.callback(conn.close)` or `atexit.register(conn.close)`, hands the
            responsibility over and is right.
        """,
        ignore="""
            Never; a statement that is meant to do nothing can be deleted.
        """,
    )
    bad = dedent("""\
        import sqlite3


        def count_orders(path):
            conn = sqlite3.connect(path)
            try:
                return conn.execute("SELECT count(*) FROM orders").fetchone()[0]
            finally:
                conn.close
    """)
    good = dedent("""\
        import sqlite3


        def count_orders(path):
            conn = sqlite3.connect(path)
            try:
                return conn.execute("SELECT count(*) FROM orders").fetchone()[0]
            finally:
                conn.close()
    """)

    def sentence(self, fault: ReleaseFault, width: int) -> str:
        """`conn.close is not called: the connection stays open; write 'conn.close()'`."""
        written, right = shortened(fault.written, width), shortened(fault.right, width)
        return f"{written} is named but not called, so the {fault.kind.value} stays open; write '{right}'"
