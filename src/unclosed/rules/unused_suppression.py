"""UNC902: a comment that silences nothing."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction
from unclosed.findings import Finding
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule


class UnusedSuppression(Rule):
    """Allow unused-suppression: a `# noqa` for a code that is not reported there."""

    code = "UNC902"
    name = "unused-suppression"
    default = False
    summary = "a `# noqa: UNCnnn` suppresses nothing"
    explanation = sections(
        does="""
            Reports a `# noqa: UNCnnn` on a line where that code would not be reported anyway: the leak was mended, the code moved,
            or the comment never was right. It is reported at the comment, by
            the command and in language servers; flake8 does not tell its plugins what it has silenced.

            A code is judged only if its rule runs for the file, and a finding that `min-confidence` hides counts as one that is
            silenced. A bare `# noqa`, codes of other tools and files under `# flake8: noqa` are left alone.
        """,
        why="""
            A comment that stays after its reason has gone hides the next leak on that line.
        """,
        release="""
            Nothing: this rule is about comments.
        """,
        ignore="""
            While a rule is about to be switched on, or where a comment stands for a version of the linter that others still run.
        """,
        options="""
            It is off by default; `extend-select = ["UNC902"]` turns it on, next to the rules whose comments it judges: selected
            alone it has nothing to say. `unclosed check --add-noqa` writes comments that
            silence what is found.
        """,
    )
    bad = dedent("""\
        import sqlite3
        from contextlib import closing


        def count_users(path):
            with closing(sqlite3.connect(path)) as conn:  # noqa: UNC101
                return conn.execute("SELECT count(*) FROM users").fetchone()[0]
    """)
    good = dedent("""\
        import sqlite3
        from contextlib import closing


        def count_users(path):
            with closing(sqlite3.connect(path)) as conn:
                return conn.execute("SELECT count(*) FROM users").fetchone()[0]
    """)

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """Nothing: `unused_suppressions.py` knows what was silenced in a file."""
        yield from ()
