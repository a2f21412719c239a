"""What ends when an application ends: which functions start it, and whether any code of the project closes what they keep.

    # database.py                           # main.py
    async def open_pool(app):               app = FastAPI(on_startup=[connect], on_shutdown=[disconnect])
        app.state.pool = await create_pool()    async def connect(): await open_pool(app)
                                                async def disconnect(): await app.state.pool.close()

`open_pool` runs at the start, because a hook calls it; the pool is kept as `pool`; `disconnect`, in another file, closes what is called so.
What keeps the pool is compared by its last name, so that another thing of this name that is closed is taken for it (missed alarms only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from unclosed.analysis.lifetimes import Lifetimes
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.library import Lease
from unclosed.lowering.facts import MODULE_BODY, Scope

if TYPE_CHECKING:
    from unclosed.analysis.pools import PoolSummaries

MAX_MODULES = 60
"""Modules looked through in search of what closes a pool, or calls what makes it; beyond, it is closed, and not called."""
_HOPS = 3
_FINALISERS = ("finalize", "register", "push_async_callback", "callback", "cleanup", "shutdown", "teardown")


class Shutdowns:
    """Answers for the functions that run when an application starts."""

    def __init__(self, summaries: PoolSummaries, lifetimes: Lifetimes) -> None:
        self._summaries, self._lifetimes = summaries, lifetimes

    def has_counterpart(self, scope: ScopeTypes, hops: int = _HOPS) -> bool:
        """Whether a function runs at a start that has a hook for the end as well: as a hook, or called by one."""
        if self._lifetimes.has_shutdown(scope):
            return True
        if hops == 0 or scope.facts.id == MODULE_BODY or scope.facts.is_generator:
            return False
        return any(self.has_counterpart(caller, hops - 1) for caller in self._callers(scope))

    def closes(self, scope: ScopeTypes, lease: Lease, kept: str) -> bool:
        """Whether code of the project closes what a function keeps under a name; for an item, `kept` is its key in brackets."""
        methods = {release.method for release in lease.release} or {"close"}
        name = kept.strip("[]'\"").rpartition(".")[2]
        words = re.compile(rf"\b(?:\w*(?:{'|'.join(sorted(map(re.escape, methods)))})\w*|{'|'.join(_FINALISERS)})\b|\bwith\b|stack")
        found = 0
        for path, text in self._summaries.project_files(scope.module.name):
            if re.search(rf"\b{re.escape(name)}\b", text) is None or words.search(text) is None:
                continue
            found += 1
            types = self._summaries.types(path) if found <= MAX_MODULES else None
            if types is None or self._closes_in(types, text, scope, lease, kept, frozenset(methods)):
                return True
        return False

    # Callers

    def _callers(self, scope: ScopeTypes) -> Iterator[ScopeTypes]:
        """The functions of the project that call a function by its name, each once."""
        last = scope.facts.name.rpartition(".")[2]
        for types in islice(self._summaries.modules_with(scope.module.name, (f"{last}(",)), MAX_MODULES):
            for facts in types.facts.functions:
                there = types.scope(facts.id)
                if (
                    facts.id != MODULE_BODY
                    and there is not scope
                    and any(self._calls(there, node, scope, last) for node in there.producer.values())
                ):
                    yield there

    def _calls(self, there: ScopeTypes, node: int, wanted: ScopeTypes, last: str) -> bool:
        event = there.graph.events[node]
        if not isinstance(event, ev.Call) or event.callee.method != last:
            return False
        target = there.call(node).target
        return target is not None and (target.name, target.module) == (wanted.facts.name, wanted.module.name)

    # Closing

    def _closes_in(self, types: ModuleTypes, text: str, maker: ScopeTypes, lease: Lease, kept: str, methods: frozenset[str]) -> bool:
        for facts in types.facts.functions:
            there = types.scope(facts.id)
            if facts.scope is Scope.CLASS:
                continue
            if there is maker and not facts.is_generator:
                if self._hands_over_end(there, methods):
                    return True
                continue
            if kept.startswith("[") and kept[1:-1].strip("'\"") not in _text_of(text, facts.name.rpartition(".")[2]):
                continue
            for place in self._places(there, kept):
                if self._ends(there, place, lease, methods) and self._runs(there):
                    return True
        return False

    def _places(self, there: ScopeTypes, kept: str) -> list[PlaceId]:
        """The places of one function that stand for what is kept: an attribute or a name of that name; for an item, any item."""
        found = []
        for number, key in enumerate(there.graph.places.keys):
            match key:
                case ev.Attribute(_, name) if name == kept:
                    found.append(PlaceId(number))
                case ev.Local(name) if name == kept:
                    found.append(PlaceId(number))
                case ev.Imported(name) if name.rpartition(".")[2] == kept:
                    found.append(PlaceId(number))
                case ev.Item(_, _) if kept.startswith("["):
                    found.append(PlaceId(number))
        return found

    def _hands_over_end(self, there: ScopeTypes, methods: frozenset[str]) -> bool:
        """Whether a function gives somebody a release to call: `atexit.register(pool.close)`."""
        keys = there.graph.places.keys
        for event in there.graph.events:
            for argument in event.arguments if isinstance(event, ev.Call) else ():
                key = None if argument.value is None else keys[argument.value]
                if isinstance(key, ev.Attribute) and key.name in methods:
                    return True
        return False

    def _ends(self, there: ScopeTypes, place: PlaceId, lease: Lease, methods: frozenset[str]) -> bool:
        """Whether a function closes what a place holds, hands it to somebody together with its end, or gives it to one who closes it."""
        for event in there.graph.events:
            if isinstance(event, ev.Call) and event.callee.receiver == place and event.callee.method in methods:
                return True
        outcome = self._summaries.follow(there, place, lease)
        if outcome is None or outcome.released:
            return True
        if outcome.returned:
            return any(self._ends_result(caller, node, lease) for caller in self._callers(there) for node in caller.producer.values())
        return outcome.handed_on and any(
            isinstance(event, ev.Call) and event.callee.method.lower().lstrip("_") in (*methods, *_FINALISERS)
            for event in there.graph.events
        )

    def _ends_result(self, caller: ScopeTypes, node: int, lease: Lease) -> bool:
        """Whether a function closes what a call gives it."""
        event = caller.graph.events[node]
        if not isinstance(event, ev.Call) or caller.call(node).target is None:
            return False
        outcome = self._summaries.follow(caller, event.result, lease, NodeId(node))
        return outcome is not None and outcome.released

    def _runs(self, there: ScopeTypes) -> bool:
        """Whether anything runs a function: a decorator, a class, or a text that names it besides its definition."""
        last = there.facts.name.rpartition(".")[2]
        if there.facts.id == MODULE_BODY or there.facts.decorators or there.facts.owner or self._summaries.meaning(there).roles.is_lifespan:
            return True
        named = re.compile(rf"(?<!def )\b{re.escape(last)}\b")
        return any(named.search(text) is not None for text in self._summaries.project_texts(there.module.name))


def _text_of(text: str, function: str) -> str:
    """The text of the functions of this name in a module; of the module's body, or of one that is not found, all of it."""
    parts = []
    for match in re.finditer(rf"^([ \t]*)(?:async[ \t]+)?def[ \t]+{re.escape(function)}\b", text, re.MULTILINE):
        end = re.compile(rf"^(?!{match[1]}[ \t)]|[ \t]*(?:#.*)?$)", re.MULTILINE).search(text, text.find("\n", match.end()) + 1)
        parts.append(text[match.start() : end.start() if end is not None else len(text)])
    return "".join(parts) if parts else text
