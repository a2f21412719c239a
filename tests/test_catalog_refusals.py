"""What a model file may not say, and the words in which it is refused: file, key, value, what is accepted, nearest match."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.catalog_checks import check_model_file
from unclosed.catalog_files import UserModels
from unclosed.errors import ConfigError

HEAD = 'library = "acme"\nwords = ["acme"]\nsource = "acme 1.0 documentation"\n'
HEAD_KEYS = (
    "(accepted: any_database, borrows, caching_names, calm, cannot_raise, conventions, direct_names, ending_names, "
    "executing_names, exits, expecting_names, fixtures, functions, injecting_names, intercepting_names, io_words, keeping_names, "
    "keeps, left_to_base, library, lifespans, objects, other_names, paired_startups, paired_words, patching_names, "
    "plain_metaclasses, plain_methods, postgresql, program_decorators, program_methods, program_names, providers, "
    "reflecting_names, releasing_names, set_up_names, sharing_words, source, startup_decorators, startup_methods, startup_names, "
    "startup_words, statement_names, stopping_names, test_names, transparent, types, versions, web, words)"
)
SQLITE3 = "(accepted: sqlite3.Blob, sqlite3.Connection, sqlite3.Cursor)"
KINDS = "(accepted: client, connection, cursor, pool, session, transaction)"
FORMS = "(accepted: await close, await owner.release(0), close, owner.putconn(0))"

REFUSED = {
    "an entry of another sort": (
        'function."acme.f" = {}',
        f"function: is no key here; did you mean 'functions'? {HEAD_KEYS}",
    ),
    "a key of an object": (
        'objects."acme.default" = { type = "sqlite3.Connection", sourc = "" }',
        "objects.\"acme.default\".sourc: is no key here; did you mean 'source'? (accepted: also, source, type)",
    ),
    "an object without a type": ('objects."acme.default" = {}', 'objects."acme.default".type: is missing'),
    "a kind": (
        'types."acme.Conn" = { kind = "conection" }',
        f"types.\"acme.Conn\".kind: 'conection' is not known; did you mean 'connection'? {KINDS}",
    ),
    "what a with block does": (
        'types."acme.Conn" = { kind = "connection", with_exit = "close" }',
        'types."acme.Conn".with_exit: \'close\' is not known (accepted: nothing, release, transaction)',
    ),
    "a release with a receiver": (
        'types."acme.Conn" = { kind = "connection", release = ["pool.putconn(0)"] }',
        f"types.\"acme.Conn\".release: 'pool.putconn(0)' is no release; did you mean 'owner.putconn(0)'? {FORMS}",
    ),
    "a release with brackets": (
        'types."acme.Conn" = { kind = "connection", release = "close()" }',
        f"types.\"acme.Conn\".release: 'close()' is no release; did you mean 'close'? {FORMS}",
    ),
    "a wrong release that is no name": (
        'types."acme.Conn" = { kind = "connection", wrong_release = ["conn.close"] }',
        "types.\"acme.Conn\".wrong_release: 'conn.close' is not the name of a method, attribute or argument",
    ),
    "acquires": (
        'functions."acme.f" = { returns = "sqlite3.Connection", acquires = "await" }',
        "functions.\"acme.f\".acquires: is 'await'; did you mean 'awaited'? (accepted: awaited, false, true)",
    ),
    "acquires without a type": (
        'functions."acme.f" = { acquires = true }',
        "functions.\"acme.f\".acquires: needs a type in 'returns': what is acquired? (A method that opens its receiver is 'opened_by'.)",
    ),
    "acquires without a kind": (
        'functions."acme.f" = { returns = "logging.Logger", acquires = true }',
        f"functions.\"acme.f\".acquires: needs a kind, here or at the type 'logging.Logger' {KINDS}",
    ),
    "a type that acquires without a kind": (
        'types."acme.Conn" = { acquires = true }',
        f'types."acme.Conn".acquires: needs a kind: what is acquired? {KINDS}',
    ),
    "awaited, but neither a coroutine nor lent": (
        'functions."acme.f" = { returns = "sqlite3.Connection", acquires = "awaited" }',
        "functions.\"acme.f\".acquires: \"awaited\" needs coroutine = true, or 'lends' if the result may be entered un-awaited",
    ),
    "lends without a block that gives back": (
        'functions."acme.f" = { lends = "sqlite3.Connection" }',
        'functions."acme.f".lends: needs with_exit or async_with_exit = "release": which block gives it back?',
    ),
    "an unknown type of the result": (
        'functions."acme.f" = { returns = "sqlite3.Conection" }',
        f"functions.\"acme.f\".returns: 'sqlite3.Conection' is no modelled type; did you mean 'sqlite3.Connection'? {SQLITE3}",
    ),
    "an unknown type that is extended": (
        'types."acme.Conn" = { extends = "sqlite3.Connect" }',
        f"types.\"acme.Conn\".extends: 'sqlite3.Connect' is no modelled type; did you mean 'sqlite3.Connection'? {SQLITE3}",
    ),
    "an unknown type of an attribute": (
        'types."acme.Conn".attributes.raw = "sqlite.Conn"',
        "types.\"acme.Conn\".attributes.raw: 'sqlite.Conn' is no modelled type; did you mean 'sqlite3.Connection'?",
    ),
    "a name that is not qualified": (
        'functions."acme.f" = { returns = "sqlite3:Connection" }',
        "functions.\"acme.f\".returns: 'sqlite3:Connection' is not a qualified name such as 'psycopg2.connect'",
    ),
    "an entry's own name": (
        'functions."acme f" = {}',
        "functions.\"acme f\".also: 'acme f' is not a qualified name such as 'psycopg2.connect'",
    ),
    "an alias that has an entry": (
        'functions."acme.f" = { also = ["sqlite3.connect"] }',
        "functions.\"acme.f\".also: 'sqlite3.connect' has an entry of its own",
    ),
    "a tuple of several types": (
        'functions."acme.f" = { returns = ["", ""] }',
        'functions."acme.f".returns: is [\'\', \'\'], but a tuple must name one type and have "" for the other items',
    ),
    "a text for a flag": (
        'functions."acme.f" = { keeps = "yes" }',
        "functions.\"acme.f\".keeps: is 'yes', but must be true or false",
    ),
    "a name for a position": (
        'functions."acme.f" = { wraps = "conn" }',
        "functions.\"acme.f\".wraps: is 'conn', but must be the position of an argument, counted from 0",
    ),
    "a negative position": (
        'functions."acme.f" = { calls = -1 }',
        'functions."acme.f".calls: is -1, but must be the position of an argument, counted from 0',
    ),
    "a list of numbers": (
        'functions."acme.f" = { unless_given = [1] }',
        'functions."acme.f".unless_given: is [1], but must be a list of texts',
    ),
    "an argument without its type": (
        'functions."acme.f".unless_is.bind = { position = 0 }',
        'functions."acme.f".unless_is.bind.type: is missing: an argument of which type?',
    ),
    "an argument of an unknown type": (
        'functions."acme.f".unless_is.bind = { type = "sqlite3.Conection" }',
        f"functions.\"acme.f\".unless_is.bind.type: 'sqlite3.Conection' is no modelled type; did you mean 'sqlite3.Connection'? {SQLITE3}",
    ),
    "a name of an argument that is no pattern": (
        'functions."acme.f".unless_is.bind = { type = "sqlite3.Connection", named = "the conn" }',
        "functions.\"acme.f\".unless_is.bind.named: 'the conn' is no pattern such as '*pool*.acquire' or 'SessionLocal'",
    ),
    "a text for a table": (
        'types."acme.Conn" = { attributes = "raw" }',
        "types.\"acme.Conn\".attributes: is 'raw', but must be a table",
    ),
    "a text for a method": (
        'types."acme.Conn".methods.f = "acquires"',
        "types.\"acme.Conn\".methods.f: is 'acquires', but must be a table",
    ),
    "a key of a method": (
        'types."acme.Conn".methods.f = { acquire = true }',
        "types.\"acme.Conn\".methods.f.acquire: is no key here; did you mean 'acquires'?",
    ),
    "when a transaction begins": (
        'types."acme.Conn".transaction = { implicit = "dm" }',
        "types.\"acme.Conn\".transaction.implicit: 'dm' is not known; did you mean 'dml'? (accepted: any, dml, none)",
    ),
    "a key of a limit": (
        'functions."acme.f".limit = { b = ["timeout"] }',
        "functions.\"acme.f\".limit.b: is no key here; did you mean 'by'?",
    ),
    "a limit that is a number": ('functions."acme.f".limit = 5', 'functions."acme.f".limit: is 5, but must be a table'),
    "an argument of a limit": (
        'functions."acme.f".limit = { by = ["timeout@last"] }',
        "functions.\"acme.f\".limit.by: 'timeout@last' is no argument such as 'timeout' or 'timeout@2'",
    ),
    "a default of no time": (
        'functions."acme.f".limit = { default = 0 }',
        "functions.\"acme.f\".limit.default: is 0, but must be a number of seconds, 'none' or 'owner'",
    ),
    "a default that is no number": (
        'functions."acme.f".limit = { default = nan }',
        "functions.\"acme.f\".limit.default: is nan, but must be a number of seconds, 'none' or 'owner'",
    ),
    "an infinite default": (
        'functions."acme.f".limit = { default = inf }',
        "functions.\"acme.f\".limit.default: is inf, but must be a number of seconds, 'none' or 'owner'",
    ),
    "a list for a default": (
        'functions."acme.f".limit = { default = [5] }',
        "functions.\"acme.f\".limit.default: is [5], but must be a number of seconds, 'none' or 'owner'",
    ),
    "a word for a default": (
        'functions."acme.f".limit = { default = "never" }',
        "functions.\"acme.f\".limit.default: is 'never', but must be a number of seconds, 'none' or 'owner'",
    ),
    "no attempts": (
        'functions."acme.f".limit = { default = 5, attempts = 0 }',
        'functions."acme.f".limit.attempts: is 0, but must be a number, 1 or more',
    ),
    "a text for attempts": (
        'functions."acme.f".limit = { default = 5, attempts = "3" }',
        "functions.\"acme.f\".limit.attempts: is '3', but must be a number, 1 or more",
    ),
    "the argument of attempts": (
        'functions."acme.f".limit = { default = 5, attempts_by = "max retries" }',
        "functions.\"acme.f\".limit.attempts_by: 'max retries' is no argument such as 'attempts' or 'max_retries+1'",
    ),
    "the unit of a limit": (
        'functions."acme.f".limit = { by = ["ms"], per_second = 0 }',
        'functions."acme.f".limit.per_second: is 0, but must be a number, 1 or more',
    ),
    "what a decorator makes": (
        'functions."acme.task" = { decorates = "acme.Task" }',
        "functions.\"acme.task\".decorates: 'acme.Task' is no modelled type",
    ),
    "a class among the attributes": (
        'types."acme.Db".classes.Model = "acme.Modell"',
        "types.\"acme.Db\".classes.Model: 'acme.Modell' is no modelled type (accepted: acme.Db)",
    ),
    "an argument that keeps a client inside": (
        'types."acme.Client".constructor.within_process = ["the transport"]',
        "types.\"acme.Client\".within_process: 'the transport' is no argument such as 'maxsize@1=0'",
    ),
    "the item of a pair": (
        'functions."acme.f".limit = { default = 5, pair = "read" }',
        "functions.\"acme.f\".limit.pair: is 'read', but must be the position of an argument, counted from 0",
    ),
    "other spellings of no limit": (
        'functions."acme.f".limit = { default = 5, unlimited = [0] }',
        'functions."acme.f".limit.unlimited: is [0], but must be a list of texts',
    ),
    "a key of a scope": (
        'functions."acme.f".limits = { bye = ["timeout"] }',
        "functions.\"acme.f\".limits.bye: is no key here; did you mean 'by'?",
    ),
    "an argument without a value": (
        'functions."acme.f".never_waits = ["block"]',
        "functions.\"acme.f\".never_waits: 'block' is no argument with its value such as 'block@0=False'",
    ),
    "an autocommit without a value": (
        'types."acme.Conn".transaction = { autocommit = ["autocommit"] }',
        "types.\"acme.Conn\".transaction.autocommit: 'autocommit' is no argument with its value such as 'block@0=False'",
    ),
    "I/O that is not named": ('functions."acme.f" = { io = true }', 'functions."acme.f".io: is True, but must be a text'),
    "a number for a flag": ('functions."acme.f" = { sleeps = 1 }', 'functions."acme.f".sleeps: is 1, but must be true or false'),
    "a key of a transaction": (
        'types."acme.Conn".transaction = { statement = ["execute"] }',
        "types.\"acme.Conn\".transaction.statement: is no key here; did you mean 'statements'?",
    ),
    "a statement that is no name": (
        'types."acme.Conn".transaction = { statements = ["cur.execute"] }',
        "types.\"acme.Conn\".transaction.statements: 'cur.execute' is not the name of a method, attribute or argument",
    ),
    "a Python version": (
        'types."acme.Conn" = { kind = "pool", lost_in = { function = "asyncio.wait_for", before = "3.12.1" } }',
        "types.\"acme.Conn\".lost_in.before: '3.12.1' is not a Python version such as '3.12'",
    ),
    "a wrapper that is no function": (
        'types."acme.Conn" = { kind = "pool", lost_in = [3] }',
        'types."acme.Conn".lost_in: is 3, but must name a function',
    ),
    "a convention without a pattern": (
        'conventions.get = { returns = "sqlite3.Connection", acquires = true }',
        "conventions.get.names: is missing: without a pattern the convention never holds",
    ),
    "a pattern": (
        'conventions.get = { names = ["get conn"], borrows = true }',
        "conventions.get.names: 'get conn' is no pattern such as '*pool*.acquire' or 'SessionLocal'",
    ),
    "an empty source": ("", "source: is empty"),
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_a_mistake_is_refused(reason: str, tmp_path: Path) -> None:
    """One mistake gives one line, which begins with the file and the key."""
    text, problem = REFUSED[reason]
    path = tmp_path / "acme.toml"
    path.write_text(HEAD.replace("acme 1.0 documentation", "acme" if text else "") + text, encoding="utf-8")
    lines = check_model_file(path)
    assert len(lines) == 1
    assert lines[0].startswith(f"{path}: {problem}")
    assert lines[0].endswith(problem) or problem.endswith("?")


def test_a_right_file_has_no_problem(tmp_path: Path) -> None:
    """Every sort of entry, said right."""
    path = tmp_path / "acme.toml"
    path.write_text(
        HEAD
        + """
        cannot_raise = ["acme.now"]
        [functions."acme.connect"]
        returns = "acme.Conn"
        acquires = "awaited"
        lends = "acme.Conn"
        names = ["*acme*.connect"]
        [types."acme.Conn"]
        kind = "connection"
        release = ["close", "await aclose", "owner.put(0)", "await owner.give_back(1)"]
        lost_in = ["asyncio.wait_for", { function = "asyncio.timeout", before = "3.12" }]
        [objects."acme.default"]
        type = "acme.Conn"
        [functions."acme.post"]
        io = "acme request"
        limit = { by = ["timeout@1"], default = "none", unlimited = ["0"], pair = 1, attempts = 3, attempts_by = "retries+1" }
        [functions."acme.wait"]
        waits = "queue"
        never_waits = ["block@0=False"]
        limit = { by = ["timeout"], default = 2.5, none_is_default = true }
        [functions."acme.timeout"]
        limits = {}
        gathers = true
        opens = true
        autocommit = ["level@0=NONE", "options=autocommit:True"]
        [types."acme.Conn".transaction]
        implicit = "any"
        statements = ["execute"]
        begin = ["begin"]
        commit = ["commit"]
        rollback = ["rollback"]
        autocommit = ["autocommit=True"]
        open_when = ["in_transaction"]
        [conventions.acme]
        names = ["acme_connect"]
        unless_named = ["test_*"]
        borrows = true
        """,
        encoding="utf-8",
    )
    assert check_model_file(path) == []


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    """A person mends a file once, not once for each line of it."""
    path = tmp_path / "acme.toml"
    path.write_text('library = "acme"\n[types."acme.Conn"]\nkind = "pol"\nclosed = true\nextends = "acme.Bas"\n', encoding="utf-8")
    keys = [line.removeprefix(f"{path}: ").partition(": ")[0] for line in check_model_file(path)]
    assert keys == ["words", "source", 'types."acme.Conn".closed', 'types."acme.Conn".kind', 'types."acme.Conn".extends']


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"library = acme", "is not valid TOML: Invalid value (at line 1, column 11)"),
        (b"library = '\xff'", "cannot be read: it is not UTF-8"),
    ],
)
def test_a_file_that_is_no_model_file(tmp_path: Path, content: bytes, problem: str) -> None:
    """Not TOML, or not even text: one line."""
    path = tmp_path / "acme.toml"
    path.write_bytes(content)
    assert check_model_file(path) == [f"{path}: {problem}"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The reason is the system's."""
    path = tmp_path / "acme.toml"
    assert check_model_file(path) == [f"{path}: cannot be read: No such file or directory"]


def test_the_users_table_needs_no_head() -> None:
    """In `pyproject.toml` a model needs neither library nor words nor source; its mistakes are told with their key there."""
    assert Catalog.load([UserModels("pyproject.toml", {"functions": {"acme.f": {"keeps": True}}})]).function("acme.f") is not None
    with pytest.raises(ConfigError) as refused:
        Catalog.load([UserModels("pyproject.toml", {"functions": {"acme.f": {"keeps": "yes"}}})])
    assert str(refused.value) == "pyproject.toml: tool.unclosed.models.functions.\"acme.f\".keeps: is 'yes', but must be true or false"
