"""UNC109: a generator that lends a resource and does not surely release it after its `yield`."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import Loss, Verdict
from unclosed.rules.explanation import sections
from unclosed.rules.verdict_rules import VerdictRule, is_leaky_provider
from unclosed.rules.wording import given_back, happening, subject, way_out


class LeakyProvider(VerdictRule):
    """Allow leaky-provider: a context manager whose borrower's exception skips the release."""

    code = "UNC109"
    name = "leaky-provider"
    summary = "a generator that lends a resource (`@contextmanager`, a fixture) does not surely release it after its `yield`"
    explanation = sections(
        does="""
            Reports the acquire in a generator that lends a resource to its caller (`@contextmanager`, `@asynccontextmanager`) when the
            release after the `yield` is missing, is skipped by a normal path, or is protected by neither `with` nor
            `try`/`finally`. It stands in for UNC101, UNC102 and UNC103, and for UNC131 to UNC133.
        """,
        why="""
            An exception of the borrower's block is raised inside the generator, at the `yield`. Without `finally` everything after
            it is skipped: each failing block keeps its connection, in every place that uses the provider.
        """,
        release="""
            `with` or `try`/`finally` around the `yield`. pytest runs the code after the `yield` of a fixture whatever the test
            did, so there only what can raise between acquire and `yield`, or between `yield` and release, counts.
        """,
        ignore="""
            When the lent resource lives as long as the process, as in the lifespan of an application.
        """,
    )
    bad = dedent("""\
        from contextlib import contextmanager

        import psycopg2


        @contextmanager
        def shop_connection(dsn):
            conn = psycopg2.connect(dsn)
            yield conn
            conn.close()
    """)
    good = dedent("""\
        from contextlib import contextmanager

        import psycopg2


        @contextmanager
        def shop_connection(dsn):
            conn = psycopg2.connect(dsn)
            try:
                yield conn
            finally:
                conn.close()
    """)

    def applies(self, verdict: Verdict) -> bool:
        """Whether a provider loses the resource that it lends."""
        return is_leaky_provider(verdict)

    def sentence(self, verdict: Verdict, width: int) -> str:
        """`connection from psycopg2.connect() is not closed when the borrower's block raises at 'yield' (line 12); …`."""
        resource, what = verdict.resource, happening(verdict, width)
        verb = given_back(resource.lease)
        if verdict.loss is Loss.NEVER:
            loss = f"is lent to its borrower and never {verb}"
        elif verdict.loss is Loss.EARLY_EXIT:
            loss = f"is not {verb} on the path through {what or 'the end'}"
        elif verdict.cause in ("", "yield"):
            loss = f"is not {verb} when its borrower raises" + (f" at {what}" if what else "")
        else:
            loss = f"is not {verb} when {what} raises"
        return f"{subject(resource, width)} {loss}; {way_out(resource, width)}"
