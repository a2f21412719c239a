"""From texts and paths to a `Report`: which files matter, which rules run, what is suppressed, in which order.

Nothing that happens in one file stops the run: `_within_boundary` makes a crash an error of that file.
"""

from __future__ import annotations

import ast
import contextlib
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from unclosed.cache import Cache
from unclosed.catalog import Catalog
from unclosed.collector import collector_paused
from unclosed.confidence import Confidence
from unclosed.config import Config
from unclosed.discovery import Discovery, common_directory, discover, repository_root
from unclosed.engine import Engine
from unclosed.errors import TooDeep, UnparsableFile, UnreadableFile
from unclosed.file_result import FileResult
from unclosed.file_rules import FileRules
from unclosed.findings import Finding, Skipped, numbered
from unclosed.kept_runs import KeptRun
from unclosed.pgbouncer.ini import read_settings_file
from unclosed.pgbouncer.judge import judge
from unclosed.pgbouncer.surroundings import FILE_NAME as SETTINGS_FILE
from unclosed.pgbouncer.surroundings import is_settings_file, pooler_of, web_package
from unclosed.report.report import FileError, Report
from unclosed.rules.rule import Rule
from unclosed.selection import wanted_by
from unclosed.source import STDIN, read_source
from unclosed.suppressions import Suppressions
from unclosed.syntax import is_python
from unclosed.text import Position, SourceFile, Span
from unclosed.unused_suppressions import UNUSED, unused_suppressions
from unclosed.workers import in_order, worthwhile_jobs

UNPARSABLE = "UNC901"
"""The code of a file that is not valid Python; it is reported here, because no analysis has anything to say of such a file."""

Watch = Callable[[Sequence[str]], AbstractContextManager[Iterable[str]]]
"""Hands the files on to a loop and may watch its progress."""


def check_source(
    source: SourceFile,
    settings: Config,
    catalog: Catalog,
    *,
    rules: tuple[Rule, ...] | None = None,
    tree: ast.Module | None = None,
    honour_noqa: bool = True,
    engine: Engine | None = None,
) -> FileResult:
    """What the rules find in one text; never raises for what is in it. `ConfigError` for codes that no rule has.

    `rules` stand in for those of the settings; `tree` is the text's tree, if one exists already; `engine` keeps what is known of the
    project from file to file. Suppressed findings are left out unless `honour_noqa` is false.
    """
    chosen = FileRules(settings).of(source.path) if rules is None else rules
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the checked code, `"\d"` in a string
            engine = engine or _engine(catalog, settings, chosen)
            result = _within_boundary(source.path, lambda: _checked(source, settings, engine, chosen, tree))
    except UnparsableFile as error:
        result = _unparsable(source.path, error, chosen)
    shown = tuple(_shown(source, result, settings, chosen, honour_noqa=honour_noqa))
    return replace(result, findings=shown, text=source.text if shown else "")


def _shown(source: SourceFile, result: FileResult, settings: Config, rules: tuple[Rule, ...], *, honour_noqa: bool) -> Iterator[Finding]:
    """The findings of a file that are sure enough and not silenced, and comments that silence nothing if that is asked for, in order."""
    found = result.findings
    if honour_noqa and result.error is None and not result.skipped and any(rule.code == UNUSED for rule in rules):
        found = (*found, *unused_suppressions(source, found, rules))
    suppressions = Suppressions(source.text if honour_noqa else "")
    for finding in numbered(_in_order(found)):
        if finding.confidence >= settings.min_confidence and not suppressions.covers(finding.code, finding.start.row):
            yield finding


def check_paths(
    paths: Sequence[str],
    settings: Config,
    catalog: Catalog,
    *,
    force_exclude: bool = False,
    stdin_name: str | None = None,
    watch: Watch = contextlib.nullcontext,
    cache: Cache | None = None,
    jobs: int | None = 1,
) -> Report:
    """The report on all Python files that these paths stand for; `-` is standard input, shown as `stdin_name`.

    `cache`: where facts are kept. `jobs`: how many processes share the work; `None`: as many as pay.
    """
    started = time.perf_counter()
    rules, of_named = FileRules(settings), FileRules(settings, is_named=True)
    named = frozenset(map(os.path.realpath, paths))
    also = frozenset({SETTINGS_FILE} if any(rule.reads_settings for rule in rules.all) else ())
    discovery = discover(paths, settings, force_exclude=force_exclude, stdin_name=stdin_name, also=also)
    run = None if cache is None else KeptRun(cache, settings, rules.all, discovery.files)
    results = run.results() if run is not None else None
    if results is None:
        work = partial(_file_check, settings, catalog, cache, stdin_name)
        texts = [path for path in discovery.files if not is_settings_file(path)]
        checked = in_order(work, texts, _jobs(texts) if jobs is None else jobs)
        results = {}
        with watch(discovery.files) as files, collector_paused():
            for path in files:
                if is_settings_file(path):
                    asked = of_named if os.path.realpath(path) in named else rules
                    results[path] = check_settings_file(path, settings, asked.of(path))
                else:
                    results[_name(path, stdin_name)] = next(checked)
        if run is not None:
            run.keep(results)
    if cache is not None:
        cache.tidy()
    root = repository_root(common_directory([_name(path, stdin_name) for path in paths]))
    return _report(discovery, results, time.perf_counter() - started, root)


def _file_check(settings: Config, catalog: Catalog, cache: Cache | None, stdin_name: str | None) -> Callable[[str], FileResult]:
    """What checks one file after another, and keeps what it learns of the project."""
    rules = FileRules(settings)
    engine = _engine(catalog, settings, rules.all, cache)

    def check(path: str) -> FileResult:
        shown_as = _name(path, stdin_name)
        return check_file(path, shown_as, settings, catalog, rules.of(shown_as), engine)

    return check


def _name(path: str, stdin_name: str | None) -> str:
    return (stdin_name or "stdin") if path == STDIN else path


def _jobs(paths: Sequence[str]) -> int:
    """How many processes pay for these files; standard input can be read by this one alone."""
    if STDIN in paths:
        return 1
    sizes = 0
    for path in paths:
        with contextlib.suppress(OSError):
            sizes += os.stat(path).st_size
    return worthwhile_jobs(sizes)


def check_file(
    path: str, shown_as: str, settings: Config, catalog: Catalog, rules: tuple[Rule, ...], engine: Engine | None = None
) -> FileResult:
    """What the rules find in the file at `path`; a file that cannot be read becomes an error of the result."""
    try:
        source = read_source(path, shown_as)
    except UnreadableFile as error:
        return FileResult(error=FileError(shown_as, str(error)))
    except UnparsableFile as error:
        return _unparsable(shown_as, error, rules)
    return check_source(source, settings, catalog, rules=rules, engine=engine)


def check_settings_file(path: str, settings: Config, rules: tuple[Rule, ...]) -> FileResult:
    """What the rules find in a file of settings; one that cannot be read becomes an error of the result."""
    try:
        source = read_settings_file(path)
    except UnreadableFile as error:
        return FileResult(error=FileError(path, str(error)))
    return _within_boundary(path, lambda: _judged(source, settings, rules))


def _judged(source: SourceFile, settings: Config, rules: tuple[Rule, ...]) -> FileResult:
    asking = [rule for rule in rules if rule.reads_settings]
    if not asking:
        return FileResult()
    pooler = pooler_of(source)
    judged = judge(pooler, web_package(source.path))
    findings = numbered(_in_order(finding for rule in asking for finding in rule.check_settings(judged)))
    shown = tuple(
        finding
        for finding in findings
        if finding.confidence >= settings.min_confidence and not pooler.ini.is_silenced(finding.code, finding.path, finding.start.row)
    )
    return FileResult(shown, is_parsed=True, text=source.text if shown else "")


def _within_boundary(path: str, work: Callable[[], FileResult]) -> FileResult:
    """What the work on one file gives; a crash in it is an error of that file, and the run goes on. `UnparsableFile` passes."""
    try:
        return work()
    except UnparsableFile:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary: a crash in one file must not stop the run
        return FileResult(error=FileError(path, _crash(error), is_internal=True))


def _checked(source: SourceFile, settings: Config, engine: Engine, rules: tuple[Rule, ...], tree: ast.Module | None) -> FileResult:
    """The findings before suppression, however sure; raises `UnparsableFile`."""
    if not engine.matters(source):
        if tree is None and _asks_for_syntax(rules) and not is_python(source.text):
            _refuse(source.text)
        return FileResult()
    module = engine.analyse(source)
    findings = [finding for function in module.functions for rule in rules for finding in rule.check(function)]
    return FileResult(tuple(findings), module.skipped, is_parsed=True)


def _engine(catalog: Catalog, settings: Config, rules: tuple[Rule, ...], cache: Cache | None = None) -> Engine:
    return Engine(catalog, settings.requires_python, wanted_by(rules), cache=cache)


def _refuse(text: str) -> None:
    """Raises the same `UnparsableFile` that the engine would for a text that CPython refuses; newer syntax than CPython's passes."""
    from unclosed.lowering.parse import parse  # loads libcst, for the rare file that is refused

    with contextlib.suppress(TooDeep):
        parse(text)


def _asks_for_syntax(rules: Iterable[Rule]) -> bool:
    return any(rule.code == UNPARSABLE for rule in rules)


def _unparsable(path: str, error: UnparsableFile, rules: Iterable[Rule]) -> FileResult:
    """The result for a file that is not valid Python: a finding if the rule is on, else a file that was skipped."""
    if not _asks_for_syntax(rules):
        return FileResult(skipped=(Skipped(path, "", error.row, error.reason),))
    start = Position(error.row, error.column)
    finding = Finding(UNPARSABLE, path, Span(start, start), f"not valid Python: {error.reason}", Confidence.CERTAIN)
    return FileResult((finding,))


def _crash(error: Exception) -> str:
    """One line on a crash: what it was and where."""
    words = " ".join(str(error).split())[:200]
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in last)
    return f"internal error, please report it: {type(error).__name__}: {words}{where}"


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted by path, position and code, one for each."""
    once = {(finding.path, finding.start, finding.code): finding for finding in reversed(tuple(findings))}
    return tuple(once[key] for key in sorted(once))


def _report(discovery: Discovery, results: dict[str, FileResult], seconds: float, root: Path) -> Report:
    findings = _in_order(finding for result in results.values() for finding in result.findings)
    troubles = tuple(FileError(trouble.path, trouble.reason, is_missing=trouble.is_missing) for trouble in discovery.troubles)
    return Report(
        findings=findings,
        skipped=tuple(skipped for result in results.values() for skipped in result.skipped),
        files=len(results),
        parsed=sum(result.is_parsed for result in results.values()),
        seconds=seconds,
        errors=(*troubles, *(result.error for result in results.values() if result.error is not None)),
        empty=discovery.empty,
        texts=_texts(findings, {path: result.text for path, result in results.items() if result.findings}),
        checked=tuple(path for path, result in results.items() if result.error is None),
        root=root,
    )


def _texts(findings: Iterable[Finding], known: dict[str, str]) -> dict[str, str]:
    """The texts of the files with findings, and of those that their trails lead through, as far as these can be read."""
    for path in sorted({step.path for finding in findings for step in finding.trail} - known.keys()):
        with contextlib.suppress(UnreadableFile, UnparsableFile):
            known[path] = read_source(path).text
    return known
