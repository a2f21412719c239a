"""From the text of one file to what the rules may ask: parse, lower, infer, analyse.

Importing this module is cheap; libcst is loaded when the first file is analysed.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unclosed.analysis.verdicts import AnalysedModule
from unclosed.cache import Cache
from unclosed.catalog import Catalog
from unclosed.errors import TooDeep
from unclosed.findings import Skipped
from unclosed.pgbouncer.surroundings import Poolers
from unclosed.prefilter import matters
from unclosed.project.bearing import Bearing
from unclosed.text import SourceFile

if TYPE_CHECKING:
    from unclosed.analysis.pools import PoolSummaries
    from unclosed.analysis.summaries import Summaries
    from unclosed.project.program import Program


class Wanted(NamedTuple):
    """What is found out only if a rule asks for it."""

    connections: bool = False
    """What is done while a connection is checked out."""
    poolers: bool = False
    """What a pooler between the code and the database breaks."""


class Engine:
    """Analyses the files of one run; modules and summaries are kept from file to file."""

    def __init__(
        self,
        catalog: Catalog,
        requires_python: tuple[int, int] | None = None,
        wanted: Wanted | None = None,
        *,
        cache: Cache | None = None,
    ) -> None:
        """`requires_python`: the lowest version that the project admits; `None`: the running one. `wanted`: `None` for nothing of it.

        `cache`: where facts are kept from run to run.
        """
        self._wanted, self._poolers, self._cache = wanted or Wanted(), Poolers(), cache
        self._catalog, self._python = catalog, requires_python or sys.version_info[:2]
        self._bearing = Bearing(catalog)
        self._loaded: tuple[Program, Summaries] | None = None
        self._pools: PoolSummaries | None = None

    def matters(self, source: SourceFile) -> bool:
        """Whether a text may hold a finding: it has a word of the catalog, or it imports a module of the project that bears."""
        self._forget_old_text(source)
        return matters(source.text, self._catalog) or self._bearing.imports_bearing(Path(source.path), source.text)

    def _forget_old_text(self, source: SourceFile) -> None:
        """Begin anew if a file's text has changed since it was read: what rests on the old text is worth nothing."""
        if self._bearing.has_other_text(Path(source.path), source.text):
            self._bearing, self._loaded = Bearing(self._catalog), None
        self._bearing.set_text(Path(source.path).absolute(), source.text)

    def loaded(self) -> tuple[Program, Summaries]:
        """The program and its summaries; loads libcst the first time."""
        if self._loaded is None:
            from unclosed.analysis.pools import PoolSummaries
            from unclosed.analysis.summaries import Summaries
            from unclosed.project.program import Program

            program = Program(self._catalog, self._bearing, self._cache)
            self._pools = PoolSummaries(program, self._python)
            self._loaded = program, Summaries(program, self._python)
            self._loaded[1].transactions.with_connections = self._wanted.connections
        return self._loaded

    def analyse(self, source: SourceFile) -> AnalysedModule:
        """Analyse one file. Raises `UnparsableFile`. A file nested too deeply is returned as skipped."""
        from unclosed.analysis.module import ModuleAnalysis

        self._forget_old_text(source)
        program, summaries = self.loaded()
        assert self._pools is not None
        try:
            module = program.open(Path(source.path), source.text)
        except (TooDeep, RecursionError) as error:
            reason = str(error) if isinstance(error, TooDeep) else "nested too deeply"
            return AnalysedModule(source.path, skipped=(Skipped(source.path, "", 1, reason),))
        try:
            poolers = self._poolers.of(Path(source.path).absolute()) if self._wanted.poolers else ()
            return ModuleAnalysis(source.path, module.types, module.positions(), summaries, self._pools, poolers).run()
        except RecursionError:
            return AnalysedModule(source.path, skipped=(Skipped(source.path, "", 1, "nested too deeply"),))
        finally:
            program.close(module)


def analyse(
    source: SourceFile,
    catalog: Catalog,
    *,
    requires_python: tuple[int, int] | None = None,
    tree: ast.Module | None = None,
) -> AnalysedModule:
    """Analyse one file on its own engine, as `Engine.analyse` does. `tree` is taken for compatibility and not needed."""
    return Engine(catalog, requires_python).analyse(source)
