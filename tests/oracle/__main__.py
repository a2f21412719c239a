"""`python -m tests.oracle --count 20000 --seed 7`: every disagreement between linter and oracle, made small.

A program in a file of its own is judged by `python -m tests.oracle --show path.py --flavour sqlite3`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .compare import Difference, differences, judged
from .execute import UnjudgedError, observe
from .flavours import BY_NAME
from .instrument import Program
from .shrink import shrunk
from .verdict import expected_codes


def main() -> int:
    """Exit status 0 if linter and oracle agree everywhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many programs are judged")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=20, help="most disagreements that are made small and printed")
    parser.add_argument("--flavour", choices=sorted(BY_NAME), help="only programs of this flavour")
    parser.add_argument("--show", type=Path, help="a program to judge instead; tells how each leak comes about")
    options = parser.parse_args()
    if options.show:
        return show(Program(options.show.read_text(encoding="utf-8"), BY_NAME[options.flavour or "psycopg"]))
    disagreeing, shown = 0, 0
    for number, program in enumerate(judged(options.seed, options.count)):
        if options.flavour and program.flavour.name != options.flavour:
            continue
        found = differences(program)
        if found:
            disagreeing += 1
            if shown < options.most:
                shown += 1
                tell(f"--- program {number} ({program.flavour.name})\n{explained(program, found[0])}")
    tell(f"{options.count} programs of seed {options.seed}: {disagreeing} disagree")
    return 1 if disagreeing else 0


def explained(program: Program, difference: Difference) -> str:
    """A small program that differs in the same way, and how."""
    small = shrunk(program, lambda candidate: differs_so(candidate, difference))
    found = next(each for each in differences(small) if (each.expected, each.reported) == (difference.expected, difference.reported))
    return f"{found}\n{body(small)}"


def differs_so(program: Program, difference: Difference) -> bool:
    """Some acquire of the program has the same expected and the same reported code."""
    try:
        if difference.expected and difference.expected.split()[0] not in {each.code for each in expected_codes(program).values()}:
            return False
        return any((each.expected, each.reported) == (difference.expected, difference.reported) for each in differences(program))
    except UnjudgedError:
        return False


def body(program: Program) -> str:
    """The text from the function on."""
    return "\n".join(program.text.splitlines()[program.function.lineno - 1 :])


def show(program: Program) -> int:
    """Tell the expected codes, what the linter says, and how each leak comes about."""
    tell(f"expected {expected_codes(program)}")
    for label, observed in sorted(observe(program, tells=True).items()):
        for end, story in observed.stories.items():
            tell(f'"{label}" {end}: {", ".join(story)}')
    for difference in differences(program):
        tell(str(difference))
    return 0


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
