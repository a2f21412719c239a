"""`unclosed config`: the settings that are in force and where each value is from, or the JSON schema of the settings."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from unclosed.cache import FOLDER_VARIABLE, cache_folder
from unclosed.catalog import Catalog
from unclosed.catalog_files import laid_over
from unclosed.commands.usage import chosen_config, config_option, usage_errors
from unclosed.config import Config
from unclosed.config_keys import KEYS, Key, Shape
from unclosed.config_schema import schema
from unclosed.file_rules import FileRules
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.toml_text import toml_lines, toml_value

_WIDTH = 80
_TABLES = (Shape.CODES_BY_PATTERN, Shape.OWN, Shape.MODELS)


@click.command("config")
@click.argument("path", default=".", type=click.Path())
@config_option
@click.option("--schema", "wants_schema", is_flag=True, help="Print the JSON schema of these settings instead.")
def show_config(path: str, config_file: str | None, wants_schema: bool) -> None:
    """Show the settings in force, and where each is from.

    PATH is a file or directory that would be checked, the working directory by default. The answer is the table [tool.unclosed] that
    would say it all, with the file that says it, or "default", behind each value, and then the rules that run for PATH.
    """
    if wants_schema:
        click.echo(json.dumps(schema(), indent=2))
        return
    with usage_errors():
        settings = chosen_config((path,), config_file)
        Catalog.load(settings.models)  # refuses what is wrong in it
        rules = FileRules(settings).of(path)
    click.echo("\n".join((*_settings(settings), "", *_rules(rules))))


def _settings(settings: Config) -> Iterator[str]:
    """The table, with comments on where its values are from."""
    for place in settings.origins.get("extend", ()):
        yield f"# {_shown(place)} extends another file."
    if settings.requires_python is not None:
        yield f"# Python {'.'.join(map(str, settings.requires_python))} or later (project.requires-python)"
    told = FOLDER_VARIABLE if os.environ.get(FOLDER_VARIABLE) else "default"
    yield f"# The cache is in {cache_folder()} ({told})"
    yield "[tool.unclosed]"
    for key in KEYS:
        if key.shape not in _TABLES and key.name != "extend" and _value(settings, key) is not None:
            yield from _assignment(key.name, _value(settings, key), _origin(settings, key))
    for key in KEYS:
        if key.shape in _TABLES and key.name in settings.origins:
            yield from ("", f"# from {_origin(settings, key)}:", *list(toml_lines(_table(settings, key), f"tool.unclosed.{key.name}"))[1:])


def _value(settings: Config, key: Key) -> object:
    """What a key that is no table says, as it would be written; of a key that adds, everything that was added."""
    match key.name:
        case "select":
            told = settings.select
            return told.prefixes if told is not None else [rule.code for rule in all_rules() if rule.default]
        case "extend-select":
            return [prefix for codes in settings.extend_select for prefix in codes.prefixes]
        case "ignore":
            return settings.ignore.prefixes
        case "exclude":
            return settings.exclude.lines
        case "extend-exclude":
            return [line for patterns in settings.extend_exclude for line in patterns.lines]
        case "min-confidence":
            return settings.min_confidence.label
        case "output-format":
            return settings.output_format.value
        case "baseline":
            return settings.baseline and _shown(str(settings.baseline))
    return getattr(settings, key.name.replace("-", "_"))


def _table(settings: Config, key: Key) -> Mapping[str, object]:
    """What a key that is a table says, those of all files joined."""
    if key.shape is Shape.CODES_BY_PATTERN:
        return {line: ignores.codes.prefixes for ignores in settings.per_file_ignores for line in ignores.pattern.lines}
    joined: dict[str, object] = {}
    for models in settings.models:
        if models.key.rpartition(".")[2] == key.name:
            joined = laid_over(models.tables, joined)
    return joined


def _origin(settings: Config, key: Key) -> str:
    return ", ".join(map(_shown, settings.origins.get(key.name, ()))) or "default"


def _shown(place: str) -> str:
    """A path, relative to the working directory if it lies below."""
    try:
        return str(Path(place).relative_to(Path.cwd()))
    except ValueError:
        return place


def _assignment(name: str, value: object, comment: str) -> Iterator[str]:
    """A key with its value and a comment; a long list over several lines, the comment on the first."""
    line = f"{name} = {toml_value(value)}  # {comment}"
    if len(line) <= _WIDTH or not isinstance(value, list | tuple):
        yield line
        return
    yield f"{name} = [  # {comment}"
    row = ""
    for item in (f" {toml_value(each)}," for each in value):
        if row and len(row) + len(item) > _WIDTH - 3:
            yield f"   {row}"
            row = ""
        row += item
    yield from (f"   {row}", "]")


def _rules(running: tuple[Rule, ...]) -> Iterator[str]:
    """Comments on the rules that run and those that do not."""
    codes = [rule.code for rule in running]
    for words, listed in (("run", codes), ("do not run", [rule.code for rule in all_rules() if rule.code not in codes])):
        if listed:
            yield from textwrap.wrap(f"Rules that {words}: {' '.join(listed)}", 78, initial_indent="# ", subsequent_indent="#   ")
