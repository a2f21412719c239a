"""Which rules run: the user's codes and prefixes against the codes that exist."""

from __future__ import annotations

from collections.abc import Iterable

from unclosed.config import Codes, Config
from unclosed.engine import Wanted
from unclosed.errors import ConfigError
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule


def enabled_rules(config: Config, *, is_named: bool = False) -> tuple[Rule, ...]:
    """The rules that the configuration asks for, sorted by code; raises `ConfigError` for a code or prefix that no rule has.

    As in flake8: without `select` the rules that are on by default; any prefix that is told selects, also a rule that is off by default;
    where a code is both selected and ignored, the longer prefix wins, and `ignore` if both are as long. `is_named`: they run over a file
    of settings that the user names, for which some rules are on that are off by default.
    """
    rules = all_rules()
    per_file = [ignores.codes for ignores in config.per_file_ignores]
    for codes in (*filter(None, [config.select, config.ignore]), *config.extend_select, *per_file):
        _refuse_unknown(codes, [rule.code for rule in rules])
    told = [prefix for codes in (*filter(None, [config.select]), *config.extend_select) for prefix in codes.prefixes]
    defaults = config.select is None
    on = {rule.code for rule in rules if defaults and (rule.default or (is_named and rule.reads_settings))}
    enabled = (rule for rule in rules if _is_enabled(rule, told, config.ignore.prefixes, is_on=rule.code in on))
    return tuple(rule.configured(config.slow_io_seconds) for rule in enabled)


def wanted_by(rules: Iterable[Rule]) -> Wanted:
    """What has to be found out for these rules."""
    rules = tuple(rules)
    return Wanted(any(rule.needs_connections for rule in rules), any(rule.needs_pooler for rule in rules))


def find_rule(name: str) -> Rule:
    """The rule with this code or name, in any case; raises `ConfigError` with the nearest one if there is none."""
    wanted = name.lower()
    for rule in all_rules():
        if wanted in (rule.code.lower(), rule.name):
            return rule
    words = [word for rule in all_rules() for word in (rule.code, rule.name)]
    value = name.upper() if wanted.startswith("unc") else wanted
    raise ConfigError("rule", f"there is no {name!r}", accepted=words, value=value)


def _is_enabled(rule: Rule, told: Iterable[str], ignored: Iterable[str], *, is_on: bool) -> bool:
    selecting = _longest_prefix(rule.code, told)
    if selecting is None:
        selecting = 0 if is_on else None
    ignoring = _longest_prefix(rule.code, ignored)
    return selecting is not None and (ignoring is None or selecting > ignoring)


def _longest_prefix(code: str, prefixes: Iterable[str]) -> int | None:
    """The length of the longest of these prefixes that the code has; `None` if it has none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=None)


def _refuse_unknown(codes: Codes, known: Iterable[str]) -> None:
    known = tuple(known)
    for prefix in codes.prefixes:
        if not prefix or not any(code.startswith(prefix) for code in known):
            raise ConfigError(codes.where, f"no rule has the code or prefix {prefix!r}", accepted=known, value=prefix.upper())
