"""What is known of a library: the data types behind the model files.

A *model* says of a function, a constructor or a method what its call does with resources. A *lease* is what the caller owes for an
acquired value: how it is released, which release is wrong, what leaving a `with` block does. The files under `models/` are the
only source of these values; `catalog.py` reads them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Kind(str, enum.Enum):
    """The category of a resource, as the model files spell it."""

    CONNECTION = "connection"
    SESSION = "session"
    CURSOR = "cursor"
    TRANSACTION = "transaction"
    POOL = "pool"
    CLIENT = "client"


class WithExit(str, enum.Enum):
    """What leaving a `with` block does: gives the resource back, ends its transaction only, or the value is no manager."""

    RELEASE = "release"
    TRANSACTION = "transaction"
    NOTHING = "nothing"


class Acquires(enum.Enum):
    """When a call makes its caller responsible: never, at the call, or once the result is awaited."""

    NO = "no"
    CALL = "call"
    AWAITED = "awaited"


ENTRIES = ("__enter__", "__aenter__")
"""The methods that a block enters its value by."""


@dataclass(frozen=True, slots=True)
class Release:
    """One way to give a resource back, from the grammar `["await "] ["owner."] name ["(" index ")"]`.

    `owner`: the method is called on the object that lent the resource. `argument`: the position of the resource among the
    arguments, `None` where the resource (or the owner alone) is the receiver.
    """

    method: str
    awaited: bool = False
    owner: bool = False
    argument: int | None = None


@dataclass(frozen=True, slots=True)
class LostIn:
    """A wrapper that can lose the acquired value when the task is cancelled, on Pythons below `before` (`None`: on all)."""

    function: str
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """What is owed for one acquired value.

    `wrong_release` names methods of the value that look like a release and lose it. `opened_by` names methods that open it: until
    one of them has run, nothing is owed (`paramiko.SSHClient().connect`). Where the constructor also has `only_given`, such an argument
    opens the value at once, and without one it is `opened_by` that does (`SMTP(host)`; `SMTP()`, then `connect(host)`). An empty
    `release` means that only leaving a `with` block gives it back.
    """

    type_name: str
    kind: Kind
    release: tuple[Release, ...] = ()
    wrong_release: frozenset[str] = frozenset()
    right_if_owner_given: frozenset[str] = frozenset()
    """Arguments of the owner's constructor with which the wrong releases are right (`close_returns` of psycopg_pool)."""
    with_exit: WithExit = WithExit.NOTHING
    async_with_exit: WithExit = WithExit.NOTHING
    lost_in: tuple[LostIn, ...] = ()
    opened_by: frozenset[str] = frozenset()
    lazy: bool = False
    """Holds nothing until it is used: until a method of it has run or it was handed to a call, nothing is owed."""
    stays_with_owner: bool = False
    """The owner keeps it and gives the same to its next call, so that no name of it is the only one (`scoped_session()()`)."""
    ends_itself_by: frozenset[str] = frozenset()
    """Methods after which nothing is owed any more, though they are not called a release (`detach` of a socket)."""
    otherwise: tuple[Lease, ...] = ()
    """What is owed in other versions of the library, where it is not known which one runs."""

    @property
    def is_opened_by_entry(self) -> bool:
        """Whether nothing is owed until a block enters the value."""
        return not self.opened_by.isdisjoint(ENTRIES)


@dataclass(frozen=True, slots=True)
class Shared:
    """An argument with which a call acquires nothing: what it makes works on that and gives nothing back (`Session(bind=conn)`).

    `position`: `None` for one that is given by name alone. `types`: it is an instance of one of them. `named`: patterns, in lower case,
    of how it is written where its type is unknown.
    """

    argument: str
    position: int | None
    types: tuple[str, ...]
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """How a call is told how long it may take. Seconds throughout: `math.inf` for no limit, `None` where it is not known."""

    by: tuple[tuple[str, int | None], ...] = ()
    """The arguments that give it: name, and position from 0 or `None` for keyword only. Any that is given with a number is a limit."""
    default: float | None = None
    """What holds when none of them is given."""
    from_owner: bool = False
    """When none of them is given, what the receiver's constructor was told holds; if that was told nothing, its default, or `default`."""
    takes_first: bool = False
    """The first argument that is given counts, not the smallest."""
    per_second: float = 1
    """How many of the unit of the arguments make a second."""
    changed_by: frozenset[str] = frozenset()
    """Methods of the receiver after which it is not known (`settimeout` of a socket)."""
    settings: frozenset[str] = frozenset()
    """Names that a text of the project assigns or calls where it sets the default (`EMAIL_TIMEOUT`)."""
    unlimited: frozenset[str] = frozenset()
    """Spellings besides `None` that mean no limit, `0`."""
    none_is_default: bool = False
    """`None` asks for the default."""
    pair: int | None = None
    """The item that counts when a tuple is given: `(connect, read)`."""
    attempts: float = 1
    """How often the library tries when nothing is said."""
    attempts_by: tuple[tuple[tuple[str, ...], int], ...] = ()
    """The arguments (of the call or of the constructor) that say how often it tries again, and what to add to that number. Each is a name,
    or the names on the way to it: `config`, `retries`, `max_attempts`."""


@dataclass(frozen=True, slots=True)
class Told:
    """An argument with what it says. `position`: from 0, `None` for keyword only; `spelling`: a pattern of the source text or of the
    qualified name; empty: any.
    """

    name: str
    position: int | None
    spelling: str = ""


@dataclass(frozen=True, slots=True)
class PoolModel:
    """What the arguments of a call say of a pool. Of alternatives one is enough, each with all that must be told for it."""

    none: tuple[tuple[Told, ...], ...] = ()
    """With these it is no pool after all, or one that holds nothing: `poolclass=NullPool`."""
    unbounded: tuple[tuple[Told, ...], ...] = ()
    """With these it grows without limit: `max_overflow=-1`."""
    endless: tuple[tuple[Told, ...], ...] = ()
    """With these waiting for a free connection has no limit: `pool_timeout=None`."""
    asks: tuple[tuple[Told, ...], ...] = ()
    """Its limits: each group is one that is left to the default if none of its arguments is given."""
    within: tuple[Told, ...] = ()
    """Arguments whose items count as arguments too: `engine_options={...}`."""
    prefix: str = ""
    """What the names of those items begin with: `sqlalchemy.`."""
    settings: tuple[str, ...] = ()
    """Settings of the project whose items count as arguments too: `SQLALCHEMY_ENGINE_OPTIONS`."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is owed with certain arguments, all of which must be told; no `lease`: nothing is acquired then."""

    told: tuple[Told, ...]
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class PrepareModel:
    """How a call is told whether what it opens prepares statements on the server by itself. Of alternatives one is enough."""

    when: tuple[tuple[Told, ...], ...] = ()
    """Only with these: `url=postgresql+asyncpg:*`; none: always."""
    unless: tuple[tuple[Told, ...], ...] = ()
    """Not with these: `statement_cache_size=0`."""
    within: tuple[Told, ...] = ()
    """Arguments whose items count as arguments too: `connect_args={...}`."""
    prefix: str = ""
    """What the names of those items begin with."""


@dataclass(frozen=True, slots=True)
class CallModel:
    """What one call does. Positions are 0-based and do not count `self`."""

    name: str
    """Qualified name, `psycopg2.pool.SimpleConnectionPool.getconn`."""
    returns: str | None = None
    """Qualified type of the result (of the awaited result, for a coroutine function); `"self"`: the receiver itself."""
    returns_class: bool = False
    """The result is the class `returns` itself or a factory that makes it when called."""
    acquires: Acquires = Acquires.NO
    lease: Lease | None = None
    """Given whenever the call acquires or lends a resource."""
    item: int | None = None
    """The acquired value is this item of the tuple that is returned."""
    lends: str | None = None
    """The un-awaited result is a context manager: its as-target has this type and leaving the block gives it back."""
    is_coroutine: bool = False
    """The call does nothing until it is awaited."""
    child_of: int | None = None
    """The acquired value belongs to this argument, as `child` says of the receiver."""
    child: bool = False
    """The acquired value belongs to the receiver: closed with it, never reported when the function acquired the receiver."""
    wraps: int | None = None
    """The result is a manager around this argument, whose exit calls `exit_calls` on it (`contextlib.closing`)."""
    exit_calls: str | None = None
    enters: int | None = None
    """The call enters this argument as a `with` would and returns what that gives (`ExitStack.enter_context`)."""
    awaits: int | None = None
    """Awaiting the result awaits this argument and gives its value (`asyncio.wait_for`)."""
    advances: int | None = None
    """The call takes the next value of the generator that is this argument (`next`)."""
    passes: int | None = None
    """The result is this argument itself (`typing.cast`)."""
    calls: int | None = None
    """The call calls this argument with the rest and gives its value (`asyncio.to_thread`); with `returns_class`, the result does so
    when it is called (`functools.partial`)."""
    starts: int | None = None
    """The call has this argument called with the rest, and nobody waits for it but the block of the receiver (`TaskGroup.start_soon`)."""
    keeps: bool = False
    """The arguments are kept: responsibility for a resource among them moves to the callee."""
    borrows: bool = False
    """The arguments are only used during the call."""
    cannot_raise: bool = False
    exits: bool = False
    """The process ends here."""
    suppresses: bool = False
    """The result, as a context manager, swallows exceptions."""
    shields: bool = False
    """Awaiting the result is not interrupted by cancellation as far as its argument is concerned."""
    given: tuple[Given, ...] = ()
    """What is owed instead of `lease` with certain arguments; the first that is told counts."""
    unless_given: frozenset[str] = frozenset()
    """Keyword arguments with which the call acquires nothing."""
    unless_is: tuple[Shared, ...] = ()
    """Arguments with which the call acquires nothing, by their type. For the call of an instance, its constructor's count too."""
    only_given: tuple[tuple[int, str], ...] = ()
    """The call acquires only when one of these arguments, by position or name, is given; empty: always."""
    at_most: int | None = None
    """With more positional arguments than this the call acquires nothing (`engine.connect(signal, slot)` is no database call)."""
    io: str = ""
    """The call talks to something that is not the database: what, as a person would call it, `HTTP request`."""
    waits: str = ""
    """The call waits for something that is not the database: for what, `queue`."""
    sleeps: bool = False
    """The call waits by design, however long it is told to."""
    limit: Limit | None = None
    """How long the call may take; of a constructor: what holds for the methods of the value (`from_owner`)."""
    limits: Limit | None = None
    """What is awaited in the block of the result, or as the argument `awaits`, may take that long at most (`asyncio.timeout`)."""
    never_waits: tuple[tuple[str, int | None, str], ...] = ()
    """(name, position, spelling) of arguments with which the call returns at once: `block=False`."""
    brief_after: frozenset[str] = frozenset()
    """Methods of the receiver after which the call returns soon: `wait()` for a process that has been killed."""
    gathers: bool = False
    """Awaiting the result awaits all the arguments (`asyncio.gather`)."""
    statement: bool = False
    """The result is a statement of a database, and so is what its methods give (`select(Order).where(…)`): who executes it is a session."""
    opens: bool = False
    """Entering the result, or decorating with it, opens a transaction that ends when the block is left."""
    opens_when: tuple[Told, ...] = ()
    """It does so with one of these arguments (`db_session(immediate=True)` of Pony)."""
    applies: tuple[str, ...] | None = None
    """As a decorator it applies the decorators that are its first argument; to a class, on the method that `name=` says. With the methods
    that such a method runs, `dispatch.get`."""
    decorates: str | None = None
    """As a decorator it makes the function an object of this type, whose call still runs it."""
    autocommit: tuple[tuple[str, int | None, str], ...] = ()
    """(name, position, spelling) of arguments with which the value, or the receiver, is never in a transaction by itself."""
    pool: PoolModel | None = None
    """How the call is told the limits of the pool that it makes, or that it takes a connection from."""
    within_process: tuple[Told, ...] = ()
    """Arguments with which the methods of the value reach nothing outside of the process: `transport=httpx.ASGITransport`."""
    intercepts: bool = False
    """In the block of the result, or in the function that it decorates, requests reach nobody (`responses.activate`)."""
    session_state: str = ""
    """What the call leaves behind on the server that belongs to this one session: `LISTEN`."""
    prepares: PrepareModel | None = None
    """What is opened prepares statements on the server by itself; `None`: not, as far as is known."""
    streams: tuple[tuple[str, int | None], ...] | None = None
    """The value is a web response that is sent while it is being made, from these arguments (none: from a file); `None`: it is not."""
    default_value: tuple[tuple[str, int | None], ...] = ()
    """What is set to the result has the value of this argument, unless it is told another one (`dataclasses.field(default=5)`)."""
    returns_when: tuple[tuple[str, str, str], ...] = ()
    """(keyword argument, class, type): given that class or a subclass of it, the call returns this type instead of `returns`
    (`sessionmaker(class_=AsyncSession)`)."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class TypeModel:
    """What is known of a class: the lease of its values, its methods, its constructor and the call of its instances."""

    name: str
    kind: Kind | None = None
    """`None`: no resource (a factory, a registry)."""
    extends: tuple[str, ...] = ()
    lease: Lease | None = None
    constructor: CallModel | None = None
    call: CallModel | None = None
    methods: Mapping[str, CallModel] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Type of each modelled attribute."""
    implicit: str = ""
    """Which statements open a transaction by themselves: `any`, `dml` (a literal that writes) or `none`; empty: there is none."""
    statements: frozenset[str] = frozenset()
    """Methods that send a statement; where the first argument is text, it is the SQL."""
    of_parent: bool = False
    """Its statements and transactions are those of the object that made it (a cursor's connection)."""
    elsewhere: bool = False
    """Its statements are those of a session that it does not show (`User.query`): the commit of any may end their transaction."""
    block_opens: bool = False
    """Entering the value itself opens a transaction that ends when the block is left (`with db:` of peewee)."""
    begin_awaited: frozenset[str] = frozenset()
    """Methods that open one by hand where their result is awaited (`await database.transaction()`)."""
    begun_when: frozenset[str] = frozenset()
    """Attributes or methods that are true while a transaction is open (`in_transaction`)."""
    begin: frozenset[str] = frozenset()
    commit: frozenset[str] = frozenset()
    rollback: frozenset[str] = frozenset()
    autocommit: tuple[tuple[str, str], ...] = ()
    """(attribute, spelling) of assignments after which no statement opens a transaction by itself: `autocommit = True`."""
    gives_back: frozenset[str] = frozenset()
    """It takes a connection with its first statement; these methods give it back, as its releases do (a session's `commit`)."""
    closed_when: frozenset[str] = frozenset()
    """Attributes or methods that are true when the resource is closed (`closed`, `is_closed`)."""
    open_when: frozenset[str] = frozenset()
    """Attributes or methods that are true while the resource is open (`is_connected`)."""
    source: str = ""
