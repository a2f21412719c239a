"""The rules as a set: their metadata is complete, their examples are true, and no document disagrees with them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config, override
from unclosed.lint import check_paths
from unclosed.rules import all_rules, collected
from unclosed.rules.explanation import HEADINGS
from unclosed.rules.never_released import NeverReleased
from unclosed.rules.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
NAMES = {
    "UNC101": "never-released",
    "UNC102": "leak-on-early-exit",
    "UNC103": "leak-on-exception",
    "UNC104": "with-does-not-close",
    "UNC105": "overwritten-before-release",
    "UNC106": "discarded",
    "UNC107": "wrong-release",
    "UNC108": "release-not-awaited",
    "UNC109": "leaky-provider",
    "UNC110": "owner-never-releases",
    "UNC112": "leak-on-cancellation",
    "UNC113": "release-not-called",
    "UNC131": "cursor-never-released",
    "UNC132": "cursor-leak-on-early-exit",
    "UNC133": "cursor-leak-on-exception",
    "UNC134": "cursor-with-does-not-close",
    "UNC135": "cursor-overwritten-before-release",
    "UNC136": "cursor-discarded",
    "UNC201": "untimed-io-in-transaction",
    "UNC202": "blocking-wait-in-transaction",
    "UNC203": "transaction-left-open",
    "UNC204": "slow-io-in-transaction",
    "UNC205": "io-holding-connection",
    "UNC206": "session-held-while-streaming",
    "UNC301": "pool-per-call",
    "UNC302": "unbounded-pool",
    "UNC303": "unbounded-pool-wait",
    "UNC304": "pool-never-closed",
    "UNC305": "implicit-pool-limits",
    "UNC306": "pgbouncer-settings",
    "UNC307": "session-state-under-transaction-pooling",
    "UNC901": "unparsable-file",
    "UNC902": "unused-suppression",
}
every_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples stand in a folder of their own: this project's texts name the classes of the examples, and release what they hold."""
    monkeypatch.chdir(tmp_path)


def codes(rule: Rule, text: str) -> list[str]:
    """The codes that the linter reports for an example with this rule switched on, in order."""
    for name, beside in {**rule.beside, rule.example: text}.items():
        Path(name).write_text(beside, encoding="utf-8")
    report = check_paths([rule.example], override(Config(), extend_select=[rule.code]), Catalog.load())
    assert report.errors == ()
    return [finding.code for finding in report.findings]


def test_codes_and_names_are_the_contract() -> None:
    """Every rule is found by walking the package, sorted by code; codes and names are never changed by accident."""
    assert {rule.code: rule.name for rule in all_rules()} == NAMES
    assert [rule.code for rule in all_rules()] == sorted(NAMES)


def test_two_rules_may_not_claim_one_code() -> None:
    """A copied file whose code was not changed is refused."""

    class Copied(NeverReleased):
        name = "copied"

    with pytest.raises(RuntimeError, match=r"UNC101 is claimed by NeverReleased and by .*Copied"):
        collected([NeverReleased, Copied])


def test_two_rules_may_not_claim_one_name() -> None:
    """A copied file whose name was not changed is refused."""

    class Copied(NeverReleased):
        code = "UNC199"

    with pytest.raises(RuntimeError, match=r"never-released is claimed by NeverReleased and by .*Copied"):
        collected([NeverReleased, Copied])


@every_rule
def test_the_bad_example_is_reported_and_by_this_rule_alone(rule: Rule) -> None:
    """What `unclosed rule` shows as bad is bad."""
    assert codes(rule, rule.bad) == [rule.code]


@every_rule
def test_the_good_example_is_silent(rule: Rule) -> None:
    """What `unclosed rule` shows as good is good."""
    assert codes(rule, rule.good) == []


@every_rule
def test_the_good_example_is_valid_python(rule: Rule) -> None:
    """An example can be copied and compiled, unless it is about another sort of file."""
    if rule.example.endswith(".py"):
        compile(rule.good, "good.py", "exec")


@every_rule
def test_explanations_have_their_sections(rule: Rule) -> None:
    """Each section is there, in order, and says something in lines of at most 88 columns."""
    assert re.findall(r"^## (.+)$", rule.explanation, flags=re.MULTILINE) == list(HEADINGS)
    assert re.findall(r"^## .+\n\n(?!\S)", rule.explanation, flags=re.MULTILINE) == []
    assert max(map(len, rule.explanation.splitlines())) <= 88


@every_rule
def test_a_name_reads_after_allow(rule: Rule) -> None:
    """`allow leak-on-exception`: words with hyphens that name the pattern and neither the cure nor a wish."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert {"use", "prefer", "require", "missing", "no", "must", "should", "invalid", "bad"}.isdisjoint(rule.name.split("-"))


@every_rule
def test_a_summary_is_one_clause_for_a_table(rule: Rule) -> None:
    """It fits a cell: one line, no full stop, no bar."""
    assert re.fullmatch(r"[^\n|]{20,140}[^\n|.]", rule.summary)


@every_rule
def test_a_rule_stands_in_the_file_of_its_name(rule: Rule) -> None:
    """Cursor variants stand with what they are variants of."""
    module = type(rule).__module__.rpartition(".")[2]
    assert module == rule.name.removeprefix("cursor-").replace("-", "_")


def test_the_table_in_the_readme_is_current() -> None:
    """`python scripts/rule_table.py` mends it."""
    done = subprocess.run([sys.executable, "scripts/rule_table.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0


@every_rule
def test_the_changelog_names_the_rule(rule: Rule) -> None:
    """A user can read when a code came."""
    assert f"[{rule.code}](README.md#rules)" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
