"""Pools that functions make: one for each call, and one at the start that nothing closes.

A pool is followed as any resource is, by a solver of its own (`pool_transfer.py`) and with summaries of its own, so that a function of the
project that returns a fresh pool makes its caller the one to judge. One path that closes it or hands it on is enough to say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.analysis.arguments import Arguments, is_no_pool
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog
from unclosed.analysis.fresh import Fresh
from unclosed.analysis.lifetimes import Lifetimes
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import End, Flag, Site
from unclosed.analysis.pool_transfer import PoolTransfer
from unclosed.analysis.shutdowns import Shutdowns
from unclosed.analysis.sites import SiteFinder
from unclosed.analysis.solver import Outcome
from unclosed.analysis.summaries import Summaries
from unclosed.analysis.transfer import Transfer
from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.library import Kind
from unclosed.project.program import Program

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_POOLS = frozenset({Kind.POOL})
_KEY = re.compile(r"""\[\s*(["']?[\w.]+["']?)\s*\]\s*$""")


class PoolSummaries(Summaries):
    """What functions do with pools: the summaries of a program, for pools alone."""

    def __init__(self, program: Program, python: tuple[int, int]) -> None:
        super().__init__(program, python)
        self._makers = program
        self.lifetimes = Lifetimes(self)
        self.shutdowns = Shutdowns(self, self.lifetimes)

    def makes_pools(self, module: str) -> bool:
        """Whether a function of a module can make a pool."""
        return self._makers.makes_pools(module)

    def finder(self, meaning: Meaning) -> SiteFinder:
        """Finds the pools that a function makes."""
        return SiteFinder(meaning, self.python, self, _POOLS)

    def sites(self, meaning: Meaning) -> list[Site]:
        """The pools that a function makes, but for those that hold nothing."""
        return [site for site in super().sites(meaning) if not (site.is_child or site.is_advanced or _holds_nothing(meaning.scope, site))]

    def transfer(self, meaning: Meaning, facts: FactFlow, site: Site, log: FaultLog) -> Transfer:
        """What the events of a function do to a pool."""
        return PoolTransfer(meaning, facts, site, log, self)

    def fresh(self, scope: ScopeTypes, info: CallInfo) -> Fresh | None:
        """The pool that a call makes for its caller; an instance of a class that keeps one is none."""
        if info.is_class or info.target is None or not self.makes_pools(info.target.module):
            return None
        return super().fresh(scope, info)


class Pools:
    """The verdicts on the pools that the functions of one module make."""

    def __init__(self, path: str, spans: Spans, summaries: PoolSummaries) -> None:
        self._path, self._spans, self._summaries = path, spans, summaries

    def of(self, scope: ScopeTypes) -> tuple[PoolVerdict, ...]:
        """The pools of one function that are made per call, or at the start for ever. Raises `GivenUp`, `RecursionError`."""
        if not self._summaries.makes_pools(scope.module.name):
            return ()
        run = self._summaries.run(scope)
        return tuple(verdict for outcome in run.outcomes for verdict in self._judged(scope, outcome))

    def _judged(self, scope: ScopeTypes, outcome: Outcome) -> Iterator[PoolVerdict]:
        lifetimes = self._summaries.lifetimes
        if outcome.released or outcome.site.confidence < Confidence.LIKELY or outcome.unsure & Flag.POSSIBLE:
            return
        if not outcome.escaped:
            if not (outcome.exits or outcome.losses):
                return
            if self._summaries.meaning(scope).roles.is_lifespan:
                yield self._verdict(PoolFault.NEVER_CLOSED, scope, outcome.site)
            elif not lifetimes.runs_once(scope):
                yield self._verdict(PoolFault.PER_CALL, scope, outcome.site)
            return
        names = self._kept_as(scope, outcome)
        shutdowns = self._summaries.shutdowns
        if names and shutdowns.has_counterpart(scope) and not any(shutdowns.closes(scope, outcome.site.lease, name) for name in names):
            yield self._verdict(PoolFault.NEVER_CLOSED, scope, outcome.site, min(names))

    def _verdict(self, fault: PoolFault, scope: ScopeTypes, site: Site, kept: str = "") -> PoolVerdict:
        span = self._spans.span(site.span)
        release = site.lease.release[0] if site.lease.release else None
        return PoolVerdict(
            fault=fault,
            span=span,
            written=self._spans.call_text(site.span),
            confidence=site.confidence,
            trail=(TrailStep(self._path, span, "made here"), *site.via),
            function=scope.facts.name.rpartition(".")[2],
            release="" if release is None else f"{'await ' if release.awaited else ''}{release.method}()",
            kept=kept,
        )

    # At the start

    def _kept_as(self, scope: ScopeTypes, outcome: Outcome) -> set[str]:
        """The globals, attributes and keys under which the pool is kept; empty if it goes anywhere else besides."""
        names = set()
        for (end, node), arrival in outcome.done.items():
            event = scope.graph.events[node]
            if end is not End.ESCAPED or not isinstance(event, ev.Store) or event.value not in arrival.key[1].aliases:
                return set()
            if event.kind is ev.StoreKind.CONTAINER:
                return set()
            names.add(event.name if event.kind is not ev.StoreKind.SUBSCRIPT else self._key(event))
        return names - {""}

    def _key(self, event: ev.Store) -> str:
        """The key under which an item is stored, in its brackets, if it is a text or a name: `["pool"]`; else empty."""
        match = _KEY.search(self._spans.text(event.span))
        return f"[{match[1]}]" if match is not None else ""


def _holds_nothing(scope: ScopeTypes, site: Site) -> bool:
    """Whether the arguments say, or may say, that this is no pool that holds connections."""
    pool = site.call.model.pool if site.call is not None and site.call.model is not None else None
    if pool is None or site.call is None or site.via:
        return False
    arguments = Arguments(scope, site.call, pool)
    return is_no_pool(arguments, pool)
