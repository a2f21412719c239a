"""The short form in which a project describes its own pools, connections, sessions and clients, put into the form of the model files.

    [tool.unclosed.pools."shop.db.Pool"]          [tool.unclosed.clients."shop.http.Client"]
    acquire = "checkout"                          release = "await close"
    release = "checkin"                           with = true

The entry of a *pool* names methods of the pool: `acquire` those that lend, `release` those that take back what they are handed, `with`
those whose block lends and takes back (`true`: those of `acquire`), `close` those that close the pool. `connection.close` in `release` is
a method of what is lent. Any *other* entry is of a class whose instances are released: `acquire` names what makes one, by qualified name,
or what opens one, a method of the class; without it the class itself makes one. `"await "` before a name says that it is a coroutine.
What a pool lends has a type of its own, `<pool>._Lent`, unless `lends` names one. A pool of unknown type that is called like the class
lends by convention.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from unclosed.catalog_files import UserModels, shipped_shelf
from unclosed.catalog_table import Table
from unclosed.errors import ConfigError
from unclosed.library import Kind

KINDS: Mapping[str, Kind] = {
    "pools": Kind.POOL,
    "connections": Kind.CONNECTION,
    "sessions": Kind.SESSION,
    "clients": Kind.CLIENT,
}
"""The tables of the short form, and what each describes."""
POOL_KEYS = ("acquire", "release", "with", "lends", "close")
OWN_KEYS = ("acquire", "release", "with")
WITH_WORDS = ("true", "false", "transaction")

_NAME = re.compile(r"(?P<awaited>await )?(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_QUALIFIED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_LENT = "connection."
"""Before the name of a method of what is lent, where that gives back and no method of the pool does."""

Model = dict[str, object]


class _Named(NamedTuple):
    """The name of a function or method as it is written: `await shop.db.connect`."""

    name: str
    awaited: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is a method of the entry's own class."""
        return "." not in self.name


def in_full(models: UserModels) -> tuple[UserModels, list[ConfigError]]:
    """The models in the form of the model files, and the mistakes in the short form; what is in that form already stays as it is."""
    kind = KINDS.get(models.key.rpartition(".")[2])
    if kind is None:
        return models, []
    problems: list[ConfigError] = []
    outer = Table(models.where, models.key, models.tables, problems)
    shelf = _Entries()
    for name in models.tables:
        entry = outer.table(name, POOL_KEYS if kind is Kind.POOL else OWN_KEYS)
        if entry is None or not _is_qualified(outer, name):
            continue
        shelf.words.update((name.partition(".")[0].lower(), name.rpartition(".")[2].lower()))
        if kind is Kind.POOL:
            shelf.add_pool(name, entry)
        else:
            shelf.add_resource(name, kind, entry)
    return UserModels(models.where, shelf.tables(), models.key), problems


class _Entries:
    """The entries of a model file while they are made."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self._types: dict[str, Model] = {}
        self._functions: dict[str, Model] = {}
        self._conventions: dict[str, Model] = {}

    def tables(self) -> Model:
        """The tables of a model file."""
        return {"types": self._types, "functions": self._functions, "conventions": self._conventions, "words": sorted(self.words)}

    def add_pool(self, name: str, entry: Table) -> None:
        """A pool: its methods that lend, and what takes back."""
        acquiring, blocks = _names(entry, "acquire", plain=True), _blocks(entry)
        release = [_pool_release(each) for each in _names(entry, "release")]
        if not entry.problems and not acquiring and blocks in (False, True, ()):
            entry.refuse("acquire", "is missing: which methods of the pool lend?")
        if not entry.problems and acquiring and not release and blocks is not True:
            entry.refuse("release", "is missing: which method of the pool takes back what was lent?")
        lent = entry.qualified("lends")
        if lent is None:
            lent = f"{name}._Lent"
            self._types[lent] = {"kind": "connection", "extends": "unclosed.Connection", "release": release, **_exits("nothing")}
        methods: dict[str, Model] = {}
        for each in acquiring:
            is_block = blocks is True or (isinstance(blocks, tuple) and each.name in blocks)
            methods[each.name] = _lending(each, lent, release, is_block=is_block)
        for block in blocks if isinstance(blocks, tuple) else ():
            methods.setdefault(block, {"lends": lent, **_exits("release")})
        for each in acquiring:
            self._add_convention(name, each, {**methods[each.name], "returns": lent})
        made = self._types.setdefault(name, {})
        made["methods"] = methods
        close = [_text(each) for each in _names(entry, "close", plain=True)]
        if close:
            made.update(kind="pool", acquires=True, release=close, **_exits("release"))

    def _add_convention(self, pool: str, method: _Named, model: Model) -> None:
        """A pool of unknown type that is called like the class lends by this method too, unless anything may have a method of that name."""
        if method.name in shipped_shelf().patterns.get("plain_methods", ()):
            return
        written = pool.rpartition(".")[2].lstrip("_")
        called = {written.lower(), _WORDS.sub("_", written).lower()}
        self.words.update(called)
        guessed = shipped_shelf().types["unclosed.Connection"].values["release"]
        said = model["release"]
        assert isinstance(guessed, list) and isinstance(said, list)
        self._conventions[f"{pool}.{method.name}"] = {
            **model,
            "names": sorted(f"*{receiver}.{method.name}" for receiver in called | ({"pool"} if written.endswith("Pool") else set())),
            "release": [*said, *(each for each in guessed if each not in said)],
        }

    def add_resource(self, name: str, kind: Kind, entry: Table) -> None:
        """A connection, session or client: what makes or opens one, and what releases it."""
        made = self._types.setdefault(name, {})
        made["kind"] = kind.value
        release = [_text(each) for each in _names(entry, "release", plain=True)]
        if release:
            made["release"] = release
        exit_ = _exit(entry)
        if exit_ is not None:
            made.update(_exits(exit_))
        acquiring = _names(entry, "acquire")
        opening = [each for each in acquiring if each.is_plain]
        if opening:
            made["opened_by"] = [each.name for each in opening] + (["__enter__", "__aenter__"] if exit_ == "release" else [])
            made["methods"] = {each.name: {"returns": "self", **({"coroutine": True} if each.awaited else {})} for each in opening}
        if opening or not acquiring or name in (each.name for each in acquiring):
            made["acquires"] = True
        for each in acquiring:
            if not each.is_plain and each.name != name:
                self._add_maker(each, name)

    def _add_maker(self, maker: _Named, made: str) -> None:
        """A function, or a method of a class, whose result has to be released."""
        model: Model = {"returns": made, "acquires": "awaited" if maker.awaited else True}
        if maker.awaited:
            model["coroutine"] = True
        owner, _, last = maker.name.rpartition(".")
        self.words.add(last.lower())
        if owner.rpartition(".")[2].lstrip("_")[:1].isupper():
            methods = self._types.setdefault(owner, {}).setdefault("methods", {})
            assert isinstance(methods, dict)
            methods[last] = model
        else:
            self._functions[maker.name] = model


def _lending(method: _Named, lent: str, release: list[str], *, is_block: bool) -> Model:
    """The model of a method that lends; `is_block`: leaving the block of what it gives takes back."""
    model: Model = {"returns": lent, "acquires": "awaited" if method.awaited else True, "release": release}
    if method.awaited:
        model.update({"lends": lent, "async_with_exit": "release"} if is_block else {"coroutine": True})
    elif is_block:
        model.update(_exits("release"))
    return model


def _exits(what: str) -> dict[str, str]:
    """What leaving a block does, whichever of the two sorts it is."""
    return {"with_exit": what, "async_with_exit": what}


def _exit(entry: Table) -> str | None:
    """What `with` says of leaving a block; `None`: nothing."""
    value = entry.values.get("with")
    if value == "transaction":
        return "transaction"
    if isinstance(value, bool):
        return "release" if value else "nothing"
    if value is not None:
        entry.refuse("with", f"is {value!r}", accepted=WITH_WORDS, value=str(value))
    return None


def _blocks(entry: Table) -> bool | tuple[str, ...]:
    """The methods of a pool whose block lends; `True`: those that `acquire` names."""
    value = entry.values.get("with", False)
    return value if isinstance(value, bool) else tuple(each.name for each in _names(entry, "with", plain=True))


def _names(entry: Table, key: str, *, plain: bool = False) -> tuple[_Named, ...]:
    """The names at a key; `plain`: only methods of the entry's own class."""
    found = []
    for text in entry.texts(key) or ():
        match = _NAME.fullmatch(text)
        if match is None:
            entry.refuse(key, f"{text!r} is no name such as 'close' or 'await close'")
        elif plain and "." in match["name"]:
            entry.refuse(key, f"{text!r} must be a method of the class, without a dot")
        else:
            found.append(_Named(match["name"], bool(match["awaited"])))
    return tuple(found)


def _text(named: _Named) -> str:
    return f"await {named.name}" if named.awaited else named.name


def _pool_release(named: _Named) -> str:
    """How the grammar of releases says that a pool takes back what it is handed, or that what is lent goes back by itself."""
    if named.name.startswith(_OF_LENT):
        return _text(named._replace(name=named.name.removeprefix(_OF_LENT)))
    return f"{'await ' if named.awaited else ''}owner.{named.name}(0)"


def _is_qualified(table: Table, name: str) -> bool:
    """Whether the name of an entry is one that an importer would write; else the mistake is noted."""
    if _QUALIFIED.fullmatch(name):
        return True
    table.refuse(name, "is not a qualified name such as 'shop.db.Pool'")
    return False
