"""Lazy clients that a class keeps and nobody uses: they hold nothing, so nothing is owed for them.

    class Command:
        def __init__(self):
            self.session = requests.Session()        # opens nothing before its first request
        def run(self):
            return self.name

Used is an attribute that is read under its name anywhere in the modules of the class, other than from another class's `self`, or in
another file that names the class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import FlowGraph
from unclosed.infer.types import ModuleTypes
from unclosed.lowering.facts import FunctionFacts

if TYPE_CHECKING:
    from unclosed.analysis.owners import Held
    from unclosed.analysis.summaries import Summaries


def is_never_used(summaries: Summaries, types: ModuleTypes, held: Held) -> bool:
    """Whether nothing uses what a class keeps, and it holds nothing before."""
    if not held.site.lease.lazy:
        return False
    lineage = list(summaries.owners.lineage(types, held.method.owner))
    homes = {home.name: home for home, _ in lineage}
    for home in homes.values():
        for facts in home.facts.functions:
            is_relative = (home, facts.owner) in lineage or (types, held.method.owner) in summaries.owners.lineage(home, facts.owner)
            if any(is_relative or base != _first_parameter(facts) for base in _read_of(facts.graph, held.attribute)):
                return False
    owner, mention = held.method.owner.rpartition(".")[2], re.compile(rf"\.{re.escape(held.attribute)}\b")
    others = (text for path, text in summaries.project_files(types.name) if str(path) not in homes)
    return not any(owner in text and mention.search(text) for text in others)


def _read_of(graph: FlowGraph, name: str) -> Iterator[PlaceId]:
    """The objects of which an attribute of this name is read, or called, in a function."""
    called = (event.callee.place for event in graph.events if isinstance(event, ev.Call) and event.callee.place is not None)
    for place in (*(place for _, place, _ in graph.reads), *called):
        key = graph.places.keys[place]
        if isinstance(key, ev.Attribute) and key.name == name:
            yield key.base


def _first_parameter(facts: FunctionFacts) -> PlaceId | None:
    """The place of a method's `self`; `None` for a function that is none."""
    return facts.graph.places.find(ev.Local(facts.parameters[0].name)) if facts.owner and facts.parameters else None
