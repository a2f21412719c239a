"""Which functions of a project end a transaction, from their texts alone: for calls that types do not follow.

    class Order(Model):
        def save(self):              # `save` is one: whoever calls `found.save()` may have ended the transaction
            session.add(self)
            session.commit()

A name too many only silences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from unclosed.catalog import Catalog

_DEFINITION = r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)"
_RECEIVER = re.compile(r"(\w+)(?:\(\))?$")
_LOOK_BACK = 80


def ending_methods(texts: Iterable[str], catalog: Catalog) -> frozenset[str]:
    """The names of the functions and methods that end a transaction themselves, of whatever that is."""
    methods = sorted(catalog.ending_methods())
    if not methods:
        return frozenset()
    calls = [f".{method}(" for method in methods]
    pattern = re.compile(rf"{_DEFINITION}|\.({'|'.join(map(re.escape, methods))})\(", re.MULTILINE)
    found = (name for text in texts if any(call in text for call in calls) for name in _of_text(text, pattern, catalog))
    return frozenset(found)


def _of_text(text: str, pattern: re.Pattern[str], catalog: Catalog) -> Iterator[str]:
    inside = ""
    for match in pattern.finditer(text):
        defined, method = match.groups()
        if defined:
            inside = defined
        elif inside:
            receiver = _RECEIVER.search(text[max(match.start() - _LOOK_BACK, 0) : match.start()])
            if catalog.names_ending(receiver[1] if receiver is not None else "", method):
                yield inside
