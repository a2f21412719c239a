"""Programs that the analysis once judged wrongly, and what is right. One that is still judged wrongly stands here as a strict xfail."""

from __future__ import annotations

import pytest

from commented_verdicts import found, said

MENDED = {
    "two items of a list are two conditions": """
        def indexed(dsn, a, i, j):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if a[i]:
                conn.close()
            elif not a[j]:
                conn.close()
    """,
    "a number that is not 1 may be true": """
        def compared(dsn, n):
            conn = psycopg.connect(dsn)  # early-exit, certain
            if n == 1:
                return
            if n:
                conn.close()
    """,
    "an import from the standard library does not raise in practice": """
        def imported(dsn):
            conn = psycopg.connect(dsn)
            from json import loads

            conn.close()
    """,
    "a default captures": """
        def by_default(dsn):
            conn = psycopg.connect(dsn)

            def close(held=conn):
                held.close()

            atexit.register(close)

        def by_default_of_a_lambda(dsn):
            conn = psycopg.connect(dsn)
            return lambda held=conn: held.close()
    """,
    "a list that grows in place holds what it is given": """
        def grown(dsn, conns):
            conn = psycopg.connect(dsn)
            conns += [conn]

        def united(dsn):
            conns = set()
            conn = psycopg.connect(dsn)
            conns |= {conn}
            return conns
    """,
    "a sum of lists holds what they hold": """
        def added(dsn, others):
            return [psycopg.connect(dsn)] + others

        def added_to_itself(dsn):
            conns = []
            conns = conns + [psycopg.connect(dsn)]
            return conns
    """,
    "the parts of a tuple are its elements": """
        def nested(dsn):
            x, (conn, y) = 1, (psycopg.connect(dsn), 2)
            conn.close()

        def starred(dsn):
            conn, *rest = psycopg.connect(dsn), 1, 2
            conn.close()

        def chosen(dsn, given):
            conn, own = (given, False) if given else (psycopg.connect(dsn), True)
            conn.close()

        def named(dsn):
            pair = psycopg.connect(dsn), 1
            conn, number = pair
            conn.close()

        def indexed(dsn):
            conns = [psycopg.connect(dsn)]
            conn = conns[0]
            try:
                work()
            finally:
                conn.close()
    """,
    "appending to a list made here does not raise": """
        def appended(dsn):
            conns = []
            conn = psycopg.connect(dsn)
            conns.append(conn)
            conn.close()

        def stored(self, dsn):
            conns = []
            conns.append(psycopg.connect(dsn))
            self.conns = conns

        def emptied(dsn):
            conns = []
            conns.append(psycopg.connect(dsn))
            while conns:
                conns.pop().close()
    """,
    "a closure captures the container": """
        def captured(dsn):
            conns = [psycopg.connect(dsn)]

            def close():
                for conn in conns:
                    conn.close()

            atexit.register(close)
    """,
    "a choice inside a choice has a value": """
        def nested_choice(dsn, x):
            conn = (x and psycopg.connect(dsn)) or psycopg.connect("y")
            conn.close()

        def choice_in_or(dsn, x):
            conn = (psycopg.connect(dsn) if x else None) or psycopg.connect("y")
            conn.close()
    """,
    "a generator expression evaluates its first iterable at once": """
        def rows(dsn):
            conn = psycopg.connect(dsn)  # never, certain
            return (row for row in conn.execute("x"))
    """,
    "a name that a nested function binds has no known value": """
        def flagged(dsn):
            ready = False

            def on_ready():
                nonlocal ready
                ready = True

            conn = psycopg.connect(dsn)  # early-exit, certain
            on_ready()
            if ready:
                conn.close()
    """,
    "a handler is reached even if nothing before it raises in practice": """
        def looked_up(dsn, row):
            conn = psycopg.connect(dsn)  # early-exit, certain
            try:
                name = row["name"]
            except KeyError:
                conn.close()
                raise
            print(name)
    """,
    "the subject of a match is a temporary also where a case returns": """
        def subject(dsn):
            match psycopg.connect(dsn):  # discarded, certain
                case _:
                    return 1
    """,
    "the name of a pattern is the subject": """
        def pattern(dsn):
            match psycopg.connect(dsn):
                case object() as conn:
                    conn.close()
    """,
}
"""What was judged wrongly once."""


@pytest.mark.parametrize("truth", MENDED)
def test_mended_alarm(truth: str) -> None:
    """What the comments say, and nothing else."""
    assert found(MENDED[truth]) == said(MENDED[truth])
