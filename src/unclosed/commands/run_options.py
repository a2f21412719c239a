"""The options that say what a run looks at and for what: those of `check` and of every command that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from unclosed.commands.usage import chosen_config, config_option
from unclosed.confidence import Confidence
from unclosed.config import Config, override

_Command = TypeVar("_Command", bound=Callable[..., object])


def split(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Several values of an option, each of which may hold several between commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


_OPTIONS = (
    click.option("--select", multiple=True, callback=split, metavar="CODES", help="Run these rules alone; codes or prefixes."),
    click.option("--extend-select", multiple=True, callback=split, metavar="CODES", help="Run these rules too."),
    click.option("--ignore", multiple=True, callback=split, metavar="CODES", help="Do not run these rules."),
    click.option(
        "--per-file-ignores", multiple=True, callback=split, metavar="PATTERN:CODE", help="Do not run this rule in files that match."
    ),
    click.option("--exclude", multiple=True, callback=split, metavar="PATTERNS", help="Leave these paths out, not the default ones."),
    click.option("--extend-exclude", multiple=True, callback=split, metavar="PATTERNS", help="Leave these paths out too."),
    click.option("--force-exclude", is_flag=True, help="Leave excluded paths out even if they are named."),
    click.option(
        "--min-confidence", type=click.Choice([degree.label for degree in reversed(Confidence)]), help="Show nothing less sure.  [likely]"
    ),
    click.option(
        "--slow-io-seconds", type=float, metavar="SECONDS", help="Call I/O with such a time limit slow; 0: any, if it has a limit.  [60]"
    ),
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
