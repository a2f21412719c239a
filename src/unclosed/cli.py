"""The command `unclosed`: arguments in, text and an exit status out.

Exit status of `check`: 0 clean, 1 findings, 2 usage, configuration or a path that is not there, 3 the linter failed in a file or
could not read it.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unclosed import __version__
from unclosed.cache import Cache, cache_folder
from unclosed.catalog import Catalog
from unclosed.commands.lazy import LazyGroup
from unclosed.commands.run_options import configured, run_options
from unclosed.commands.sections import Sectioned
from unclosed.commands.usage import chosen_config, config_option, usage_errors
from unclosed.config import Config, OutputFormat
from unclosed.errors import ConfigError
from unclosed.lint import check_paths
from unclosed.report import statistics
from unclosed.report.formats import RENDERERS
from unclosed.report.paint import Paint, wants_colour
from unclosed.report.report import Report

if TYPE_CHECKING:
    from unclosed.baseline import Entry

    _Gate = Callable[[Report, Config], tuple[Report, tuple[Entry, ...]]]

_FORMATS = tuple(member.value for member in OutputFormat)
_EXAMPLES = """\b
Exit status: 0 nothing is found, 1 findings, 2 a mistake in usage or
settings, 3 the linter itself failed in a file.

\b
unclosed check src tests           check two directories
unclosed check --diff main         only what a branch has changed
unclosed check --select UNC1,UNC3  only leaks and pools
"""
_LONG_RUN = 200
"""From so many files on a run shows its progress."""


_COMMANDS = {
    "baseline": "unclosed.commands.baseline:baseline",
    "clean": "unclosed.commands.clean:clean",
    "config": "unclosed.commands.config:show_config",
    "models": "unclosed.commands.models:models",
    "rule": "unclosed.commands.rule:rule",
}


@click.group(cls=LazyGroup, elsewhere=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="unclosed")
def main() -> None:
    """Find connections, sessions and cursors that are not given back.

    Start with `unclosed check src`. `unclosed rule UNC103` explains a finding, `unclosed COMMAND -h` a command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names and source may hold what the terminal cannot show


@main.command(cls=Sectioned, epilog=_EXAMPLES)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATHS]...")
@run_options
@click.option("--stdin-filename", type=click.Path(), metavar="PATH", help="The path of the text that `-` reads from standard input.")
@click.option("--baseline", type=click.Path(dir_okay=False), metavar="FILE", help="Leave out the known findings that FILE lists.")
@click.option("--diff", "revision", metavar="REVISION", help="Show only what has to do with lines changed since REVISION of git.")
@click.option("--add-noqa", is_flag=True, help="Silence each finding by a comment in its file; print only what is left.")
@click.option("--noqa-reason", metavar="TEXT", default="", help="Write TEXT behind each comment that --add-noqa adds.")
@click.option(
    "--output-format", type=click.Choice(_FORMATS), metavar="FORMAT", help=f"How to print findings: {', '.join(_FORMATS)}.  [flake8]"
)
@click.option("--output-file", type=click.Path(dir_okay=False), metavar="FILE", help="Write findings to FILE, not to standard output.")
@click.option("--statistics", "with_statistics", is_flag=True, help="Count findings, skipped functions and files at the end.")
@click.option("--exit-zero", is_flag=True, help="Exit with status 0 even if there are findings.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="NUMBER", help="Share the work among NUMBER processes.  [as many as pay]")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep what is known of unchanged files.")
def check(
    paths: tuple[str, ...],
    force_exclude: bool,
    output_file: str | None,
    revision: str | None,
    no_cache: bool,
    jobs: int | None,
    with_statistics: bool,
    add_noqa: bool,
    noqa_reason: str,
    exit_zero: bool,
    config_file: str | None,
    stdin_filename: str | None,
    **options: Any,  # the values are click's
) -> None:
    """Check Python files, and those below directories.

    PATHS are files and directories, the working directory by default; `-` is standard input. Settings come from the nearest
    pyproject.toml; options stand over it.
    """
    paths = paths or (".",)
    with usage_errors():
        config = configured(paths, config_file, stdin_filename, **options)
        catalog = Catalog.load(config.models)
        cache = None if no_cache else Cache(cache_folder())
        closed = None if config.baseline is None and revision is None else _gate(paths, config.baseline, revision)
        write_comments = _comments(paths, noqa_reason) if add_noqa else None
        report = check_paths(
            paths, config, catalog, force_exclude=force_exclude, stdin_name=stdin_filename, watch=_watch, cache=cache, jobs=jobs
        )
        report, paid_off = (report, ()) if closed is None else closed(report, config)
        report = report if write_comments is None else write_comments(report)
        _print(report, config, output_file, with_statistics=with_statistics)
    for entry in paid_off:
        click.echo(f"unclosed: {entry.description}: no longer found, 'unclosed baseline prune' takes it out", err=True)
    status = report.exit_status
    raise SystemExit(0 if exit_zero and status == 1 else status)


@main.command()
@click.argument("place", type=click.Path(), metavar="PATH:LINE[:COLUMN]")
@click.option("--graph", "with_graph", is_flag=True, help="Print the function's flow graph too.")
@config_option
def explain(place: str, with_graph: bool, config_file: str | None) -> None:
    """Say why something is reported at a line, or is not.

    For each call on the line: what it was resolved to and why, and what it acquires. For what it acquires: where the obligation ends on
    each path, the verdict with its trail, and the summaries of other functions that all this rests on. PATH:LINE:COLUMN is a place as
    findings print it; with a column, only the calls there are explained.

    Exit status: 0, or 2 for a place that cannot be explained.
    """
    from unclosed.explain.page import explain as explained  # loads libcst
    from unclosed.explain.place import parse_place

    with usage_errors():
        asked = parse_place(place)
        config = chosen_config((asked.path,), config_file)
        text = explained(asked, config, Catalog.load(config.models), with_graph=with_graph)
    click.echo(text, nl=False)


def _comments(paths: Sequence[str], reason: str) -> Callable[[Report], Report]:
    """What writes comments for the findings of a report and gives the report of those that are left; raises `ConfigError`."""
    from unclosed.commands.add_noqa import NoqaWriter

    return NoqaWriter(paths, reason).silenced


def _gate(
    paths: Sequence[str], baseline: Path | None, revision: str | None
) -> Callable[[Report, Config], tuple[Report, tuple[Entry, ...]]]:
    """What lets a report through; raises `ConfigError` for a baseline or a revision that cannot be read, before anything is checked."""
    from unclosed.gate import gate, passed  # loads what runs git

    closed = gate(paths, baseline, revision)
    return lambda report, config: passed(report, closed, config, paths)


def _watch(files: Sequence[str]) -> AbstractContextManager[Iterable[str]]:
    """The files, under a progress bar if they are many and somebody is looking."""
    if len(files) < _LONG_RUN or not sys.stderr.isatty():
        return contextlib.nullcontext(files)
    return click.progressbar(files, label="Checking", file=sys.stderr)


def _print(report: Report, config: Config, output_file: str | None, *, with_statistics: bool) -> None:
    """Findings to standard output or the file, what went wrong to standard error, statistics where they disturb no program."""
    if output_file is None:
        paint = Paint(colour=wants_colour(sys.stdout))
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
