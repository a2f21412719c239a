"""Verdicts and release faults in words, with their codes, and whether `check` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from unclosed.analysis.verdicts import AnalysedFunction
from unclosed.config import Config
from unclosed.explain.scene import Scene
from unclosed.explain.words import inset, row_of
from unclosed.findings import Finding, TrailStep
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.selection import enabled_rules
from unclosed.suppressions import Suppressions
from unclosed.text import Span


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """Tells what the rules make of one function. `settings` decide what is shown."""

    scene: Scene
    settings: Config

    def of_site(self, function: str, span: Span) -> Iterator[str]:
        """The verdict on the acquire at a span; nothing if there is none."""
        for analysed in self.scene.analysed_function(function):
            for verdict in analysed.verdicts:
                if verdict.resource.span == span:
                    yield f"verdict: {verdict.loss.value}, {verdict.confidence.label}"
                    yield from inset(self._findings(replace(analysed, verdicts=(verdict,), faults=())))
                    yield from inset(_steps(verdict.trail))

    def of_line(self, function: str) -> Iterator[str]:
        """The release faults on the line."""
        for analysed in self.scene.analysed_function(function):
            for fault in analysed.faults:
                if fault.span.start.row == self.scene.place.row:
                    yield f"release fault: {fault.written} is {fault.fault.value}, {fault.confidence.label}"
                    yield from inset(self._findings(replace(analysed, verdicts=(), faults=(fault,))))
                    yield from inset(_steps(fault.trail))

    def _findings(self, function: AnalysedFunction) -> Iterator[str]:
        for rule in all_rules():
            for finding in rule.check(function):
                yield f"{finding.code} {finding.message}"
                yield f"check {self._shown(rule, finding)}"

    def _shown(self, rule: Rule, finding: Finding) -> str:
        if rule.code not in {enabled.code for enabled in enabled_rules(self.settings)}:
            return f"does not report it: {rule.code} is off"
        if finding.confidence < self.settings.min_confidence:
            return f"does not report it: min-confidence is {self.settings.min_confidence.label}"
        if Suppressions(self.scene.source.text).covers(finding.code, finding.start.row):
            return "does not report it: a noqa comment silences it"
        return "reports it" if self.scene.is_checked else "does not report it: it does not analyse this file"


def _steps(trail: tuple[TrailStep, ...]) -> Iterator[str]:
    return (f"{number}. {row_of(step.path, step.span)}: {step.text}" for number, step in enumerate(trail, 1))
