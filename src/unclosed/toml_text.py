"""Reads and writes TOML: the one place that knows which parser this Python has."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from unclosed.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def parse_toml(text: str, where: str) -> dict[str, object]:
    """The tables of a TOML text. Raises `ConfigError`, which names `where`, row and column, if it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(where, f"is not valid TOML: {error}") from error


def toml_lines(table: Mapping[str, object], path: str) -> Iterator[str]:
    """A table as TOML under the dotted key `path`: its own values first, then the tables in it, an empty line before each of those."""
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if plain or not inner:
        yield from ("", f"[{path}]")
    yield from (f"{toml_key(key)} = {toml_value(value)}" for key, value in plain.items())
    for key, value in inner.items():
        yield from toml_lines(value, f"{path}.{toml_key(key)}")


def toml_key(name: str) -> str:
    """A key as TOML writes it, in quotes where it must be."""
    return name if _BARE_KEY.fullmatch(name) else toml_value(name)


def toml_value(value: object) -> str:
    """A text, number, boolean, list or table as TOML writes it on one line; a whole number of seconds without a fraction."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(str(key))} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(toml_value, value))}]"
    return str(value)
