"""`unclosed clean`: remove what earlier runs have kept."""

from __future__ import annotations

import click

from unclosed.cache import cache_folder
from unclosed.cache import clean as remove
from unclosed.commands.usage import Mistake


@click.command()
def clean() -> None:
    """Remove the cache.

    It holds what earlier runs found out about unchanged files. Exit status: 0, or 2 if it cannot be removed.
    """
    folder = cache_folder()
    try:
        is_removed = remove(folder)
    except OSError as error:
        raise Mistake(f"{folder}: cannot be removed: {error.strerror or error}") from error
    click.echo(f"{folder} removed" if is_removed else f"{folder}: no cache there")
