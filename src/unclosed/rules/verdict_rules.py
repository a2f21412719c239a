"""Rules that report one kind of loss, and rules that report one kind of release fault.

A concrete rule gives its loss (or fault) and its sentence; what is common stands here. Cursors of a connection that the function did
not acquire have codes of their own: a *cursor variant* is a subclass with `of_cursors = True`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from unclosed.analysis.verdicts import AnalysedFunction, Fault, Loss, ReleaseFault, Verdict
from unclosed.findings import Finding
from unclosed.library import Kind
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted

LOSSES_IN_PROVIDER = frozenset({Loss.NEVER, Loss.EARLY_EXIT, Loss.EXCEPTION})
"""The losses that a generator which lends its resource has one code for."""


def is_leaky_provider(verdict: Verdict) -> bool:
    """Whether the verdict belongs to the code of leaky providers."""
    return verdict.in_provider and verdict.loss in LOSSES_IN_PROVIDER


class VerdictRule(Rule):
    """Reports at the acquire every verdict for which `applies` is true."""

    @abstractmethod
    def applies(self, verdict: Verdict) -> bool:
        """Whether this rule reports the verdict."""

    @abstractmethod
    def sentence(self, verdict: Verdict, width: int) -> str:
        """The message, with written names at most about this wide."""

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each verdict that applies."""
        for verdict in function.verdicts:
            if self.applies(verdict):
                yield Finding(
                    code=self.code,
                    path=function.path,
                    span=verdict.resource.span,
                    message=fitted(partial(self.sentence, verdict)),
                    confidence=verdict.confidence,
                    trail=verdict.trail,
                    resource=verdict.resource.text,
                    function=function.name,
                )


class LossRule(VerdictRule):
    """Reports one kind of loss, of cursors or of everything else."""

    loss: ClassVar[Loss]
    of_cursors: ClassVar[bool] = False

    def applies(self, verdict: Verdict) -> bool:
        """Whether the loss and the category are this rule's."""
        is_cursor = verdict.resource.lease.kind is Kind.CURSOR
        return verdict.loss is self.loss and is_cursor == self.of_cursors and not is_leaky_provider(verdict)


class FaultRule(Rule):
    """Reports releases that do not release, at the release."""

    faults: ClassVar[frozenset[Fault]]

    @abstractmethod
    def sentence(self, fault: ReleaseFault, width: int) -> str:
        """The message, with written names at most about this wide."""

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each release fault of this rule."""
        for fault in function.faults:
            if fault.fault in self.faults:
                message = fitted(partial(self.sentence, fault))
                yield Finding(self.code, function.path, fault.span, message, fault.confidence, fault.trail, fault.written, function.name)
