"""The linter against the oracle: for every acquire of many random programs, the same code.

`UNCLOSED_ORACLE_COUNT` and `UNCLOSED_ORACLE_SEED` ask for more, or other, programs; `python -m tests.oracle` shows them small.
"""

from __future__ import annotations

import os

import pytest

from oracle import compare
from oracle.compare import differences, judged
from oracle.flavours import BY_NAME
from oracle.instrument import Program
from oracle.linter import Reported
from unclosed.confidence import Confidence

COUNT = int(os.environ.get("UNCLOSED_ORACLE_COUNT", "2000"))
SEED = int(os.environ.get("UNCLOSED_ORACLE_SEED", "1"))
HEAD = "import psycopg\n\n\ndef task(a):\n"
CLOSED_LATE = Program(HEAD + '    c = psycopg.connect("1")\n    c.execute("q")\n    c.close()\n', BY_NAME["psycopg"])
HANDED_OVER = Program(HEAD + '    c = psycopg.connect("1")\n    c.execute("q")\n    return c\n', BY_NAME["psycopg"])


def test_linter_agrees_with_the_oracle() -> None:
    """What running a program shows is what the linter says of it."""
    disagreeing = [(program.text, found) for program in judged(SEED, COUNT) if (found := differences(program))]
    assert disagreeing == []


@pytest.mark.parametrize("program", [CLOSED_LATE, HANDED_OVER])
def test_linter_agrees_on_simple_programs(program: Program) -> None:
    """The comparison itself works: on programs whose verdict is beyond doubt there is no difference."""
    assert differences(program) == ()


SAYINGS = {
    "silence": ({}, 'missed alarm at "1": expected UNC103, reported silence'),
    "another code": ({"1": Reported("UNC101", Confidence.CERTAIN)}, 'other code at "1": expected UNC103, reported UNC101'),
    "an acquire that is none": (
        {"1": Reported("UNC103", Confidence.CERTAIN), "x": Reported("UNC106", Confidence.CERTAIN)},
        'false alarm at "x": expected silence, reported UNC106',
    ),
}


@pytest.mark.parametrize("saying", SAYINGS)
def test_wrong_linter_is_caught(saying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A linter that is silent, says another code or speaks of something else makes a difference."""
    reported, expected = SAYINGS[saying]
    monkeypatch.setattr(compare, "reported_codes", lambda program: reported)
    assert [str(each) for each in differences(CLOSED_LATE)] == [expected]


def test_too_sure_linter_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 103 of a resource that is only handed over must not be surer than possible."""
    monkeypatch.setattr(compare, "reported_codes", lambda program: {"1": Reported("UNC103", Confidence.LIKELY)})
    assert [str(each) for each in differences(HANDED_OVER)] == ['confidence at "1": expected UNC103 possible, reported UNC103 likely']
