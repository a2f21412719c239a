"""The options that say what a run looks at and for what: those of `check` and of every command that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import click

from unclosed.commands.completion import complete_codes
from unclosed.commands.usage import chosen_config, config_option
from unclosed.confidence import Confidence
from unclosed.config import Config, override

_Command = TypeVar("_Command", bound=Callable[..., object])


def split(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Several values of an option, each of which may hold several between commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


_DEGREES = tuple(degree.label for degree in reversed(Confidence))
_codes = partial(click.option, multiple=True, callback=split, metavar="CODES", shell_complete=complete_codes)
_patterns = partial(click.option, multiple=True, callback=split, metavar="PATTERNS")
_OPTIONS = (
    _codes("--select", help="Run only these rules: codes or prefixes, between commas."),
    _codes("--extend-select", help="Run these rules too, which are off by default."),
    _codes("--ignore", help="Do not run these rules."),
    _codes("--per-file-ignores", metavar="PATTERN:CODE", help="Do not run a rule in files that match."),
    click.option(
        "--min-confidence", type=click.Choice(_DEGREES), metavar="DEGREE", help=f"Show nothing less sure: {', '.join(_DEGREES)}.  [likely]"
    ),
    click.option("--slow-io-seconds", type=float, metavar="SECONDS", help="From which time limit on I/O is slow; 0: whatever it is.  [60]"),
    _patterns("--exclude", help="Leave out these paths instead of the default ones; patterns as in .gitignore."),
    _patterns("--extend-exclude", help="Leave out these paths too."),
    click.option("--force-exclude", is_flag=True, help="Leave out excluded paths even if they are named."),
    config_option,
)


def run_options(command: _Command) -> _Command:
    """The command with these options, in this order; `configured` reads what they say."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def configured(
    paths: Sequence[str],
    config_file: str | None,
    stdin_filename: str | None = None,
    *,
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    ignore: tuple[str, ...],
    per_file_ignores: tuple[str, ...],
    exclude: tuple[str, ...],
    extend_exclude: tuple[str, ...],
    min_confidence: str | None,
    slow_io_seconds: float | None,
    baseline: str | None = None,
    output_format: str | None = None,
) -> Config:
    """The configuration of the paths, or of the named file, with what the options say; raises `ConfigError`."""
    return override(
        chosen_config(paths, config_file, stdin_filename),
        select=select,
        extend_select=extend_select,
        ignore=ignore,
        per_file_ignores=per_file_ignores,
        exclude=exclude,
        extend_exclude=extend_exclude,
        min_confidence=min_confidence,
        baseline=baseline,
        output_format=output_format,
        slow_io_seconds=slow_io_seconds,
    )
