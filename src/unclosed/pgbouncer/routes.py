"""Where a connection leads, as far as a text or an argument says it, and what awaits it there: which pooler, in which mode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from unclosed.confidence import Confidence
from unclosed.pgbouncer.ini import Setting
from unclosed.pgbouncer.pooler import SESSION, Pooler

_URL = re.compile(r"\w+(?:\+\w+)?://(?:[^/]*@)?(?P<host>[^/:?,]*)(?::(?P<port>[^/?,]*))?(?:/(?P<database>[^?]*))?", re.IGNORECASE)
_WORDS = {name: re.compile(rf"\b{words}\s*=\s*'?(?P<value>[^\s']+)") for name, words in {
    "host": "host", "port": "port", "database": "(?:dbname|database)"}.items()}  # fmt: skip
_POOLERS = re.compile(r"bouncer|pooler", re.IGNORECASE)
_PORT = "5432"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection leads. `None`: not known. `is_direct`: a name on the way says that it goes past poolers."""

    host: str | None = None
    port: str | None = None
    database: str | None = None
    is_direct: bool = False


def route_of_text(text: str) -> Route | None:
    """What a URL or a string of libpq's keywords says; `None` if the text is neither."""
    match = _URL.match(text)
    found = match.groupdict() if match is not None else {name: m["value"] for name, p in _WORDS.items() if (m := p.search(text))}
    return _route(found) if found else None


def route_of_arguments(texts: Mapping[str, str | None]) -> Route | None:
    """What arguments given by name say, `host`, `port` and `database` or `dbname`; `None` if none of them is given."""
    named = {"host": texts.get("host"), "port": texts.get("port"), "database": texts.get("database", texts.get("dbname"))}
    if not any(name in texts for name in ("host", "port", "database", "dbname")):
        return None
    if "port" in texts and named["port"] is None:
        return Route(named["host"], None, named["database"])
    return _route(named) if named["host"] is not None or named["port"] is not None else Route(database=named["database"])


def _route(found: Mapping[str, str | None]) -> Route:
    host, port, database = (found.get(name) or None for name in ("host", "port", "database"))
    if port is None and host is not None and "{" not in host:
        port = _PORT
    return Route(_known(host), _known(port), _known(database))


def _known(part: str | None) -> str | None:
    """The part, unless something is put into it later."""
    return None if part is None or "{" in part or "$" in part else part


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooler that takes the server connection away between transactions. `setting`: where that is said."""

    pooler: Pooler
    setting: Setting
    confidence: Confidence


def pooled(route: Route, poolers: tuple[Pooler, ...]) -> Pooled | None:
    """By which pooler a connection goes that does not keep its server connection; `None` if by none.

    Certain if its port or host says so, likely if its port is not known, possible if the pooler's is not, if its name speaks against it, or
    if some databases are pooled otherwise and which one it is is not known.
    """
    named = _POOLERS.search(route.host) is not None if route.host is not None else False
    met = [pooler for pooler in poolers if named or None in (route.port, pooler.port()) or pooler.port() == route.port]
    modes = [pooler.modes(route.database or "") for pooler in met]
    found = next((pooler for pooler, mode in zip(met, modes, strict=True) if mode - {SESSION}), None)
    setting = found.unsteady() if found is not None else None
    if found is None or setting is None:
        return None
    if named or (route.port is not None and route.port == found.port()):
        sure = Confidence.CERTAIN
    else:
        sure = Confidence.LIKELY if route.port is None else Confidence.POSSIBLE
    if route.is_direct or any(not mode or SESSION in mode for mode in modes):
        sure = Confidence.POSSIBLE
    return Pooled(found, setting, sure)
