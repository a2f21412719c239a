"""Findings that are known: a file that lists them, so that a run reports what is new.

An *entry* is a finding without its place: the file, the code, the function, the resource and the ordinal, that is, its fingerprint in
words, and the confidence, which tells whether a run that shows less could see it. So an entry still fits when lines move. When its
file is gone, it fits a finding with the same fingerprint in another one: the file was renamed. An entry is *paid off* if nothing fits it
in a run that would have found it.

The file has one JSON object in each line, sorted, after a line that says what it is. Two branches that each add or take out lines merge as
texts do; a line that is there twice counts once, and the order means nothing.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from unclosed.confidence import Confidence
from unclosed.errors import ConfigError
from unclosed.findings import Finding
from unclosed.report.paths import relative
from unclosed.report.report import Report

DEFAULT_NAME = "unclosed.baseline"
_HEAD = {"unclosed": "baseline", "version": 1}
_CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One known finding. `path` is relative to the directory of the file; `confidence` is the label of a degree."""

    path: str
    code: str
    function: str
    resource: str
    ordinal: int
    confidence: str

    @property
    def fingerprint(self) -> tuple[str, str, str, int]:
        """What stays when the file is renamed."""
        return self.code, self.function, self.resource, self.ordinal

    @property
    def description(self) -> str:
        """`app/db.py: UNC103 of pool.getconn() in rename_user()`, for a person."""
        what = f"{self.code} of {self.resource}" if self.resource else self.code
        where = f" in {self.function}()" if self.function else ""
        return f"{self.path}: {what}{where}" + (f", number {self.ordinal}" if self.ordinal > 1 else "")


@dataclass(frozen=True)
class Baseline:
    """The entries of a file, each once and sorted."""

    file: Path
    entries: tuple[Entry, ...] = ()

    @functools.cached_property
    def _places(self) -> frozenset[tuple[str, tuple[str, str, str, int]]]:
        return frozenset((entry.path, entry.fingerprint) for entry in self.entries)

    def path_of(self, entry: Entry) -> str:
        """The real path of the entry's file, which need not exist."""
        return os.path.realpath(self.file.parent / entry.path)

    def holds(self, finding: Finding) -> bool:
        """Whether an entry is about this finding in this file; the front doors that see one file ask so."""
        wanted = _entry(finding, self.file)
        return (wanted.path, wanted.fingerprint) in self._places

    def with_findings(self, findings: Iterable[Finding]) -> Baseline:
        """The baseline with the entries of these findings instead of its own."""
        return replace(self, entries=tuple(sorted({_entry(finding, self.file) for finding in findings})))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report held against a baseline: what is new, what fits an entry, and the entries that nothing fits though it would be seen."""

    new: tuple[Finding, ...]
    known: Mapping[Entry, Finding]
    paid_off: tuple[Entry, ...]


def read_baseline(path: Path) -> Baseline:
    """The baseline in this file; raises `ConfigError` if it cannot be read or is none."""
    try:
        lines = path.read_bytes().decode().split("\n")
    except FileNotFoundError as error:
        raise ConfigError("--baseline", f"{path} does not exist; 'unclosed baseline write' makes it") from error
    except OSError as error:
        raise ConfigError("--baseline", f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "is no baseline: not valid UTF-8") from error
    return Baseline(path, tuple(sorted(set(_entries(path, lines)))))


def write_baseline(baseline: Baseline) -> None:
    """Writes the file, by way of another one beside it, so that it is never half there; raises `ConfigError` if it cannot be written."""
    lines = [_HEAD, *map(asdict, baseline.entries)]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    new = baseline.file.with_name(f"{baseline.file.name}.new")
    try:
        new.write_bytes(text.encode("utf-8", "backslashreplace"))
        new.replace(baseline.file)
    except OSError as error:
        raise ConfigError("--baseline", f"{baseline.file} cannot be written: {error.strerror or error}") from error


def compare(report: Report, baseline: Baseline, is_seen: Callable[[Entry], bool]) -> Comparison:
    """Holds the findings against the entries; `is_seen` says whether the run would have found what an entry describes."""
    entries = {(entry.path, entry.fingerprint): entry for entry in baseline.entries}
    wanted = {finding: _entry(finding, baseline.file) for finding in report.findings}
    known: dict[Entry, Finding] = {}
    for finding, like in wanted.items():
        entry = entries.pop((like.path, like.fingerprint), None)
        if entry is not None:
            known[entry] = finding
    moved = {entry.fingerprint: entry for entry in entries.values() if not os.path.exists(baseline.path_of(entry))}
    fitting = set(known.values())
    for finding, like in wanted.items():
        entry = moved.pop(like.fingerprint, None) if finding not in fitting else None
        if entry is not None:
            known[entry] = finding
    fitting = set(known.values())
    left = (entry for entry in baseline.entries if entry not in known)
    new = (finding for finding in report.findings if finding not in fitting)
    return Comparison(tuple(new), known, tuple(entry for entry in left if is_seen(entry)))


def pruned(baseline: Baseline, comparison: Comparison) -> Baseline:
    """The baseline without what is paid off, with the new paths of files that were renamed."""
    gone = set(comparison.paid_off)
    kept = {entry for entry in baseline.entries if entry not in gone and entry not in comparison.known}
    renewed = {_entry(finding, baseline.file) for finding in comparison.known.values()}
    return replace(baseline, entries=tuple(sorted(kept | renewed)))


def _entry(finding: Finding, file: Path) -> Entry:
    path = relative(os.path.realpath(finding.path), Path(os.path.realpath(file.parent)))
    return Entry(path, finding.code, finding.function, finding.resource, finding.ordinal, finding.confidence.label)


def _entries(path: Path, lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of a file's lines; raises `ConfigError` that names the line for anything else."""
    for row, line in enumerate(lines, 1):
        where = f"{path}:{row}"
        if line.startswith(_CONFLICT):
            raise ConfigError(where, "a merge conflict is left here; keep the lines of both sides")
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ConfigError(where, "is no line of a baseline: not valid JSON") from error
        if row == 1:
            _check_head(where, value)
        elif value != _HEAD:  # a merge may bring it twice
            yield _parsed(where, value)


def _check_head(where: str, value: object) -> None:
    if not isinstance(value, dict) or value.get("unclosed") != "baseline":
        raise ConfigError(where, f"is no baseline: the first line must be {json.dumps(_HEAD)}")
    if value.get("version") != _HEAD["version"]:
        raise ConfigError(where, f"is a baseline of version {value.get('version')!r}; this release reads version {_HEAD['version']}")


def _parsed(where: str, value: object) -> Entry:
    """The entry that a line describes; keys that are unknown may come from a later release and mean nothing."""
    if not isinstance(value, dict):
        raise ConfigError(where, "is no line of a baseline: not an object")
    words = {key: value.get(key) for key in ("path", "code", "function", "resource", "confidence")}
    ordinal = value.get("ordinal")
    for key, word in words.items():
        if not isinstance(word, str):
            raise ConfigError(where, f"is no line of a baseline: {key!r} must be a string")
    if not isinstance(ordinal, int) or isinstance(ordinal, bool):
        raise ConfigError(where, "is no line of a baseline: 'ordinal' must be a number")
    labels = [degree.label for degree in Confidence]
    if words["confidence"] not in labels:
        raise ConfigError(where, f"{words['confidence']!r} is no confidence", accepted=labels, value=str(words["confidence"]))
    return Entry(ordinal=ordinal, **{key: str(word) for key, word in words.items()})
