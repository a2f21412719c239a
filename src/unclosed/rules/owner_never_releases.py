"""UNC110: a class keeps a resource on `self`, and nothing of it gives it back."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import VerdictRule
from unclosed.rules.wording import given_back, subject


class OwnerNeverReleases(VerdictRule):
    """Allow owner-never-releases: a class that keeps a resource and has no way to close it."""

    code = "UNC110"
    name = "owner-never-releases"
    summary = "a class keeps a resource that it acquired on `self`, and no method, base or user of it releases it"
    explanation = sections(
        does="""
            Reports the acquire of a resource that a method keeps in an attribute of `self`, where no method of the class, of its bases
            inside the project, and no code that uses the class releases that attribute. It stands in for UNC101 to UNC103.
        """,
        why="""
            Whoever makes such an object cannot give its connection back, even if they want to. Each instance keeps one until the
            garbage collector happens on it.
        """,
        release="""
            A call of a release on the attribute, in any method (`close`, `__exit__`, `stop`, a `__del__`), handing the attribute to a
            function that releases it, or handing its bound release to somebody (`atexit.register(self.conn.close)`).
        """,
        ignore="""
            When exactly one instance lives as long as the process.
        """,
    )
    bad = dedent("""\
        import sqlite3


        class Ledger:
            def __init__(self, path):
                self.conn = sqlite3.connect(path)

            def balance(self):
                return self.conn.execute("SELECT sum(amount) FROM entries").fetchone()[0]
    """)
    good = dedent("""\
        import sqlite3


        class Ledger:
            def __init__(self, path):
                self.conn = sqlite3.connect(path)

            def balance(self):
                return self.conn.execute("SELECT sum(amount) FROM entries").fetchone()[0]

            def close(self):
                self.conn.close()
    """)

    def applies(self, verdict: Verdict) -> bool:
        """Whether the resource is kept by a class that never releases it."""
        return verdict.loss is Loss.KEPT_BY_OWNER

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from sqlite3.connect() is kept in self.conn and never closed; …`."""
        resource = verdict.resource
        verb = given_back(resource.lease)
        return f"{subject(resource, width)} is kept in {verdict.attribute} and never {verb}; give the class a method that does"
