"""Code outside of a class that gives back what the class keeps: its subclasses, whoever uses its instances, a library's base.

    class Store:
        def __init__(self, path):
            self.conn = sqlite3.connect(path)

    def use(store: Store):
        store.conn.close()           a user gives `conn` back
        Wrapper(store.conn)          or hands it to somebody who keeps it

Types decide: `cache.conn.close()` says nothing of `Store` where `cache` is known to be something else. Where nothing is known of a place,
it may be a `Store` in a file that names the class (missed alarms only). Files are chosen by their texts, so few are parsed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from unclosed.analysis.overriding import ClassOf
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value

if TYPE_CHECKING:
    from unclosed.analysis.owners import Held
    from unclosed.analysis.summaries import Summaries

_UNKNOWN = (Sort.NAME, Sort.NONE, Sort.OPAQUE)
"""Values that tell nothing of what a place holds while the program runs."""


class Users:
    """Answers whether somebody else gives back what a class keeps."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    # Subclasses and users

    def release(self, types: ModuleTypes, held: Held) -> bool:
        """Whether a subclass or a user of the class gives the attribute back, or hands it to somebody who may."""
        owners, owner = self._summaries.owners, held.method.owner
        subclasses = self._summaries.overriding.subclasses(types, owner, rf"\b{re.escape(held.attribute)}\b")
        if subclasses is None:
            return True  # too many to look at
        relatives = dict.fromkeys(owners.lineage(types, owner))
        for home, name in subclasses:
            lineage = list(owners.lineage(home, name))
            found = owners.given_back((held,), lineage)
            if found.releasing.get(held.attribute) or held.attribute in found.escaping:
                return True
            relatives.update(dict.fromkeys(lineage))
        return any(self._releases_in(home, held, relatives, is_named) for home, is_named in self._candidates(types, held, relatives))

    def _candidates(self, types: ModuleTypes, held: Held, relatives: Collection[ClassOf]) -> Iterator[tuple[ModuleTypes, bool]]:
        """The modules that may use the attribute, each with whether its text names the class or one of its relatives."""
        mention = re.compile(rf"\.{re.escape(held.attribute)}\b")
        classes = re.compile("|".join(sorted({rf"\b{re.escape(name.rpartition('.')[2])}\b" for _, name in relatives})))
        methods = sorted({r.method for r in held.site.lease.release if not r.owner} or {"close"})
        direct = re.compile(rf"\.{re.escape(held.attribute)}\.(?:\w+\.)*(?:{'|'.join(map(re.escape, methods))})\b")
        for path, text in self._summaries.project_files(types.name):
            is_named = str(path) == types.name or classes.search(text) is not None
            if mention.search(text) is not None and (is_named or direct.search(text) is not None):
                home = self._summaries.types(path)
                if home is not None:
                    yield home, is_named

    def _releases_in(self, home: ModuleTypes, held: Held, relatives: Collection[ClassOf], is_named: bool) -> bool:
        for facts in home.facts.functions:
            for place, base in _read_as(facts.graph.places, held.attribute):
                scope = home.scope(facts.id)
                if self._may_be(scope.value(base), scope, relatives, is_named) and self._gives_back(scope, place, base, held):
                    return True
        return False

    def _may_be(self, value: Value | None, scope: ScopeTypes, relatives: Collection[ClassOf], is_named: bool) -> bool:
        """Whether a value may be an instance of one of the classes. `is_named`: it may where nothing is known of it."""
        if value is None or value.sort in _UNKNOWN:
            return is_named
        if value.sort in (Sort.OBJECT, Sort.DEFINITION, Sort.SUPER) and (scope.home(value), value.name) in relatives:
            return True
        return is_named and value.confidence < Confidence.CERTAIN

    def _gives_back(self, scope: ScopeTypes, place: PlaceId, base: PlaceId, held: Held) -> bool:
        """Whether a function releases what is in a place, or hands it on, after any point at which the object may have come there."""
        for node in _beginnings(scope, base):
            outcome = self._summaries.follow(scope, place, held.site.lease, node)
            if outcome is not None and outcome.is_done_somewhere:
                return True
        return False

    # Bases

    def may_be_left_to_base(self, types: ModuleTypes, held: Held) -> bool:
        """Whether a library's base gives the attribute back, as far as is known of it.

        A modelled base does so with the attributes that the catalog lists, one of the standard library likewise. What another library's
        base does is not known: only what the constructor keeps and another method uses is taken for the class's own.
        """
        lineage = list(self._summaries.owners.lineage(types, held.method.owner))
        bases = [base for home, name in lineage for base in home.base_values(name)]
        named = [base.name for base in bases if base is not None and base.sort is Sort.NAME]
        if any(types.catalog.is_left_to_base(name, held.attribute) for name in named):
            return True
        unknown = [b for b in bases if b is None or b.sort is Sort.OPAQUE or (b.sort is Sort.NAME and not _is_known(types, b.name))]
        return bool(unknown) and not self._is_its_own(held, lineage)

    def _is_its_own(self, held: Held, lineage: list[ClassOf]) -> bool:
        others = [m for home, name in lineage for m in home.methods(name) if m is not held.method and m.parameters]
        users = (m for m in others if _attribute(m.graph.places, m.parameters[0].name, held.attribute) is not None)
        return held.is_constructed and any(True for _ in users)


def _is_known(types: ModuleTypes, base: str) -> bool:
    return base.partition(".")[0] in (*sys.stdlib_module_names, "typing_extensions") or types.catalog.type(base) is not None


def _read_as(places: ev.Places, name: str) -> list[tuple[PlaceId, PlaceId]]:
    """The places of attributes of a name, each with the place of the object."""
    return [(PlaceId(place), key.base) for place, key in enumerate(places.keys) if isinstance(key, ev.Attribute) and key.name == name]


def _attribute(places: ev.Places, receiver: str, name: str) -> PlaceId | None:
    base = places.find(ev.Local(receiver))
    return None if base is None else places.find(ev.Attribute(base, name))


def _beginnings(scope: ScopeTypes, base: PlaceId) -> list[NodeId]:
    """The nodes after which a place may hold the object: where it, or what it is read from, is bound; else the function's first."""
    keys, chain = scope.graph.places.keys, {base}
    key = keys[base]
    while isinstance(key, ev.Attribute | ev.Item):
        chain.add(key.base)
        key = keys[key.base]
    found = [NodeId(node) for node, event in enumerate(scope.graph.events) if _bound_by(event) in chain]
    is_free = isinstance(key, ev.Local) and (not found or any(p.name == key.name for p in scope.facts.parameters))
    return [*found, NodeId(0)] if is_free or not found else found


def _bound_by(event: ev.Event) -> PlaceId | None:
    match event:
        case ev.Bind(target, _, _):
            return target
        case ev.Call(result=result) | ev.Await(result=result) | ev.Enter(result=result):
            return result
    return None
