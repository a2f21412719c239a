"""`unclosed baseline`: write down the findings of today, and take out those that are gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from unclosed.baseline import DEFAULT_NAME, Baseline, pruned, read_baseline, write_baseline
from unclosed.catalog import Catalog
from unclosed.commands.run_options import configured, run_options
from unclosed.commands.sections import Sectioned
from unclosed.commands.usage import usage_errors
from unclosed.config import Config
from unclosed.gate import compared
from unclosed.lint import check_paths
from unclosed.report.report import Report

_file_option = click.option(
    "--baseline", type=click.Path(dir_okay=False), metavar="FILE", help=f"The file of known findings.  [{DEFAULT_NAME}]"
)


@click.group()
def baseline() -> None:
    """Write and prune a list of known findings.

    `unclosed check --baseline FILE` leaves out what such a list holds, so that only new findings count.
    """


@baseline.command(cls=Sectioned)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@_file_option
@run_options
def write(paths: tuple[str, ...], **options: Any) -> None:  # the values are click's
    """Write all findings of PATHS as known.

    PATHS are the working directory by default. What the file said before is gone.

    Exit status: 0, or that of a run which could not check everything; then nothing is written.
    """
    with usage_errors():
        run = _run(paths, options)
        new = Baseline(_file(run.config)).with_findings(run.report.findings)
        write_baseline(new)
    click.echo(f"{_several(len(new.entries), 'finding')} written to {new.file}")


@baseline.command(cls=Sectioned)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@_file_option
@run_options
def prune(paths: tuple[str, ...], **options: Any) -> None:  # the values are click's
    """Take out what is no longer found, and name it.

    PATHS are the working directory by default. What a run over them could not have found stays: other files, rules that do not run,
    less confidence. Files that were renamed get their new names.

    Exit status: 0, or that of a run which could not check everything; then nothing is written.
    """
    with usage_errors():
        run = _run(paths, options)
        old = read_baseline(_file(run.config))
        comparison = compared(run.report, old, run.config, run.paths)
        new = pruned(old, comparison)
        write_baseline(new)
    for entry in comparison.paid_off:
        click.echo(f"{entry.description}: no longer found")
    click.echo(f"{_several(len(comparison.paid_off), 'finding')} taken out of {new.file}, {len(new.entries)} left")


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that checked everything."""

    paths: tuple[str, ...]
    config: Config
    report: Report


def _run(paths: tuple[str, ...], options: dict[str, Any]) -> _Run:
    """The run over these paths; ends the program where something could not be checked. Raises `ConfigError`."""
    paths = paths or (".",)
    force_exclude = options.pop("force_exclude")
    config = configured(paths, options.pop("config_file"), **options)
    report = check_paths(paths, config, Catalog.load(config.models), force_exclude=force_exclude)
    for error in report.errors:
        click.echo(f"unclosed: {error.path}: {error.reason}", err=True)
    if report.errors:
        raise SystemExit(report.exit_status)
    return _Run(paths, config, report)


def _file(config: Config) -> Path:
    """The file that option or configuration name, else the one with the default name in the working directory."""
    return config.baseline or Path(DEFAULT_NAME)


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
