"""Which functions a web framework runs as dependencies, and which endpoints give back what they get.

    @router.get("/")
    def endpoint(db: Session = Depends(get_db)):        `get_db` is a dependency
        db.close()                                      and this endpoint closes what it returned

A function is a dependency if a text of the project names it in `Depends(…)`; for a method, or an object that is called, types decide
whose it is. The words are a list in the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unclosed.analysis.obligations import End
from unclosed.analysis.solver import Outcome
from unclosed.analysis.targets import Target
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Lease
from unclosed.lowering.facts import MODULE_BODY, FunctionFacts

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

_CALL = "__call__"


@dataclass(frozen=True, slots=True)
class _Use:
    """One `Depends(name)` or `Depends(name(…))`: the dotted name, and whether it is called."""

    dotted: str
    is_called: bool

    @property
    def last(self) -> str:
        """The last name."""
        return self.dotted.rpartition(".")[2]


class Dependencies:
    """The web dependencies of a program."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._found: dict[Path, list[tuple[Path, list[_Use]]]] = {}
        """All uses, by file, of each project's root."""

    def has(self, scope: ScopeTypes) -> bool:
        """Whether the project names a function in `Depends(…)`."""
        types, facts = scope.module, scope.facts
        names = self._names(types, facts)
        for path, uses in self._uses(types, names):
            home = self._summaries.types(path) if facts.owner else None
            if not facts.owner or (home is not None and any(_is_of(home, use, types, facts) for use in uses)):
                return True
        return False

    def has_closing_user(self, scope: ScopeTypes, lease: Lease) -> bool:
        """Whether a function that takes the dependency gives back what it got, or hands it to somebody who may."""
        names = self._names(scope.module, scope.facts)
        for types, facts, name in self._takers(scope.module, names):
            outcome = self._summaries.follow_parameter(Target(types, facts), name, lease)
            if outcome is not None and _is_closed(types.scope(facts.id), outcome):
                return True
        return False

    def _names(self, types: ModuleTypes, facts: FunctionFacts) -> frozenset[str]:
        """The last names under which a function can stand in `Depends(…)`; for `__call__`, those of the class and of its instances."""
        last = facts.name.rpartition(".")[2]
        if last != _CALL:
            return frozenset({last})
        owner = facts.owner.rpartition(".")[2]
        made = re.compile(rf"^[ \t]*(?:\w+\.)*(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\.)*{re.escape(owner)}\(", re.MULTILINE)
        texts = (text for text in self._summaries.project_texts(types.name) if owner in text)
        return frozenset({owner, *(name for text in texts for name in made.findall(text))})

    def _uses(self, types: ModuleTypes, names: frozenset[str]) -> Iterator[tuple[Path, list[_Use]]]:
        """The uses of these names, by file."""
        root = self._summaries.project_root(types.name)
        if root not in self._found:
            words = types.catalog.injecting_names
            files = ((path, text) for path, text in self._summaries.project_files(types.name) if any(word in text for word in words))
            self._found[root] = [(path, uses_in(text, words)) for path, text in files]
        for path, every in self._found[root]:
            uses = [use for use in every if use.last in names]
            if uses:
                yield path, uses

    def _takers(self, types: ModuleTypes, names: frozenset[str]) -> Iterator[tuple[ModuleTypes, FunctionFacts, str]]:
        """The functions with a parameter that one of these dependencies fills, also through an alias of `Annotated`."""
        words = types.catalog.injecting_names
        aliases: set[str] = set()
        for text in self._summaries.project_texts(types.name):
            aliases |= {alias for alias, rest in _ALIAS.findall(text) if any(use.last in names for use in uses_in(rest, words))}
        mentions = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names | aliases)))})\b")
        for path, text in self._summaries.project_files(types.name):
            home = self._summaries.types(path) if mentions.search(text) else None
            for facts in home.facts.functions if home is not None else ():
                for parameter in facts.parameters:
                    used = {use.last for use in uses_in(f"{parameter.annotation} {parameter.default}", words)}
                    if home is not None and (used & names or parameter.annotation.rpartition(".")[2] in aliases):
                        yield home, facts, parameter.name


_ALIAS = re.compile(r"^(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\.)*Annotated\[([^\n]*(?:\n[ \t)\]][^\n]*)*)", re.MULTILINE)


def uses_in(text: str, words: Iterable[str]) -> list[_Use]:
    """What a text names in `Depends(…)`."""
    return [_Use(dotted, bool(called)) for dotted, called in _pattern(tuple(words)).findall(text)]


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\(\s*(?:dependency\s*=\s*)?((?:\w+\.)*\w+)\b(\()?")


def _is_of(home: ModuleTypes, use: _Use, types: ModuleTypes, facts: FunctionFacts) -> bool:
    """Whether what a file names is this method, or an object whose call is."""
    body = home.scope(MODULE_BODY)
    value = body.named(use.dotted)
    if value is not None and use.is_called and value.sort is Sort.DEFINITION:
        value = Value(Sort.OBJECT, value.name, value.module)
    if value is not None and value.sort is Sort.OBJECT:
        value = body.attribute_of(value, _CALL)
    return value is not None and (value.sort, value.name, value.module) == (Sort.DEFINITION, facts.name, types.name)


def _is_closed(scope: ScopeTypes, outcome: Outcome) -> bool:
    """Whether the value is given back, or kept by somebody other than an object made around it, or than whoever gets it returned."""
    return any(end is End.RELEASED or _is_handed_over(scope, node) for end, node in outcome.done)


def _is_handed_over(scope: ScopeTypes, node: NodeId) -> bool:
    event = scope.graph.events[node]
    if isinstance(event, ev.Call):
        return not scope.call(node).is_class
    return not isinstance(event, ev.Exit)
