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


def ending_methods(texts: Iterable[str], catalog: Catalog) -> frozenset[str]:
    """The names of the functions and methods that end a transaction themselves, of whatever that is."""
    methods = catalog.ending_methods()
    if not methods:
        return frozenset()
    wanted = "|".join(map(re.escape, sorted(methods)))
    pattern = re.compile(rf"{_DEFINITION}|(\w+)(?:\(\))?\.({wanted})\(", re.MULTILINE)
    return frozenset(name for text in texts for name in _of_text(text, pattern, catalog))


def _of_text(text: str, pattern: re.Pattern[str], catalog: Catalog) -> Iterator[str]:
    inside = ""
    for defined, receiver, method in pattern.findall(text):
        if defined:
            inside = defined
        elif inside and catalog.names_ending(receiver, method):
            yield inside
