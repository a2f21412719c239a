"""What callers need to know of a function: whether it returns a fresh resource, and what it does with its arguments.

Both come from the solver that judges the function itself. A fresh resource is a site whose obligation leaves by `return`; an argument is
followed as a value for which nothing is owed. Summaries are computed when asked for, level by level (see `answers.py`), so an answer never
depends on which function was asked first.

    def get_conn():                  fresh: psycopg2's connection
        conn = psycopg2.connect(DSN)
        return conn

    def put_conn(conn):              parameter 0: released
        conn.close()
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unclosed.analysis.answers import Answers
from unclosed.analysis.externals import Externals
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import Flag, Site
from unclosed.analysis.owners import Owners
from unclosed.analysis.sites import MAX_SITES, SiteFinder
from unclosed.analysis.slices import may_give_fresh
from unclosed.analysis.solver import Budget, GivenUp, Outcome, Solver
from unclosed.analysis.transactions import Transactions
from unclosed.analysis.transfer import Effect, Transfer
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.infer.calls import CallInfo, argument_at
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Lease
from unclosed.lowering.facts import FunctionFacts, Scope
from unclosed.project.program import Program

MAX_EXIT_NODES = 80
"""A function with more nodes is taken to return and to raise: helpers that end the process are small."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A function returns a resource that its caller must give back. `item`: in this item of the returned tuple."""

    lease: Lease
    item: int | None
    confidence: Confidence
    trail: tuple[TrailStep, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One function run: its meaning, its sites with their outcomes, the faults of its releases."""

    meaning: Meaning
    outcomes: tuple[Outcome, ...]
    log: FaultLog


class Summaries:
    """The summaries of a program's functions."""

    def __init__(self, program: Program, python: tuple[int, int]) -> None:
        self._program, self._python = program, python
        self.owners = Owners(self)
        self.externals = Externals(self)
        self.transactions = Transactions(self)
        self.answers = Answers()

    # Runs

    def run(self, scope: ScopeTypes) -> Run:
        """The function run to its end. Raises `GivenUp` beyond the bounds, `RecursionError` for what is nested too deeply."""
        meaning = Meaning(scope, self)
        log = FaultLog(meaning)
        sites = self.sites(meaning)
        if len(sites) > MAX_SITES:
            raise GivenUp(f"more than {MAX_SITES} acquires")
        entered = {e.result for e in meaning.graph.events if isinstance(e, ev.Enter) and meaning.is_resource(e.result)}
        fresh = frozenset({site.place for site in sites} | entered)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)), fresh)
        outcomes: dict[SpanId, Outcome] = {}
        budget = Budget()
        for site in sites:
            found = Solver(meaning, facts, site, Transfer(meaning, facts, site, log, self), budget).solve()
            outcomes[site.span] = outcomes[site.span].merged(found) if site.span in outcomes else found
        return Run(meaning, tuple(outcomes.values()), log)

    def sites(self, meaning: Meaning) -> list[Site]:
        """The acquires of a function."""
        return SiteFinder(meaning, self._python, self).sites()

    # Fresh resources

    def fresh(self, scope: ScopeTypes, info: CallInfo) -> Fresh | None:
        """What a call of a function of the project acquires for its caller; `None` if nothing is known of it."""
        if info.is_class and info.target is not None:
            return self._instance(scope, info.target)
        if info.model is not None and info.model.advances is not None:
            return self._first_yielded(scope, info, info.model.advances)
        target = self._function(scope, info)
        if target is None or target.facts.is_generator or (target.facts.is_async and not info.event.awaited):
            return None
        if not target.is_transparent() or not may_give_fresh(target.types.scope(target.facts.id)):
            return None
        return self.answers.ask(("fresh", *target.key), lambda: self._fresh_of(target), None)

    def _first_yielded(self, scope: ScopeTypes, info: CallInfo, position: int) -> Fresh | None:
        """What `next(get_db())` takes out of a generator that lends what it acquires."""
        place = argument_at(info.event, position)
        made = scope.call_behind(place) if place is not None else None
        target = self._function(scope, made) if made is not None else None
        if target is None or not target.facts.is_generator or target.facts.decorators:
            return None
        return self.answers.ask(("yielded", *target.key), lambda: self._yielded_by(target), None)

    def _yielded_by(self, target: Target) -> Fresh | None:
        try:
            run = self.run(target.types.scope(target.facts.id))
        except (GivenUp, RecursionError):
            return None
        lent = [outcome for outcome in run.outcomes if outcome.yielded and not outcome.site.is_child]
        if not lent:
            return None
        site = lent[0].site
        return Fresh(site.lease, None, min(site.confidence, Confidence.LIKELY), self._trail(target, site))

    def _instance(self, scope: ScopeTypes, target: Value) -> Fresh | None:
        """An instance of a project class that keeps what its constructor acquires, and offers a release."""
        types = scope.home(target)
        if types is None or target.name not in types.facts.classes:
            return None
        lease = self.answers.ask(("lease", types.name, target.name), lambda: self.owners.lease(types, target.name), None)
        return None if lease is None else Fresh(lease, None, Confidence.LIKELY, ())

    def _fresh_of(self, target: Target) -> Fresh | None:
        try:
            run = self.run(target.types.scope(target.facts.id))
        except (GivenUp, RecursionError):
            return None
        returning = [outcome for outcome in run.outcomes if outcome.returned and not outcome.site.is_child]
        if not returning:
            return None
        first = returning[0]
        sure = min(outcome.site.confidence for outcome in returning)
        if any(outcome.site.lease != first.site.lease for outcome in returning):
            sure = min(sure, Confidence.LIKELY)
        if not self._returns_nothing_else(run, returning):
            sure = Confidence.POSSIBLE
        item = min(first.returned, key=lambda index: -1 if index is None else index)
        return Fresh(first.site.lease, item, sure, self._trail(target, first.site))

    def _returns_nothing_else(self, run: Run, returning: list[Outcome]) -> bool:
        """Whether every `return` that can be reached returns a fresh value or `None`."""
        graph = run.meaning.graph
        made = {outcome.site.place for outcome in returning}
        items = {item for outcome in returning for item in outcome.returned}
        whole = graph.places.intern(ev.Returned())
        targets = {whole if item is None else graph.places.intern(ev.Item(whole, item)) for item in items}
        for node in graph.node_ids():
            event = graph.events[node]
            if not isinstance(event, ev.Bind) or event.target not in targets:
                continue
            if event.value is None or not _is_fresh_or_nothing(run.meaning.scope, event.value, made):
                return False
        return True

    def _trail(self, target: Target, site: Site) -> tuple[TrailStep, ...]:
        module = self._program.module(target.types.name)
        if module is None:
            return ()
        span = module.positions().span(site.span)
        return (TrailStep(module.shown_as, span, f"{target.facts.name}() acquires it here"), *site.via)

    def step_in(self, target: Target, span: SpanId, text: str) -> tuple[TrailStep, ...]:
        """A step of a trail inside a function of the project."""
        module = self._program.module(target.types.name)
        return () if module is None else (TrailStep(module.shown_as, module.positions().span(span), text),)

    def modules_with(self, module: str, words: Iterable[str]) -> Iterator[ModuleTypes]:
        """The modules of the project around a module, itself first, whose texts hold all of these words."""
        return self._program.modules_with(module, tuple(words))

    def pinned(self, module: str, package: str) -> tuple[int, ...] | None:
        """The version of a package that the project of a module runs; `None`: the newest."""
        return self._program.pinned(module, package)

    def is_bearing(self, module: str) -> bool:
        """Whether resources can come from a module."""
        return self._program.is_bearing(module)

    def ending_methods(self, module: str) -> frozenset[str]:
        """The names of the functions and methods of the project around a module whose texts end a transaction."""
        return self._program.ending_methods(module)

    def reaches_outside(self, module: str) -> bool:
        """Whether a function of a module can reach something that is not the database."""
        return self._program.reaches_outside(module)

    # Ends

    def exits_of(self, scope: ScopeTypes, info: CallInfo) -> frozenset[ev.ExitKind] | None:
        """The ways in which a called function of the project can end; `None` where that is not known.

        A helper that always raises has no RETURN, one that ends the process has no exit at all.
        """
        target = self.target(scope, info)
        if target is None or target.facts.is_generator or not target.is_transparent() or target.facts.only_raises:
            return None
        if target.facts.is_async and not info.event.awaited:
            return None
        if len(target.facts.graph) > MAX_EXIT_NODES:
            return None
        return self.answers.ask(("exits", *target.key), lambda: self._reached_exits(target), None)

    def _reached_exits(self, target: Target) -> frozenset[ev.ExitKind] | None:
        meaning = Meaning(target.types.scope(target.facts.id), self)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        nodes = (NodeId(node) for node in meaning.graph.node_ids())
        exits = ((node, meaning.graph.events[node]) for node in nodes)
        return frozenset(event.kind for node, event in exits if isinstance(event, ev.Exit) and facts.reaching(node))

    # Arguments

    def of_argument(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument, site: Site) -> Effect:
        """What a function of the project does with an argument that owes what the site owes."""
        target = self.target(scope, info)
        if target is None:
            return Effect.KEEPS if info.is_class else Effect.UNKNOWN
        if not target.is_transparent(providers=True):
            return Effect.UNKNOWN
        if target.facts.is_async and not info.event.awaited:
            return Effect.BORROWS if info.event.bare else Effect.KEEPS  # the coroutine holds it, whoever runs that
        name = target.parameter(info, argument)
        if not name:
            return Effect.KEEPS if target.takes_more() else Effect.UNKNOWN  # forwarded who knows where (missed alarms only)
        question = ("effect", *target.key, name, site.lease)
        return self.answers.ask(question, lambda: self._follow(target, name, site.lease), Effect.UNKNOWN)

    def _follow(self, target: Target, name: str, lease: Lease) -> Effect:
        if target.types.scope(target.facts.id).graph.places.find(ev.Local(name)) is None:
            return Effect.BORROWS
        if target.facts.only_raises and target.facts.owner:
            return Effect.UNKNOWN  # an abstract method: somebody else's body runs
        outcome = self.follow_parameter(target, name, lease)
        return Effect.UNKNOWN if outcome is None else _effect(outcome)

    def follow_parameter(self, target: Target, name: str, lease: Lease) -> Outcome | None:
        """What a function does with a parameter that owes this lease; `None` if it never mentions it or cannot be followed."""
        scope = target.types.scope(target.facts.id)
        place = scope.graph.places.find(ev.Local(name))
        if place is None:
            return None
        meaning = Meaning(scope, self)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        site = Site(NodeId(0), place, lease, None, SpanId(0), Confidence.CERTAIN)
        try:
            return Solver(meaning, facts, site, Transfer(meaning, facts, site, FaultLog(meaning), self)).solve()
        except (GivenUp, RecursionError):
            return None

    def follow_attribute(self, types: ModuleTypes, method: FunctionFacts, attribute: str, lease: Lease) -> Outcome | None:
        """What a method does with an attribute of `self`; `None` if it never mentions it or cannot be followed."""
        first = next((p.name for p in method.parameters if p.position == 0), "")
        base = method.graph.places.find(ev.Local(first))
        place = None if base is None else method.graph.places.find(ev.Attribute(base, attribute))
        if place is None:
            return None
        meaning = Meaning(types.scope(method.id), self)
        facts = FactFlow(meaning.graph, lambda node: meaning.edges(NodeId(node)))
        site = Site(NodeId(0), place, lease, None, SpanId(0), Confidence.CERTAIN)
        try:
            return Solver(meaning, facts, site, Transfer(meaning, facts, site, FaultLog(meaning), self)).solve()
        except (GivenUp, RecursionError):
            return None

    def project_texts(self, module: str) -> Iterator[str]:
        """The texts of the project around a module, its own first."""
        return self._program.project_texts(module)

    # Targets

    def target(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        """The function of the project that a call runs, for a class its `__init__`; `None` where it is not known."""
        return self._constructor(scope, info.target) if info.is_class else self._function(scope, info)

    def other_methods(self, scope: ScopeTypes) -> Iterator[Target]:
        """The methods of the class of a method, without itself."""
        for facts in scope.module.methods(scope.facts.owner):
            if facts.id != scope.facts.id and facts.scope is Scope.FUNCTION:
                yield Target(scope.module, facts)

    def method_of(self, scope: ScopeTypes, value: Value, name: str) -> Target | None:
        """A method of an instance of a project class, its own or a base's."""
        types = scope.home(value)
        for home, owner in self.owners.lineage(types, value.name) if types is not None else ():
            facts = home.function(f"{owner}.{name}")
            if facts is not None:
                return Target(home, facts)
        return None

    def _constructor(self, scope: ScopeTypes, value: Value | None) -> Target | None:
        """The `__init__` of a project class, its own or a base's; `None` where it cannot be read (a dataclass, a library's base)."""
        types = scope.home(value) if value is not None else None
        if types is None or value is None:
            return None
        for home, name in self.owners.lineage(types, value.name):
            facts = home.function(f"{name}.__init__")
            if facts is not None:
                return Target(home, facts)
        return None

    def _function(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        """The function of the project that is called; `None` for a class, and where it is not known."""
        if info.target is None or info.target.sort is not Sort.DEFINITION:
            return None
        types = scope.home(info.target)
        facts = types.function(info.target.name) if types is not None else None
        return Target(types, facts) if types is not None and facts is not None else None


def _is_fresh_or_nothing(scope: ScopeTypes, place: PlaceId, made: set[PlaceId], depth: int = 8) -> bool:
    """Whether a place holds nothing but values of these acquires, values made from them, and `None`."""
    key = scope.graph.places.keys[place]
    if place in made or isinstance(key, ev.Constant):
        return True
    if isinstance(key, ev.Local) and any(p.name == key.name for p in scope.facts.parameters):
        return False
    sources = scope.sources(place)
    if not sources or depth == 0:
        return False
    for source in sources:
        if source.place is not None:
            if not _is_fresh_or_nothing(scope, source.place, made, depth - 1):
                return False
        elif source.node is not None:
            event = scope.graph.events[source.node]
            inputs: tuple[PlaceId, ...] = (event.manager,) if isinstance(event, ev.Enter) else ()
            if isinstance(event, ev.Call):
                inputs = tuple(p for p in (event.callee.receiver, *(a.value for a in event.arguments)) if p is not None)
            if not any(_is_fresh_or_nothing(scope, p, made, depth - 1) for p in inputs if not _is_constant(scope, p)):
                return False
        else:
            return False
    return True


def _is_constant(scope: ScopeTypes, place: PlaceId) -> bool:
    return isinstance(scope.graph.places.keys[place], ev.Constant)


def _effect(outcome: Outcome) -> Effect:
    if outcome.returned:
        return Effect.RETURNS if outcome.returned == {None} else Effect.KEEPS
    if outcome.released:
        return Effect.RELEASES  # on some paths is taken for on all (missed alarms only)
    if outcome.escaped:
        return Effect.KEEPS
    return Effect.UNKNOWN if outcome.unsure & (Flag.LIKELY | Flag.POSSIBLE) else Effect.BORROWS


@dataclass(frozen=True, slots=True)
class Target:
    """A function of the project, with the types of its module."""

    types: ModuleTypes
    facts: FunctionFacts

    @property
    def key(self) -> tuple[str, int]:
        """What tells the function from all others."""
        return self.types.name, int(self.facts.id)

    def decorators(self) -> list[Value | None]:
        """What the decorators name."""
        outer = self.types.scope(self.facts.outer if self.facts.outer is not None else self.facts.id)
        return [outer.named(decorator.name) if decorator.name else None for decorator in self.facts.decorators]

    def is_transparent(self, *, providers: bool = False) -> bool:
        """Whether a call of the decorated name runs this body and gives its result; with `providers`, also where a manager runs it."""
        catalog = self.types.catalog
        for value in self.decorators():
            if value is not None and value.sort is Sort.DEFINITION and self._passes_through(value):
                continue
            if value is None or value.sort is not Sort.NAME:
                return False
            known = catalog.is_transparent_decorator(value.name) or (providers and catalog.is_provider_decorator(value.name))
            if not known:
                return False
        return True

    def _passes_through(self, value: Value) -> bool:
        """Whether a decorator of the project wraps what it decorates with `functools.wraps` and keeps no results."""
        home = self.types.scope(self.facts.id).home(value)
        if home is None:
            return False
        inside = [f for f in home.facts.functions if f.name.startswith(f"{value.name}.")]
        wrappers = [f for f in inside if any(d.name in ("wraps", "functools.wraps") for d in f.decorators)]
        stores = (e for f in wrappers for e in f.graph.events if isinstance(e, ev.Store))
        return bool(wrappers) and not any(s.kind in (ev.StoreKind.SUBSCRIPT, ev.StoreKind.GLOBAL, ev.StoreKind.ATTRIBUTE) for s in stores)

    def parameter(self, info: CallInfo, argument: ev.Argument) -> str:
        """The parameter that an argument of the call fills; empty where that is not clear."""
        parameters = self.facts.parameters
        if isinstance(argument.key, str):
            names = {p.name for p in parameters if not p.star}
            return argument.key if argument.key in names else ""
        if any(a.key == "*" for a in info.event.arguments):
            return ""
        position = argument.key + self._offset(info)
        return next((p.name for p in parameters if p.position == position), "")

    def takes_more(self) -> bool:
        """Whether the function has a star parameter."""
        return any(p.star for p in self.facts.parameters)

    def _offset(self, info: CallInfo) -> int:
        """1 where the receiver fills the first parameter."""
        names = {d.name for d in self.facts.decorators}
        if not self.facts.owner or "staticmethod" in names:
            return 0
        is_bound = info.is_class or (info.receiver is not None and info.receiver.sort is Sort.OBJECT)
        return 1 if is_bound or "classmethod" in names else 0
