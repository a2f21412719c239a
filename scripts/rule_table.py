"""Writes the table of rules in README.md from the rule classes; with `--check` it only says whether the table is current."""

from __future__ import annotations

import sys
from pathlib import Path

from unclosed.rules import all_rules
from unclosed.rules.rule import Rule

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- rules: written by scripts/rule_table.py -->", "<!-- end of rules -->"


def table() -> str:
    """The rules as a table, one row a rule, in the order of their codes."""
    return "\n".join(["| code | name | reported when |", "| --- | --- | --- |", *map(_row, all_rules())])


def _row(rule: Rule) -> str:
    """One line of the table."""
    state = "" if rule.default else " (**off by default**)"
    return f"| [{rule.code}](docs/rules/{rule.code}.md) | {rule.name} | {rule.summary}{state} |"


def with_table(text: str) -> str:
    """The text of the README with the current table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> int:
    """Exit status 1 if the table was not current."""
    old = README.read_text(encoding="utf-8")
    new = with_table(old)
    if "--check" not in sys.argv[1:]:
        README.write_text(new, encoding="utf-8")
    return int(old != new)


if __name__ == "__main__":
    raise SystemExit(main())
