"""The JSON schema of a `pyproject.toml` with `[tool.unclosed]`, for editors that complete and check TOML.

It is generated from the keys that the readers accept. A schema cannot say everything: whether a type exists, or which keys an entry must
have together, is told by the command. What the schema refuses the command refuses as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from unclosed.catalog_files import FILE_KEYS, PATTERN_LISTS, SHORT_LISTS
from unclosed.catalog_limits import LIMIT_KEYS
from unclosed.catalog_own import KINDS, OWN_KEYS, POOL_KEYS
from unclosed.catalog_pools import POOL_KEYS as POOL_LIMIT_KEYS
from unclosed.catalog_schema import CONVENTION_KEYS, FUNCTION_KEYS, IMPLICIT, OBJECT_KEYS, TRANSACTION_KEYS, TYPE_KEYS
from unclosed.catalog_web import WEB_KEYS
from unclosed.confidence import Confidence
from unclosed.config import DEFAULT_EXCLUDE, SLOW_IO_SECONDS, OutputFormat
from unclosed.config_keys import KEYS, Key, Shape
from unclosed.library import Kind, WithExit
from unclosed.rules import all_rules

DRAFT = "http://json-schema.org/draft-07/schema#"
Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_POSITION: Schema = {"type": "integer", "minimum": 0}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_LIST: Schema = {"type": "array", "items": _TEXT}
_TABLE: Schema = {"type": "object"}
_OPEN = {"methods", "attributes", "returns_when", "unless_is", "only_given"}


def schema() -> Schema:
    """The schema of a whole `pyproject.toml`, in which everything but the one table may be anything."""
    settings: Schema = {
        "title": "unclosed",
        "description": "Settings of unclosed, the linter for connections that are never given back.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.summary, **_of_key(key)} for key in KEYS},
    }
    return {
        "$schema": DRAFT,
        "title": "pyproject.toml with [tool.unclosed]",
        "type": "object",
        "properties": {"tool": {"type": "object", "properties": {"unclosed": {"$ref": "#/definitions/settings"}}}},
        "definitions": {"settings": settings, "code": _code(), **_model_definitions()},
    }


def _of_key(key: Key) -> Schema:
    """What a key takes."""
    codes: Schema = {"type": "array", "items": {"$ref": "#/definitions/code"}}
    match key.shape:
        case Shape.FILE:
            return _TEXT
        case Shape.CODES:
            return codes
        case Shape.CODES_BY_PATTERN:
            return {"type": "object", "additionalProperties": codes}
        case Shape.PATTERNS:
            return {**_LIST, "default": list(DEFAULT_EXCLUDE)} if key.name == "exclude" else _LIST
        case Shape.CONFIDENCE:
            return {"enum": [degree.label for degree in reversed(Confidence)], "default": Confidence.LIKELY.label}
        case Shape.FORMAT:
            return {"enum": [member.value for member in OutputFormat], "default": OutputFormat.FLAKE8.value}
        case Shape.SECONDS:
            return {"type": "number", "minimum": 0, "default": SLOW_IO_SECONDS}
        case Shape.OWN:
            return _own(KINDS[key.name])
        case Shape.MODELS:
            return {"$ref": "#/definitions/models"}


def _code() -> Schema:
    """A code with what it reports, or a prefix of one."""
    rules = all_rules()
    prefixes = sorted({rule.code[:length] for rule in rules for length in range(1, len(rule.code))})
    known = [{"const": rule.code, "description": f"{rule.name}: {rule.summary}"} for rule in rules]
    return {"type": "string", "anyOf": [*known, {"enum": prefixes}]}


_OWN_SUMMARIES = {
    "acquire": 'What makes or opens one: "await " before a coroutine; a method, or the qualified name of what makes one.',
    "release": 'The methods that give it back: "close", "await close".',
    "with": "Whether leaving a 'with' block gives it back.",
    "lends": "The type of what is lent, by qualified name.",
    "close": "The methods that close the pool itself.",
}


def _own(kind: Kind) -> Schema:
    """The entries of the short form, by qualified name."""
    is_pool = kind is Kind.POOL
    shapes: Mapping[str, Schema] = {
        "with": {"anyOf": [_FLAG, *([_TEXT, _LIST] if is_pool else [{"const": "transaction"}])]},
        "lends": _TEXT,
    }
    keys = POOL_KEYS if is_pool else OWN_KEYS
    entry = {**_closed({key: {"description": _OWN_SUMMARIES[key], **shapes.get(key, _TEXTS)} for key in keys}), "minProperties": 1}
    return {"type": "object", "propertyNames": {"pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)+$"}, "additionalProperties": entry}


# Models in full

_SHAPES: Mapping[str, Schema] = {
    **dict.fromkeys(
        ("returns_class", "coroutine", "child", "keeps", "borrows", "cannot_raise", "exits", "suppresses", "shields", "sleeps", "gathers"),
        _FLAG,
    ),
    **dict.fromkeys(("opens", "lazy", "of_parent", "none_is_default"), _FLAG),
    **dict.fromkeys(("wraps", "enters", "awaits", "passes", "advances", "calls", "at_most", "child_of", "pair"), _POSITION),
    **dict.fromkeys(("library", "source", "lends", "exit_calls", "io", "waits", "items", "type", "prefix"), _TEXT),
    **dict.fromkeys(_OPEN, _TABLE),
    "kind": {"enum": [kind.value for kind in Kind]},
    "with_exit": {"enum": [exit_.value for exit_ in WithExit]},
    "async_with_exit": {"enum": [exit_.value for exit_ in WithExit]},
    "acquires": {"enum": [True, False, "awaited"]},
    "lost_in": {"anyOf": [_TEXT, _TABLE, {"type": "array", "items": {"anyOf": [_TEXT, _TABLE]}}]},
    "implicit": {"enum": list(IMPLICIT)},
    **dict.fromkeys(
        ("release", "wrong_release", "opened_by", "ends_itself_by", "right_if_owner_given", "unless_given", "also", "extends", "words"),
        _TEXTS,
    ),
    **dict.fromkeys(("names", "unless_named", "closed_when", "open_when", "never_waits", "brief_after", "autocommit", "streams"), _TEXTS),
    **dict.fromkeys(("statements", "begin", "commit", "rollback", "gives_back", "returns", "by", "unlimited", "asks"), _TEXTS),
}
"""What keys take; of a key that is not here anything. Tables with keys of their own stand in `_model_definitions`."""


def _closed(properties: Mapping[str, object]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _shaped(keys: Iterable[str], others: Mapping[str, object] = MappingProxyType({})) -> Schema:
    """A table with these keys; `others`: what they take where it differs."""
    return _closed({key: others.get(key) or _SHAPES.get(key, {}) for key in sorted(keys)})


def _by_name(definition: str) -> Schema:
    return {"type": "object", "additionalProperties": {"$ref": f"#/definitions/{definition}"}}


def _model_definitions() -> Schema:
    """The tables of a model file: docs/models.md says what their keys mean."""
    limit: Schema = {"$ref": "#/definitions/limit"}
    call = {"limit": limit, "limits": limit, "pool": {"$ref": "#/definitions/pool_limits"}}
    of_type = {
        "transaction": _shaped(TRANSACTION_KEYS),
        "cannot_raise": _TEXTS,
        "borrows": _TEXTS,
        "methods": _by_name("call"),
        "call": {"$ref": "#/definitions/call"},
        "constructor": {"$ref": "#/definitions/call"},
    }
    tables = {"functions": _by_name("function"), "types": _by_name("type"), "objects": _by_name("object")}
    lists = dict.fromkeys((*SHORT_LISTS, *PATTERN_LISTS), _TEXTS)
    return {
        "models": _shaped(FILE_KEYS, {**lists, **tables, "conventions": _by_name("convention"), "web": _shaped(WEB_KEYS)}),
        "call": _shaped(FUNCTION_KEYS - {"also"}, call),
        "function": _shaped(FUNCTION_KEYS, call),
        "convention": _shaped(CONVENTION_KEYS, call),
        "type": _shaped(TYPE_KEYS, of_type),
        "object": _shaped(OBJECT_KEYS),
        "limit": _closed({key: {} for key in sorted(LIMIT_KEYS)}),
        "pool_limits": _shaped(POOL_LIMIT_KEYS),
    }
