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
from dataclasses import dataclass, replace
from pathlib import Path

from unclosed.analysis.answers import Answers
from unclosed.analysis.class_heads import may_give_shared_instances
from unclosed.analysis.dependencies import Dependencies
from unclosed.analysis.externals import Externals
from unclosed.analysis.facts import FactFlow
from unclosed.analysis.faults import FaultLog
from unclosed.analysis.fresh import Fresh, FreshResources
from unclosed.analysis.givens import Givens
from unclosed.analysis.handing import Handing
from unclosed.analysis.holders import Holders
from unclosed.analysis.meaning import Meaning
from unclosed.analysis.obligations import Flag, Site
from unclosed.analysis.other_ends import OtherEnds
from unclosed.analysis.overriding import Overriding, joined_effect
from unclosed.analysis.owners import Owners
from unclosed.analysis.patches import Patches
from unclosed.analysis.property_reads import with_getters
from unclosed.analysis.running import WhenRun
from unclosed.analysis.sites import MAX_SITES, SiteFinder
from unclosed.analysis.solver import Budget, GivenUp, Outcome, Solver
from unclosed.analysis.targets import Target, is_awaited_inside
from unclosed.analysis.transactions import Transactions
from unclosed.analysis.transfer import Effect, Transfer
from unclosed.analysis.users import Users
from unclosed.confidence import Confidence
from unclosed.findings import TrailStep
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId, SpanId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Lease
from unclosed.lowering.facts import FunctionFacts, Scope
from unclosed.project.program import Program

MAX_EXIT_NODES = 80
"""A function with more nodes is taken to return and to raise: helpers that end the process are small."""


@dataclass(frozen=True, slots=True)
class Run:
    """One function run: its meaning, its sites with their outcomes, the faults of its releases."""

    meaning: Meaning
    outcomes: tuple[Outcome, ...]
    log: FaultLog


class Summaries:
    """The summaries of a program's functions."""

    def __init__(self, program: Program, python: tuple[int, int]) -> None:
        """`python`: the oldest version that the project admits."""
        self._program, self.python = program, python
        self.owners = Owners(self)
        self.givens, self.running, self.handing = Givens(), WhenRun(self), Handing(self)
        self.externals = Externals(self)
        self.transactions = Transactions(self)
        self.other_ends = OtherEnds(self)
        self.holders = Holders(self)
        self.users = Users(self)
        self.dependencies = Dependencies(self)
        self.overriding = Overriding(program, self.owners.lineage)
        self._patches: dict[str, Patches] = {}
        self.answers = Answers()
        self._fresh = FreshResources(self, program)

    # Runs

    def run(self, scope: ScopeTypes) -> Run:
        """The function run to its end. Raises `GivenUp` beyond the bounds, `RecursionError` for what is nested too deeply."""
        meaning = self.meaning(with_getters(scope))
        log = FaultLog(meaning)
        sites = self.sites(meaning)
        if len(sites) > MAX_SITES:
            raise GivenUp(f"more than {MAX_SITES} acquires")
        entered = {e.result for e in meaning.graph.events if isinstance(e, ev.Enter) and meaning.is_resource(e.result)}
        fresh = frozenset({site.place for site in sites} | entered)
        facts = meaning.fact_flow(fresh)
        outcomes: dict[SpanId, Outcome] = {}
        budget = Budget()
        for site in sites:
            found = Solver(meaning, facts, site, self.transfer(meaning, facts, site, log), budget).solve()
            outcomes[site.span] = outcomes[site.span].merged(found) if site.span in outcomes else found
        return Run(meaning, tuple(outcomes.values()), log)

    def with_lease(self, meaning: Meaning, site: Site, lease: Lease) -> Outcome | None:
        """What would become of an acquired value for which this lease is owed; `None` if it cannot be followed."""
        facts, other = meaning.fact_flow(frozenset({site.place})), replace(site, lease=lease)
        try:
            return Solver(meaning, facts, other, self.transfer(meaning, facts, other, FaultLog(meaning))).solve()
        except (GivenUp, RecursionError):
            return None

    def sites(self, meaning: Meaning) -> list[Site]:
        """The acquires of a function."""
        return self.finder(meaning).sites()

    def finder(self, meaning: Meaning) -> SiteFinder:
        """Finds the acquires of a function."""
        return SiteFinder(meaning, self.python, self)

    def transfer(self, meaning: Meaning, facts: FactFlow, site: Site, log: FaultLog) -> Transfer:
        """What the events of a function do to a site's obligations."""
        return Transfer(meaning, facts, site, log, self)

    def meaning(self, scope: ScopeTypes) -> Meaning:
        """The events of a scope, read with what the project says."""
        return Meaning(scope, self)

    # Fresh resources

    def fresh(self, scope: ScopeTypes, info: CallInfo) -> Fresh | None:
        """What a call acquires for its caller; `None` if nothing is known of it."""
        return self._fresh.of_call(scope, info)

    def gives_shared(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call gives what an attribute or a global of the project holds, and nothing of its own."""
        return self._fresh.gives_shared(scope, info)

    def argument_for(self, scope: ScopeTypes, info: CallInfo, parameter: str) -> PlaceId | None:
        """The argument that fills a parameter of a called function; `None` where it is left to its default, or not clear."""
        target = self.function(scope, info)
        given = (a.value for a in info.event.arguments if target is not None and target.parameter(info, a) == parameter)
        return next(given, None)

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

    def shares_sessions(self, module: str) -> bool:
        """Whether a function of a module can reach a session that everybody shares."""
        return self._program.shares_sessions(module)

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
        if info.others:
            ends = [self.exits_of(scope, each) for each in info.each()]
            return frozenset(kind for each in ends if each is not None for kind in each) if None not in ends else None
        target = self.target(scope, info)
        if target is None or target.facts.is_generator:
            return None
        if target.is_coroutine() and not info.event.awaited:
            return frozenset({ev.ExitKind.RETURN}) if target.gives_its_result() else None  # it only makes a coroutine
        if target.facts.only_raises or len(target.facts.graph) > MAX_EXIT_NODES or not target.gives_its_result():
            return None
        found = self.answers.ask(("exits", *target.key), lambda: self._reached_exits(target), None)
        may_override = found is not None and ev.ExitKind.RETURN not in found
        return None if may_override and self._may_be_another(target, info) else found

    def _may_be_another(self, target: Target, info: CallInfo) -> bool:
        alternatives = self.overriding.alternatives(target, info)
        return alternatives is None or next(alternatives, None) is not None

    def _reached_exits(self, target: Target) -> frozenset[ev.ExitKind] | None:
        meaning = self.meaning(target.types.scope(target.facts.id))
        facts = meaning.fact_flow()
        nodes = (NodeId(node) for node in meaning.graph.node_ids())
        exits = ((node, meaning.graph.events[node]) for node in nodes)
        return frozenset(event.kind for node, event in exits if isinstance(event, ev.Exit) and facts.reaching(node))

    # Arguments

    def of_argument(self, scope: ScopeTypes, info: CallInfo, argument: ev.Argument, site: Site) -> Effect:
        """What a function of the project does with an argument that owes what the site owes."""
        if info.others:
            return joined_effect([self.of_argument(scope, each, argument, site) for each in info.each()])
        target = self.target(scope, info)
        if target is None:
            return Effect.KEEPS if info.is_class else Effect.UNKNOWN
        alternatives = self.overriding.alternatives(target, info)
        if alternatives is None:
            return Effect.UNKNOWN
        effects = [self.of_argument(scope, each, argument, site) for each in alternatives]
        if effects:
            return joined_effect(effects)
        if not target.runs(providers=True):
            return Effect.UNKNOWN
        if target.is_coroutine() and not info.event.awaited and not is_awaited_inside(scope, info.event):
            return Effect.BORROWS if info.event.bare else Effect.KEEPS  # the coroutine holds it, whoever runs that
        wrapped = self._of_wrapped_argument(target, info, argument, site.lease)
        if wrapped is not None:
            return wrapped
        name = target.parameter(info, argument)
        if not name:
            return Effect.KEEPS if target.takes_more() else Effect.UNKNOWN  # forwarded who knows where (missed alarms only)
        effect = self._effect_on(target, name, site.lease)
        return Effect.KEEPS if effect is Effect.RETURNS and not target.gives_its_result() else effect

    def _of_wrapped_argument(self, target: Target, info: CallInfo, argument: ev.Argument, lease: Lease) -> Effect | None:
        """What a wrapper around the function does with the argument itself; `None` if it only hands it on."""
        at = argument.key if isinstance(argument.key, str) else argument.key + target.offset(info)
        for wrapper in target.wrappers():
            outer, name = Target(wrapper.types, wrapper.facts), wrapper.parameter_at(at)
            if not name and wrapper.opens_its_stars():
                return Effect.KEEPS  # taken out again, and who knows what then (missed alarms only)
            effect = self._effect_on(outer, name, lease) if name else Effect.UNKNOWN
            if effect in (Effect.RELEASES, Effect.MAY_RELEASE, Effect.KEEPS):
                return effect
        return None

    def _effect_on(self, target: Target, name: str, lease: Lease) -> Effect:
        return self.answers.ask(("effect", *target.key, name, lease), lambda: self._follow(target, name, lease), Effect.UNKNOWN)

    def _follow(self, target: Target, name: str, lease: Lease) -> Effect:
        if target.place_of(name) is None:
            return Effect.BORROWS
        if target.facts.only_raises and target.facts.owner:
            return Effect.UNKNOWN  # an abstract method: somebody else's body runs
        outcome = self.follow_parameter(target, name, lease)
        return Effect.UNKNOWN if outcome is None else _effect(outcome)

    def follow_parameter(self, target: Target, name: str, lease: Lease) -> Outcome | None:
        """What a function does with a parameter that owes this lease; `None` if it never mentions it or cannot be followed."""
        place = target.place_of(name)
        return None if place is None else self.follow(target.types.scope(target.facts.id), place, lease)

    def follow(self, scope: ScopeTypes, place: PlaceId, lease: Lease, node: NodeId = NodeId(0)) -> Outcome | None:  # noqa: B008
        """What a function does with a value that owes this lease and is in a place after a node; `None` if it cannot be followed."""
        meaning = self.meaning(scope)
        facts = meaning.fact_flow()
        site = Site(node, place, lease, None, SpanId(0), Confidence.CERTAIN)
        try:
            return Solver(meaning, facts, site, self.transfer(meaning, facts, site, FaultLog(meaning))).solve()
        except (GivenUp, RecursionError):
            return None

    def follow_attribute(self, types: ModuleTypes, method: FunctionFacts, attribute: str, lease: Lease) -> Outcome | None:
        """What a method does with an attribute of `self`; `None` if it never mentions it or cannot be followed."""
        first = next((p.name for p in method.parameters if p.position == 0), "")
        base = method.graph.places.find(ev.Local(first))
        place = None if base is None else method.graph.places.find(ev.Attribute(base, attribute))
        return None if place is None else self.follow(types.scope(method.id), place, lease)

    def is_patched(self, scope: ScopeTypes, info: CallInfo, trail: tuple[TrailStep, ...]) -> bool:
        """Whether a test puts something else in the place of what a call runs on its way to the acquire."""
        module = scope.module
        if module.name not in self._patches:
            self._patches[module.name] = Patches(module, self._program.text)
        return self._patches[module.name].cover(scope, info, trail)

    def may_be_shared(self, scope: ScopeTypes, info: CallInfo) -> bool:
        """Whether a call makes an instance of a project class that may have been there before."""
        home = scope.home(info.target) if info.is_class and info.target is not None else None
        return home is not None and info.target is not None and may_give_shared_instances(self.owners.lineage(home, info.target.name))

    def is_finalised(self, scope: ScopeTypes, info: CallInfo, lease: Lease) -> bool:
        """Whether a call makes an instance of a project class whose `__del__` gives back what is owed for it."""
        home = scope.home(info.target) if info.target is not None else None
        for types, name in self.owners.lineage(home, info.target.name) if home is not None and info.target is not None else ():
            facts = types.function(f"{name}.__del__")
            if facts is not None and facts.parameters:
                outcome = self.follow_parameter(Target(types, facts), facts.parameters[0].name, lease)
                return outcome is not None and outcome.is_done_somewhere
        return False

    def project_root(self, module: str) -> Path:
        """The root of the project that a module belongs to."""
        return self._program.project_root(module)

    def project_files(self, module: str) -> Iterator[tuple[Path, str]]:
        """The files of the project around a module with their texts, its own first."""
        return self._program.project_files(module)

    def types(self, path: Path) -> ModuleTypes | None:
        """The types of a file of the project, parsed if need be; `None` if it cannot be."""
        return self._program.types(str(path))

    def project_texts(self, module: str) -> Iterator[str]:
        """The texts of the project around a module, its own first."""
        return self._program.project_texts(module)

    # Targets

    def target(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        """The function of the project that a call runs, for a class its `__init__`; `None` where it is not known."""
        return self._constructor(scope, info.target) if info.is_class else self.function(scope, info)

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

    def function(self, scope: ScopeTypes, info: CallInfo) -> Target | None:
        """The function of the project that is called; `None` for a class, and where it is not known."""
        if info.target is None or info.target.sort is not Sort.DEFINITION:
            return None
        types = scope.home(info.target)
        facts = types.function(info.target.name) if types is not None else None
        return Target(types, facts) if types is not None and facts is not None else None


def _effect(outcome: Outcome) -> Effect:
    if outcome.returned:
        return Effect.RETURNS if outcome.returned == {None} else Effect.KEEPS
    if outcome.released:
        return Effect.MAY_RELEASE if outcome.exits.get(ev.ExitKind.RETURN) else Effect.RELEASES
    if outcome.escaped:
        return Effect.KEEPS
    return Effect.UNKNOWN if outcome.unsure & (Flag.LIKELY | Flag.POSSIBLE) else Effect.BORROWS
