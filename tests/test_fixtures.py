"""The fixtures: the linter says exactly what their comments say, and the fixtures cover what they have to cover."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from fixture_files import FIXTURES, FixtureFile, fixture_files, malformed_markers
from unclosed.catalog import Catalog
from unclosed.catalog_files import MODELS, shipped_shelf
from unclosed.config import Config, override
from unclosed.library import Kind
from unclosed.lint import check_source
from unclosed.rules import all_rules
from unclosed.text import SourceFile

FILES = fixture_files()
PARSABLE = [fixture for fixture in FILES if fixture.python is None or fixture.python <= sys.version_info[:2]]
RULES = {rule.name.replace("-", "_"): rule.code for rule in all_rules()}

WITHOUT_FIXTURES = {
    "UNC901": "its file is not valid Python",
}

OF_SETTINGS = {rule.code for rule in all_rules() if rule.reads_settings}
"""Rules whose fixtures are no Python files; a test of their own reads them."""

every_file = pytest.mark.parametrize("fixture", FILES, ids=repr)


@every_file
def test_the_linter_says_what_the_comments_say(fixture: FixtureFile) -> None:
    """Every marked line is reported, with the marked code and column, and no other line is."""
    source = SourceFile(f"fixtures/{fixture.name}", fixture.text)
    config = override(Config(requires_python=fixture.requires_python), extend_select=fixture.selects)
    result = check_source(source, config, Catalog.load())
    findings = [(finding.start.row, finding.start.column + 1, finding.code) for finding in result.findings]
    assert (result.error, result.skipped) == (None, ())
    assert fixture.seen(findings) == fixture.expected()


@every_file
def test_no_marker_is_misspelt(fixture: FixtureFile) -> None:
    """A comment that means to be a marker is one."""
    assert malformed_markers(fixture) == []


@pytest.mark.parametrize("fixture", PARSABLE, ids=repr)
def test_each_function_has_its_own_name(fixture: FixtureFile) -> None:
    """A function's name is its reason, so no two functions of a file share one."""
    silent, loud = fixture.functions()
    names = Counter([*silent, *(name for name, _ in loud)])
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("fixture", PARSABLE, ids=repr)
def test_python_parses_it(fixture: FixtureFile) -> None:
    """A fixture is valid for the oldest Python that it names, 3.10 if it names none."""
    ast.parse(fixture.text, feature_version=fixture.python or (3, 10))


def test_each_rule_has_a_folder() -> None:
    """A rule without a folder of fixtures is named above, with the reason."""
    assert {code for name, code in RULES.items() if not (FIXTURES / name).is_dir()} == set(WITHOUT_FIXTURES)


@pytest.mark.parametrize("folder", sorted(name for name, code in RULES.items() if code not in {*WITHOUT_FIXTURES, *OF_SETTINGS}))
def test_three_silent_functions_for_each_loud_one(folder: str) -> None:
    """Correct code is the larger part of what a rule's folder holds."""
    functions = [fixture.functions() for fixture in PARSABLE if fixture.name.startswith(f"{folder}/")]
    silent = sum(len(names) for names, _ in functions)
    loud = sum(RULES[folder] in codes for _, loud_ones in functions for _, codes in loud_ones)
    assert loud > 0
    assert silent >= 3 * loud


MODEL_FIXTURES = {
    "aiohttp.toml": "models/aiohttp.py",
    "aiomysql.toml": "models/aiomysql.py",
    "aiopg.toml": "models/aiopg.py",
    "aiosqlite.toml": "models/aiosqlite.py",
    "asyncmy.toml": "models/asyncmy.py",
    "asyncpg.toml": "models/asyncpg.py",
    "ftplib.toml": "models/ftplib.py",
    "httpx.toml": "models/httpx.py",
    "mysql_connector.toml": "models/mysql_connector.py",
    "mysqlclient.toml": "models/mysqlclient.py",
    "neo4j.toml": "models/neo4j.py",
    "oracledb.toml": "models/oracledb.py",
    "paramiko.toml": "models/paramiko.py",
    "psycopg.toml": "models/psycopg.py",
    "psycopg2.toml": "models/psycopg2.py",
    "psycopg2_pool.toml": "models/psycopg2.py",
    "psycopg_pool.toml": "models/psycopg_pool.py",
    "pymongo.toml": "models/pymongo.py",
    "pymysql.toml": "models/pymysql.py",
    "pyodbc.toml": "models/pyodbc.py",
    "redis.toml": "models/redis.py",
    "redis_asyncio.toml": "models/redis.py",
    "requests.toml": "models/requests.py",
    "smtplib.toml": "models/smtplib.py",
    "socket.toml": "models/socket.py",
    "sqlalchemy_asyncio.toml": "models/sqlalchemy_async.py",
    "sqlalchemy_core.toml": "models/sqlalchemy_core.py",
    "sqlalchemy_orm.toml": "models/sqlalchemy_orm.py",
    "sqlite3.toml": "models/sqlite3.py",
    "sqlmodel.toml": "models/sqlmodel.py",
}
"""Where the entries of a model file are exercised; those of the other files are exercised anywhere."""

UNEXERCISED = {
    "mysql_connector.toml": {
        "mysql.connector.abstracts.MySQLConnectionAbstract",  # an abstract class
        "mysql.connector.connection_cext.CMySQLConnection",  # made by connect()
        "mysql.connector.pooling.PooledMySQLConnection",  # made by its pool
    },
    "socket.toml": {"ssl.SSLSocket"},  # made by a context's wrap_socket()
}
"""What nobody calls by this name."""


@pytest.mark.parametrize("model", sorted(MODELS.glob("*.toml")), ids=lambda path: path.name)
def test_each_entry_of_a_model_is_exercised(model: Path) -> None:
    """Each function, constructor and method that acquires or lends, and each release, is called in the library's fixture."""
    folder = MODEL_FIXTURES.get(model.name, "")
    text = "\n".join(fixture.text for fixture in FILES if fixture.name.startswith(folder))
    names = names_to_exercise(model)
    assert {name for name in names if not re.search(rf"\b{name.rpartition('.')[2]}\(", text)} == UNEXERCISED.get(model.name, set())


def names_to_exercise(model: Path) -> set[str]:
    """Qualified names of what a model file says acquires or lends, and of its releases, right and wrong. Pools are no concern here."""
    shelf, catalog = shipped_shelf(), Catalog.load()
    functions = [name for name, written in shelf.functions.items() if Path(written.where).name == model.name]
    types = {name: written.values for name, written in shelf.types.items() if Path(written.where).name == model.name}
    calls = {name: catalog.function(name) for name in [*functions, *types]}
    calls |= {f"{name}.{method}": catalog.method(name, method) for name, values in types.items() for method in methods_of(values)}
    leases = {name: call.lease for name, call in calls.items() if call is not None and call.lease is not None}
    owed = {name: lease for name, lease in leases.items() if lease.kind is not Kind.POOL}
    releases = {f"{lease.type_name}.{release.method}" for lease in owed.values() for release in lease.release}
    wrong = {f"{lease.type_name}.{method}" for lease in owed.values() for method in lease.wrong_release}
    return {*owed, *releases, *wrong}


def methods_of(values: Mapping[str, object]) -> list[str]:
    """The names of the methods in a written entry of a type."""
    methods = values.get("methods")
    return list(methods) if isinstance(methods, dict) else []
