"""Answers what a qualified name, a method or a naming convention does with resources, from the files under `models/`.

Names are *canonical* or aliases of one (`also`); every question takes either. A type that does not know a method, an attribute or
a part of its lease asks the types that it extends, nearest first. Models are joined from their entries when first asked for and
kept as long as the catalog lives.

*Stand-in types*, `unclosed.Connection` and the like, are no classes: they are what naming conventions say of values of unknown type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from unclosed.catalog_checks import problems_of_models
from unclosed.catalog_conventions import Convention, Conventions, NamePatterns, split_patterns
from unclosed.catalog_files import Shelf, UserModels, shipped_shelf
from unclosed.catalog_lifetimes import LifetimeWords
from unclosed.catalog_lineage import Lineage, table_of
from unclosed.catalog_own import in_full
from unclosed.catalog_schema import CallEntry, TypeEntry, read_call
from unclosed.catalog_terms import LeaseTerms
from unclosed.catalog_versions import Variant
from unclosed.catalog_web import WebWords
from unclosed.library import Acquires, CallModel, Given, Kind, Lease, TypeModel

_SELF = "self"


def user_shelf(user: Sequence[UserModels], below: Shelf | None = None) -> Shelf:
    """The shipped entries (or those of `below`) and over them the user's own, one table after the other.

    Raises `ConfigError` for the first mistake in them.
    """
    shelf = below or shipped_shelf()
    for rank, models in enumerate(user, 1):
        for problem in problems_of_models(models, shelf):
            raise problem
        shelf = shelf.copy()
        shelf.add(models.where, in_full(models)[0].tables, rank=rank)
    return shelf


class Catalog:
    """All library models of one configuration."""

    def __init__(self, shelf: Shelf, doubtful: tuple[Variant, ...] = ()) -> None:
        """`shelf` must not change afterwards. `doubtful`: what else may hold, where it is not known which version runs."""
        self._shelf, self._doubtful = shelf, doubtful
        self._of_versions: dict[tuple[bool | None, ...], Catalog] = {}
        self._lineage = Lineage(shelf)
        self._types: dict[str, TypeModel | None] = {}
        self._calls: dict[tuple[str, str], CallModel | None] = {}
        self._owned: dict[str, tuple[Lease, ...]] = {}
        self._roots: frozenset[str] | None = None
        self._exports: dict[str, set[str]] | None = None
        self._conventions: Conventions | None = None
        self._calm = NamePatterns(shelf.patterns.get("calm", ()))
        self._plain_methods = frozenset(shelf.patterns.get("plain_methods", ()))
        endings = (NamePatterns(shelf.patterns.get(key, ())) for key in ("releasing_names", "stopping_names", "keeping_names"))
        self._releasing, self._stopping, self._keeping = endings
        self._reflecting = NamePatterns(shelf.patterns.get("reflecting_names", ()))
        self._patching = NamePatterns(shelf.patterns.get("patching_names", ()))
        self._tests = NamePatterns(shelf.patterns.get("test_names", ()))
        self._expecting = NamePatterns(shelf.patterns.get("expecting_names", ()))
        self.injecting_names: tuple[str, ...] = shelf.patterns.get("injecting_names", ())
        """Names under which a web framework is told of a dependency: `Depends`."""
        self._left_to_base = frozenset(shelf.patterns.get("left_to_base", ()))
        self._providers = frozenset(self.canonical(name) for name in shelf.patterns.get("providers", ()))
        self._transparent = frozenset(self.canonical(name) for name in shelf.patterns.get("transparent", ()))
        self._plain_metaclasses = frozenset(self.canonical(name) for name in shelf.patterns.get("plain_metaclasses", ()))
        self._lifespans = NamePatterns(shelf.patterns.get("lifespans", ()))
        self._statements, self._executing = (NamePatterns(shelf.patterns.get(f"{key}_names", ())) for key in ("statement", "executing"))
        self._endings = NamePatterns(shelf.patterns.get("ending_names", ()))
        self._others = NamePatterns(shelf.patterns.get("other_names", ()))
        self._intercepting = NamePatterns(shelf.patterns.get("intercepting_names", ()))
        self._postgresql = NamePatterns(shelf.patterns.get("postgresql", ()))
        self._any_database = NamePatterns(shelf.patterns.get("any_database", ()))
        self._direct = NamePatterns(shelf.patterns.get("direct_names", ()))
        self._fixtures = frozenset(self.canonical(name) for name in shelf.patterns.get("fixtures", ()))
        self.web = WebWords(shelf.web)
        """What the web frameworks call their routes and dependencies."""
        self.io_words: frozenset[str] = frozenset(shelf.io_words)
        """Texts of which a module must contain one for its functions to reach something that is not the database."""
        self.words: frozenset[str] = frozenset(shelf.words)
        """Texts of which a file must contain one to be worth parsing."""

    @classmethod
    def load(cls, user: Sequence[UserModels] = ()) -> Catalog:
        """The shipped models and over them the user's own; raises `ConfigError` for their first mistake."""
        return cls(user_shelf(user))

    @cached_property
    def version_words(self) -> frozenset[str]:
        """The words of the libraries of which other versions are known."""
        return frozenset(word for variant in self._shelf.variants for word in variant.words)

    def for_versions(self, pinned: Callable[[str], tuple[int, ...] | None]) -> Catalog:
        """The catalog for what runs the versions that `pinned` says of a package (`None`: not known, so the current release)."""
        standing = tuple(variant.standing(pinned(variant.package)) for variant in self._shelf.variants)
        if standing not in self._of_versions:
            paired = list(zip(self._shelf.variants, standing, strict=True))
            known = self._shelf.with_variants([variant for variant, holds in paired if holds])
            self._of_versions[standing] = Catalog(known, tuple(variant for variant, holds in paired if holds is None))
        return self._of_versions[standing]

    @cached_property
    def _variants(self) -> tuple[tuple[frozenset[str], Catalog], ...]:
        """The catalogs of the doubtful variants, each with the types and functions of which it says something else."""
        return tuple((variant.names(), Catalog(self._shelf.with_variants([variant]))) for variant in self._doubtful)

    def _doubted(self, model: CallModel | None, ask: Callable[[Catalog], CallModel | None]) -> CallModel | None:
        """A model with what is owed in other versions. `ask`: the same question to another catalog."""
        if model is None or model.lease is None or not self._doubtful:
            return model
        named = {model.name, *(entry.name for entry in self._lineage.types(model.lease.type_name))}
        answers = (ask(other) for names, other in self._variants if not names.isdisjoint(named))
        leases = (other.lease for other in answers if other is not None)
        otherwise = tuple(lease for lease in leases if lease is not None and lease != model.lease)
        return replace(model, lease=replace(model.lease, otherwise=otherwise))

    def canonical(self, name: str) -> str:
        """The canonical name for an alias; a bare builtin's `builtins.` name; else the name itself."""
        return self._lineage.canonical(name)

    def function(self, name: str) -> CallModel | None:
        """The model of a function, of a constructor, or of a method named through its class (`psycopg.Connection.connect`)."""
        name = self.canonical(name)
        key = ("", name)
        if key not in self._calls:
            self._calls[key] = self._doubted(self._function(name), lambda other: other.function(name))
        return self._calls[key]

    def type(self, name: str) -> TypeModel | None:
        """The model of a type."""
        name = self.canonical(name)
        if name not in self._types:
            entry = self._lineage.entry(name)
            self._types[name] = None if entry is None else self._type(entry)
        return self._types[name]

    def method(self, type_name: str, method: str) -> CallModel | None:
        """The model of a method of a type or of the nearest type that it extends; one that is listed goes before a pattern."""
        key = (self.canonical(type_name), method)
        if key not in self._calls:
            found = next((self._call(entry) for entry in self._lineage.methods(key[0], method)), None)
            self._calls[key] = self._doubted(found, lambda other: other.method(type_name, method))
        return self._calls[key]

    def attribute(self, type_name: str, attribute: str) -> str | None:
        """The type of an attribute."""
        return next((self.canonical(name) for name in self._lineage.attributes(type_name, attribute)), None)

    def class_attribute(self, type_name: str, attribute: str) -> str | None:
        """The class that an attribute is, `db.Model`."""
        found = (entry.classes[attribute] for entry in self._lineage.types(type_name) if attribute in entry.classes)
        return next((self.canonical(name) for name in found), None)

    def item_type(self, type_name: str) -> str | None:
        """The type of what an index gives, `connections["default"]`."""
        return next((self.canonical(entry.items) for entry in self._lineage.types(type_name) if entry.items is not None), None)

    def object_type(self, name: str) -> str | None:
        """The type of an object that lives in a module, `django.db.connection`."""
        entry = self._shelf.objects.get(self.canonical(name))
        type_name = entry.values.get("type") if entry is not None else None
        return self.canonical(type_name) if isinstance(type_name, str) else None

    def call(self, type_name: str) -> CallModel | None:
        """What calling an instance of the type does, `SessionLocal()`."""
        key = (self.canonical(type_name), "()")
        if key not in self._calls:
            found = (entry.call for entry in self._lineage.types(key[0]) if entry.call is not None)
            self._calls[key] = next((self._call(entry) for entry in found), None)
        return self._calls[key]

    def leases_of_owner(self, type_name: str) -> tuple[Lease, ...]:
        """What is owed for the values that the methods of a type lend, nearest type first."""
        key = self.canonical(type_name)
        if key not in self._owned:
            methods = {name: None for entry in self._lineage.types(key) for name in entry.methods}
            models = (self.method(key, name) for name in methods)
            leases = (model.lease for model in models if model is not None and model.lease is not None)
            self._owned[key] = tuple(lease for lease in leases if any(release.owner for release in lease.release))
        return self._owned[key]

    def is_a(self, type_name: str, base: str) -> bool:
        """True if `type_name` is `base` or extends it."""
        base = self.canonical(base)
        return self.canonical(type_name) == base or any(entry.name == base for entry in self._lineage.types(type_name))

    def convention(self, receiver: str, method: str) -> CallModel | None:
        """What the names alone suggest of a call on an unknown receiver.

        `receiver` is the last name of the receiver as written (`db_pool` for `self.db_pool`), empty for a plain call, where `method` is the
        called name. Receivers are compared in lower case, methods as they are; a pattern without a dot takes any receiver.
        """
        if self._conventions is None:
            self._conventions = Conventions(self._all_conventions())
        return self._conventions.find(receiver, method)

    def is_calm(self, receiver: str, method: str) -> bool:
        """True if such a method does not raise in practice whatever it is called on: a release, a rollback, a line in a log."""
        return self._calm.fit(receiver, method)

    def is_plain_method(self, method: str) -> bool:
        """True if strings, lists, dicts or sets have a method of this name that hardly ever raises."""
        return method in self._plain_methods

    def names_release(self, name: str) -> bool:
        """True if the name of an unknown function says that it gives back the resource it is handed."""
        return self._releasing.fit("", name.lower())

    def names_end(self, name: str) -> bool:
        """True if the name of a method says that it ends what it is called on, as a release does: `close`, `stop`, `join`."""
        return self.names_release(name) or self._stopping.fit("", name.lower())

    def names_keep(self, name: str, *, is_method: bool = True) -> bool:
        """True if the name of an unknown function or method says that it keeps the resource it is handed: `append`, `register`.

        A few of these names say so for methods only: `insert(conn, row)` uses the connection, `connections.insert(0, conn)` keeps it.
        """
        return self._keeping.fit("receiver" if is_method else "", name.lower())

    def names_statement(self, receiver: str, method: str) -> bool:
        """True if the names say that a statement is sent on a session or cursor of unknown type: `session.scalars`."""
        return self._statements.fit(receiver, method)

    def names_execution(self, receiver: str, method: str) -> bool:
        """True if the names say that what is given first is executed, on a session of unknown type if it is a statement."""
        return self._executing.fit(receiver, method)

    def names_other(self, receiver: str, attribute: str) -> bool:
        """True if the names say that the receiver is no session or cursor of a database, `session.headers`."""
        return self._others.fit(receiver, attribute.lower())

    def may_be_postgresql(self, type_name: str) -> bool:
        """True if values of the type send their statements to PostgreSQL, or to what their URL says."""
        root = self.canonical(type_name).partition(".")[0]
        return self._postgresql.fit("", root) or self._any_database.fit("", root)

    def names_direct(self, name: str) -> bool:
        """True if a name says that a connection goes past a pooler: `DIRECT_URL`."""
        return self._direct.fit("", name.lower())

    def names_interception(self, parameter: str) -> bool:
        """True if a test with a parameter of this name has a fixture under which requests reach nobody: `requests_mock`."""
        return self._intercepting.fit("", parameter)

    def names_ending(self, receiver: str, method: str) -> bool:
        """True if the names say that a transaction ends, whatever it is called on: `uow.commit()`."""
        return self._endings.fit(receiver, method)

    def ending_methods(self) -> frozenset[str]:
        """The methods that may end a transaction by their name, on some receiver."""
        return frozenset(method for method in self._endings.methods() if "*" not in method)

    def names_reflection(self, name: str) -> bool:
        """True if a function of this name may reach any attribute of the object it is handed: `getattr`."""
        return self._reflecting.fit("", name)

    def is_left_to_base(self, base: str, attribute: str) -> bool:
        """True if a class's own release gives back what a subclass keeps in an attribute: `sock` of an HTTP connection."""
        return f"{self.canonical(base)}.{attribute}" in self._left_to_base

    def names_patch(self, receiver: str, method: str) -> bool:
        """True if such a call puts something else in the place of the name among its arguments: `monkeypatch.setattr`."""
        return self._patching.fit(receiver, method)

    def names_test(self, function: str) -> bool:
        """True if a function of this name is a test."""
        return self._tests.fit("", function)

    def names_expectation(self, receiver: str, method: str) -> bool:
        """True if such a call makes a manager whose block is there to end in an exception: `pytest.raises`."""
        return self._expecting.fit(receiver, method)

    def is_provider_decorator(self, qualified: str) -> bool:
        """True if the decorator makes a generator lend what it yields."""
        return self.canonical(qualified) in self._providers

    def is_transparent_decorator(self, qualified: str) -> bool:
        """True if calling what the decorator returns runs the decorated body and gives its result: `staticmethod`, a retry."""
        return self.canonical(qualified) in self._transparent

    def is_plain_metaclass(self, qualified: str) -> bool:
        """True if each call of a class with this metaclass makes a new instance: `abc.ABCMeta`."""
        return self.canonical(qualified) in self._plain_metaclasses

    def is_lifespan(self, function: str, first_parameter: str) -> bool:
        """True if a generator's names say that it spans the life of an application: what it makes is given back when the process ends."""
        return self._lifespans.fit(function, first_parameter)

    def resumes_always(self, qualified: str) -> bool:
        """True if a provider with this decorator is resumed after its `yield` whatever its user did (a test fixture)."""
        return self.canonical(qualified) in self._fixtures

    def exports(self, module: str) -> frozenset[str]:
        """The modelled public names of a module, for `from module import *`."""
        if self._exports is None:
            self._exports = {}
            shelf = self._shelf
            for name in (*shelf.functions, *shelf.types, *shelf.objects, *shelf.aliases):
                parent, _, last = name.rpartition(".")
                if not last.startswith("_"):
                    self._exports.setdefault(parent, set()).add(last)
        return frozenset(self._exports.get(module, ()))

    def knows_root(self, name: str) -> bool:
        """True if `name` is the first part of a modelled name: a library's top-level package."""
        if self._roots is None:
            shelf = self._shelf
            self._roots = frozenset(full.partition(".")[0] for full in (*shelf.functions, *shelf.types, *shelf.objects, *shelf.aliases))
        return name in self._roots

    def ships_root(self, name: str) -> bool:
        """True if `name` is the top-level package of a library whose model is shipped."""
        return name in self._shipped_roots

    @cached_property
    def _shipped_roots(self) -> frozenset[str]:
        shelf = shipped_shelf()
        return frozenset(full.partition(".")[0] for full in (*shelf.functions, *shelf.types, *shelf.objects, *shelf.aliases))

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names that the user's models alone describe, a class's methods not among them."""
        shelf, shipped = self._shelf, shipped_shelf()
        if shelf is shipped:
            return frozenset()
        names = {*shelf.functions, *shelf.types, *shelf.objects, *shelf.aliases}
        return frozenset(names - {*shipped.functions, *shipped.types, *shipped.objects, *shipped.aliases})

    @cached_property
    def sharing_words(self) -> frozenset[str]:
        """Texts of which a module must contain one for its functions to work on a session that everybody shares."""
        return frozenset(self._shelf.patterns.get("sharing_words", ()))

    @cached_property
    def streaming_names(self) -> frozenset[str]:
        """The last names of the responses that are sent while they are made, and of the sockets."""
        made = {name for name, entry in self._shelf.types.items() if "streams" in str(entry.values.get("constructor", ""))}
        return frozenset(name.rpartition(".")[2] for name in (*made, *self.web.sockets))

    @cached_property
    def lifetimes(self) -> LifetimeWords:
        """What programs and frameworks call the functions that run once."""
        return LifetimeWords(self._shelf.patterns)

    @cached_property
    def pool_words(self) -> frozenset[str]:
        """The last names, in lower case, of all that makes a pool: one of them stands in every text that does."""
        makers = {name for name in self._shelf.types if self._lineage.terms(name).kind is Kind.POOL}
        for name in self._shelf.functions:
            model = self.function(name)
            if model is not None and model.lease is not None and model.lease.kind is Kind.POOL:
                makers.add(name)
        makers |= {alias for alias, name in self._shelf.aliases.items() if name in makers}
        return frozenset(name.rpartition(".")[2].lower() for name in makers)

    def type_names(self) -> frozenset[str]:
        """The canonical names of all modelled types."""
        return frozenset(self._shelf.types)

    def function_names(self) -> frozenset[str]:
        """The canonical names of all modelled functions."""
        return frozenset(self._shelf.functions)

    def _function(self, name: str) -> CallModel | None:
        written = self._shelf.functions.get(name)
        if written is not None:
            return self._call(read_call(name, table_of(written), written.source))
        model = self.type(name)
        if model is not None:
            return model.constructor
        owner, _, method = name.rpartition(".")
        return self.method(owner, method) if owner else None

    def _type(self, entry: TypeEntry) -> TypeModel:
        lineage = tuple(self._lineage.types(entry.name))
        call = next((each.call for each in lineage if each.call is not None), None)
        return TypeModel(
            name=entry.name,
            kind=self._lineage.terms(entry.name).kind,
            extends=tuple(self.canonical(base) for base in entry.extends),
            lease=self._lineage.terms(entry.name).lease(entry.name),
            constructor=self._constructor(lineage),
            call=None if call is None else self._call(call),
            methods={name: self._call(method) for name, method in entry.methods.items()},
            attributes={name: self.canonical(type_name) for name, type_name in entry.attributes.items()},
            implicit=next((each.implicit for each in lineage if each.implicit), ""),
            statements=frozenset().union(*(each.statements for each in lineage)),
            of_parent=any(each.of_parent for each in lineage),
            elsewhere=any(each.elsewhere for each in lineage),
            block_opens=any(each.block_opens for each in lineage),
            begin_awaited=frozenset().union(*(each.begin_awaited for each in lineage)),
            autocommit=tuple(pair for each in lineage for pair in each.autocommit),
            begun_when=frozenset().union(*(each.begun_when for each in lineage)),
            begin=frozenset().union(*(each.begin for each in lineage)),
            commit=frozenset().union(*(each.commit for each in lineage)),
            rollback=frozenset().union(*(each.rollback for each in lineage)),
            gives_back=frozenset().union(*(each.gives_back for each in lineage)),
            closed_when=frozenset().union(*(each.closed_when for each in lineage)),
            open_when=frozenset().union(*(each.open_when for each in lineage)),
            source=entry.source,
        )

    def _constructor(self, lineage: tuple[TypeEntry, ...]) -> CallModel:
        """The constructor of the first type: its own words, or those of the nearest type whose constructor says anything."""
        first = lineage[0]
        for entry in lineage:
            if entry.says_constructor:
                said = replace(entry.constructor, model=replace(entry.constructor.model, name=first.name, returns=first.name))
                return self._call(said)
        return self._call(first.constructor)

    def _call(self, entry: CallEntry) -> CallModel:
        """The model of an entry, with its lease: the entry's own terms over those of the type."""
        model = entry.model
        returns = model.returns if model.returns in (None, _SELF) else self.canonical(model.returns or "")
        lends = None if model.lends is None else self.canonical(model.lends)
        lease = None
        if model.acquires is not Acquires.NO and returns is not None:
            lease = entry.terms.over(self._lineage.terms(returns)).lease(returns)
        elif lends is not None:
            # Only leaving the block gives back what is lent and not acquired, so no release and no exit is inherited.
            lease = replace(entry.terms, kind=entry.terms.kind or self._lineage.terms(lends).kind).lease(lends)
        given = tuple(Given(told, self._given_lease(entry, terms, returns)) for told, terms in entry.given)
        when = tuple((keyword, self.canonical(given), self.canonical(name)) for keyword, given, name in model.returns_when)
        decorates = None if model.decorates is None else self.canonical(model.decorates)
        return replace(model, returns=returns, lends=lends, lease=lease, given=given, returns_when=when, decorates=decorates)

    def _given_lease(self, entry: CallEntry, terms: LeaseTerms | None, returns: str | None) -> Lease | None:
        if terms is None or returns is None:
            return None
        return terms.over(entry.terms).over(self._lineage.terms(returns)).lease(returns)

    def _all_conventions(self) -> Iterator[Convention]:
        """Every entry with a naming convention: the user's own first, then in the order of the files."""
        found: list[tuple[int, CallEntry]] = []
        for name, written in (*self._shelf.conventions.items(), *self._shelf.functions.items()):
            if "names" in written.values:
                found.append((written.rank, read_call(name, table_of(written), written.source)))
        for name, written in self._shelf.types.items():
            entry = self._lineage.entry(name)
            found.extend((written.rank, method) for method in (entry.methods.values() if entry else ()) if method.names)
        for _, call in sorted(found, key=lambda pair: -pair[0]):
            yield Convention(self._call(call), split_patterns(call.names), split_patterns(call.unless_named))
