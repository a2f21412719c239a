"""Reads TOML: the one place that knows which parser this Python has."""

from __future__ import annotations

import sys

from unclosed.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def parse_toml(text: str, where: str) -> dict[str, object]:
    """The tables of a TOML text. Raises `ConfigError`, which names `where`, row and column, if it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(where, f"is not valid TOML: {error}") from error
