"""What the settings of a framework say in the texts of a project: dictionaries under a fixed name, wherever they are assigned.

    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 5}      class Config: SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 5}

A setting that is assigned twice, for production and for tests, or in a way that cannot be read, is not known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from unclosed.flow.graph import UNKNOWN_LITERAL

_MAX_LENGTH = 4_000
"""Characters of one dictionary; a longer one is not known."""


def setting_items(texts: Iterable[str], name: str) -> dict[str, str] | None:
    """The items of the setting, each as source text or `UNKNOWN_LITERAL`; none if it is not set, `None` if it is not known."""
    found: list[dict[str, str] | None] = []
    assigned = re.compile(rf"\b{re.escape(name)}(?:[\"']\s*\]?\s*[=:]|\s*(?::[^=\n]+)?=)(?!=)\s*")
    for text in texts:
        if name not in text:
            continue
        found += [_dictionary(text[match.end() : match.end() + _MAX_LENGTH]) for match in assigned.finditer(text)]
    if not found:
        return {}
    return found[0] if len(found) == 1 else None


def _dictionary(text: str) -> dict[str, str] | None:
    """The dictionary with which a text begins; `None` if it begins with anything else."""
    if not text.startswith("{"):
        return None
    for match in re.finditer(r"\}", text):
        try:
            node = ast.parse(text[: match.end()], mode="eval").body
        except (SyntaxError, ValueError):
            continue
        return _items(node) if isinstance(node, ast.Dict) else None
    return None


def _items(node: ast.Dict) -> dict[str, str] | None:
    items = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        is_read = isinstance(value, ast.Constant | ast.UnaryOp)
        items[key.value] = ast.unparse(value) if is_read else UNKNOWN_LITERAL
    return items
