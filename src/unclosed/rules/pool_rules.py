"""What the rules about pools have in common: which verdict they report, and how they speak of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from unclosed.analysis.verdicts import AnalysedFunction, PoolFault, PoolVerdict
from unclosed.findings import Finding
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted


class PoolRule(Rule):
    """Reports one fault of pools, at the call that makes the pool or takes a connection from it."""

    fault: ClassVar[PoolFault]

    @abstractmethod
    def sentence(self, pool: PoolVerdict, width: int) -> str:
        """The message, with written names at most about this wide."""

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each pool with this fault."""
        for pool in function.pools:
            if pool.fault is self.fault:
                message = fitted(partial(self.sentence, pool))
                yield Finding(self.code, function.path, pool.span, message, pool.confidence, pool.trail, pool.written, function.name)


def ending(pool: PoolVerdict, joint: str) -> str:
    """How to close the pool, after a joint: ` or call dispose()`; empty where its library has no way."""
    if not pool.release:
        return ""
    return f"{joint}{pool.release}" if pool.release.startswith("await ") else f"{joint}call {pool.release}"


def listed(names: tuple[str, ...]) -> str:
    """`pool_size, max_overflow and pool_timeout`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
