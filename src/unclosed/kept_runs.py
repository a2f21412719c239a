"""What a run found, kept for as long as nothing has changed that it may have read.

A finding may rest on any file of its project, so a run is kept as a whole: with the size and time of every Python file of the projects that
it looked into, and of the files that name versions. The next run over the same files, with the same settings, rules and tool, looks at
sizes and times alone. Where it is not certain what was read, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from unclosed.cache import Cache
from unclosed.confidence import Confidence
from unclosed.config import Config
from unclosed.errors import UnparsableFile, UnreadableFile
from unclosed.file_result import FileResult
from unclosed.findings import Finding, Skipped, TrailStep
from unclosed.project.layout import MARKERS, MAX_FILES, Layout, is_marked, project_root
from unclosed.rules.rule import Rule
from unclosed.source import STDIN, read_source
from unclosed.text import Position, Span

_BROKEN = (ValueError, TypeError, KeyError, IndexError)
_NAMING_VERSIONS = ("Pipfile", "Pipfile.lock", "pdm.lock", "poetry.lock", "uv.lock", *MARKERS)
_REQUIREMENTS = "requirements"


class KeptRun:
    """One run over some files, before it has happened."""

    def __init__(self, cache: Cache, settings: Config, rules: Iterable[Rule], files: Sequence[str]) -> None:
        """`files`: all that are checked. What is on disk is looked at now, so that what changes while the run reads is noticed."""
        rules = tuple(rules)
        self._cache = cache
        self._world = None if STDIN in files or any(rule.reads_settings or rule.needs_pooler for rule in rules) else _world(files)
        about = repr((_state_of_tool(), settings, [rule.code for rule in rules], os.getcwd(), tuple(files)))
        self._key = cache.key("run", about) if self._world is not None else ""

    def results(self) -> dict[str, FileResult] | None:
        """What was found in each file; `None` if that is not known, or not any more."""
        kept = self._cache.get(self._key) if self._world is not None else None
        if kept is None:
            return None
        try:
            whole = json.loads(kept)
            if whole["world"] != self._world:
                return None
            return {path: _result_in(plain) for path, plain in whole["results"].items()}
        except (*_BROKEN, UnreadableFile, UnparsableFile):
            return None

    def keep(self, results: dict[str, FileResult]) -> None:
        """Keep what was found, unless something went wrong in a file: that is tried again."""
        if self._world is None or any(result.error is not None for result in results.values()):
            return
        plain = {path: _result_out(result) for path, result in results.items()}
        self._cache.put(self._key, json.dumps({"world": self._world, "results": plain}, separators=(",", ":")))


def _world(files: Iterable[str]) -> str | None:
    """A digest of the state of all files that a run over these may read; `None` if they cannot be told."""
    folders = sorted({os.path.dirname(os.path.abspath(file)) for file in files})
    tops = sorted({project_root(Path(folder, "module.py")) for folder in folders})
    if not all(map(is_marked, tops)):
        return None  # no project, of which all files could be listed
    found = hashlib.blake2b(digest_size=20)
    for top in tops:
        layout = Layout(top)
        listed = layout.files()
        if len(listed) >= MAX_FILES:
            return None
        for path in (*listed, *_naming_versions(top, listed)):
            _add(found, str(path))
    for file in files:
        _add(found, file)
    return found.hexdigest()


def _naming_versions(top: Path, listed: Iterable[Path]) -> Iterator[Path]:
    """The files of a project that may name versions, or make a folder a project of its own."""
    for folder in sorted({top, *top.parents[:1], *(path.parent for path in listed)}):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in sorted(names):
            if name in _NAMING_VERSIONS or (name.startswith(_REQUIREMENTS) and name.endswith(".txt")):
                yield folder / name
            elif name == _REQUIREMENTS:
                yield from sorted((folder / name).glob("*.txt"))


def _add(digest: Any, path: str) -> None:
    try:
        state = os.stat(path)
    except OSError:
        digest.update(f"{path}\0gone\n".encode("utf-8", "surrogatepass"))
        return
    size = 0 if os.path.isdir(path) else state.st_size
    time = 0 if os.path.isdir(path) else state.st_mtime_ns
    digest.update(f"{path}\0{size}\0{time}\n".encode("utf-8", "surrogatepass"))


def _state_of_tool() -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of this package: its code and what it knows of libraries."""
    package = Path(__file__).parent
    found = []
    for folder, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            state = os.stat(os.path.join(folder, name))
            found.append((name, state.st_size, state.st_mtime_ns))
    return found


# Results as JSON


def _result_out(result: FileResult) -> Any:
    findings = [
        [
            f.code,
            f.path,
            *f.span.start,
            *f.span.end,
            f.message,
            int(f.confidence),
            [_step_out(s) for s in f.trail],
            f.resource,
            f.function,
            f.ordinal,
        ]
        for f in result.findings
    ]
    return [findings, [[s.path, s.function, s.row, s.reason] for s in result.skipped], result.is_parsed]


def _result_in(plain: Any) -> FileResult:
    """The result, with the text read again; raises what reading raises."""
    written, skipped, is_parsed = plain
    findings = tuple(_finding_in(*each) for each in written)
    text = read_source(findings[0].path).text if findings else ""
    return FileResult(findings, tuple(Skipped(*each) for each in skipped), None, bool(is_parsed), text)


def _finding_out(finding: Finding) -> Any:
    trail = [_step_out(step) for step in finding.trail]
    about = [finding.resource, finding.function, finding.ordinal]
    return [finding.code, finding.path, *finding.span.start, *finding.span.end, finding.message, int(finding.confidence), trail, *about]


def _finding_in(code: str, path: str, *fields: Any) -> Finding:
    row, column, end_row, end_column, message, confidence, trail, resource, function, ordinal = fields
    span = Span(Position(row, column), Position(end_row, end_column))
    return Finding(code, path, span, message, Confidence(confidence), tuple(_step_in(*s) for s in trail), resource, function, ordinal)


def _step_out(step: TrailStep) -> Any:
    return [step.path, *step.span.start, *step.span.end, step.text]


def _step_in(path: str, row: int, column: int, end_row: int, end_column: int, text: str) -> TrailStep:
    return TrailStep(path, Span(Position(row, column), Position(end_row, end_column)), text)
