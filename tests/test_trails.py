"""The trail of a finding: a shortest way from the acquire to where the value is lost, step by step.

Each step is `row:column text`, the column from 0; the rows count from the first line of the function.
"""

from __future__ import annotations

from commented_verdicts import IMPORTS, analysed

FIRST = IMPORTS.count("\n")


def trail(function: str) -> list[str]:
    """The steps of the only verdict on a function."""
    (verdict,) = analysed(function).functions[0].verdicts
    return [f"{step.span.start.row - FIRST}:{step.span.start.column} {step.text}" for step in verdict.trail]


def test_it_names_the_call_that_raises() -> None:
    """Nothing else has happened on the way."""
    function = """\
def f(dsn):
    conn = psycopg.connect(dsn)
    print(dsn)
    conn.execute("x")
    conn.close()
"""
    assert trail(function) == [
        "2:11 acquired here",
        "4:4 conn.execute() raises here",
        "4:4 leaves the function here, still open",
    ]


def test_it_names_the_return() -> None:
    """The early one, not the last."""
    function = """\
def f(dsn, ready):
    conn = psycopg.connect(dsn)
    if not ready:
        return None
    conn.close()
    return 1
"""
    assert trail(function) == ["2:11 acquired here", "4:8 returns here", "4:8 leaves the function here, still open"]


def test_it_names_the_statement_that_binds_anew() -> None:
    """In a loop, the acquire itself in the next round."""
    function = """\
def f(dsn, rows):
    for row in rows:
        conn = psycopg.connect(dsn)
        if row:
            continue
        conn.close()
"""
    assert trail(function) == ["3:15 acquired here", "5:12 'continue' here", "3:8 conn is bound anew while it is open"]


def test_it_names_what_raises_inside_finally() -> None:
    """The exception leads there as well as the normal way; the way with fewer exceptions is shown."""
    function = """\
def f(dsn):
    conn = psycopg.connect(dsn)
    try:
        conn.execute("x")
    finally:
        conn.commit()
        conn.close()
"""
    assert trail(function) == [
        "2:11 acquired here",
        "6:8 conn.commit() raises here",
        "6:8 leaves the function here, still open",
    ]


def test_it_names_the_raise() -> None:
    """And the way into it."""
    function = """\
def f(dsn, rows):
    conn = psycopg.connect(dsn)
    if not rows:
        raise LookupError(rows)
    conn.close()
"""
    assert trail(function) == ["2:11 acquired here", "4:8 'raise' here", "4:8 leaves the function here, still open"]


def test_it_names_the_block_that_keeps_it_open() -> None:
    """Entered and left."""
    function = """\
def f(path):
    with sqlite3.connect(path) as conn:
        conn.execute("x")
    return None
"""
    assert trail(function) == [
        "2:9 acquired here",
        "2:9 entered here",
        "4:4 returns here",
        "4:4 leaves the function here, still open",
    ]


def test_it_names_the_cancellation() -> None:
    """At the `await`."""
    function = """\
async def f(dsn):
    conn = await asyncpg.connect(dsn)
    try:
        await work()
    except Exception:
        pass
    await conn.close()
"""
    assert trail(function) == [
        "2:17 acquired here",
        "4:14 the task is cancelled at work()",
        "4:14 leaves the function here, still open",
    ]


def test_it_names_the_end_of_the_statement() -> None:
    """Where a temporary is dropped."""
    function = """\
def f(dsn):
    return psycopg.connect(dsn).execute("x")
"""
    assert trail(function) == ["2:11 acquired here", "2:4 returns here", "2:4 dropped at the end of the statement, still open"]


def test_it_names_the_end_of_the_function() -> None:
    """Where no `return` stands, the last statement."""
    function = """\
def f(dsn, ready):
    conn = psycopg.connect(dsn)
    if ready:
        conn.close()
    print(dsn)
"""
    assert trail(function) == ["2:11 acquired here", "5:4 leaves the function here, still open"]


def test_it_says_each_step_once() -> None:
    """A `return` of a tuple binds each of its items."""
    function = """\
def f(dsn, ready):
    conn = psycopg.connect(dsn)
    if not ready:
        return 1, 2, 3
    conn.close()
    return 4, 5, 6
"""
    assert trail(function) == ["2:11 acquired here", "4:8 returns here", "4:8 leaves the function here, still open"]


def test_it_names_what_is_likely_to_raise() -> None:
    """A query before what hardly ever raises, wherever they stand."""
    function = """\
def f(dsn, options):
    conn = psycopg.connect(dsn)
    name = options.get("name")
    conn.execute(name)
    options.update(name)
    conn.close()
"""
    assert trail(function)[1] == "4:4 conn.execute() raises here"


def test_it_names_what_a_loop_does_before_its_steps() -> None:
    """Walking over the items of a dict hardly ever raises."""
    function = """\
def f(dsn, files):
    conn = psycopg.connect(dsn)
    for name in files.items():
        upload(name)
    conn.close()
"""
    assert trail(function)[1] == "4:8 upload() raises here"


def test_it_names_a_query_of_a_cursor() -> None:
    """What the connection made is as likely to raise as itself."""
    function = """\
def f(dsn, rows):
    conn = psycopg.connect(dsn)
    cur = conn.cursor()
    total = rows.total()
    cur.execute(total)
    conn.close()
"""
    assert trail(function)[1] == "5:4 cur.execute() raises here"


def test_it_prefers_a_way_without_an_exception() -> None:
    """The early `return` convinces more than an error that is swallowed before it."""
    function = """\
def f(dsn, load):
    conn = psycopg.connect(dsn)
    try:
        load()
    except ValueError:
        load = None
    if load:
        return
    conn.close()
"""
    assert trail(function) == ["2:11 acquired here", "8:8 returns here", "8:8 leaves the function here, still open"]
