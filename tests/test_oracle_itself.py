"""The oracle alone: functions whose verdict a person knows, and programs that are worth judging."""

from __future__ import annotations

import itertools
import textwrap
from collections import Counter

import pytest

from oracle.execute import THOROUGH, USUAL, UnjudgedError, observe
from oracle.flavours import BY_NAME
from oracle.grammar import programs
from oracle.instrument import Program
from oracle.shrink import shrunk
from oracle.verdict import expected_codes
from oracle.world import Exit, Loss


def program(body: str, flavour: str = "psycopg") -> Program:
    """A program with this body."""
    library = BY_NAME[flavour]
    parameters = ", ".join(filter(None, [library.parameter, "self, a, b, n, m, items"]))
    head = f"{'async ' if library.is_async else ''}def task({parameters}):\n"
    return Program(head + textwrap.indent(textwrap.dedent(body).strip() + "\n", "    "), library)


def codes(body: str, flavour: str = "psycopg") -> dict[str, str]:
    """The expected code of each acquire that must not be silent, by label."""
    return {label: expected.code for label, expected in expected_codes(program(body, flavour)).items() if expected.code}


SILENT = {
    "with": ("psycopg", 'with psycopg.connect("1") as c:\n    c.execute("q")'),
    "closing": ("sqlite3", 'with contextlib.closing(sqlite3.connect("1")) as c:\n    c.execute("q")'),
    "finally": ("psycopg", 'c = psycopg.connect("1")\ntry:\n    work()\nfinally:\n    c.close()'),
    "finally with a guard": ("psycopg", 'c = None\ntry:\n    c = psycopg.connect("1")\n    work()\nfinally:\n    if c:\n        c.close()'),
    "handler that expects no subscript to raise": (
        "psycopg",
        'c = psycopg.connect("1")\ntry:\n    k = a[1]\nexcept ValueError:\n    return\nc.close()',
    ),
    "handler that raises again": (
        "psycopg",
        'c = psycopg.connect("1")\ntry:\n    work()\nexcept Exception:\n    c.close()\n    raise\nc.close()',
    ),
    "returned": ("psycopg", 'c = psycopg.connect("1")\nreturn c'),
    "returned in a tuple": ("psycopg", 'c = psycopg.connect("1")\nreturn c, 1'),
    "kept on self": ("psycopg", 'self.c = psycopg.connect("1")'),
    "appended": ("psycopg", 'c = psycopg.connect("1")\nitems.append(c)'),
    "wrapped": ("psycopg", 'Holder(psycopg.connect("1"))'),
    "closure handed on": ("psycopg", 'c = psycopg.connect("1")\nwork(lambda: c.close())'),
    "bound release handed on": ("psycopg", 'c = psycopg.connect("1")\nwork(c.close)'),
    "yielded": ("psycopg", 'c = psycopg.connect("1")\nyield c'),
    "one condition, tested twice": ("psycopg", 'if a:\n    c = psycopg.connect("1")\nprint()\nif a:\n    c.close()'),
    "own": (
        "psycopg",
        'c = n\nown = c is None\nif own:\n    c = psycopg.connect("1")\ntry:\n    work()\nfinally:\n    if own:\n        c.close()',
    ),
    "released before it can raise": ("psycopg", 'c = psycopg.connect("1")\nprint("x")\nc.rollback()\nc.close()\nwork()'),
    "two in one finally": (
        "psycopg",
        'd = None\nc = psycopg.connect("1")\ntry:\n    d = psycopg.connect("2")\nfinally:\n    c.close()\n    if d:\n        d.close()',
    ),
    "alias": ("psycopg", 'c = psycopg.connect("1")\nd = c\nc = None\nd.close()'),
    "process ends": ("psycopg", 'c = psycopg.connect("1")\nsys.exit(1)'),
    "process ends, caught": ("psycopg", 'c = psycopg.connect("1")\ntry:\n    sys.exit(1)\nexcept BaseException:\n    pass'),
    "no way out": ("psycopg", 'c = psycopg.connect("1")\nwhile True:\n    pass'),
    "exit stack": (
        "psycopg",
        'with contextlib.ExitStack() as stack:\n    c = stack.enter_context(psycopg.connect("1"))\n    work()',
    ),
    "exit stack, callback": (
        "sqlite3",
        'with contextlib.ExitStack() as stack:\n    c = sqlite3.connect("1")\n    stack.callback(c.close)\n    work()',
    ),
    "async with": ("psycopg async", 'async with await psycopg.AsyncConnection.connect("1") as c:\n    await c.execute("q")'),
    "async with, entered unawaited": ("aiosqlite", 'async with aiosqlite.connect("1") as c:\n    await fetch()'),
    "awaited in finally": ("asyncpg", 'c = await asyncpg.connect("1")\ntry:\n    await fetch()\nfinally:\n    await c.close()'),
    "base exception": (
        "asyncpg",
        'c = await asyncpg.connect("1")\ntry:\n    await fetch()\nexcept BaseException:\n    await c.close()\n    raise\nawait c.close()',
    ),
    "cursor of an acquired connection": ("psycopg", 'with psycopg.connect("1") as c:\n    k = c.cursor()'),
    "cursor in closing": ("cursor", 'with contextlib.closing(conn.cursor("1")) as cur:\n    cur.execute("q")'),
}


@pytest.mark.parametrize("case", SILENT)
def test_correct_code_is_silent(case: str) -> None:
    """Each way to give a resource back, or to hand it over, is seen as one."""
    flavour, body = SILENT[case]
    assert codes(body, flavour) == {}
    assert observe(program(body, flavour)), "the acquire is seen"


LOUD = {
    "with that keeps": ("sqlite3", "UNC104", 'with sqlite3.connect("1") as c:\n    c.execute("q")'),
    "bound, then with that keeps": ("sqlite3", "UNC104", 'c = sqlite3.connect("1")\nwith c:\n    c.execute("q")'),
    "statement": ("psycopg", "UNC106", 'psycopg.connect("1")'),
    "chain": ("psycopg", "UNC106", 'row = psycopg.connect("1").execute("q").fetchone()'),
    "inside an argument": ("psycopg", "UNC106", 'work(psycopg.connect("1"))'),
    "awaited chain": ("asyncpg", "UNC106", 'await (await asyncpg.connect("1")).execute("q")'),
    "never": ("psycopg", "UNC101", 'c = psycopg.connect("1")\nc.execute("q")'),
    "never, and rebound": ("psycopg", "UNC101", 'c = psycopg.connect("1")\nc = None'),
    "closure not called": ("psycopg", "UNC101", 'c = psycopg.connect("1")\ndef later():\n    c.close()'),
    "rebound in a loop": ("psycopg", "UNC105", 'while a[0]:\n    c = psycopg.connect("1")\n    if b[0]:\n        c.close()'),
    "deleted": ("psycopg", "UNC105", 'c = psycopg.connect("1")\nif a:\n    del c\n    return\nc.close()'),
    "rebound by a handler's name": (
        "psycopg",
        "UNC105",
        'c = psycopg.connect("1")\ntry:\n    work()\nexcept ValueError as c:\n    raise\nc.close()',
    ),
    "early return": ("psycopg", "UNC102", 'c = psycopg.connect("1")\nif a:\n    return None\nc.close()'),
    "continue": ("psycopg", "UNC102", 'for item in items:\n    c = psycopg.connect("1")\n    if a:\n        break\n    c.close()'),
    "handler that swallows": (
        "psycopg",
        "UNC102",
        'try:\n    c = psycopg.connect("1")\n    work()\n    c.close()\nexcept Exception:\n    pass',
    ),
    "handler that expects a subscript to raise": (
        "psycopg",
        "UNC102",
        'c = psycopg.connect("1")\ntry:\n    k = a[1]\nexcept KeyError:\n    return\nc.close()',
    ),
    "suppressor": ("psycopg", "UNC102", 'c = psycopg.connect("1")\nwith contextlib.suppress(Exception):\n    work()\n    c.close()'),
    "straight line": ("psycopg", "UNC103", 'c = psycopg.connect("1")\nwork()\nc.close()'),
    "before the release in finally": (
        "psycopg",
        "UNC103",
        'c = psycopg.connect("1")\ntry:\n    work()\nfinally:\n    work()\n    c.close()',
    ),
    "second acquire raises": ("psycopg", "UNC103", 'c, d = psycopg.connect("1"), psycopg.connect("2")\nd.close()\nc.close()'),
    "only some exceptions": (
        "psycopg",
        "UNC103",
        'c = psycopg.connect("1")\ntry:\n    work()\nexcept ValueError:\n    c.close()\n    raise\nc.close()',
    ),
    "returned value is lost behind a with": (
        "psycopg",
        "UNC103",
        'try:\n    return psycopg.connect("1")\nfinally:\n    with psycopg.connect("2"):\n        work()',
    ),
    "returned value is lost": ("psycopg", "UNC103", 'try:\n    return psycopg.connect("1")\nfinally:\n    work()'),
    "cancelled": (
        "asyncpg",
        "UNC112",
        'c = await asyncpg.connect("1")\ntry:\n    await fetch()\nexcept Exception:\n    await c.close()\n    raise\nawait c.close()',
    ),
    "cursor kept by its execute": ("cursor", "UNC131", 'k = conn.cursor("1").execute("q")'),
    "cursor never": ("cursor", "UNC131", 'cur = conn.cursor("1")\ncur.execute("q")'),
    "cursor early": ("cursor", "UNC132", 'cur = conn.cursor("1")\nif a:\n    return\ncur.close()'),
    "cursor straight line": ("cursor", "UNC133", 'cur = conn.cursor("1")\ncur.execute("q")\ncur.close()'),
    "cursor rebound": ("cursor", "UNC135", 'cur = conn.cursor("1")\nif a:\n    cur = None\nelse:\n    cur.close()'),
    "cursor discarded": ("cursor", "UNC136", 'conn.cursor("1").execute("q")'),
}


@pytest.mark.parametrize("case", LOUD)
def test_each_way_to_leak_is_seen(case: str) -> None:
    """The first acquire of each function has the code that `rules.md` gives to it, by its order."""
    flavour, code, body = LOUD[case]
    assert codes(body, flavour).get("1") == code


def test_handover_is_told_from_release() -> None:
    """A resource that is never released, only handed over, is marked: its 103 is but possible."""
    handed = expected_codes(program('c = psycopg.connect("1")\nwork()\nreturn c'))
    released = expected_codes(program('c = psycopg.connect("1")\nwork()\nc.close()'))
    assert (handed["1"].code, handed["1"].is_handover) == ("UNC103", True)
    assert (released["1"].code, released["1"].is_handover) == ("UNC103", False)


def test_all_exits_and_losses_are_gathered() -> None:
    """One acquire can end in several ways; each is seen."""
    body = 'c = psycopg.connect("1")\nif a:\n    c = None\nelif b:\n    return\nwork()\nif c:\n    c.close()'
    observed = observe(program(body))["1"]
    assert (observed.losses, observed.exits, observed.was_released) == ({Loss.REBOUND}, {Exit.RETURN, Exit.RAISE}, True)


def test_temporary_dropped_by_an_exception() -> None:
    """It is lost where the function ends; where a retry acquires anew, it is overwritten."""
    taking = 'try:\n    c, d = psycopg.connect("1"), psycopg.connect("2")\nexcept Exception:\n    {}\nelse:\n    c.close()\n    d.close()\n'
    assert codes(taking.format("pass")) == {"1": "UNC102"}
    assert codes("for item in items:\n" + textwrap.indent(taking.format("continue"), "    ")) == {"1": "UNC105"}


def test_value_on_its_way_out() -> None:
    """A returned value is lost when the `finally` raises, whatever has become of its name."""
    assert codes('c = psycopg.connect("1")\ntry:\n    return c\nfinally:\n    c = None\n    work()') == {"1": "UNC103"}
    body = """
        while True:
            try:
                try:
                    return psycopg.connect("1")
                finally:
                    work()
            except Exception:
                if a[0]:
                    break
    """
    assert codes(body) == {"1": "UNC102"}


def test_third_round_of_a_loop() -> None:
    """A loss that takes three rounds is seen within the wider bounds only."""
    swapping = program("""
        c = d = None
        while a[0]:
            c = psycopg.connect("1")
            c, d = d, c
        if b:
            if d:
                d.close()
            if c:
                c.close()
    """)
    assert [expected_codes(swapping, bounds)["1"].code for bounds in (USUAL, THOROUGH)] == ["UNC102", "UNC105"]


def test_failing_assertion_has_its_class() -> None:
    """A handler of another class does not take it."""
    body = 'c = psycopg.connect("1")\ntry:\n    assert a\nexcept {}:\n    return\nc.close()'
    assert [codes(body.format(kind)) for kind in ("ValueError", "Exception")] == [{"1": "UNC103"}, {"1": "UNC102"}]


def test_exception_kinds_are_told_apart() -> None:
    """What an inner handler of one class lets through, an outer handler of the same class does not take either."""
    body = """
        c = psycopg.connect("1")
        try:
            try:
                work()
            except ValueError:
                c.close()
                return
        except ValueError:
            return
        c.close()
    """
    assert codes(body) == {"1": "UNC103"}


WRONG = ("c.close()", "c = None\nc.close()", "try:\n    c.close()\nexcept Exception:\n    pass", "del c\nprint(c)")


@pytest.mark.parametrize("body", WRONG)
def test_program_that_goes_wrong_by_itself_is_not_judged(body: str) -> None:
    """An unbound name or a method of None is no choice of the outside world."""
    with pytest.raises(UnjudgedError):
        observe(program(body))


def test_shrinking_keeps_what_matters() -> None:
    """Statements that do not change the verdict go, and compound statements are unwrapped."""
    body = """
        print("x")
        if a:
            work()
            c = psycopg.connect("1")
            for item in items:
                work()
            try:
                work()
            except ValueError:
                pass
            c.close()
    """
    small = shrunk(program(body), lambda candidate: expected_or_none(candidate) == "UNC103")
    assert small.text == "def task(self, a, b, n, m, items):\n    c = psycopg.connect('1')\n    work()\n    c.close()\n"


def expected_or_none(candidate: Program) -> str | None:
    """The code of the first acquire; `None` for silence or a program that cannot be judged."""
    try:
        expected = expected_codes(candidate).get("1")
    except UnjudgedError:
        return None
    return expected.code if expected else None


def test_same_seed_makes_the_same_programs() -> None:
    """Programs depend on the seed only."""
    first = [each.text for each in itertools.islice(programs(3), 20)]
    assert first == [each.text for each in itertools.islice(programs(3), 20)]
    assert first != [each.text for each in itertools.islice(programs(4), 20)]


LEAST = {
    "UNC101": 200, "UNC102": 100, "UNC103": 150, "UNC104": 20, "UNC105": 100, "UNC106": 40, "UNC112": 20,
    "UNC131": 40, "UNC132": 15, "UNC133": 15, "UNC135": 8, "UNC136": 5, "silent acquire": 1000, "silent program": 200,
}  # fmt: skip


def test_programs_show_every_verdict() -> None:
    """Among 1,500 programs each code and silence occur often enough for a disagreement to show; few programs cannot be judged."""
    seen: Counter[str] = Counter()
    unjudged = 0
    for each in itertools.islice(programs(1), 1500):
        try:
            expected = expected_codes(each)
        except UnjudgedError:
            unjudged += 1
            continue
        seen.update(verdict.code or "silent acquire" for verdict in expected.values())
        seen["silent program"] += not any(verdict.code for verdict in expected.values())
    assert {what: count for what, count in LEAST.items() if seen[what] < count} == {}
    assert unjudged < 300


GRAMMAR = (
    "if ", "elif ", "else:", "while True:", "while more():", "for item in items:", "for k in (1, 2, 3):", "break", "continue", "return",
    'raise Failure("bad")', "    raise\n", "try:", "except Exception:", "except ValueError:", "except BaseException:", "except:",
    "finally:", "with contextlib.closing(", "with contextlib.suppress(", "async with ", "match ", "case _:", ":= ", "await ",
    "CancelledError", "del ", "own = ", "lambda: ", "def later():", "yield ", "self.", "items.append(", "Holder(", "assert ", "sys.exit(1)",
    "is not None:", "is None", "ExitStack", ".callback(", "async for ", " and c.close()", "for x in items]", "while (k := ", ") as c, ",
    ", d = d, ", " as error:", "d = c\n", "c = d = ",
)  # fmt: skip


def test_programs_use_the_whole_grammar() -> None:
    """No production is dead."""
    text = "".join(each.text for each in itertools.islice(programs(1), 1500))
    assert [piece for piece in GRAMMAR if text.count(piece) < 3] == []
