"""One module analysed: every function's sites run, judged, and its releases read."""

from __future__ import annotations

from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog, LoggedFault, read_typed_releases
from unclosed.analysis.judge import Judge
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.sites import MAX_SITES, SiteFinder
from unclosed.analysis.solver import GivenUp, Solver
from unclosed.analysis.transfer import Transfer
from unclosed.analysis.verdicts import AnalysedFunction, AnalysedModule, Fault, ReleaseFault, Verdict
from unclosed.confidence import Confidence
from unclosed.findings import Skipped, TrailStep
from unclosed.flow.events import NodeId
from unclosed.infer.types import ModuleTypes
from unclosed.library import Release
from unclosed.lowering.facts import FunctionFacts, Scope
from unclosed.lowering.positions import Spans


class ModuleAnalysis:
    """The analysis of one module. `python`: the lowest Python version that the project admits."""

    def __init__(self, path: str, types: ModuleTypes, spans: Spans, python: tuple[int, int]) -> None:
        self._path, self._types, self._spans, self._python = path, types, spans, python
        self._skipped: list[Skipped] = []

    def run(self) -> AnalysedModule:
        """All functions that have something to say, in source order."""
        for skipped in self._types.facts.skipped:
            self._skip(skipped.name, skipped.reason, self._spans.span(skipped.span).start.row)
        analysed = []
        for facts in self._types.facts.functions:
            if facts.scope is Scope.FUNCTION and not facts.only_raises:
                found = self._function(facts)
                if found is not None:
                    analysed.append(found)
        return AnalysedModule(self._path, tuple(analysed), tuple(self._skipped))

    def _skip(self, name: str, reason: str, row: int) -> None:
        self._skipped.append(Skipped(self._path, name, row, reason))

    def _function(self, facts: FunctionFacts) -> AnalysedFunction | None:
        meaning = Meaning(self._types.scope(facts.id))
        log = FaultLog(meaning)
        try:
            verdicts = self._verdicts(meaning, log)
        except (GivenUp, RecursionError) as error:
            reason = str(error) if isinstance(error, GivenUp) else "nested too deeply"
            self._skip(facts.name, reason, self._spans.span(facts.span).start.row)
            return None
        read_typed_releases(meaning, log)
        faults = tuple(self._fault(fault) for fault in log.all())
        if not verdicts and not faults:
            return None
        return AnalysedFunction(self._path, facts.name, verdicts, faults)

    def _verdicts(self, meaning: Meaning, log: FaultLog) -> tuple[Verdict, ...]:
        sites = SiteFinder(meaning, self._python).sites()
        if not sites:
            return ()
        if len(sites) > MAX_SITES:
            raise GivenUp(f"more than {MAX_SITES} acquires")
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        judge = Judge(self._path, meaning.graph, self._spans, is_provider=meaning.is_provider)
        found: dict[int, Verdict] = {}
        for site in sites:
            outcome = Solver(meaning, facts, site, Transfer(meaning, facts, site, log)).solve()
            verdict = judge.verdict(outcome)
            # A `finally` suite is copied: the same acquire stands at several nodes, and the gravest loss counts.
            if verdict is not None and (site.span not in found or verdict.loss_rank < found[site.span].loss_rank):
                found[site.span] = verdict
        return tuple(found[span] for span in sorted(found))

    def _fault(self, logged: LoggedFault) -> ReleaseFault:
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
        owner = self._spans.callee_text(logged.site.span).rpartition(".")[0] or "the pool"
        value = callee.rpartition(".")[0] if logged.fault is Fault.WRONG_METHOD else "conn"
        receiver = owner if release.owner else value
        argument = value or "conn" if release.argument is not None else ""
        return f"{'await ' if release.awaited else ''}{receiver}.{release.method}({argument})"
