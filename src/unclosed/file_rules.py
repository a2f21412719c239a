"""Which rules run in one file: those that run at all, without what `per-file-ignores` names for it."""

from __future__ import annotations

import os

from unclosed.config import Config
from unclosed.ignores import of_patterns
from unclosed.rules.rule import Rule
from unclosed.selection import enabled_rules


class FileRules:
    """The rules of a run, asked file by file."""

    def __init__(self, config: Config, *, is_named: bool = False) -> None:
        """Raises `ConfigError` for a code or prefix that no rule has. `is_named`: for files of settings that the user names."""
        self.all = enabled_rules(config, is_named=is_named)
        """Those that run in some file."""
        self._ignores = tuple((of_patterns(each.pattern), each.codes.prefixes) for each in config.per_file_ignores)

    def of(self, path: str) -> tuple[Rule, ...]:
        """The rules of the file that is shown under this path, which need not exist."""
        if not self._ignores:
            return self.all
        absolute = os.path.abspath(path).replace(os.sep, "/")
        ignored = tuple(prefix for patterns, prefixes in self._ignores if patterns.decision(absolute) for prefix in prefixes)
        return tuple(rule for rule in self.all if not rule.code.startswith(ignored))
