"""No program is too much: each ends within seconds, with findings, with a record of what was skipped, or with UNC901.

Every program stands between two small functions that leak. Where only the big function is beyond a bound, both are still reported; where
the whole file is, nothing is, and the file is counted as skipped. What could take the process down is tried in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.file_result import FileResult
from unclosed.lint import check_source
from unclosed.text import SourceFile

CATALOG = Catalog.load()
SMALL = "def {name}(path):\n    return sqlite3.connect(path).execute('x')\n"
SMALL_ONES = [("UNC106", "before"), ("UNC106", "after")]
SECONDS = 30
"""Far more than any of these programs needs; a hang ends here."""


def between(program: str) -> str:
    """The program with a leaking function on each side."""
    return "\n\n".join(["import sqlite3\n", SMALL.format(name="before"), program, SMALL.format(name="after")])


def checked(program: str) -> FileResult:
    """What the linter says of the program and its neighbours."""
    return check_source(SourceFile("app.py", between(program)), Config(), CATALOG)


def found(result: FileResult) -> list[tuple[str, str]]:
    """Code and function of each finding; it is an error if the file crashed."""
    assert result.error is None
    return [(finding.code, finding.function) for finding in result.findings]


def skipped(result: FileResult) -> list[tuple[str, str]]:
    """Function and reason of each record."""
    return [(record.function, record.reason) for record in result.skipped]


def nested(depth: int, head: str, innermost: str, first: int = 1) -> str:
    """`head` nested so deep, `innermost` inside; `first`: the indent of the outermost."""
    return "".join(f"{'    ' * (first + i)}{head}\n" for i in range(depth)) + f"{'    ' * (first + depth)}{innermost}\n"


def try_finally(depth: int) -> str:
    """`try` in `try`, each with a `finally` of its own."""
    heads = "".join(f"{'    ' * (1 + i)}try:\n" for i in range(depth))
    tails = "".join(f"{'    ' * (1 + i)}finally:\n{'    ' * (2 + i)}last()\n" for i in reversed(range(depth)))
    return f"{heads}{'    ' * (1 + depth)}work()\n{tails}"


def finally_in_finally(depth: int) -> str:
    """Each `finally` suite holds the next `try`."""
    levels = ("    " * (1 + i) for i in range(depth))
    return "".join(f"{indent}try:\n{indent}    work()\n{indent}finally:\n" for indent in levels) + "    " * (1 + depth) + "last()\n"


ACQUIRE = "def big(path, a):\n    conn = sqlite3.connect(path)\n"

ANALYSED = {
    "400 elif branches": (
        ACQUIRE
        + "    if a == 0:\n        one()\n"
        + "".join(f"    elif a == {i}:\n        x = {i}\n" for i in range(400))
        + "    conn.close()\n",
        ["UNC103"],
    ),
    "500 cases": (
        ACQUIRE + "    match a:\n" + "".join(f"        case {i}:\n            x = {i}\n" for i in range(500)) + "    conn.close()\n",
        [],
    ),
    "90 nested ifs": (ACQUIRE + nested(90, "if a():", "conn.close()"), ["UNC102"]),
    "15 nested loops": (ACQUIRE + nested(15, "for x in a:", "conn.close()"), ["UNC102"]),
    "18 nested with blocks": (ACQUIRE + nested(18, "with a():", "conn.close()"), ["UNC103"]),
    "18 nested try blocks": (ACQUIRE + try_finally(18) + "    conn.close()\n", ["UNC103"]),
    "300 managers in one with": (ACQUIRE + f"    with {', '.join(['a()'] * 300)}:\n        conn.close()\n", ["UNC103"]),
    "60 flags tested twice": (
        ACQUIRE + "".join(f"    if a.f{i % 60}:\n        one()\n" for i in range(120)) + "    conn.close()\n",
        ["UNC103"],
    ),
    "60 acquires": ("def big(a):\n" + "".join(f"    a.c{i} = a.d{i} = sqlite3.connect(a)\n" for i in range(60)), []),
    "2,000 decorators": ("@a\n" * 2000 + ACQUIRE, ["UNC101"]),
    "2,000 targets": (ACQUIRE + "    " + "a = " * 2000 + "conn.close()\n", []),
    "2,000 statements on a line": (ACQUIRE + "    " + "a(); " * 2000 + "conn.close()\n", ["UNC103"]),
    "90 nested lambdas": (ACQUIRE + f"    x = {'lambda: ' * 90}a\n    conn.close()\n", []),
    "100 nested lists": (ACQUIRE + f"    x = {'[' * 100}a{']' * 100}\n    conn.close()\n", []),
    "100 for clauses": (ACQUIRE + f"    x = [a {' '.join(f'for x{i} in a' for i in range(100))}]\n    conn.close()\n", ["UNC103"]),
    "300 conditional expressions": (ACQUIRE + f"    x = {'a if a else ' * 300}a\n    conn.close()\n", []),
    "f-strings in f-strings": (
        ACQUIRE + """    x = f'{a:{a:{a}}}' f"{f'{a}'}" """ + "f'{a}{a!r:>{a}}' " * 300 + "\n    conn.close()\n",
        [],
    ),
    "300 strings side by side": (ACQUIRE + f"    x = {' '.join(['1'.join(chr(39) * 2)] * 300)}\n    conn.close()\n", []),
    "an annotation 90 deep": (f"def big(a) -> {'List[' * 90}int{']' * 90}:\n    conn = sqlite3.connect(a)\n", ["UNC101"]),
    "a case pattern 5 deep": (ACQUIRE + f"    match a:\n        case {'{1: ' * 5}x{'}' * 5}:\n            conn.close()\n", ["UNC102"]),
}
"""Programs within all bounds, and the codes of the big function."""


@pytest.mark.parametrize("name", ANALYSED)
def test_what_is_long_or_deep_is_analysed(name: str) -> None:
    """Width costs nothing but time, and so does depth as far as anybody writes it."""
    program, codes = ANALYSED[name]
    result = checked(program)
    assert (found(result), skipped(result)) == ([SMALL_ONES[0], *((code, "big") for code in codes), SMALL_ONES[1]], [])


BEYOND = {
    "20,000 nodes in a row": ("def big(a):\n" + "    a = a\n" * 20_000, "more than 20000 nodes"),
    "20,000 nodes of copies": (ACQUIRE + finally_in_finally(12), "more than 20000 nodes"),
    "2,000 acquires": ("def big(a):\n" + "".join(f"    c{i} = sqlite3.connect(a)\n" for i in range(2000)), "more than 400 acquires"),
    "60 nested try blocks": (ACQUIRE + try_finally(60), "nested too deeply"),
    "60 nested finally suites": (ACQUIRE + finally_in_finally(60), "nested too deeply"),
    "30,000 names in a list": (f"def big(a):\n    return [{', '.join(['a'] * 30_000)}]\n", "more than 20000 nodes"),
}
"""Programs of which one function is beyond a bound, and the bound."""


@pytest.mark.parametrize("name", BEYOND)
def test_a_function_beyond_a_bound_is_skipped_alone(name: str) -> None:
    """It is recorded with its name and the bound; the other functions are analysed."""
    program, reason = BEYOND[name]
    result = checked(program)
    assert (found(result), skipped(result)) == (SMALL_ONES, [("big", reason)])


DEEP = {
    "150 attributes": f"    x = a{'.b' * 150}.c()\n",
    "500 attributes": f"    x = a{'.b' * 500}.c()\n",
    "400 calls": f"    x = a{'.b()' * 400}\n",
    "900 subscripts": f"    x = a{'[0]' * 900}.c()\n",
    "900 signs": f"    x = {'-' * 900}a()\n",
    "950 powers": f"    x = {' ** '.join(['a'] * 950)}\n    a()\n",
    "1,500 strings side by side": f"    a({' '.join(['1'.join(chr(39) * 2)] * 1500)})\n",
}
"""Expressions that Python and libcst read, and that nest deeper than most code that walks a tree can."""


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_expression_gives_findings_or_a_record(name: str) -> None:
    """Never a crash, and never silence about what was left out."""
    result = checked(f"{ACQUIRE}{DEEP[name]}    conn.close()\n")
    assert (found(result) == [SMALL_ONES[0], ("UNC103", "big"), SMALL_ONES[1]]) != bool(skipped(result))


def test_functions_beside_much_data_are_analysed() -> None:
    """A module whose own body is beyond the bound keeps its imports and its functions."""
    rows = "".join(f"    '{i}': [{i}],\n" for i in range(21_000))
    assert found(checked(f"DATA = {{\n{rows}}}\n")) == SMALL_ONES


def test_many_conditions_and_many_acquires_end_soon() -> None:
    """Twenty flags, each tested twice, and an acquire under each: findings, or a record of the function."""
    acquired = "".join(f"    if a.f{i}:\n        c{i} = sqlite3.connect(path)\n" for i in range(20))
    closed = "".join(f"    if a.f{i}:\n        c{i}.close()\n" for i in range(20))
    result = checked(f"def big(path, a):\n{acquired}{closed}")
    assert ([name for name in found(result) if name[1] != "big"], len(result.skipped) <= 1) == (SMALL_ONES, True)


TOO_DEEP = {
    "an operator chain of 5,000": f"def big(a):\n    return {' + '.join(['a'] * 5000)}\n",
    "an operator chain of 1,100": f"def big(a):\n    return {' + '.join(['a'] * 1100)}\n",
    "a chain of 5,000 attributes": f"def big(a):\n    return a{'.b' * 5000}\n",
    "a chain of 5,000 calls": f"def big(a):\n    return a{'()' * 5000}\n",
    "5,000 signs": f"def big(a):\n    return {'-' * 5000}a\n",
    "5,000 nots": f"def big(a):\n    return {'not ' * 5000}a\n",
    "5,000 lambdas": f"def big(a):\n    return {'lambda: ' * 5000}a\n",
    "5,000 conditional expressions": f"def big(a):\n    return {'a if a else ' * 5000}a\n",
}
"""Programs that no parser is trusted with."""


@pytest.mark.processes
@pytest.mark.parametrize("name", TOO_DEEP)
def test_a_file_nested_too_deeply_is_skipped(name: str, tmp_path: Path) -> None:
    """The process lives; one record counts the file, and the next file is checked."""
    ran = run(tmp_path, TOO_DEEP[name])
    assert (ran.returncode, ran.stdout.splitlines()[0].rpartition(" UNC106 ")[0]) == (1, "small.py:4:12:")
    assert [line.partition(":1: ")[0] for line in ran.stdout.splitlines() if line.startswith("skipped")] == ["skipped big.py"]


NOT_PYTHON = {
    "5,000 brackets": f"def big(a):\n    return {'(' * 5000}{')' * 5000}\n",
    "5,000 brackets never closed": f"x = {'(' * 5000}\n",
    "200 indents": nested(200, "if a:", "pass", first=0),
}
"""Programs that CPython itself refuses."""


@pytest.mark.processes
@pytest.mark.parametrize("name", NOT_PYTHON)
def test_a_file_that_cpython_refuses_is_unparsable(name: str, tmp_path: Path) -> None:
    """UNC901, and the next file is checked."""
    ran = run(tmp_path, NOT_PYTHON[name])
    lines = [line.split(" ")[0:2] for line in ran.stdout.splitlines()]
    assert (ran.returncode, [(where.split(":")[0], code) for where, code, *_ in lines][:2]) == (
        1,
        [("big.py", "UNC901"), ("small.py", "UNC106")],
    )


STRANGE = {
    "a case pattern 60 deep": f"def big(a):\n    match a:\n        case {'[' * 60}x{']' * 60}:\n            pass\n",
    "a case mapping 16 deep": f"def big(a):\n    match a:\n        case {'{1: ' * 16}x{'}' * 16}:\n            pass\n",
    "5,000 strings side by side": f"X = {' '.join(['1'.join(chr(39) * 2)] * 5000)}\n",
}
"""Programs that CPython reads at once, and libcst not in a lifetime, or not at all."""


@pytest.mark.processes
@pytest.mark.parametrize("name", STRANGE)
def test_a_file_that_only_libcst_cannot_read_is_skipped(name: str, tmp_path: Path) -> None:
    """It is no UNC901, for it is valid Python: it is counted as skipped, soon, and the next file is checked."""
    ran = run(tmp_path, STRANGE[name])
    lines = ran.stdout.splitlines()
    assert (next(line.split(" ")[:2] for line in lines), [line.split(":")[0] for line in lines if line.startswith("skipped")]) == (
        ["small.py:4:12:", "UNC106"],
        ["skipped big.py"],
    )


@pytest.mark.processes
def test_a_literal_of_100_000_elements_is_no_trouble(tmp_path: Path) -> None:
    """At module level, where it makes no nodes: what stands beside it is analysed."""
    ran = run(tmp_path, between(f"DATA = [{', '.join(map(str, range(100_000)))}]\n"))
    assert [line.split(" ")[:2] for line in ran.stdout.splitlines()][:3] == [
        ["big.py:5:12:", "UNC106"],
        ["big.py:12:12:", "UNC106"],
        ["small.py:4:12:", "UNC106"],
    ]


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """The command line on two files: the program, which mentions a library in any case, and a small one that leaks."""
    text = program if "import sqlite3" in program else f"import sqlite3\n\n{program}"
    (folder / "big.py").write_text(text, encoding="utf-8")
    (folder / "small.py").write_text("import sqlite3\n\n" + SMALL.format(name="small"), encoding="utf-8")
    command = [sys.executable, "-m", "unclosed", "check", "--statistics", "big.py", "small.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
