"""From the text of one file to what the rules may ask: parse, lower, infer, analyse.

Importing this module is cheap; libcst is loaded when the first file is analysed.
"""

from __future__ import annotations

import ast
import sys

from unclosed.analysis.verdicts import AnalysedModule
from unclosed.catalog import Catalog
from unclosed.findings import Skipped
from unclosed.text import SourceFile


def analyse(
    source: SourceFile,
    catalog: Catalog,
    *,
    requires_python: tuple[int, int] | None = None,
    tree: ast.Module | None = None,
) -> AnalysedModule:
    """Analyse one file.

    `requires_python`: the lowest version that the project admits; `None`: the running one. `tree`: CPython's tree of the same text, where the
    caller has it. Raises `UnparsableFile`. A file nested too deeply is returned as skipped.
    """
    from unclosed.analysis.module import ModuleAnalysis
    from unclosed.infer.types import ModuleTypes
    from unclosed.lowering.module import ModuleLowering
    from unclosed.lowering.parse import TooDeep, parse

    try:
        lowering = ModuleLowering(parse(source.text, tree))
        facts = lowering.lower()
    except (TooDeep, RecursionError) as error:
        reason = str(error) if isinstance(error, TooDeep) else "nested too deeply"
        return AnalysedModule(source.path, skipped=(Skipped(source.path, "", 1, reason),))
    types = ModuleTypes(source.path, facts, catalog)
    return ModuleAnalysis(source.path, types, lowering.spans, requires_python or sys.version_info[:2]).run()
