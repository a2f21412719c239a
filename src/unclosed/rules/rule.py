"""What every rule is: a code with its words, and a question to one analysed function.

A rule reads analysis results and yields findings. It walks no syntax tree, resolves no name and opens no file; a question that it
cannot answer from an `AnalysedFunction` is one that the analysis should answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from unclosed.analysis.verdicts import AnalysedFunction
from unclosed.findings import Finding
from unclosed.pgbouncer.judge import JudgedSettings


class Rule(ABC):
    """One code. Every concrete subclass in this package is found by `all_rules`; its name reads well after "allow"."""

    code: ClassVar[str]
    name: ClassVar[str]
    default: ClassVar[bool] = True
    """Whether the rule is on when nothing is selected."""
    needs_connections: ClassVar[bool] = False
    """Whether the rule asks what is done while a connection is checked out, which is only found out for it."""
    needs_pooler: ClassVar[bool] = False
    """Whether the rule asks what a pooler between the code and the database breaks, which is only found out for it."""
    reads_settings: ClassVar[bool] = False
    """Whether the rule is about files of settings: it is on for one that is named, and if selected looks for them below directories."""
    summary: ClassVar[str]
    """One clause for tables: when the rule reports."""
    explanation: ClassVar[str]
    """Text with the sections of `explanation.sections`."""
    bad: ClassVar[str]
    """A complete module in which the rule reports, and no other does."""
    good: ClassVar[str]
    """The same module as it should be: no rule reports."""
    example: ClassVar[str] = "example.py"
    """The name of the file that `bad` and `good` are."""
    beside: ClassVar[Mapping[str, str]] = {}
    """Texts of the files that have to stand beside it, by name."""

    def configured(self, slow_io_seconds: float) -> Rule:
        """The rule as these settings want it; itself unless it depends on them. `slow_io_seconds`: from when on I/O is slow."""
        return self

    @abstractmethod
    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """The findings of this rule in one function, in source order of what the analysis gives."""

    def check_settings(self, settings: JudgedSettings) -> Iterator[Finding]:
        """The findings of this rule in one file of settings; none for a rule that is about code."""
        yield from ()
