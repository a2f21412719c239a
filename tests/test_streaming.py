"""UNC206 beyond the fixtures: versions of the framework, shapes of dependencies, what the finding says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.findings import Finding
from unclosed.lint import check_file, check_source
from unclosed.project.pins import Pins, newest_admitted
from unclosed.rules import all_rules
from unclosed.text import SourceFile

HEAD = """\
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
router = APIRouter()
SessionLocal = sessionmaker(create_engine("postgresql:///shop"))


def get_db():
    with SessionLocal() as db:
        yield db


def lines():
    yield "one"


Db = Annotated[Session, Depends(get_db)]
"""
STREAM = '@app.get("/stream")\ndef stream(db: Db):\n    db.get(str, 1)\n    return StreamingResponse(lines())\n'
GENERATOR = '@app.get("/generator")\ndef generator(db: Db):\n    yield db.get(str, 1)\n'
SOCKET = (
    '@app.websocket("/socket")\nasync def socket(websocket: WebSocket, db: Db):\n    db.get(str, 1)\n'
    "    await websocket.accept()\n    await websocket.receive_text()\n"
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each program is a project of its own."""
    (tmp_path / "setup.cfg").touch()
    monkeypatch.chdir(tmp_path)


def findings(program: str) -> list[Finding]:
    """What the linter reports for a program below the common head."""
    result = check_source(SourceFile("main.py", HEAD + dedent(program)), Config(), Catalog.load())
    assert result.error is None
    return list(result.findings)


def held(program: str) -> list[str]:
    """The functions with a UNC206, in the order of the text."""
    found = findings(program)
    assert {finding.code for finding in found} <= {"UNC206"}
    return [finding.function for finding in found]


# Versions

VERSIONS = {
    "requirements.txt: fastapi==0.105.0": {"stream", "socket"},
    "requirements.txt: fastapi[all]==0.106.0  # why": {"socket"},
    "requirements.txt: fastapi == 0.117.1 ; python_version >= '3.10'": {"socket"},
    "requirements.txt: fastapi==0.118.0": {"stream", "socket"},
    "requirements.txt: fastapi==0.133.1": {"stream", "socket"},
    "requirements.txt: fastapi==0.134.0": {"stream", "generator", "socket"},
    "requirements.txt: fastapi": {"stream", "generator", "socket"},
    "requirements.txt: fastapi>=0.100": {"stream", "generator", "socket"},
    "requirements.txt: fastapi>=0.110,<1.0.0": {"stream", "generator", "socket"},
    "requirements.txt: fastapi>=0.100,<0.118": {"socket"},
    "requirements.txt: fastapi~=0.115.2": {"socket"},
    "requirements.txt: fastapi-users==0.110.0": {"stream", "generator", "socket"},
    "requirements-dev.txt: fastapi==0.110.0": {"socket"},
    "requirements/base.txt: FastAPI==0.110.0": {"socket"},
    'pyproject.toml: [project]\nname = "a"\ndependencies = ["fastapi[standard]==0.116.*"]': {"socket"},
    'pyproject.toml: [tool.poetry.dependencies]\nfastapi = "^0.115.4"': {"socket"},
    'pyproject.toml: [tool.poetry.dependencies]\nfastapi = { version = "^0.121", extras = ["all"] }': {"stream", "socket"},
    "pyproject.toml: [project\nfastapi": {"stream", "generator", "socket"},
    'uv.lock: [[package]]\nname = "fastapi"\nversion = "0.117.0"\n': {"socket"},
    'poetry.lock: [[package]]\nname = "fastapi"\nversion = "0.120.0"\n': {"stream", "socket"},
    'Pipfile.lock: {"default": {"fastapi": {"hashes": ["sha256:0"], "version": "==0.110.0"}}}': {"socket"},
}


@pytest.mark.parametrize("written", VERSIONS)
def test_what_is_held_depends_on_the_version(written: str, tmp_path: Path) -> None:
    """A lock or a requirement says which version runs; a range means its newest."""
    name, _, text = written.partition(": ")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert set(held(f"{STREAM}\n\n{GENERATOR}\n\n{SOCKET}")) == VERSIONS[written]


def test_the_nearest_folder_that_speaks_of_a_package_counts(tmp_path: Path) -> None:
    """And in it a lock before a range."""
    (tmp_path / "requirements.txt").write_text("fastapi==0.110.0\n", encoding="utf-8")
    inner = tmp_path / "backend" / "app"
    inner.mkdir(parents=True)
    assert Pins().version(inner, tmp_path, "fastapi") == (0, 110, 0)
    (tmp_path / "backend" / "requirements.txt").write_text("fastapi>=0.118\n", encoding="utf-8")
    assert Pins().version(inner, tmp_path, "fastapi") is None
    (tmp_path / "backend" / "uv.lock").write_text('name = "fastapi"\nversion = "0.119.1"\n', encoding="utf-8")
    assert Pins().version(inner, tmp_path, "fastapi") == (0, 119, 1)


@pytest.mark.parametrize(
    ("specifier", "newest"),
    [
        ("==1.2", (1, 2)),
        ("<=1.2", (1, 2)),
        ("<2", (1, 9999)),
        ("<2.0.0", (1, 9999)),
        (">=1,<1.4.2,!=1.3", (1, 4, 1, 9999)),
        ("~=1.4", (1, 9999)),
        ("^0.0.3", (0, 0, 3, 9999)),
        ("~1.2.3", (1, 2, 9999)),
        (">=1.2", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_newest_version_of_a_range(specifier: str, newest: tuple[int, ...] | None) -> None:
    """Parts that nothing names are 9999."""
    assert newest_admitted(specifier) == newest


# Shapes of dependencies


def test_a_dependency_that_asks_for_itself_ends() -> None:
    """By an annotation that is evaluated late."""
    program = """
        def get_user(other: "User", db: Db):
            return db.get(str, 1)


        User = Annotated[str, Depends(get_user)]


        @app.get("/")
        def user(user: User):
            return StreamingResponse(lines())
    """
    assert held(program) == ["user"]


def test_the_fields_of_a_dataclass_are_dependencies() -> None:
    """Its constructor takes them."""
    program = """
        @dataclass
        class Context:
            db: Session = Depends(get_db)


        @app.get("/used")
        def used(context: Context = Depends()):
            context.db.get(str, 1)
            return StreamingResponse(lines())


        @app.get("/closed")
        def closed(context: Context = Depends()):
            context.db.get(str, 1)
            context.db.close()
            return StreamingResponse(lines())
    """
    assert held(program) == ["used"]


def test_an_object_around_the_session_may_close_it() -> None:
    """By a method that says so in its body, or in the block of the object."""
    program = """
        class Orders:
            def __init__(self, db: Db):
                self.db = db

            def names(self):
                return self.db.scalars(select(1)).all()

            def finish(self):
                self.db.commit()

            def __enter__(self):
                return self

            def __exit__(self, *args):
                self.db.close()


        def get_orders(db: Db):
            return Orders(db)


        @app.get("/used")
        def used(orders: Orders = Depends(get_orders)):
            return StreamingResponse(lines(), headers={"X": str(orders.names())})


        @app.get("/finished")
        def finished(orders: Orders = Depends(get_orders)):
            orders.names()
            orders.finish()
            return StreamingResponse(lines())


        @app.get("/block")
        def in_a_block(orders: Orders = Depends()):
            with orders:
                orders.names()
            return StreamingResponse(lines())


        @app.get("/made-here")
        def made_here(db: Db):
            orders = Orders(db)
            orders.names()
            orders.finish()
            return StreamingResponse(lines())
    """
    assert held(program) == ["used"]


def test_what_cannot_be_known_is_likely() -> None:
    """An unknown function that gets the session may use it; after a release it may not."""
    program = """
        @app.get("/unknown")
        def unknown(db: Db, service: object):
            return StreamingResponse(service.rows(db))


        @app.get("/released")
        def released(db: Db, service: object):
            db.close()
            return StreamingResponse(service.rows(db))
    """
    (finding,) = findings(program)
    assert (finding.function, finding.confidence.label) == ("unknown", "likely")


def test_markers_of_another_library_are_none() -> None:
    """`Depends` of something that is no web framework."""
    program = """
        from taskiq import Depends as TaskDepends


        @app.get("/")
        def endpoint(db: Session = TaskDepends(get_db)):
            db.get(str, 1)
            return StreamingResponse(lines())
    """
    assert held(program) == []


def test_a_list_under_a_name() -> None:
    """`dependencies=GUARDS`, and the first finding of two endpoints of a router."""
    program = """
        def get_user(db: Db):
            return db.get(str, 1)


        GUARDS = [Depends(get_user)]
        guarded = APIRouter(dependencies=GUARDS)


        @guarded.get("/a")
        def a():
            return StreamingResponse(lines())


        @guarded.get("/b")
        def b():
            return StreamingResponse(lines())


        @router.get("/c", dependencies=GUARDS)
        def c():
            return StreamingResponse(lines())
    """
    found = findings(program)
    assert [(finding.code, finding.start.row) for finding in found] == [("UNC206", 31)]


def test_a_session_of_the_parameter_and_of_the_router_is_one() -> None:
    """Reported at the parameter."""
    program = """
        guarded = APIRouter(dependencies=[Depends(get_db)])


        @guarded.get("/a")
        def a(db: Db):
            db.get(str, 1)
            return StreamingResponse(lines())
    """
    assert held(program) == ["a"]


# What is said


def test_the_trail_leads_from_the_parameter_to_the_response() -> None:
    """Through the dependency, its acquire, the statement and the response."""
    (finding,) = findings(STREAM)
    assert finding.message == ('session of get_db() is held until the StreamingResponse is sent; close it before, or use scope="function"')
    assert [(step.span.start.row, step.text) for step in finding.trail] == [
        (27, "get_db() lends a session here"),
        (17, "get_db() acquires it here"),
        (28, "a statement takes a connection here"),
        (29, "sends this while it is held"),
    ]


def test_the_trail_names_a_statement_on_the_way_to_the_response() -> None:
    """Not one on a path that gives the session back and streams nothing."""
    program = """
        @app.get("/a")
        def a(known: bool, db: Session = Depends(get_db)):
            if known:
                db.get(str, 1)
                db.close()
                return "known"
            db.get(str, 2)
            return StreamingResponse(lines())
    """
    (finding,) = findings(program)
    taken = next(step.span.start.row for step in finding.trail if step.text == "a statement takes a connection here")
    sent = next(step.span.start.row for step in finding.trail if step.text == "sends this while it is held")
    assert sent - taken == 1


def test_messages_are_short() -> None:
    """Of every kind of finding, with long names too."""
    program = """
        def get_the_database_session_of_the_current_tenant_of_the_application():
            with SessionLocal() as db:
                db.execute(select(1))
                yield db


        def get_user(db: Session = Depends(get_the_database_session_of_the_current_tenant_of_the_application)):
            return db.get(str, 1)


        @app.get("/a")
        def a(db: Session = Depends(get_the_database_session_of_the_current_tenant_of_the_application)):
            return FileResponse("a")


        @app.get("/b")
        def b(user=Depends(get_user)):
            yield 1


        @app.websocket("/c")
        async def c(websocket: WebSocket, user=Depends(get_user)):
            await websocket.receive_text()


        @app.get("/d")
        def d():
            with get_engine_of_the_application_for_this_tenant_and_no_other().connect() as conn:
                yield 1


        def get_engine_of_the_application_for_this_tenant_and_no_other():
            return create_engine("postgresql:///shop")
    """
    messages = [finding.message for finding in findings(program) if finding.code == "UNC206"]
    assert len(messages) == 4
    assert [message for message in messages if len(message) > 120] == []


def test_a_file_without_an_endpoint_asks_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is solved and no version is read for ordinary code."""

    def refused(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("unclosed.analysis.requests.Requests.solve", refused)
    monkeypatch.setattr("unclosed.project.pins.Pins.version", refused)
    path = tmp_path / "plain.py"
    path.write_text(
        "import sqlite3\n\n\ndef rows(path):\n    conn = sqlite3.connect(path)\n    try:\n        yield from conn.execute('SELECT 1')\n"
        "    finally:\n        conn.close()\n",
        encoding="utf-8",
    )
    result = check_file(str(path), str(path), Config(), Catalog.load(), all_rules())
    assert (result.error, result.findings, result.is_parsed) == (None, (), True)
