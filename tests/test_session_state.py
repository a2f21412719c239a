"""UNC307: which pooler a connection goes through, how sure that is, and where the project's `pgbouncer.ini` is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config, override
from unclosed.lint import check_paths
from unclosed.pgbouncer.pooler import Pooler
from unclosed.pgbouncer.routes import Route, route_of_arguments, route_of_text
from unclosed.pgbouncer.states import State, statements, states, tracked_names
from unclosed.pgbouncer.surroundings import Poolers
from unclosed.report import full
from unclosed.report.paint import Paint
from unclosed.report.report import Report

CATALOG = Catalog.load()
CONFIG = override(Config(), extend_select=["UNC307"], min_confidence="possible")
POOLED = "[databases]\nshop = host=db\n[pgbouncer]\npool_mode = transaction\n"
PROGRAM = "import psycopg\n\n\ndef listen(dsn):\n    with psycopg.connect({}) as conn:\n        conn.execute('LISTEN orders')\n"


def report_on(folder: Path, source: str = "dsn", name: str = "app.py", config: Config = CONFIG) -> Report:
    """The report on a program that connects to this source and listens."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(PROGRAM.format(source), encoding="utf-8")
    report = check_paths([str(folder / name)], config, CATALOG)
    assert report.errors == ()
    return report


def confidences(folder: Path, source: str = "dsn", name: str = "app.py") -> list[str]:
    """How sure each finding is."""
    return [finding.confidence.label for finding in report_on(folder, source, name).findings]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a pooler."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pgbouncer.ini").write_text(POOLED, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("dsn", ["likely"]),
        ("'postgresql://app@db:6432/shop'", ["certain"]),
        ("'postgresql://app@pgbouncer/shop'", ["certain"]),
        ("'host=db port=6432 dbname=shop'", ["certain"]),
        ("host='db', port=6432", ["certain"]),
        ("host='db', port=port()", ["likely"]),
        ("'dbname=shop'", ["likely"]),
        ("'postgresql:///shop'", ["likely"]),
        ("f'postgresql://{user}@{host}:{port}/shop'", ["likely"]),
        ("f'postgresql://{user}@{host}/shop'", ["likely"]),
        ("os.environ.get('DIRECT_URL')", ["possible"]),
        ("settings.direct_dsn", ["possible"]),
        ("'postgresql://app@db:5432/shop'", []),
        ("'postgresql://app@db/shop'", []),
        ("f'postgresql://{user}@{host}:5432/shop'", []),
        ("'host=db dbname=shop'", []),
        ("host='db', port=5432", []),
        ("host='db'", []),
    ],
)
def test_how_sure_it_is_that_a_connection_is_pooled(project: Path, source: str, found: list[str]) -> None:
    """Certain by its port or host, likely if nothing is known, possible against its name; not at all over another port."""
    assert confidences(project, source) == found


def test_some_databases_pooled_otherwise_make_it_possible(project: Path) -> None:
    """Unless the database is known."""
    (project / "pgbouncer.ini").write_text(POOLED.replace("host=db", "host=db\nlisten = pool_mode=session"), encoding="utf-8")
    sources = ["dsn", "'postgresql://app@db:6432/shop'", "'postgresql://app@db:6432/listen'"]
    assert [confidences(project, source) for source in sources] == [["possible"], ["certain"], []]


def test_a_port_that_is_filled_in_later_is_not_known(project: Path) -> None:
    """So any port may be the pooler's, and need not be."""
    (project / "pgbouncer.ini").write_text(POOLED + "listen_port = ${PORT}\n", encoding="utf-8")
    assert confidences(project, "'postgresql://app@db:5432/shop'") == ["possible"]


def test_a_mode_that_is_filled_in_later_is_not_known(project: Path) -> None:
    """So nothing is said."""
    (project / "pgbouncer.ini").write_text(POOLED.replace("transaction", "${MODE}"), encoding="utf-8")
    assert confidences(project) == []


def test_the_settings_of_the_repository_count_for_its_projects(project: Path) -> None:
    """If the project itself has none, and they are not those of another project."""
    (project / "api").mkdir()
    (project / "api" / "pyproject.toml").touch()
    assert confidences(project, name="api/shop/app.py") == ["likely"]
    (project / "pgbouncer.ini").rename(project / "api" / "pgbouncer.ini")
    (project / "jobs").mkdir()
    (project / "jobs" / "pyproject.toml").touch()
    assert confidences(project, name="api/shop/app.py") == ["likely"]
    assert confidences(project, name="jobs/app.py") == []


@pytest.mark.parametrize("folder", [".venv/lib", "node_modules/pooler", "site-packages/shop"])
def test_settings_of_installed_packages_do_not_count(project: Path, folder: str) -> None:
    """They are others' examples."""
    (project / folder).mkdir(parents=True)
    (project / "pgbouncer.ini").rename(project / folder / "pgbouncer.ini")
    assert confidences(project) == []


def test_it_is_off_by_default(project: Path) -> None:
    """And asks for no settings then."""
    assert report_on(project, config=Config()).findings == ()


def test_a_comment_silences_it(project: Path) -> None:
    """As any other finding."""
    (project / "app.py").write_text(PROGRAM.format("dsn").rstrip() + "  # noqa: UNC307\n", encoding="utf-8")
    assert check_paths([str(project / "app.py")], CONFIG, CATALOG).findings == ()


def test_the_trail_leads_to_the_setting(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a path from the working directory."""
    monkeypatch.chdir(project)
    printed = full.render(report_on(Path(), "dsn"), Paint(colour=False))
    assert "  1. pgbouncer.ini:4: the server connection goes to another client after each transaction" in printed.splitlines()


def test_a_project_is_searched_once(project: Path) -> None:
    """However many of its files are checked."""
    poolers = Poolers()
    found = poolers.of(project / "app.py")
    assert poolers.of(project / "shop.py") is found
    assert [type(pooler) for pooler in found] == [Pooler]


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("postgresql+asyncpg://app:p@ss@db:6432/shop?ssl=require", Route("db", "6432", "shop")),
        ("postgres://db", Route("db", "5432")),
        ("postgresql://{}:{}@{}:{}/{}", Route()),
        ("postgresql://app@{}/shop", Route(database="shop")),
        ("host='db' port = 6432 user=app", Route("db", "6432")),
        ("shop", None),
    ],
)
def test_routes_of_texts(text: str, route: Route | None) -> None:
    """URLs and libpq's keywords; what is put in later is not known."""
    assert route_of_text(text) == route


def test_routes_of_arguments() -> None:
    """A port that is given and not known is no default port."""
    assert route_of_arguments({"host": "db", "dbname": "shop"}) == Route("db", "5432", "shop")
    assert route_of_arguments({"host": "db", "port": None}) == Route("db")
    assert route_of_arguments({"timeout": "5"}) is None


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("listen a", "LISTEN"),
        ("listening", None),
        ("SELECT pg_try_advisory_lock(1)", "an advisory lock"),
        ("SELECT pg_try_advisory_xact_lock(1)", None),
        ("WITH x AS (SELECT pg_advisory_lock_shared(1)) SELECT 1", "an advisory lock"),
        ("SELECT pg_advisory_unlock(1)", None),
        ("set search_path = a", "SET"),
        ("SET SESSION search_path = a", "SET"),
        ("SET SESSION AUTHORIZATION app", "SET"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET"),
        ("SET app.user = '1'", "SET"),
        ("SET LOCAL search_path = a", None),
        ("SET SESSION timezone = 'UTC'", None),
        ("SET client_encoding = 'UTF8'", None),
        ("RESET search_path", None),
        ("SELECT set_config('a.b', %s, False)", "set_config()"),
        ("SELECT set_config('a.b', 'x', 'f')", "set_config()"),
        ("SELECT set_config('a.b', 'x', true)", None),
        ("SELECT set_config('application_name', 'x', false)", None),
        ("PREPARE a AS SELECT 1", "PREPARE"),
        ("PREPARE TRANSACTION 'a'", None),
        ("DECLARE a CURSOR WITH HOLD FOR SELECT 1", "a cursor WITH HOLD"),
        ("DECLARE a CURSOR FOR SELECT 1", None),
        ("CREATE LOCAL TEMPORARY TABLE a (b int)", "a temporary table"),
        ("CREATE TEMP TABLE a AS SELECT 1", "a temporary table"),
        ("CREATE TEMP TABLE a (b int) ON COMMIT DELETE ROWS", "a temporary table"),
        ("CREATE TEMP TABLE a (b int)\nON COMMIT\n DROP", None),
        ("CREATE TABLE temp (b int)", None),
    ],
)
def test_what_statements_leave_in_a_session(statement: str, what: str | None) -> None:
    """By their first words, in any case."""
    found: State | None = next((state for state in states() if state.fits(statement, tracked_names())), None)
    assert (None if found is None else found.what) == what


def test_messages_are_short() -> None:
    """At most 120 characters, with the call's name in them as written."""
    folder = Path(__file__).resolve().parent.parent / "fixtures" / "session_state_under_transaction_pooling"
    findings = check_paths([str(folder)], override(Config(), select=["UNC307"]), CATALOG).findings
    assert [finding.message for finding in findings if len(finding.message) > 120] == []
    assert {"cur.execute():", "create_async_engine()", "conn.add_listener():"} <= {finding.message.split()[0] for finding in findings}


def test_a_text_is_parted_into_statements() -> None:
    """Comments left out, line breaks as they stand in the source too."""
    assert statements("-- LISTEN a\nBEGIN;\\n  LISTEN b ; /* x; */") == ("BEGIN", "LISTEN b")
