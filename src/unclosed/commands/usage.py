"""What all commands share: which configuration holds, and how a mistake of the user ends the run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from unclosed.config import Config, find_config, read_config
from unclosed.discovery import common_directory
from unclosed.errors import ConfigError
from unclosed.source import STDIN

config_option = click.option(
    "--config", "config_file", type=click.Path(), metavar="FILE", help="Read this pyproject.toml instead of the nearest one."
)
"""The option that names the configuration."""


class Mistake(click.ClickException):
    """A mistake of the user in one line, without the usage text, because it often stands in a file."""

    exit_code = click.UsageError.exit_code


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """The user's mistakes as click's errors, exit status 2."""
    try:
        yield
    except ConfigError as error:
        raise Mistake(str(error)) from error


def chosen_config(paths: Sequence[str], config_file: str | None, stdin_filename: str | None = None) -> Config:
    """The configuration of the given file, or of what the paths have in common; raises `ConfigError`."""
    if config_file is not None:
        return read_config(Path(config_file))
    named = [stdin_filename or "stdin" if path == STDIN else path for path in paths]
    return find_config(common_directory(named))
