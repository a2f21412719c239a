"""What UNC206 claims, seen: a real FastAPI application with a real pool, watched while the body of a response is on its way.

The linter reads the very text of the application, so an endpoint is reported if and only if its connection was checked out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.lint import check_source
from unclosed.text import SourceFile

fastapi = pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

APPLICATION = """
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

engine = create_engine("sqlite://", poolclass=QueuePool, connect_args={"check_same_thread": False})
SessionLocal = sessionmaker(engine)
ONE = text("SELECT 1")
out = []


def get_db():
    with SessionLocal() as db:
        yield db


def get_user(db: Session = Depends(get_db)):
    return db.execute(ONE).scalar()


def get_connection():
    with engine.connect() as conn:
        yield conn


SessionDep = Annotated[Session, Depends(get_db)]
app = FastAPI()


def lines():
    for number in range(3):
        out.append(engine.pool.checkedout())
        yield f"{number}"


def lines_of(db):
    out.append(engine.pool.checkedout())
    for row in db.execute(ONE):
        out.append(engine.pool.checkedout())
        yield f"{row}"


def lines_after_closing(db):
    db.close()
    for number in range(3):
        out.append(engine.pool.checkedout())
        yield f"{number}"


def lines_of_its_own():
    with SessionLocal() as db:
        db.execute(ONE)
        for number in range(3):
            out.append(engine.pool.checkedout())
            yield f"{number}"


def lines_of_its_own_read_before():
    with SessionLocal() as db:
        db.execute(ONE)
    for number in range(3):
        out.append(engine.pool.checkedout())
        yield f"{number}"


@app.get("/plain")
def plain(db: SessionDep):
    db.execute(ONE)
    return StreamingResponse(lines())


@app.get("/unused")
def unused(db: SessionDep):
    return StreamingResponse(lines())


@app.get("/closed")
def closed(db: SessionDep):
    db.execute(ONE)
    db.close()
    return StreamingResponse(lines())


@app.get("/committed")
def committed(db: SessionDep):
    db.execute(ONE)
    db.commit()
    return StreamingResponse(lines())


@app.get("/rolled-back")
def rolled_back(db: SessionDep):
    db.execute(ONE)
    db.rollback()
    return StreamingResponse(lines())


@app.get("/expunged")
def expunged(db: SessionDep):
    db.execute(ONE)
    db.expunge_all()
    return StreamingResponse(lines())


@app.get("/committed-and-used-again")
def committed_and_used_again(db: SessionDep):
    db.execute(ONE)
    db.commit()
    db.execute(ONE)
    return StreamingResponse(lines())


@app.get("/function-scope")
def function_scope(db: Session = Depends(get_db, scope="function")):
    db.execute(ONE)
    return StreamingResponse(lines())


@app.get("/function-scope-of-another")
def function_scope_of_another(user: int = Depends(get_user, scope="function")):
    return StreamingResponse(lines())


@app.get("/user")
def user_only(user: int = Depends(get_user)):
    return StreamingResponse(lines())


@app.get("/user-closed")
def user_closed_by_the_shared_session(db: SessionDep, user: int = Depends(get_user)):
    db.close()
    return StreamingResponse(lines())


@app.get("/user-and-an-own-one-closed")
def user_and_a_session_of_its_own(user: int = Depends(get_user), db: Session = Depends(get_db, use_cache=False)):
    db.close()
    return StreamingResponse(lines())


@app.get("/list", dependencies=[Depends(get_user)])
def by_list():
    return StreamingResponse(lines())


@app.get("/used-by-the-generator")
def used_by_the_generator(db: SessionDep):
    return StreamingResponse(lines_of(db))


@app.get("/closed-by-the-generator")
def closed_by_the_generator(db: SessionDep):
    db.execute(ONE)
    return StreamingResponse(lines_after_closing(db))


@app.get("/connection")
def connection(conn=Depends(get_connection)):
    return StreamingResponse(lines())


@app.get("/connection-committed")
def connection_committed(conn=Depends(get_connection)):
    conn.execute(ONE)
    conn.commit()
    return StreamingResponse(lines())


@app.get("/generator")
def generator(db: SessionDep):
    db.execute(ONE)
    for number in range(3):
        out.append(engine.pool.checkedout())
        yield number


@app.get("/generator-closed")
def generator_closed(db: SessionDep):
    db.execute(ONE)
    db.close()
    for number in range(3):
        out.append(engine.pool.checkedout())
        yield number


@app.get("/left-before")
def left_before():
    with SessionLocal() as db:
        db.execute(ONE)
        return StreamingResponse(lines())


@app.get("/own")
def its_own():
    return StreamingResponse(lines_of_its_own())


@app.get("/own-read-before")
def its_own_read_before():
    return StreamingResponse(lines_of_its_own_read_before())


@app.get("/file")
def file(db: SessionDep):
    db.execute(ONE)
    return FileResponse(__file__)


@app.get("/file-by-class", response_class=FileResponse)
def file_by_class(db: SessionDep):
    db.execute(ONE)
    return __file__


@app.websocket("/socket")
async def socket(websocket: WebSocket, db: SessionDep):
    db.execute(ONE)
    await websocket.accept()
    async for _ in websocket.iter_text():
        await websocket.send_text("ok")


@app.websocket("/socket-scoped")
async def socket_scoped(websocket: WebSocket, db: Session = Depends(get_db, scope="function")):
    db.execute(ONE)
    await websocket.accept()
    async for _ in websocket.iter_text():
        await websocket.send_text("ok")


@app.websocket("/socket-closed")
async def socket_closed(websocket: WebSocket, db: SessionDep):
    db.execute(ONE)
    db.close()
    await websocket.accept()
    async for _ in websocket.iter_text():
        await websocket.send_text("ok")
"""
HELD_BY_ITS_GENERATOR = {"its_own": "lines_of_its_own"}
"""Endpoints that hold nothing themselves, and the generator at which it is reported instead."""


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The application, imported from a file."""
    path = tmp_path_factory.mktemp("app") / "streaming_application.py"
    path.write_text(APPLICATION, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("streaming_application", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def reported(application: ModuleType) -> set[str]:
    """The functions that the linter reports."""
    assert application.__file__ is not None
    result = check_source(SourceFile(application.__file__, APPLICATION), Config(), Catalog.load())
    assert result.error is None
    assert {finding.code for finding in result.findings} == {"UNC206"}
    return {finding.function for finding in result.findings}


def out_while_sending(module: Any, path: str) -> int:
    """The most connections that were checked out whenever a part of the body was made or handed to the server."""
    module.out.clear()
    seen: list[int] = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    asked = False

    async def receive_request() -> dict[str, object]:
        nonlocal asked
        if asked:
            return await receive()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            seen.append(module.engine.pool.checkedout())

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http", "headers": [], "client": ("test", 1),
        "server": ("test", 80),
    }  # fmt: skip
    asyncio.run(module.app(scope, receive_request, send))
    assert module.engine.pool.checkedout() == 0
    # The last, empty part of a stream is sent when its generator has been left: what was out before counts.
    return max(module.out) if module.out else max(seen)


def out_while_talking(module: Any, path: str) -> int:
    """The connections that are checked out while a WebSocket endpoint waits for its second message."""
    messages: list[dict[str, object]] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.disconnect", "code": 1000},
    ]
    seen: list[int] = []

    async def receive() -> dict[str, object]:
        seen.append(module.engine.pool.checkedout())
        return messages.pop(0)

    async def send(message: dict[str, object]) -> None:
        pass

    scope = {
        "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "ws", "headers": [], "client": ("test", 1),
        "server": ("test", 80), "subprotocols": [],
    }  # fmt: skip
    asyncio.run(module.app(scope, receive, send))
    assert module.engine.pool.checkedout() == 0
    return seen[-1]


ROUTES = re.findall(r'@app\.(get|websocket)\("([^"]+)".*\)\n(?:async )?def (\w+)', APPLICATION)


@pytest.mark.parametrize(("kind", "path", "function"), ROUTES, ids=[path[1:] for _, path, _ in ROUTES])
def test_what_is_reported_is_checked_out(application: ModuleType, reported: set[str], kind: str, path: str, function: str) -> None:
    """And what is silent is not."""
    out = out_while_sending(application, path) if kind == "get" else out_while_talking(application, path)
    assert (HELD_BY_ITS_GENERATOR.get(function, function) in reported) == (out > 0)


def test_nothing_else_is_reported(reported: set[str]) -> None:
    """Every finding belongs to an endpoint above."""
    functions = {HELD_BY_ITS_GENERATOR.get(function, function) for _, _, function in ROUTES}
    assert reported <= functions
