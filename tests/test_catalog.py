"""The catalog's answers, on the shipped models and on a user's own."""

from __future__ import annotations

import pytest

from unclosed.catalog import Catalog
from unclosed.catalog_files import UserModels
from unclosed.errors import ConfigError
from unclosed.library import Acquires, Kind, LostIn, Release, Shared, WithExit


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def test_a_function_that_acquires_has_the_lease_of_its_type(catalog: Catalog) -> None:
    """`sqlite3.connect()` acquires at the call; `with` ends the transaction only."""
    model = catalog.function("sqlite3.connect")
    assert model is not None and model.lease is not None
    assert (model.returns, model.acquires) == ("sqlite3.Connection", Acquires.CALL)
    assert model.lease.kind is Kind.CONNECTION
    assert model.lease.release == (Release("close"),)
    assert (model.lease.with_exit, model.lease.async_with_exit) == (WithExit.TRANSACTION, WithExit.NOTHING)


def test_an_entry_of_a_method_overrides_the_lease_of_its_type(catalog: Catalog) -> None:
    """A connection from psycopg2's pool is given back to the pool; closing it loses the slot. The subclass inherits the method."""
    model = catalog.method("psycopg2.pool.ThreadedConnectionPool", "getconn")
    assert model is not None and model.lease is not None
    assert model.returns == "psycopg2.extensions.connection"
    assert model.lease.release == (Release("putconn", owner=True, argument=0), Release("closeall", owner=True))
    assert model.lease.wrong_release == {"close"}
    assert model.lease.with_exit is WithExit.TRANSACTION


def test_an_awaited_acquire_may_lend(catalog: Catalog) -> None:
    """`await pool.acquire()` owes an awaited release; `async with pool.acquire() as c` lends."""
    model = catalog.method("asyncpg.Pool", "acquire")
    assert model is not None and model.lease is not None
    assert (model.acquires, model.is_coroutine) == (Acquires.AWAITED, False)
    assert model.lends == "asyncpg.pool.PoolConnectionProxy"
    owner = Release("release", awaited=True, owner=True, argument=0)
    assert model.lease.release == (owner, Release("close", awaited=True), Release("terminate"), Release("terminate", owner=True))


def test_what_is_only_lent_is_given_back_by_its_block_alone(catalog: Catalog) -> None:
    """`with engine.begin() as conn`: no release is owed besides the block, and only the plain `with` is one."""
    model = catalog.method("sqlalchemy.engine.Engine", "begin")
    assert model is not None and model.lease is not None
    assert (model.acquires, model.lends) == (Acquires.NO, "sqlalchemy.engine.Connection")
    assert model.lease.release == ()
    assert (model.lease.with_exit, model.lease.async_with_exit) == (WithExit.RELEASE, WithExit.NOTHING)


def test_an_alias_is_the_canonical_name(catalog: Catalog) -> None:
    """`also` names are taken everywhere; an unknown name stays itself, a bare builtin gets its module."""
    assert catalog.canonical("sqlalchemy.orm.session.Session") == "sqlalchemy.orm.Session"
    assert catalog.canonical("acme.Thing") == "acme.Thing"
    assert catalog.canonical("print") == "builtins.print"
    assert catalog.type("redis.StrictRedis") is catalog.type("redis.client.Redis")
    assert catalog.function("sqlalchemy.engine.create_engine") is catalog.function("sqlalchemy.create_engine")


def test_a_constructor_is_a_function(catalog: Catalog) -> None:
    """A session counts as acquired at its construction; the subclass says nothing of its own and inherits that."""
    model = catalog.function("sqlmodel.Session")
    assert model is not None and model.lease is not None
    assert (model.returns, model.acquires, model.borrows) == ("sqlmodel.Session", Acquires.CALL, True)
    assert model.lease.type_name == "sqlmodel.Session"
    assert Release("close") in model.lease.release


def test_a_constructor_may_depend_on_its_arguments(catalog: Catalog) -> None:
    """`SMTP(host)` is open at once, `SMTP()` once it connects; a redis client over a pool holds nothing itself."""
    smtp = catalog.function("smtplib.SMTP_SSL")
    assert smtp is not None and smtp.lease is not None
    assert smtp.only_given == ((0, "host"),)
    assert smtp.lease.opened_by == {"connect"}
    redis = catalog.function("redis.Redis")
    assert redis is not None and redis.unless_given == {"connection_pool"}


def test_a_session_on_a_connection_acquires_nothing(catalog: Catalog) -> None:
    """By position or name, for the class and for a factory's call; a subclass inherits it."""
    classes = (catalog.function("sqlalchemy.orm.Session"), catalog.function("sqlmodel.Session"))
    wanted = Shared("bind", 0, ("sqlalchemy.engine.Connection", "unclosed.Connection"), ("conn", "*_conn", "connection", "*_connection"))
    models = (*classes, catalog.call("sqlalchemy.orm.sessionmaker"))
    assert [model.unless_is for model in models if model is not None] == [(wanted,)] * 3


def test_a_type_that_acquires_nothing_has_a_plain_constructor(catalog: Catalog) -> None:
    """A registry of sessions is no resource."""
    model = catalog.function("sqlalchemy.orm.scoped_session")
    assert model is not None
    assert (model.acquires, model.lease, model.returns) == (Acquires.NO, None, "sqlalchemy.orm.scoped_session")


def test_a_method_may_be_named_through_its_class(catalog: Catalog) -> None:
    """`psycopg.AsyncConnection.connect(...)` is a class method, and a coroutine."""
    model = catalog.function("psycopg.AsyncConnection.connect")
    assert model is not None
    assert (model.name, model.acquires, model.is_coroutine) == ("psycopg.AsyncConnection.connect", Acquires.AWAITED, True)


def test_a_call_of_an_instance(catalog: Catalog) -> None:
    """A factory of sessions makes one when called; the registry's session is given back to the registry too."""
    factory = catalog.call("sqlalchemy.orm.sessionmaker")
    registry = catalog.call("sqlalchemy.orm.scoped_session")
    assert factory is not None and registry is not None and registry.lease is not None
    assert (factory.returns, factory.acquires) == ("sqlalchemy.orm.Session", Acquires.CALL)
    assert registry.lease.release == (Release("remove", owner=True), Release("close"))
    assert catalog.call("sqlalchemy.orm.Session") is None


def test_an_argument_may_choose_the_type(catalog: Catalog) -> None:
    """`sessionmaker(class_=AsyncSession)` is an asynchronous factory."""
    model = catalog.function("sqlalchemy.orm.sessionmaker")
    assert model is not None
    assert model.returns_when == (("class_", "sqlalchemy.ext.asyncio.AsyncSession", "sqlalchemy.ext.asyncio.async_sessionmaker"),)


def test_a_framework_owns_its_session(catalog: Catalog) -> None:
    """`db.session` of Flask-SQLAlchemy is a registry whose call acquires nothing; `db.engine` is an ordinary engine."""
    session = catalog.attribute("flask_sqlalchemy.SQLAlchemy", "session")
    assert session is not None and catalog.is_a(session, "sqlalchemy.orm.scoped_session")
    made = catalog.call(session)
    assert made is not None and made.acquires is Acquires.NO
    assert catalog.attribute("flask_sqlalchemy.SQLAlchemy", "engine") == "sqlalchemy.engine.Engine"
    assert catalog.attribute("flask_sqlalchemy.SQLAlchemy", "model") is None


def test_objects_and_what_an_index_gives(catalog: Catalog) -> None:
    """Django's `connection` and `connections[...]`: the cursor is a child of something that nobody here acquires."""
    wrapper = catalog.object_type("django.db.connection")
    handler = catalog.object_type("django.db.connections")
    assert wrapper is not None and handler is not None
    assert catalog.item_type(handler) == wrapper
    model = catalog.method(wrapper, "cursor")
    assert model is not None and model.lease is not None
    assert (model.child, model.lease.kind) == (True, Kind.CURSOR)
    assert catalog.object_type("django.db.models") is None
    assert catalog.item_type(wrapper) is None


def test_is_a_follows_extends(catalog: Catalog) -> None:
    """A type is itself and all that it extends, aliases included."""
    assert catalog.is_a("psycopg2.extras.MinTimeLoggingConnection", "psycopg2.extensions.connection")
    assert catalog.is_a("sqlmodel.Session", "sqlalchemy.orm.session.Session")
    assert catalog.is_a("acme.Thing", "acme.Thing")
    assert not catalog.is_a("psycopg2.extensions.connection", "psycopg2.extras.LoggingConnection")


def test_transaction_words_and_states_are_inherited(catalog: Catalog) -> None:
    """A subclass keeps what its base says of commit, rollback and being closed."""
    model = catalog.type("psycopg2.extras.DictConnection")
    assert model is not None
    assert [sorted(model.commit), sorted(model.rollback), sorted(model.closed_when)] == [["commit"], ["reset", "rollback"], ["closed"]]


def test_a_tuple_names_the_item_that_is_acquired(catalog: Catalog) -> None:
    """`sock.accept()` gives (socket, address), `open_connection()` (reader, writer)."""
    accepted = catalog.method("socket.socket", "accept")
    opened = catalog.function("asyncio.open_connection")
    assert accepted is not None and opened is not None
    assert (accepted.returns, accepted.item) == ("socket.socket", 0)
    assert (opened.returns, opened.item) == ("asyncio.StreamWriter", 1)


def test_a_lease_may_be_lost_in_a_wrapper(catalog: Catalog) -> None:
    """`wait_for(pool.getconn())` loses the slot of psycopg_pool below Python 3.12."""
    model = catalog.method("psycopg_pool.AsyncNullConnectionPool", "getconn")
    assert model is not None and model.lease is not None
    assert model.lease.lost_in == (LostIn("asyncio.wait_for", (3, 12)),)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("contextlib.closing", "exit_calls", "close"),
        ("contextlib.aclosing", "wraps", 0),
        ("contextlib.nullcontext", "exit_calls", None),
        ("contextlib.suppress", "suppresses", True),
        ("contextlib.ExitStack.enter_context", "enters", 0),
        ("contextlib.AsyncExitStack.enter_context", "enters", 0),
        ("contextlib.AsyncExitStack.enter_async_context", "is_coroutine", True),
        ("asyncio.wait_for", "awaits", 0),
        ("asyncio.shield", "shields", True),
        ("asyncio.to_thread", "calls", 0),
        ("asyncio.create_task", "keeps", True),
        ("functools.partial", "returns_class", True),
        ("typing.cast", "passes", 1),
        ("atexit.register", "keeps", True),
        ("weakref.finalize", "keeps", True),
        ("sys.exit", "exits", True),
        ("exit", "exits", True),
        ("typing_extensions.assert_never", "exits", True),
        ("len", "cannot_raise", True),
        ("time.monotonic", "cannot_raise", True),
        ("datetime.datetime.now", "cannot_raise", True),
        ("logging.Logger.info", "cannot_raise", True),
        ("pandas.read_sql", "borrows", True),
    ],
)
def test_what_surrounds_resources(catalog: Catalog, name: str, field: str, value: object) -> None:
    """Wrappers, keepers, exits and calm functions of the standard library, and borrowers."""
    assert getattr(catalog.function(name), field) == value


@pytest.mark.parametrize(
    ("receiver", "method", "type_name"),
    [
        ("pool", "acquire", "unclosed.Connection"),
        ("DB_POOL", "acquire", "unclosed.Connection"),
        ("database", "getconn", "unclosed.Connection"),
        ("_pool", "get_connection", "unclosed.Connection"),
        ("engine", "connect", "unclosed.Connection"),
        ("read_engine", "raw_connection", "unclosed.Connection"),
        ("", "SessionLocal", "unclosed.Session"),
        ("", "AsyncSessionLocal", "unclosed.Session"),
        ("self", "session_factory", "unclosed.Session"),
        ("", "async_session_maker", "unclosed.Session"),
        ("db", "sessionmaker", "unclosed.Session"),
    ],
)
def test_a_naming_convention_speaks_for_an_unknown_receiver(catalog: Catalog, receiver: str, method: str, type_name: str) -> None:
    """The receiver's case does not count; the release may have any usual name, and `with` gives back."""
    model = catalog.convention(receiver, method)
    assert model is not None and model.lease is not None
    assert (model.returns, model.acquires) == (type_name, Acquires.CALL)
    assert Release("close") in model.lease.release
    assert (model.lease.with_exit, model.lease.async_with_exit) == (WithExit.RELEASE, WithExit.RELEASE)


@pytest.mark.parametrize(
    ("receiver", "method"),
    [
        ("lock", "acquire"),
        ("pool_lock", "acquire"),
        ("pool_semaphore", "acquire"),
        ("signal", "connect"),
        ("db", "get_session_factory"),
        ("", "create_session_factory"),
        ("", "sessionlocal"),
        ("pool", "submit"),
        ("", "acquire"),
    ],
)
def test_no_convention_holds(catalog: Catalog, receiver: str, method: str) -> None:
    """Locks around a pool, makers of factories, and names that only look alike."""
    assert catalog.convention(receiver, method) is None


def test_a_pool_lends_by_convention(catalog: Catalog) -> None:
    """`with pool.connection() as conn` owes nothing besides the block."""
    model = catalog.convention("pool", "connection")
    assert model is not None and model.lease is not None
    assert (model.acquires, model.lends, model.lease.release) == (Acquires.NO, "unclosed.Connection", ())


@pytest.mark.parametrize(
    ("receiver", "method", "calm"),
    [
        ("conn", "close", True),
        ("conn", "rollback", True),
        ("conn", "cursor", True),
        ("pool", "putconn", True),
        ("logger", "info", True),
        ("_LOG", "exception", True),
        ("conn", "commit", False),
        ("conn", "execute", False),
        ("service", "info", False),
    ],
)
def test_calm_methods(catalog: Catalog, receiver: str, method: str, calm: bool) -> None:
    """Releases, rollbacks and lines in a log do not raise in practice; commit does."""
    assert catalog.is_calm(receiver, method) is calm


@pytest.mark.parametrize(
    ("name", "releases", "keeps"),
    [
        ("close_connection", True, False),
        ("safe_close", True, False),
        ("closeConnection", True, False),
        ("putconn", True, False),
        ("return_connection", True, False),
        ("shutdown", True, False),
        ("append", False, True),
        ("register_client", False, True),
        ("set_connection", False, True),
        ("create_task", False, True),
        ("get_closest", False, False),
        ("fetch_rows", False, False),
        ("get_release_notes", False, False),
    ],
)
def test_names_that_say_what_becomes_of_an_argument(catalog: Catalog, name: str, releases: bool, keeps: bool) -> None:
    """The name of an unknown function says that it gives back or keeps what it is handed, or nothing."""
    assert (catalog.names_release(name), catalog.names_keep(name)) == (releases, keeps)


def test_some_names_keep_only_as_methods(catalog: Catalog) -> None:
    """`connections.insert(0, conn)` keeps, `insert(conn, row)` uses."""
    assert catalog.names_keep("insert")
    assert not catalog.names_keep("insert", is_method=False)
    assert catalog.names_keep("create_task", is_method=False)


def test_provider_decorators(catalog: Catalog) -> None:
    """A generator lends under these; pytest always resumes a fixture, `contextmanager` only if its user did not raise."""
    assert catalog.is_provider_decorator("contextlib.asynccontextmanager")
    assert catalog.is_provider_decorator("pytest.fixture")
    assert not catalog.is_provider_decorator("functools.lru_cache")
    assert catalog.resumes_always("pytest_asyncio.fixture")
    assert not catalog.resumes_always("contextlib.contextmanager")


def test_a_pattern_stands_for_what_is_not_listed() -> None:
    """A method or an attribute that is listed, here or at a base, goes before a pattern; a private one fits none."""
    models = {
        "types": {
            "acme.Base": {"methods": {"close": {}}, "attributes": {"pages": "acme.Pages"}},
            "acme.Client": {
                "extends": "acme.Base",
                "attributes": {"*": "acme.Part"},
                "methods": {"*": {"io": "request"}, "*_path": {}, "orders_path": {"io": "path"}},
            },
            "acme.Part": {},
            "acme.Pages": {},
        }
    }
    catalog = Catalog.load([UserModels("pyproject.toml", models)])
    io = {
        name: model.io if model is not None else None
        for name in ("send", "close", "orders_path", "_send")
        for model in [catalog.method("acme.Client", name)]
    }
    assert io == {"send": "request", "close": "", "orders_path": "path", "_send": None}
    assert [catalog.attribute("acme.Client", name) for name in ("pages", "orders", "_orders")] == ["acme.Pages", "acme.Part", None]


def test_the_exports_of_a_module(catalog: Catalog) -> None:
    """What a star import of a modelled module brings in, aliases included."""
    assert catalog.exports("sqlalchemy.orm") == {
        *("DeclarativeBase", "DeclarativeBaseNoMeta", "declarative_base"),
        *("Session", "SessionTransaction", "object_session", "scoped_session", "sessionmaker"),
    }
    assert catalog.exports("MySQLdb") == {"connect", "Connect", "Connection"}
    assert catalog.exports("nowhere") == frozenset()


def test_nothing_is_known_of_other_names(catalog: Catalog) -> None:
    """An unknown function, type or method is `None`, and the answer is the same again."""
    for _ in range(2):
        assert catalog.function("acme.connect") is None
        assert catalog.type("acme.Conn") is None
        assert catalog.method("sqlite3.Connection", "frobnicate") is None
        assert catalog.method("acme.Conn", "close") is None


ACME = {
    "types": {
        "acme.Conn": {
            "also": ["acme.db.Conn"],
            "kind": "connection",
            "acquires": True,
            "release": ["hang_up"],
            "methods": {"borrow": {"returns": "acme.Conn", "names": ["*acme*.borrow", "pool.acquire"], "acquires": True}},
        },
        "acme.FastConn": {"extends": "acme.Conn"},
        "psycopg2.extensions.connection": {"with_exit": "release"},
    },
    "functions": {"psycopg2.connect": {"acquires": "awaited", "coroutine": True, "unless_given": ["dry_run"]}},
    "objects": {"acme.default": {"type": "acme.FastConn"}},
}


def test_the_users_models_are_added() -> None:
    """A user's type is a type like the shipped ones; the root of its name becomes a word."""
    catalog = Catalog.load([UserModels("pyproject.toml", ACME)])
    model = catalog.function("acme.FastConn")
    assert model is not None and model.lease is not None
    assert (model.acquires, model.lease.release) == (Acquires.CALL, (Release("hang_up"),))
    assert catalog.object_type("acme.default") == "acme.FastConn"
    assert "acme" in catalog.words


def test_the_users_models_override_key_by_key() -> None:
    """What the user says of a shipped type or function replaces that key and no other."""
    catalog = Catalog.load([UserModels("pyproject.toml", ACME)])
    model = catalog.function("psycopg2.connect")
    assert model is not None and model.lease is not None
    assert (sorted(model.unless_given), model.acquires) == (["dry_run"], Acquires.AWAITED)
    assert (model.lease.with_exit, model.lease.release) == (WithExit.RELEASE, (Release("close"),))


def test_the_users_conventions_come_first() -> None:
    """A pattern of the user's is asked before the shipped ones."""
    catalog = Catalog.load([UserModels("pyproject.toml", ACME)])
    ours, shipped = catalog.convention("pool", "acquire"), catalog.convention("my_pool", "acquire")
    assert ours is not None and shipped is not None
    assert (ours.name, shipped.name) == ("acme.Conn.borrow", "pool_acquire")


def test_the_shipped_models_do_not_change() -> None:
    """A user's models are seen by their own catalog only."""
    Catalog.load([UserModels("pyproject.toml", ACME)])
    catalog = Catalog.load()
    assert catalog.type("acme.Conn") is None
    assert "acme" not in catalog.words


def test_a_circle_of_extends_ends() -> None:
    """Two types that extend each other are a mistake that must not hang."""
    types = {"a.A": {"extends": "a.B"}, "a.B": {"extends": "a.A", "kind": "client", "release": ["close"]}}
    catalog = Catalog.load([UserModels("pyproject.toml", {"types": types})])
    model = catalog.type("a.A")
    assert model is not None and model.lease is not None
    assert model.lease.release == (Release("close"),)


def test_a_wrong_model_of_the_user_is_refused() -> None:
    """The message names the file, the key in `pyproject.toml`, the value, what is accepted and the nearest match."""
    with pytest.raises(ConfigError) as refused:
        Catalog.load([UserModels("pyproject.toml", {"types": {"acme.Conn": {"kind": "conection"}}})])
    assert str(refused.value) == (
        "pyproject.toml: tool.unclosed.models.types.\"acme.Conn\".kind: 'conection' is not known; did you mean 'connection'? "
        "(accepted: client, connection, cursor, pool, session, transaction)"
    )
