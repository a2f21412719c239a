"""UNC206: a web endpoint, or the generator of its response, holds a session for as long as the response is being sent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction, StreamVerdict, Taker
from unclosed.findings import Finding
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule
from unclosed.rules.wording import fitted, shortened


class SessionHeldWhileStreaming(Rule):
    """Allow session-held-while-streaming: a session that stays checked out until the last byte of a stream is sent."""

    code = "UNC206"
    name = "session-held-while-streaming"
    summary = "a web endpoint or its generator keeps a session or connection for as long as the response is being sent"
    explanation = sections(
        does="""
            Reports a FastAPI or Starlette endpoint that takes a `yield` dependency with a session or connection in it, directly, through
            an `Annotated` alias or through other dependencies, and that returns a `StreamingResponse`, `EventSourceResponse` or
            `FileResponse`, is itself a generator, or is a WebSocket endpoint, without giving the connection back before. Reported once for
            each session, at the parameter (the direct one if there are several), or at the `Depends` of a list.

            Reports, at the acquire, a generator that such a response is made of, or the receive loop of a WebSocket, that keeps a session
            of its own while it sends or waits.

            Up to 0.105 and from 0.118 FastAPI leaves a dependency after the response has been sent; from 0.106 to 0.117 before. Lock and
            requirement files say which one runs; without an upper bound it is the newest. What a generator endpoint yields is streamed
            from 0.134.
        """,
        why="""
            A stream lasts as long as its client likes: minutes for a download, hours for server-sent events. Each open stream keeps one
            connection of the pool, and when all are out every other request waits.
        """,
        release="""
            Before the stream starts, on every path to the response: `close()`, and for a session of SQLAlchemy `commit()`, `rollback()`,
            `reset()` or `invalidate()`; a later statement takes a connection anew. `Depends(get_db, scope="function")`, where it is written
            at the session's own dependency, but for WebSockets. A session on which no statement has run holds nothing.
        """,
        ignore="""
            When the responses are short, or the pool is as large as the number of streams.
        """,
    )
    bad = dedent("""\
        from fastapi import Depends, FastAPI
        from fastapi.responses import StreamingResponse
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session, sessionmaker

        app = FastAPI()
        SessionLocal = sessionmaker(create_engine("postgresql:///shop"))


        def get_db():
            with SessionLocal() as db:
                yield db


        @app.get("/export/{name}")
        def export(name: str, db: Session = Depends(get_db)):
            path = db.get(str, name)
            return StreamingResponse(open(path, "rb"))
    """)
    good = dedent("""\
        from fastapi import Depends, FastAPI
        from fastapi.responses import StreamingResponse
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session, sessionmaker

        app = FastAPI()
        SessionLocal = sessionmaker(create_engine("postgresql:///shop"))


        def get_db():
            with SessionLocal() as db:
                yield db


        @app.get("/export/{name}")
        def export(name: str, db: Session = Depends(get_db)):
            path = db.get(str, name)
            db.close()
            return StreamingResponse(open(path, "rb"))
    """)

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """One finding for each session that is held."""
        for verdict in function.streams:
            message = fitted(partial(self.sentence, verdict))
            yield Finding(self.code, function.path, verdict.span, message, verdict.confidence, verdict.trail, verdict.lender, function.name)

    def sentence(self, verdict: StreamVerdict, width: int) -> str:
        """`session from get_db() is held until the StreamingResponse is sent; close it before, …`."""
        while_, kind = _while(verdict), verdict.kind.value
        if verdict.taker is Taker.ACQUIRE:
            lender = shortened(verdict.lender, width)
            return f"{kind} from {lender} is held {while_}; release it before"
        lender = shortened(f"{verdict.lender}()", width)
        through = "" if verdict.is_direct else " behind this dependency"
        way_out = "close it before" if verdict.is_socket or not verdict.is_direct else 'close it before, or use scope="function"'
        return f"{kind} of {lender}{through} is held {while_}; {way_out}"


def _while(verdict: StreamVerdict) -> str:
    """How long the session is held."""
    if verdict.is_socket:
        return "while the WebSocket waits"
    if verdict.taker is Taker.ACQUIRE:
        return "while its generator streams"
    return f"until the {verdict.sent} is sent" if verdict.sent else "while this generator streams"
