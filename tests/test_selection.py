"""Codes and prefixes choose rules as they do in flake8."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from unclosed.config import Codes, Config
from unclosed.errors import ConfigError
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.selection import enabled_rules, find_rule


def chosen(select: Sequence[str] | None = None, extend_select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[str]:
    """The codes of the rules that run."""
    config = Config(
        select=None if select is None else Codes("--select", tuple(select)),
        extend_select=(Codes("--extend-select", tuple(extend_select)),),
        ignore=Codes("--ignore", tuple(ignore)),
    )
    return [rule.code for rule in enabled_rules(config)]


def codes(prefix: str = "") -> list[str]:
    """All codes with this prefix."""
    return [rule.code for rule in all_rules() if rule.code.startswith(prefix)]


def test_by_default_the_rules_that_are_on_by_default_run() -> None:
    """No more and no fewer."""
    assert chosen() == [rule.code for rule in all_rules() if rule.default]


def test_select_by_code_and_prefix() -> None:
    """Nothing else runs then."""
    assert chosen(["UNC103", "UNC90"]) == ["UNC103", *codes("UNC90")]


def test_an_empty_selection_runs_nothing() -> None:
    """`select = []` in the file is a wish."""
    assert chosen([]) == []


def test_the_longer_prefix_wins() -> None:
    """Between selecting and ignoring; a tie is ignored."""
    assert chosen(["UNC1"], ignore=["UNC13"]) == [code for code in codes("UNC1") if not code.startswith("UNC13")]
    assert chosen(["UNC103"], ignore=["UNC1"]) == ["UNC103"]
    assert chosen(["UNC103"], ignore=["UNC103"]) == []
    assert "UNC103" in chosen(extend_select=["UNC103"], ignore=["UNC1"])
    assert "UNC103" not in chosen(ignore=["UNC1"])


def test_a_rule_that_is_off_by_default_runs_when_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its code or by any prefix, as `extend-default-ignore` works in flake8."""
    last = all_rules()[-1]
    monkeypatch.setattr(type(last), "default", False)
    assert last.code not in chosen()
    assert last.code in chosen(extend_select=[last.code])
    assert last.code in chosen(["UNC"])


@pytest.mark.parametrize(("wrong", "nearest"), [("UNC109x", "UNC109"), ("unc103", "UNC103"), ("UNC099", "UNC109"), ("UNC131,", "UNC131")])
def test_an_unknown_code_is_refused_with_the_nearest(wrong: str, nearest: str) -> None:
    """The option is named, and what it accepts."""
    with pytest.raises(ConfigError) as caught:
        chosen(ignore=[wrong])
    assert str(caught.value).startswith(f"--ignore: no rule has the code or prefix {wrong!r}; did you mean {nearest!r}? (accepted: UNC101,")


@pytest.mark.parametrize("name", ["UNC103", "unc103", "leak-on-exception", "Leak-On-Exception"])
def test_a_rule_is_found_by_code_or_name(name: str) -> None:
    """In any case."""
    found: Rule = find_rule(name)
    assert found.code == "UNC103"


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    """By name too."""
    with pytest.raises(ConfigError, match="did you mean 'leak-on-exception'"):
        find_rule("leak-on-exeption")
