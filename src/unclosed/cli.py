"""The command `unclosed`: arguments in, text and an exit status out.

Exit status of `check`: 0 clean, 1 findings, 2 usage, configuration or a path that is not there, 3 the linter failed in a file or
could not read it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click

from unclosed import __version__
from unclosed.catalog import Catalog
from unclosed.catalog_checks import check_model_file
from unclosed.changes import changes_since, touched
from unclosed.confidence import Confidence
from unclosed.config import Config, OutputFormat, find_config, override, read_config
from unclosed.discovery import common_directory
from unclosed.errors import ConfigError
from unclosed.lint import check_paths
from unclosed.report import rule_page, statistics
from unclosed.report.formats import RENDERERS
from unclosed.report.paint import Paint
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.selection import find_rule
from unclosed.source import STDIN

_LONG_RUN = 200
"""From so many files on a run shows its progress."""


def _split(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Several values of an option, each of which may hold several between commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="unclosed")
def main() -> None:
    """Find leaking database connections, sessions, cursors and clients."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names and source may hold what the terminal cannot show


@main.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--select", multiple=True, callback=_split, metavar="CODES", help="Run these rules alone; codes or prefixes.")
@click.option("--extend-select", multiple=True, callback=_split, metavar="CODES", help="Run these rules too.")
@click.option("--ignore", multiple=True, callback=_split, metavar="CODES", help="Do not run these rules.")
@click.option(
    "--per-file-ignores", multiple=True, callback=_split, metavar="PATTERN:CODE", help="Do not run this rule in files that match."
)
@click.option("--exclude", multiple=True, callback=_split, metavar="PATTERNS", help="Leave these paths out, instead of the default ones.")
@click.option("--extend-exclude", multiple=True, callback=_split, metavar="PATTERNS", help="Leave these paths out too.")
@click.option("--force-exclude", is_flag=True, help="Leave excluded paths out even if they are named.")
@click.option(
    "--min-confidence", type=click.Choice([degree.label for degree in reversed(Confidence)]), help="Show nothing less sure.  [likely]"
)
@click.option(
    "--slow-io-seconds", type=float, metavar="SECONDS", help="Call I/O with such a time limit slow; 0: any, if it has a limit.  [60]"
)
@click.option("--output-format", type=click.Choice([member.value for member in OutputFormat]), help="How to print findings.  [flake8]")
@click.option("--output-file", type=click.Path(dir_okay=False), metavar="FILE", help="Write findings there, not to standard output.")
@click.option("--diff", "revision", metavar="REVISION", help="Show what has to do with lines changed since this revision of git alone.")
@click.option("--statistics", "with_statistics", is_flag=True, help="Count findings, skipped functions and files at the end.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 even if there are findings.")
@click.option("--config", "config_file", metavar="FILE", help="Read this pyproject.toml instead of the nearest one.")
@click.option("--stdin-filename", metavar="PATH", help="The path of the text that is read from standard input.")
def check(
    paths: tuple[str, ...],
    force_exclude: bool,
    output_file: str | None,
    revision: str | None,
    with_statistics: bool,
    exit_zero: bool,
    config_file: str | None,
    stdin_filename: str | None,
    min_confidence: str | None,
    output_format: str | None,
    slow_io_seconds: float | None,
    **lists: tuple[str, ...],
) -> None:
    """Check Python files, and those below directories. PATHS are the working directory by default, `-` is standard input."""
    paths = paths or (".",)
    with _usage_errors():
        config = _config(paths, config_file, stdin_filename)
        config = override(config, **lists, min_confidence=min_confidence, output_format=output_format, slow_io_seconds=slow_io_seconds)
        catalog = Catalog.load(config.models)
        changes = None if revision is None else changes_since(revision, common_directory(paths))
        report = check_paths(paths, config, catalog, force_exclude=force_exclude, stdin_name=stdin_filename, watch=_watch)
        report = report if changes is None else touched(report, changes)
        _print(report, config, output_file, with_statistics=with_statistics)
    status = report.exit_status
    raise SystemExit(0 if exit_zero and status == 1 else status)


@main.command()
@click.argument("place", metavar="PATH:LINE[:COLUMN]")
@click.option("--graph", "with_graph", is_flag=True, help="Print the function's flow graph too.")
@click.option("--config", "config_file", metavar="FILE", help="Read this pyproject.toml instead of the nearest one.")
def explain(place: str, with_graph: bool, config_file: str | None) -> None:
    """Say what is believed at a line, to hunt a false alarm.

    For each call on the line: what it was resolved to and why, and what it acquires. For what it acquires: where the obligation ends on
    each path, the verdict with its trail, and the summaries of other functions that all this rests on. PATH:LINE:COLUMN is a place as
    findings print it; with a column, only the calls there are explained. Exit status: 0, or 2 for a place that cannot be explained.
    """
    from unclosed.explain.page import explain as explained  # loads libcst
    from unclosed.explain.place import parse_place

    with _usage_errors():
        asked = parse_place(place)
        config = _config((asked.path,), config_file, None)
        text = explained(asked, config, Catalog.load(config.models), with_graph=with_graph)
    click.echo(text, nl=False)


@main.command()
@click.argument("name", metavar="CODE", required=False)
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
def rule(name: str | None, every: bool) -> None:
    """Explain a rule, by its code or its name, with an example of bad and of good code."""
    if every == (name is not None):
        raise click.UsageError("name one rule, or give --all")
    with _usage_errors():
        rules = all_rules() if name is None else (find_rule(name),)
    click.echo("\n".join(rule_page.render(each) for each in rules), nl=False)


@main.group()
def models() -> None:
    """Look after model files, which say what a library's calls acquire and how it is released."""


@models.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check_models(files: tuple[str, ...]) -> None:
    """Say everything that is wrong with model files. Exit status: 0 nothing, 1 something."""
    mistakes = [mistake for file in files for mistake in check_model_file(Path(file))]
    for mistake in mistakes:
        click.echo(mistake)
    raise SystemExit(1 if mistakes else 0)


class _Mistake(click.ClickException):
    """A mistake of the user in one line, without the usage text, because it often stands in a file."""

    exit_code = click.UsageError.exit_code


@contextlib.contextmanager
def _usage_errors() -> Iterator[None]:
    """The user's mistakes as click's errors, exit status 2."""
    try:
        yield
    except ConfigError as error:
        raise _Mistake(str(error)) from error


def _config(paths: Sequence[str], config_file: str | None, stdin_filename: str | None) -> Config:
    """The configuration of the given file, or of what the paths have in common."""
    if config_file is not None:
        return read_config(Path(config_file))
    named = [stdin_filename or "stdin" if path == STDIN else path for path in paths]
    return find_config(common_directory(named))


def _watch(files: Sequence[str]) -> AbstractContextManager[Iterable[str]]:
    """The files, under a progress bar if they are many and somebody is looking."""
    if len(files) < _LONG_RUN or not sys.stderr.isatty():
        return contextlib.nullcontext(files)
    return click.progressbar(files, label="Checking", file=sys.stderr)


def _print(report: Report, config: Config, output_file: str | None, *, with_statistics: bool) -> None:
    """Findings to standard output or the file, what went wrong to standard error, statistics where they disturb no program."""
    if output_file is None:
        paint = Paint(colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
        click.echo(RENDERERS[config.output_format](report, paint), nl=False, color=paint.colour)
    else:
        _write(Path(output_file), RENDERERS[config.output_format](report, Paint()))
    for error in report.errors:
        click.echo(f"unclosed: {error.path}: {error.reason}", err=True)
    for path in report.empty:
        click.echo(f"unclosed: {path}: no Python files", err=True)
    if with_statistics:
        click.echo(statistics.render(report), nl=False, err=output_file is None and not config.output_format.is_for_people)


def _write(path: Path, text: str) -> None:
    """The text as a file, in UTF-8, in directories that are made where they are missing; raises `ConfigError` if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigError("--output-file", f"{path} cannot be written: {error.strerror or error}") from error
