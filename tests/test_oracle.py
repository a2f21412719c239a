"""The linter against the oracle: for every acquire of many random programs, the same code.

`UNCLOSED_ORACLE_COUNT` and `UNCLOSED_ORACLE_SEED` ask for more, or other, programs; `python -m tests.oracle` shows them small.
"""

from __future__ import annotations

import os

from oracle.compare import differences, judged
from oracle.flavours import BY_NAME
from oracle.instrument import Program

COUNT = int(os.environ.get("UNCLOSED_ORACLE_COUNT", "2000"))
SEED = int(os.environ.get("UNCLOSED_ORACLE_SEED", "1"))


def test_linter_agrees_with_the_oracle() -> None:
    """What running a program shows is what the linter says of it."""
    disagreeing = [(program.text, found) for program in judged(SEED, COUNT) if (found := differences(program))]
    assert disagreeing == []


def test_disagreement_would_show() -> None:
    """The comparison fails on a program that the oracle sees otherwise than the linter can: there is more code than it is shown."""
    leaking = Program('import psycopg\n\n\ndef task(a):\n    c = psycopg.connect("1")\n    a()\n    c.close()\n', BY_NAME["psycopg"])
    assert differences(leaking) == ()
