"""One module analysed: every function's sites run, judged, and its releases read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from unclosed.analysis.faults import LoggedFault, read_typed_releases
from unclosed.analysis.holding import Holding
from unclosed.analysis.idle import is_never_used
from unclosed.analysis.judge import Judge
from unclosed.analysis.owners import Held
from unclosed.analysis.pool_limits import PoolLimits
from unclosed.analysis.pools import Pools, PoolSummaries
from unclosed.analysis.session_state import SessionStates
from unclosed.analysis.solver import GivenUp, Outcome
from unclosed.analysis.streaming import Streaming
from unclosed.analysis.summaries import Run, Summaries
from unclosed.analysis.verdicts import (
    AnalysedFunction,
    AnalysedModule,
    Fault,
    Loss,
    PoolVerdict,
    ReleaseFault,
    SessionVerdict,
    StreamVerdict,
    Verdict,
)
from unclosed.confidence import Confidence
from unclosed.findings import Skipped, TrailStep
from unclosed.infer.types import ModuleTypes
from unclosed.library import Lease, Release
from unclosed.lowering.facts import FunctionFacts, Scope
from unclosed.pgbouncer.pooler import Pooler

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_OWNER_STANDS_IN_FOR = (Loss.NEVER, Loss.EARLY_EXIT, Loss.EXCEPTION)


class ModuleAnalysis:
    """The analysis of one module."""

    def __init__(
        self,
        path: str,
        types: ModuleTypes,
        spans: Spans,
        summaries: Summaries,
        pools: PoolSummaries,
        poolers: tuple[Pooler, ...] = (),
    ) -> None:
        """`poolers`: those of the project, if a rule asks what they break."""
        self._sessions = SessionStates(spans, summaries.externals, poolers)
        self._pools, self._limits = Pools(path, spans, pools), PoolLimits(spans, summaries)
        self._path, self._types, self._spans, self._summaries = path, types, spans, summaries
        self._skipped: list[Skipped] = []
        self._streaming = Streaming(path, types, spans, summaries)

    def run(self) -> AnalysedModule:
        """All functions that have something to say, in source order."""
        for skipped in self._types.facts.skipped:
            self._skip(skipped.name, skipped.reason, self._spans.span(skipped.span).start.row)
        analysed = []
        for facts in self._types.facts.functions:
            found = self._function(facts) if facts.scope is Scope.FUNCTION and not facts.only_raises else None
            pools, sessions = self._pooled(facts), self._left_in_sessions(facts)
            if found is not None or pools or sessions:
                whole = found if found is not None else AnalysedFunction(self._path, facts.name)
                analysed.append(replace(whole, pools=pools, sessions=sessions))
        routers = self._streaming.of_routers()
        if routers:
            analysed.append(AnalysedFunction(self._path, "", streams=routers))
        return AnalysedModule(self._path, tuple(analysed), tuple(self._skipped))

    def _skip(self, name: str, reason: str, row: int) -> None:
        self._skipped.append(Skipped(self._path, name, row, reason))

    def _function(self, facts: FunctionFacts) -> AnalysedFunction | None:
        try:
            run = self._summaries.run(self._types.scope(facts.id))
        except (GivenUp, RecursionError) as error:
            reason = str(error) if isinstance(error, GivenUp) else "nested too deeply"
            self._skip(facts.name, reason, self._spans.span(facts.span).start.row)
            return None
        read_typed_releases(run.meaning, run.log)
        verdicts = self._verdicts(run, facts)
        faults = tuple(self._fault(fault, facts) for fault in run.log.all())
        try:
            held, left_open = Holding(self._path, self._spans, self._summaries).of(run)
        except (GivenUp, RecursionError):
            held, left_open = (), ()
        streams = self._streamed(run)
        if not (verdicts or faults or held or left_open or streams):
            return None
        return AnalysedFunction(self._path, facts.name, verdicts, faults, held, left_open, streams)

    def _pooled(self, facts: FunctionFacts) -> tuple[PoolVerdict, ...]:
        scope = self._types.scope(facts.id)
        try:
            made = self._pools.of(scope) if facts.scope is Scope.FUNCTION and not facts.only_raises else ()
            return (*made, *self._limits.of(scope))
        except (GivenUp, RecursionError):
            return ()

    def _left_in_sessions(self, facts: FunctionFacts) -> tuple[SessionVerdict, ...]:
        try:
            return self._sessions.of(self._types.scope(facts.id))
        except (GivenUp, RecursionError):
            return ()

    def _streamed(self, run: Run) -> tuple[StreamVerdict, ...]:
        try:
            return self._streaming.of(run.meaning)
        except (GivenUp, RecursionError):
            return ()

    def _verdicts(self, run: Run, facts: FunctionFacts) -> tuple[Verdict, ...]:
        judge = Judge(self._path, run.meaning.graph, self._spans, is_provider=run.meaning.is_provider)
        found: dict[int, Verdict] = {}
        for outcome in run.outcomes:
            span, verdict = outcome.site.span, judge.verdict(outcome)
            if verdict is not None and run.meaning.roles.is_lifespan and verdict.loss in (Loss.EXCEPTION, Loss.CANCELLATION):
                continue  # an application that fails to start ends with its process
            if verdict is not None:
                found[span] = self._doubted(run, outcome, verdict, judge)
        for outcome in run.outcomes:
            if outcome.returned and outcome.site.span not in found and self._is_left_to_framework(run, outcome.site.lease):
                found[outcome.site.span] = judge.returned_by_dependency(outcome.site)
        for held in self._kept(facts):
            present = found.get(held.site.span)
            if present is None or present.loss in _OWNER_STANDS_IN_FOR:
                found[held.site.span] = judge.kept(held.site, f"self.{held.attribute}")
        return tuple(found[span] for span in sorted(found))

    def _doubted(self, run: Run, outcome: Outcome, verdict: Verdict, judge: Judge) -> Verdict:
        """The verdict, less sure where it would be another one with a version of the library that may run as well."""
        others = (self._summaries.with_lease(run.meaning, outcome.site, lease) for lease in outcome.site.lease.otherwise)
        verdicts = (None if other is None else judge.verdict(other) for other in others)
        if all(other is not None and other.loss is verdict.loss for other in verdicts):
            return verdict
        return replace(verdict, confidence=max(Confidence.POSSIBLE, Confidence(verdict.confidence - 1)))

    def _is_left_to_framework(self, run: Run, lease: Lease) -> bool:
        """Whether a plain function is a web dependency, and no endpoint closes what it returns."""
        facts = run.meaning.scope.facts
        if facts.is_generator or facts.decorators:
            return False
        return run.meaning.roles.is_dependency and not self._summaries.dependencies.has_closing_user(run.meaning.scope, lease)

    def _kept(self, facts: FunctionFacts) -> Iterator[Held]:
        """What this method keeps on `self` and its class never gives back."""
        if not facts.owner:
            return
        try:
            ownership = self._summaries.owners.ownership(self._types, facts.owner)
        except (GivenUp, RecursionError):
            return
        for held in ownership.held:
            is_here = held.method is facts and held.types is self._types
            is_open = not ownership.releasing.get(held.attribute) and held.attribute not in ownership.escaping
            if is_here and is_open and not (self._is_left_to_others(held) or is_never_used(self._summaries, self._types, held)):
                yield held

    def _is_left_to_others(self, held: Held) -> bool:
        users = self._summaries.users
        return users.may_be_left_to_base(self._types, held) or users.release(self._types, held)

    def _fault(self, logged: LoggedFault, facts: FunctionFacts) -> ReleaseFault:
        callee = self._spans.callee_text(logged.span)
        written = callee if logged.fault is Fault.NOT_CALLED else f"{callee}()"
        trail: tuple[TrailStep, ...] = ()
        if logged.site is not None:
            trail = (TrailStep(self._path, self._spans.span(logged.site.span), "acquired here"),)
        span = self._spans.span(logged.span)
        return ReleaseFault(
            fault=logged.fault,
            kind=logged.kind,
            span=span,
            written=written,
            right=self._right(logged, callee),
            confidence=min(logged.confidence, Confidence.CERTAIN),
            trail=(*trail, TrailStep(self._path, span, "released here, in vain")),
            in_async=facts.is_async,
            arguments=self._spans.arguments_text(logged.span) if logged.fault is Fault.NOT_AWAITED else "",
        )

    def _right(self, logged: LoggedFault, callee: str) -> str:
        if logged.fault is Fault.NOT_AWAITED:
            return f"await {callee}()"
        if logged.fault is Fault.NOT_CALLED:
            return f"{callee}()"
        release = logged.release
        if release is None or logged.site is None:
            return ""
        return self._written_release(release, logged, callee)

    def _written_release(self, release: Release, logged: LoggedFault, callee: str) -> str:
        assert logged.site is not None
        awaited = "await " if release.awaited else ""
        if logged.site.is_lender_hidden and release.owner:
            return f"{awaited}{release.method}() of its pool"
        owner = self._spans.callee_text(logged.site.span).rpartition(".")[0] or "the pool"
        value = callee.rpartition(".")[0] if logged.fault is Fault.WRONG_METHOD else "conn"
        receiver = owner if release.owner else value
        argument = value or "conn" if release.argument is not None else ""
        return f"{awaited}{receiver}.{release.method}({argument})"
