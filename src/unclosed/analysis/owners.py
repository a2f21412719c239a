"""Classes that keep resources: what they hold on `self`, which methods give it back, and what their instances therefore owe.

    class Store:
        def __init__(self, path):
            self.conn = sqlite3.connect(path)     holds `conn`
        def close(self):
            self.conn.close()                     gives it back: `Store(path)` is a resource, released by `close`

An attribute that is returned, yielded or stored elsewhere by some method has escaped: its users may release it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unclosed.analysis.obligations import Site
from unclosed.analysis.slices import may_give_fresh, may_keep_fresh
from unclosed.analysis.solver import GivenUp, Outcome
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import FlowGraph
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import MAX_HOPS, ModuleTypes, is_cached_property
from unclosed.infer.values import Sort
from unclosed.library import ENTRIES, Lease, Release, WithExit
from unclosed.lowering.facts import FunctionFacts

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

_CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__")
_EXITS = ("__exit__", "__aexit__")


@dataclass(frozen=True, slots=True)
class Held:
    """One resource kept on `self`: the attribute, the acquire, the method and module in which it stands."""

    attribute: str
    site: Site
    method: FunctionFacts
    types: ModuleTypes

    @property
    def is_constructed(self) -> bool:
        """Whether each instance holds it from the beginning."""
        return self.method.name.rpartition(".")[2] in _CONSTRUCTORS


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a class holds and how it gives it back. `releasing`: method names by held attribute."""

    held: tuple[Held, ...]
    releasing: dict[str, frozenset[str]]
    escaping: frozenset[str]
    """Attributes that some method hands out."""


class Owners:
    """Answers what the classes of a program own."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def ownership(self, types: ModuleTypes, owner: str) -> Ownership:
        """What a class holds, its project bases included. Raises `GivenUp`, `RecursionError`."""
        found = self._summaries.answers.ask(("ownership", types.name, owner), lambda: self._ownership(types, owner), None)
        return found if found is not None else Ownership((), {}, frozenset())

    def _ownership(self, types: ModuleTypes, owner: str) -> Ownership | None:
        lineage = list(self.lineage(types, owner))
        return self.given_back(tuple(held for home, name in lineage for held in self._held(home, name, None)), lineage)

    def given_back(self, held: tuple[Held, ...], lineage: list[tuple[ModuleTypes, str]]) -> Ownership:
        """What becomes of what is held, in any method of these classes."""
        releasing: dict[str, frozenset[str]] = {}
        escaping: set[str] = set()
        for each in held:
            names = self._release_names(each.site.lease)
            gives_back = set()
            for home, name in lineage:
                for method in home.methods(name):
                    outcome = self._summaries.follow_attribute(home, method, each.attribute, each.site.lease)
                    if _names_release(home, method, each.attribute, names) or _asks_by_name(home, method):
                        gives_back.add(method.name.rpartition(".")[2])
                        continue
                    if outcome is None:
                        continue
                    if outcome.released or self._is_registered(outcome):
                        gives_back.add(method.name.rpartition(".")[2])
                    elif outcome.returned or outcome.escaped:
                        escaping.add(each.attribute)
            releasing[each.attribute] = releasing.get(each.attribute, frozenset()) | _with_callers(gives_back, lineage)
        return Ownership(held, releasing, frozenset(escaping))

    def _release_names(self, lease: Lease) -> frozenset[str]:
        """The methods that give back what owes a lease; of an instance of another class, all that come to its release."""
        names = {release.method for release in lease.release if not release.owner}
        module, _, owner = lease.type_name.rpartition(":")
        types = self._summaries.types(Path(module)) if module else None
        if types is not None:
            names.update(name for ending in self.ownership(types, owner).releasing.values() for name in ending)
        return frozenset(names)

    def _is_registered(self, outcome: Outcome) -> bool:
        """Whether a method hands the release to somebody: `atexit.register(self.conn.close)`."""
        return outcome.handed_on

    def lineage(self, types: ModuleTypes, owner: str, hops: int = MAX_HOPS) -> Iterator[tuple[ModuleTypes, str]]:
        """The class and its bases inside the project, nearest first."""
        yield types, owner
        if hops == 0:
            return
        for base in types.bases(owner):
            home = types if base.module == types.name else types.modules.types(base.module) if types.modules is not None else None
            if (
                base.sort is Sort.DEFINITION
                and home is not None
                and base.name in home.facts.classes
                and (home, base.name) != (types, owner)
            ):
                yield from self.lineage(home, base.name, hops - 1)

    def _held(self, types: ModuleTypes, owner: str, only: set[str] | None) -> Iterator[Held]:
        """What the methods of a class (with these names, or all) acquire and keep on `self`."""
        for method in types.methods(owner):
            receiver = _receiver(method)
            if receiver is None or (only is not None and method.name.rpartition(".")[2] not in only):
                continue
            scope = types.scope(method.id)
            is_cached = any(is_cached_property(d.name) for d in method.decorators)
            if not may_keep_fresh(scope, receiver) and not (is_cached and may_give_fresh(scope)):
                continue
            for outcome in self._summaries.run(scope).outcomes:
                if outcome.site.lease.is_opened_by_entry:
                    continue  # until it is entered, an instance of another class owes nothing
                for base, attribute in sorted(outcome.stored):
                    if base == receiver:
                        yield Held(attribute, outcome.site, method, types)
                if is_cached and None in outcome.returned:
                    yield Held(method.name.rpartition(".")[2], outcome.site, method, types)

    def lease(self, types: ModuleTypes, owner: str) -> Lease | None:
        """What is owed for an instance of a class; `None` if its constructor takes nothing or it offers no release.

        Where the entry of a block takes something and the exit keeps it, the instance owes that once it is entered.
        """
        lineage = list(self.lineage(types, owner))
        entries: frozenset[str] = frozenset()
        try:
            made = next((h for h in self._made_by_constructor(lineage) if h.site.confidence >= Confidence.LIKELY), None)
            if made is None:
                made = next((h for h in self._made_by_entry(lineage) if h.site.confidence >= Confidence.LIKELY), None)
                entries = frozenset(ENTRIES)
            ownership = self.given_back((made,), lineage) if made is not None else None
        except (GivenUp, RecursionError):
            return None
        if made is None or ownership is None:
            return None
        if "__del__" in ownership.releasing.get(made.attribute, ()):
            return None
        releasing = self._surely_releasing(made, lineage)
        if any(_hands_out(method, name) for home, base in lineage for method in home.methods(base) for name in releasing):
            return None  # `app.on_cleanup.append(self.close)`: somebody else ends it
        releasing = self._offered(releasing, made, lineage)
        if entries and (releasing | ownership.releasing.get(made.attribute, frozenset())) & set(_EXITS):
            return None
        if not releasing - {*ENTRIES, *_CONSTRUCTORS} or made.attribute in ownership.escaping:
            return None
        methods = {m.name.rpartition(".")[2]: m for home, name in reversed(lineage) for m in home.methods(name)}
        release = tuple(Release(name, awaited=methods[name].is_async) for name in sorted(releasing) if not name.startswith("__"))
        return Lease(
            type_name=f"{types.name}:{owner}",
            kind=made.site.lease.kind,
            release=release,
            with_exit=_exit("__exit__", releasing, methods),
            async_with_exit=_exit("__aexit__", releasing, methods),
            opened_by=entries,
        )

    def _surely_releasing(self, made: Held, lineage: list[tuple[ModuleTypes, str]]) -> frozenset[str]:
        """The methods that give the attribute back on every path that returns, and those that end the instance through one of them.

        A method that closes the attribute only when something went wrong is no release of the instance.
        """
        catalog = lineage[0][0].catalog
        methods = [(home, method) for home, name in lineage for method in home.methods(name)]
        names, sure = self._release_names(made.site.lease), set()
        for home, method in methods:
            outcome = self._summaries.follow_attribute(home, method, made.attribute, made.site.lease)
            name = method.name.rpartition(".")[2]
            ends = name in (*_EXITS, "__del__") or catalog.names_release(name)
            is_whole = outcome is not None and outcome.released and ev.ExitKind.RETURN not in outcome.exits
            if is_whole or (ends and (_names_release(home, method, made.attribute, names) or _asks_by_name(home, method))):
                sure.add(name)
        ending = [m for _, m in methods if m.name.rpartition(".")[2] in _EXITS or catalog.names_release(m.name.rpartition(".")[2])]
        return _with_callers_among(sure, ending)

    def _offered(self, releasing: frozenset[str], made: Held, lineage: list[tuple[ModuleTypes, str]]) -> frozenset[str]:
        """Of the methods that give the attribute back, those that are there for it: by their name, or because they do little else.

        A class whose `execute()` works and closes in its own `finally` opens and closes for itself: its users owe nothing.
        """
        names = releasing | self._release_names(made.site.lease)
        methods = {m.name.rpartition(".")[2]: (home, m) for home, name in reversed(lineage) for m in home.methods(name)}
        found = ((name, *methods[name]) for name in releasing if name in methods)
        return frozenset(n for n, home, method in found if _is_named_as_end(home.catalog, n) or self._only_ends(home, method, names))

    def _only_ends(self, types: ModuleTypes, method: FunctionFacts, names: frozenset[str]) -> bool:
        """Whether all that a method calls ends something (these methods do) or hardly ever raises."""
        meaning, catalog = self._summaries.meaning(types.scope(method.id)), types.catalog
        for node, event in enumerate(method.graph.events):
            if not isinstance(event, ev.Call) or event.callee.method in names or catalog.names_end(event.callee.method):
                continue
            info = meaning.call(NodeId(node))
            is_wrapper = info.model is not None and info.model.awaits is not None
            if not (is_wrapper or meaning.is_calm_call(info) or meaning.hardly_raises(info)):
                return False
        return True

    def _made_by_constructor(self, lineage: list[tuple[ModuleTypes, str]]) -> Iterator[Held]:
        """What the constructor acquires and keeps, itself or through a method that it calls on `self`, nearest class first."""
        for number, (home, name) in enumerate(lineage):
            constructor = next((m for m in home.methods(name) if m.name.rpartition(".")[2] in _CONSTRUCTORS), None)
            if constructor is None:
                continue
            called = {constructor.name.rpartition(".")[2], *_called_on_self(constructor)}
            for other, base in lineage[number:]:
                yield from self._held(other, base, called if (other, base) == (home, name) else called - set(_CONSTRUCTORS))
            if "__init__" not in _called_on_super(constructor):
                return

    def _made_by_entry(self, lineage: list[tuple[ModuleTypes, str]]) -> Iterator[Held]:
        """What entering an instance acquires and keeps, by itself or through a method that it calls on `self`."""
        entry = next((m for home, name in lineage for m in home.methods(name) if m.name.rpartition(".")[2] in ENTRIES), None)
        called = {entry.name.rpartition(".")[2], *_called_on_self(entry)} if entry is not None else set()
        for home, name in lineage if called else ():
            yield from self._held(home, name, called)


def _with_callers(names: set[str], lineage: list[tuple[ModuleTypes, str]]) -> frozenset[str]:
    """The methods with these names, and those that call one of them on `self` or on `super()`."""
    return _with_callers_among(names, [method for home, name in lineage for method in home.methods(name)])


def _with_callers_among(names: set[str], methods: list[FunctionFacts]) -> frozenset[str]:
    found = set(names)
    grows = bool(found)
    while grows:
        before = len(found)
        found |= {m.name.rpartition(".")[2] for m in methods if found & {*_called_on_self(m), *_called_on_super(m)}}
        grows = len(found) > before
    return frozenset(found)


def _is_named_as_end(catalog: Catalog, name: str) -> bool:
    """Whether a method's name says that it ends its object."""
    return name in (*_EXITS, "__del__") or catalog.names_end(name)


def _names_release(types: ModuleTypes, method: FunctionFacts, attribute: str, names: frozenset[str]) -> bool:
    """Whether a method, or a function in it, says `self.conn.close` anywhere, called or handed on, or hands `self.conn` to a keeper."""
    receiver = _receiver(method)
    if receiver is None:
        return False
    own_name = next(p.name for p in method.parameters if p.position == 0)
    if _passes_to_closer(types, method, receiver, attribute, names):
        return True
    inside = [f for f in types.facts.functions if f is method or f.name.startswith(f"{method.name}.")]
    return any(_names_release_in(types, f, own_name, attribute, names) for f in inside)


def _passes_to_closer(types: ModuleTypes, method: FunctionFacts, receiver: PlaceId, attribute: str, names: frozenset[str]) -> bool:
    """Whether a method hands `self` to a function of the project that says `owner.conn.close`."""
    scope = types.scope(method.id)
    for node, event in enumerate(method.graph.events):
        if not isinstance(event, ev.Call) or not any(a.value == receiver for a in event.arguments):
            continue
        target = scope.call(node).target
        home = scope.home(target) if target is not None else None
        called = home.function(target.name) if home is not None and target is not None else None
        parameters = called.parameters if called is not None else ()
        if home is not None and called is not None and any(_names_release_in(home, called, p.name, attribute, names) for p in parameters):
            return True
    return False


def _names_release_in(types: ModuleTypes, facts: FunctionFacts, receiver: str, attribute: str, names: frozenset[str]) -> bool:
    graph = facts.graph
    owner = graph.places.find(ev.Local(receiver))
    held = graph.places.find(ev.Attribute(owner, attribute)) if owner is not None else None
    if held is None:
        return False
    if any(graph.places.find(ev.Attribute(held, name)) is not None for name in names):
        return True
    if any(_is_release_of_part(types, graph, PlaceId(place), held) for place in range(len(graph.places.keys))):
        return True
    given = [n for n, e in enumerate(graph.events) if isinstance(e, ev.Call) and any(a.value == held for a in e.arguments)]
    return any(_keeps(types, types.scope(facts.id).call(node)) for node in given)


def _keeps(types: ModuleTypes, info: CallInfo) -> bool:
    """Whether a call keeps its arguments, by its model or its name: `weakref.finalize(self, close, self.conn)`."""
    named = types.catalog.names_keep(info.event.callee.method, is_method=info.event.callee.is_method)
    return named or (info.model is not None and info.model.keeps)


def _is_release_of_part(types: ModuleTypes, graph: FlowGraph, place: PlaceId, held: PlaceId) -> bool:
    """Whether a place is a release of something that the held value keeps: `self.redis.connection_pool.disconnect`."""
    key = graph.places.keys[place]
    if not isinstance(key, ev.Attribute) or not types.catalog.names_release(key.name) or key.base == held:
        return False
    part = graph.places.keys[key.base]
    while isinstance(part, ev.Attribute):
        if part.base == held:
            return True
        part = graph.places.keys[part.base]
    return False


def _asks_by_name(types: ModuleTypes, method: FunctionFacts) -> bool:
    """Whether a method says `getattr(self, name)`, `vars(self)` or `self.__dict__`: it may reach any attribute (missed alarms only)."""
    receiver = _receiver(method)
    if receiver is None or method.name.rpartition(".")[2] == "__getattr__":
        return receiver is not None
    if method.graph.places.find(ev.Attribute(receiver, "__dict__")) is not None:
        return True
    calls = (e for e in method.graph.events if isinstance(e, ev.Call) and not e.callee.is_method and e.arguments)
    return any(types.catalog.names_reflection(call.callee.method) and call.arguments[0].value == receiver for call in calls)


def _hands_out(method: FunctionFacts, name: str) -> bool:
    """Whether a method gives `self.<name>`, not called, to somebody."""
    receiver = _receiver(method)
    place = method.graph.places.find(ev.Attribute(receiver, name)) if receiver is not None else None
    if place is None:
        return False
    for event in method.graph.events:
        match event:
            case ev.Call(_, arguments, _, _, _, _) if any(argument.value == place for argument in arguments):
                return True
            case ev.Store(_, _, _, value, _) if value == place:
                return True
    return False


def _exit(name: str, releasing: frozenset[str], methods: dict[str, FunctionFacts]) -> WithExit:
    if name in releasing:
        return WithExit.RELEASE
    return WithExit.TRANSACTION if name in methods else WithExit.NOTHING


def _receiver(method: FunctionFacts) -> PlaceId | None:
    """The place of `self`."""
    first = next((p.name for p in method.parameters if p.position == 0), None)
    if first is None or any(d.name in ("staticmethod", "classmethod") for d in method.decorators):
        return None
    return method.graph.places.find(ev.Local(first))


def _called_on_self(method: FunctionFacts) -> Iterator[str]:
    receiver = _receiver(method)
    for event in method.graph.events:
        if isinstance(event, ev.Call) and receiver is not None and event.callee.receiver == receiver:
            yield event.callee.method


def _called_on_super(method: FunctionFacts) -> set[str]:
    """The methods that are called on something that `super()` gave."""
    made = {e.result for e in method.graph.events if isinstance(e, ev.Call) and e.callee.method == "super" and not e.callee.is_method}
    return {e.callee.method for e in method.graph.events if isinstance(e, ev.Call) and e.callee.receiver in made}
