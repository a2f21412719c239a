"""The schema of the model files: which keys an entry may have and what they mean.

An *entry* is what one table of a file says. Entries still name other types by text; `catalog.py` joins them into models.
`docs/models.md` lists the keys for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from unclosed.catalog_limits import read_limit, read_named, read_spellings
from unclosed.catalog_pools import read_all_told, read_pool, read_prepares, read_told
from unclosed.catalog_table import Table
from unclosed.catalog_terms import LEASE_KEYS, LeaseTerms, read_terms
from unclosed.library import Acquires, CallModel, Shared, Told

_FLAGS = (
    *("returns_class", "coroutine", "child", "keeps", "borrows", "cannot_raise", "exits", "suppresses", "shields"),
    *("sleeps", "gathers", "opens", "statement"),
)
_LIMITS = ("io", "waits", "limit", "limits", "never_waits", "brief_after", "autocommit", "pool", "within_process", "intercepts")
_POSITIONS = ("wraps", "enters", "awaits", "passes", "advances", "calls", "starts", "at_most", "child_of")
_SESSIONS = ("prepares", "session_state", "opens_when")
CALL_KEYS = LEASE_KEYS.union(
    _FLAGS,
    _POSITIONS,
    _LIMITS,
    _SESSIONS,
    (
        "returns",
        "returns_when",
        "acquires",
        "lends",
        "exit_calls",
        "unless_given",
        "unless_is",
        "only_given",
        "streams",
        "default_value",
        "names",
    ),
    ("source", "given", "decorates", "applies"),
)
FUNCTION_KEYS = CALL_KEYS | {"also"}
CONVENTION_KEYS = CALL_KEYS | {"unless_named"}
_CONSTRUCTOR_KEYS = ("acquires", "unless_given", "unless_is", "only_given", "at_most", "given")
TYPE_KEYS = LEASE_KEYS.union(
    _CONSTRUCTOR_KEYS,
    ("also", "extends", "transaction", "attributes", "classes", "items", "closed_when", "open_when"),
    ("methods", "call", "constructor", "cannot_raise", "borrows", "source"),
)
OBJECT_KEYS = frozenset({"type", "also", "source"})
TRANSACTION_KEYS = frozenset(
    {
        *("implicit", "statements", "of_parent", "elsewhere", "begin", "begin_awaited", "block", "commit", "rollback", "gives_back"),
        *("autocommit", "open_when"),
    }
)
IMPLICIT = ("any", "dml", "none")
_SHARED_KEYS = frozenset({"position", "type", "named"})
_GIVEN_KEYS = LEASE_KEYS | {"told", "acquires"}


@dataclass(frozen=True, slots=True)
class CallEntry:
    """What one entry says of a call: a model without its lease, and the terms that the entry itself gives."""

    model: CallModel
    terms: LeaseTerms
    names: tuple[str, ...] = ()
    """Patterns of its naming convention, `*pool*.acquire`."""
    unless_named: tuple[str, ...] = ()
    """Patterns of names for which the convention does not hold."""
    given: tuple[tuple[tuple[Told, ...], LeaseTerms | None], ...] = ()
    """Arguments, and the terms that hold with them over the entry's own; `None`: nothing is acquired."""


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """What one entry says of a type."""

    name: str
    terms: LeaseTerms
    extends: tuple[str, ...]
    constructor: CallEntry
    says_constructor: bool
    """The entry says something of the constructor; otherwise that of what it extends holds."""
    call: CallEntry | None
    methods: Mapping[str, CallEntry]
    attributes: Mapping[str, str]
    classes: Mapping[str, str]
    items: str | None
    implicit: str
    statements: frozenset[str]
    of_parent: bool
    elsewhere: bool
    block_opens: bool
    begin_awaited: frozenset[str]
    autocommit: tuple[tuple[str, str], ...]
    begun_when: frozenset[str]
    begin: frozenset[str]
    commit: frozenset[str]
    rollback: frozenset[str]
    gives_back: frozenset[str]
    closed_when: frozenset[str]
    open_when: frozenset[str]
    source: str


def read_call(name: str, table: Table, source: str) -> CallEntry:
    """The entry of a function, a method, the call of an instance or a convention."""
    returns, item = _returns(table)
    model = CallModel(
        name=name,
        returns=returns,
        returns_class=table.flag("returns_class"),
        decorates=table.qualified("decorates"),
        applies=table.texts("applies"),
        acquires=_acquires(table),
        item=item,
        lends=table.qualified("lends"),
        is_coroutine=table.flag("coroutine"),
        child=table.flag("child"),
        child_of=table.position("child_of"),
        wraps=table.position("wraps"),
        exit_calls=table.text("exit_calls"),
        enters=table.position("enters"),
        awaits=table.position("awaits"),
        passes=table.position("passes"),
        advances=table.position("advances"),
        calls=table.position("calls"),
        starts=table.position("starts"),
        keeps=table.flag("keeps"),
        borrows=table.flag("borrows"),
        cannot_raise=table.flag("cannot_raise"),
        exits=table.flag("exits"),
        suppresses=table.flag("suppresses"),
        shields=table.flag("shields"),
        unless_given=table.names("unless_given") or frozenset(),
        unless_is=_unless_is(table),
        only_given=_only_given(table),
        at_most=table.position("at_most"),
        returns_when=_returns_when(table),
        source=table.text("source") or source,
    )
    patterns = table.texts("names") or (), table.texts("unless_named") or ()
    return CallEntry(_outside(model, table), read_terms(table), *patterns, _given(table))


def _outside(model: CallModel, table: Table) -> CallModel:
    """The model with what the entry says of transactions, of what is no database, and of responses."""
    return replace(
        model,
        io=table.text("io") or "",
        waits=table.text("waits") or "",
        sleeps=table.flag("sleeps"),
        limit=read_limit(table, "limit"),
        limits=read_limit(table, "limits"),
        never_waits=read_spellings(table, "never_waits"),
        brief_after=table.names("brief_after") or frozenset(),
        gathers=table.flag("gathers"),
        opens=table.flag("opens"),
        opens_when=read_told(table, "opens_when"),
        statement=table.flag("statement"),
        autocommit=read_spellings(table, "autocommit"),
        streams=read_named(table, "streams"),
        default_value=read_named(table, "default_value") or (),
        pool=read_pool(table),
        prepares=read_prepares(table),
        session_state=table.text("session_state") or "",
        within_process=read_told(table, "within_process"),
        intercepts=table.flag("intercepts"),
    )


def read_type(name: str, table: Table, source: str) -> TypeEntry:
    """The entry of a type."""
    own_source = table.text("source") or source
    transaction = table.table("transaction", TRANSACTION_KEYS) or Table(table.where, table.key, {}, table.problems)
    implicit = transaction.text("implicit")
    if implicit is not None and implicit not in IMPLICIT:
        transaction.refuse("implicit", f"{implicit!r} is not known", accepted=IMPLICIT, value=implicit)
    call = table.table("call", CALL_KEYS)
    return TypeEntry(
        name=name,
        terms=read_terms(table),
        extends=table.qualifieds("extends"),
        constructor=_constructor(name, table, own_source),
        says_constructor=any(key in table.values for key in ("constructor", *_CONSTRUCTOR_KEYS)),
        call=None if call is None else read_call(f"{name}.__call__", call, own_source),
        methods=_methods(name, table, own_source),
        attributes=_types_by_name(table, "attributes"),
        classes=_types_by_name(table, "classes"),
        items=table.qualified("items"),
        implicit=implicit or "",
        statements=transaction.names("statements") or frozenset(),
        of_parent=transaction.flag("of_parent"),
        elsewhere=transaction.flag("elsewhere"),
        block_opens=transaction.flag("block"),
        begin_awaited=transaction.names("begin_awaited") or frozenset(),
        autocommit=tuple((name, spelling) for name, _, spelling in read_spellings(transaction, "autocommit")),
        begun_when=transaction.names("open_when") or frozenset(),
        begin=transaction.names("begin") or frozenset(),
        commit=transaction.names("commit") or frozenset(),
        rollback=transaction.names("rollback") or frozenset(),
        gives_back=transaction.names("gives_back") or frozenset(),
        closed_when=table.names("closed_when") or frozenset(),
        open_when=table.names("open_when") or frozenset(),
        source=own_source,
    )


def _methods(name: str, table: Table, source: str) -> Mapping[str, CallEntry]:
    """The methods of a type, those of its lists `cannot_raise` and `borrows` included."""
    listed: dict[str, dict[str, object]] = {}
    for key in ("cannot_raise", "borrows"):
        for method in table.names(key) or ():
            listed.setdefault(method, {})[key] = True
    methods = dict(listed)
    outer = table.table("methods")
    for method, values in outer.values.items() if outer else ():
        if isinstance(values, dict):
            methods[method] = {**listed.get(method, {}), **values}
        else:
            Table(table.where, f"{table.key}.methods", {}, table.problems).refuse(method, f"is {values!r}, but must be a table")
    entries = {}
    for method, said in methods.items():
        inner = Table(table.where, f"{table.key}.methods.{method}", said, table.problems, CALL_KEYS)
        entries[method] = read_call(f"{name}.{method}", inner, source)
    return entries


def _constructor(name: str, table: Table, source: str) -> CallEntry:
    """The call of the class itself: its own table, and the keys that stand at the type for short."""
    inner = table.table("constructor", CALL_KEYS)
    values: dict[str, object] = {"returns": name, **(inner.values if inner else {})}
    for key in _CONSTRUCTOR_KEYS:
        if key in table.values:
            values[key] = table.values[key]
    return read_call(name, Table(table.where, table.key, values, table.problems), source)


def _types_by_name(table: Table, key: str) -> Mapping[str, str]:
    named = table.table(key)
    if named is None:
        return {}
    types = {name: named.qualified(name) for name in named.values}
    return {name: type_name for name, type_name in types.items() if type_name is not None}


def _returns(table: Table) -> tuple[str | None, int | None]:
    """The type of the result and, for a tuple, which item of it is meant: `returns = ["socket.socket", ""]`."""
    value = table.values.get("returns")
    if not isinstance(value, list):
        return table.qualified("returns"), None
    items = [(index, name) for index, name in enumerate(table.texts("returns") or ()) if name]
    if len(items) != 1:
        table.refuse("returns", f'is {value!r}, but a tuple must name one type and have "" for the other items')
        return None, None
    index, name = items[0]
    return name, index


def _acquires(table: Table) -> Acquires:
    value = table.values.get("acquires", False)
    if isinstance(value, bool):
        return Acquires.CALL if value else Acquires.NO
    if value == "awaited":
        return Acquires.AWAITED
    table.refuse("acquires", f"is {value!r}", accepted=("true", "false", "awaited"), value=str(value))
    return Acquires.NO


def _only_given(table: Table) -> tuple[tuple[int, str], ...]:
    """`only_given = { host = 0 }`: name and position of each argument."""
    arguments = table.table("only_given")
    if arguments is None:
        return ()
    positions = ((arguments.position(name), name) for name in arguments.values)
    return tuple((position, name) for position, name in positions if position is not None)


def _unless_is(table: Table) -> tuple[Shared, ...]:
    """`unless_is.bind = { position = 0, type = "a.Connection", named = ["*conn*"] }`: the argument, where it stands, what it must be."""
    outer = table.table("unless_is")
    shared = []
    for argument in outer.values if outer else ():
        inner = outer.table(argument, _SHARED_KEYS) if outer else None
        types = inner.qualifieds("type") if inner else ()
        if inner is not None and not types:
            inner.refuse("type", "is missing: an argument of which type?")
        elif inner is not None:
            shared.append(Shared(argument, inner.position("position"), types, inner.texts("named") or ()))
    return tuple(shared)


def _given(table: Table) -> tuple[tuple[tuple[Told, ...], LeaseTerms | None], ...]:
    """`given = [{ told = "auto_bind@3=True", with_exit = "nothing" }]`: arguments, and what differs with them."""
    said = []
    for inner in table.list_of_tables("given", _GIVEN_KEYS):
        told = read_all_told(inner, "told")
        if not told:
            inner.refuse("told", "is missing: with which arguments?")
            continue
        nothing = "acquires" in inner.values and not inner.flag("acquires")
        said.append((told, None if nothing else read_terms(inner)))
    return tuple(said)


def _returns_when(table: Table) -> tuple[tuple[str, str, str], ...]:
    """`returns_when.class_ = { "a.Class" = "a.Type" }`: keyword argument, the class that is given, the type of the result."""
    outer = table.table("returns_when")
    rows = []
    for keyword in outer.values if outer else ():
        inner = outer.table(keyword) if outer else None
        for given in inner.values if inner else ():
            type_name = inner.qualified(given) if inner else None
            if type_name is not None:
                rows.append((keyword, given, type_name))
    return tuple(rows)
