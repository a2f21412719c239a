"""The flake8 plugin: the findings of the command line for the lines that flake8 holds, which may be unsaved.

flake8 decides which codes are shown and reads `# noqa`; the plugin gives it everything, rules that are off by default included. It says
nothing of a file that does not parse, because flake8 does (E999). From the nearest `pyproject.toml` upwards from the file it
takes the library models, `requires-python`, the baseline and, unless flake8's own configuration gives one, the confidence. Importing
this module, and checking a file that cannot matter, loads neither libcst nor click.
"""

from __future__ import annotations

import argparse
import ast
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from unclosed import __version__
from unclosed.baseline import Baseline, read_baseline
from unclosed.cache import Cache, cache_folder
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config, find_config, parse_confidence, parse_seconds, read_config
from unclosed.engine import Engine, Wanted
from unclosed.errors import ConfigError
from unclosed.findings import Finding
from unclosed.lint import check_source
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.selection import wanted_by
from unclosed.text import SourceFile

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager

_SILENT = ("UNC901", "UNC902")
"""Codes that flake8 has its own for."""

FlakeError = tuple[int, int, str, type]


class Plugin:
    """One file, as flake8 asks for it."""

    name = "unclosed"
    version = __version__
    min_confidence: ClassVar[Confidence | None] = None
    """From flake8's options; `None`: not told there."""
    slow_io_seconds: ClassVar[float | None] = None
    config_file: ClassVar[str | None] = None
    wanted: ClassVar[Wanted] = Wanted()
    """What the rules that flake8 selects by name ask for."""

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        """`lines` are the text, with line ends, without byte order mark; `tree` is theirs."""
        self._tree = tree
        self._source = SourceFile(filename, "".join(lines))

    @classmethod
    def add_options(cls, option_manager: OptionManager) -> None:
        """Register the options, and the codes that are off by default."""
        option_manager.extend_default_ignore([rule.code for rule in all_rules() if not rule.default])
        labels = ", ".join(degree.label for degree in reversed(Confidence))
        option_manager.add_option(
            "--unclosed-min-confidence",
            default=None,
            parse_from_config=True,
            metavar="DEGREE",
            help=f"Show no finding of unclosed that is less sure: {labels}. (Default: likely)",
        )
        option_manager.add_option(
            "--unclosed-slow-io-seconds",
            default=None,
            parse_from_config=True,
            metavar="SECONDS",
            help="Call I/O with such a time limit slow; 0: any, if it has a limit. (Default: 60)",
        )
        option_manager.add_option(
            "--unclosed-config",
            default=None,
            parse_from_config=True,
            normalize_paths=True,
            metavar="FILE",
            help="The pyproject.toml that unclosed reads instead of the nearest one.",
        )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Keep the options; a wrong value is flake8's usage error."""
        label = options.unclosed_min_confidence
        try:
            cls.min_confidence = None if label is None else parse_confidence("unclosed-min-confidence", label)
            cls.slow_io_seconds = _seconds(options.unclosed_slow_io_seconds)
        except ConfigError as error:
            raise _flake8_error(error) from error
        cls.config_file = options.unclosed_config
        selected = (*(options.select or ()), *(options.extend_select or ()))
        cls.wanted = wanted_by(rule for rule in all_rules() if rule.code.startswith(selected))

    def run(self) -> Iterator[FlakeError]:
        """Row, column from 0, code and message of each finding."""
        try:
            settings, catalog, engine = _project(_directory(self._source.path), self.config_file, self.wanted)
            is_known = _known(settings.baseline)
        except ConfigError as error:
            raise _flake8_error(error) from error
        if self.min_confidence is not None:
            settings = replace(settings, min_confidence=self.min_confidence)
        if self.slow_io_seconds is not None:
            settings = replace(settings, slow_io_seconds=self.slow_io_seconds)
        result = check_source(
            self._source, settings, catalog, rules=_rules(settings.slow_io_seconds), tree=self._tree, honour_noqa=False, engine=engine
        )
        if result.error is not None:
            sys.stderr.write(f"unclosed: {result.error.path}: {result.error.reason}\n")
        for finding in filterfalse(is_known, result.findings):
            row, column = finding.start
            yield row, column, f"{finding.code} {finding.message}", type(self)


@functools.cache
def _rules(slow_io_seconds: float) -> tuple[Rule, ...]:
    return tuple(rule.configured(slow_io_seconds) for rule in all_rules() if rule.code not in _SILENT)


def _seconds(text: str | None) -> float | None:
    """The number that flake8's option or configuration gives as text."""
    if text is None:
        return None
    try:
        seconds: object = int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        seconds = text
    return parse_seconds("unclosed-slow-io-seconds", seconds)


def _known(file: Path | None) -> Callable[[Finding], bool]:
    """Whether the project's baseline lists a finding; raises `ConfigError` for one that cannot be read."""
    return _baseline(file, file.stat().st_mtime_ns if file.is_file() else 0).holds if file is not None else lambda _: False


@functools.lru_cache(maxsize=16)
def _baseline(file: Path, _changed: int) -> Baseline:
    """The baseline as it was when the file was changed last; an editor's server lives longer than that."""
    return read_baseline(file)


@functools.cache
def _project(directory: Path, config_file: str | None, wanted: Wanted) -> tuple[Config, Catalog, Engine]:
    """The settings of a directory, the catalog with the models of its project, and the engine that keeps what it learns of it."""
    config = find_config(directory) if config_file is None else read_config(Path(config_file))
    return config, *_engine(config.file, config.requires_python, wanted)


@functools.cache
def _engine(config_file: Path | None, requires_python: tuple[int, int] | None, wanted: Wanted) -> tuple[Catalog, Engine]:
    """One for each configuration file, so that all directories of a project share what is known of it."""
    config = Config() if config_file is None else read_config(config_file)
    catalog = Catalog.load(config.models)
    return catalog, Engine(catalog, requires_python, wanted, cache=Cache(cache_folder()))


def _directory(filename: str) -> Path:
    """The directory of the file; for standard input without a name, the working directory."""
    return Path(os.path.abspath(filename)).parent


def _flake8_error(error: ConfigError) -> Exception:
    """The error that makes flake8 stop with one line; it survives the way from a worker process, which `ConfigError` does not."""
    from flake8.exceptions import ExecutionError

    return ExecutionError(f"unclosed: {error}")
