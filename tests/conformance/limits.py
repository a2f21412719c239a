"""How long a call may wait, read from the call itself while it waits: the limit of its socket, of its timer or of its condition.

A call that talks to a peer that never answers runs in a thread of its own, or as a task. While it waits, `observed` reads what would end
it: the limit of the socket that it has connected (an audit hook tells which), the argument of the `Condition.wait()` that its thread is in,
or the next timer of its event loop. So no test has to wait as long as a default is.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from conformance.local_servers import LocalServer, serving, silent
from conformance.names import catalog
from unclosed.catalog import Catalog
from unclosed.library import Limit

SHORT = 0.75
"""A limit that no library has by itself."""
_SETTLED = 0.12
"""Seconds until a call that has connected waits for its answer."""
_NEAR = 0.4
"""What may have passed of a limit when it is read."""
_connected: list[Any] = []


@dataclass(frozen=True, slots=True)
class Wait:
    """A call that waits for a peer that never answers.

    `call` gets the server, the arguments of the constructor of what it is called on, and its own. `talk` serves the connection.
    """

    name: str
    call: Callable[[LocalServer, dict[str, Any], dict[str, Any]], Any]
    free: Callable[[], object] = field(default=lambda: None)
    """Ends the wait where closing the server does not."""
    talk: Callable[[BinaryIO], None] = silent


@dataclass(frozen=True, slots=True)
class LimitClaim:
    """What a model says of a limit: with these arguments, of the call or the constructor, the call waits for so many seconds."""

    text: str
    seconds: float
    made: tuple[tuple[str, float], ...] = ()
    given: tuple[tuple[str, float], ...] = ()


def claims_of_wait(name: str, libraries: Catalog | None = None) -> list[LimitClaim]:
    """The default limit of a call, and each argument that is a number of seconds."""
    libraries = libraries or catalog()
    model = libraries.function(name)
    assert model is not None and model.limit is not None, name
    claims = [LimitClaim(f"{argument}= limits it", SHORT, given=((argument, SHORT),)) for argument in _seconds(model.limit)]
    limit = model.limit
    if limit.from_owner:
        maker = libraries.function(name.rpartition(".")[0])
        assert maker is not None and maker.limit is not None, name
        limit = maker.limit
        claims += [
            LimitClaim(f"{argument}= of the constructor limits it", SHORT, made=((argument, SHORT),)) for argument in _seconds(limit)
        ]
    if limit.default is not None:
        told = "no limit" if limit.default == math.inf else f"{limit.default:g} seconds"
        claims.append(LimitClaim(f"{told} by default", limit.default))
    return claims


def try_wait(wait: Wait, claim: LimitClaim) -> None:
    """Let the call wait and compare; raises `AssertionError` where its limit is another one."""
    with serving(wait.talk) as server:
        seconds = observed(lambda: wait.call(server, dict(claim.made), dict(claim.given)), server, wait.free)
    assert seconds == claim.seconds or abs(seconds - claim.seconds) < _NEAR, f"waits for {seconds} seconds"


def observed(call: Callable[[], Any], server: LocalServer, free: Callable[[], object]) -> float:
    """The seconds after which a waiting call would give up; infinite if it would not."""
    found: list[float] = []
    failed: list[BaseException] = []
    _connected.clear()

    def run() -> None:
        try:
            result = call()
            if asyncio.iscoroutine(result) or hasattr(result, "__await__"):
                raise AssertionError("is asynchronous")
        except BaseException as error:  # noqa: BLE001 - told to the test, or what cutting the connection has raised
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    for _ in range(400):
        if not thread.is_alive() or limit_of_thread(thread) is not None or _sockets(server):
            break
        time.sleep(0.01)
    time.sleep(_SETTLED)
    if thread.is_alive():
        found.append(limit_of_thread(thread) or _limit_of_socket(server))
    server.close()
    free()
    thread.join(0.5)
    assert found, f"did not wait: {failed[:1]}"
    return found[0]


async def observed_task(call: Callable[[], Any]) -> float:
    """The same for an awaitable: the time until the next timer of the loop."""
    loop = asyncio.get_running_loop()
    before = {id(timer) for timer in _timers(loop)}
    started = loop.time()
    task = asyncio.ensure_future(_awaited(call))
    await asyncio.sleep(2 * _SETTLED)
    assert not task.done(), f"did not wait: {task.exception()!r}"
    due = [timer.when() - started for timer in _timers(loop) if id(timer) not in before]
    task.cancel()
    await asyncio.wait([task], timeout=3)
    return round(min(due), 1) if due else math.inf


async def _awaited(call: Callable[[], Any]) -> Any:
    return await call()


def _timers(loop: Any) -> list[Any]:
    return [timer for timer in loop._scheduled if not timer.cancelled()]


def _sockets(server: LocalServer) -> list[Any]:
    """The sockets of this process that connect to a server."""
    return [connected for connected, port in _connected if port == server.port and connected.fileno() != -1]


def _limit_of_socket(server: LocalServer) -> float:
    limits = [connected.gettimeout() for connected in _sockets(server)]
    return math.inf if not limits or limits[-1] is None else float(limits[-1])


def limit_of_thread(thread: threading.Thread) -> float | None:
    """The limit of the `Condition.wait()` in which a thread is; `None` if it is in none."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code is threading.Condition.wait.__code__:
            limit = frame.f_locals.get("timeout")
            return math.inf if limit is None else float(limit)
        frame = frame.f_back
    return None


def _seconds(limit: Limit) -> list[str]:
    """The arguments that are a number of seconds, by their names."""
    return [name for name, _ in limit.by if "timeout" in name and "ms" not in name]


def _note_connect(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _connected.append((arguments[0], arguments[1][1]))


sys.addaudithook(_note_connect)
