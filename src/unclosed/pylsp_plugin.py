"""The plugin of python-lsp-server: the findings of the command line for a buffer, with exact ranges and the trail beside.

It exists next to the flake8 plugin because flake8 prints a place in code points and no end of it, while an editor counts UTF-16 code units
and marks a range. Settings are those of the command: `[tool.unclosed]` of the nearest `pyproject.toml`, which is read anew each time,
because it may be edited as well. Off unless `pylsp.plugins.unclosed.enabled` says otherwise, so that nobody sees each finding twice.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pylsp import hookimpl

from unclosed.cache import Cache, cache_folder
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config, find_config
from unclosed.discovery import discover
from unclosed.engine import Engine
from unclosed.errors import ConfigError, UnclosedError
from unclosed.file_rules import FileRules
from unclosed.findings import Finding, TrailStep
from unclosed.lint import check_source
from unclosed.selection import wanted_by
from unclosed.source import read_source, split_lines
from unclosed.text import Position, SourceFile, Span

_ERROR, _WARNING, _INFORMATION = 1, 2, 3  # DiagnosticSeverity of the language server protocol 3.17
Lsp = dict[str, Any]


@hookimpl
def pylsp_settings() -> Lsp:
    """What an editor may set: `pylsp.plugins.unclosed.enabled`."""
    return {"plugins": {"unclosed": {"enabled": False}}}


@hookimpl
def pylsp_lint(document: Any) -> list[Lsp]:  # pylsp.workspace.Document
    """The diagnostics of a buffer as it stands, saved or not."""
    path = os.path.abspath(document.path)
    try:
        config = find_config(Path(path).parent)
        return _diagnostics(SourceFile(path, document.source), config)
    except ConfigError as error:
        start = Position(1, 0)
        return [_diagnostic(_range(Span(start, start), []), str(error), severity=_ERROR)]


def _diagnostics(source: SourceFile, config: Config) -> list[Lsp]:
    """The diagnostics of one text; raises `ConfigError`."""
    if os.path.exists(source.path) and not discover([source.path], config, force_exclude=True).files:
        return []
    rules = FileRules(config)
    catalog = Catalog.load(config.models)
    engine = Engine(catalog, config.requires_python, wanted=wanted_by(rules.all), cache=Cache(cache_folder()))
    result = check_source(source, config, catalog, rules=rules.of(source.path), engine=engine)
    texts = _Texts(source)
    found = [_of_finding(finding, texts) for finding in result.findings]
    if result.error is not None:
        found.append(_diagnostic(_range(Span(Position(1, 0), Position(1, 0)), []), result.error.reason, severity=_ERROR))
    return found


class _Texts:
    """The lines of files that findings and their trails speak of; the buffer's are its own, not the file's."""

    def __init__(self, source: SourceFile) -> None:
        self._lines = {source.path: split_lines(source.text)}

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none where it cannot be read."""
        path = os.path.abspath(path)
        if path not in self._lines:
            try:
                self._lines[path] = split_lines(read_source(path).text)
            except UnclosedError:
                self._lines[path] = []
        return self._lines[path]


def _of_finding(finding: Finding, texts: _Texts) -> Lsp:
    severity = _INFORMATION if finding.confidence is Confidence.POSSIBLE else _WARNING
    place = _range(finding.span, texts.lines(finding.path))
    found = _diagnostic(place, f"{finding.code} {finding.message}", severity=severity, code=finding.code)
    if finding.trail:
        found["relatedInformation"] = [_of_step(step, texts) for step in finding.trail]
    return found


def _of_step(step: TrailStep, texts: _Texts) -> Lsp:
    uri = Path(os.path.abspath(step.path)).as_uri()
    return {"location": {"uri": uri, "range": _range(step.span, texts.lines(step.path))}, "message": step.text}


def _diagnostic(place: Lsp, message: str, *, severity: int, code: str = "") -> Lsp:
    return {"source": "unclosed", "range": place, "message": message, "severity": severity, **({"code": code} if code else {})}


def _range(span: Span, lines: list[str]) -> Lsp:
    """A span as the protocol counts: lines from 0, characters in UTF-16 code units."""
    return {"start": _position(span.start, lines), "end": _position(span.end, lines)}


def _position(position: Position, lines: list[str]) -> Lsp:
    line = lines[position.row - 1] if position.row <= len(lines) else ""
    before = line[: position.column] if line else " " * position.column
    return {"line": position.row - 1, "character": len(before.encode("utf-16-le", "surrogatepass")) // 2}
