"""Calls of many libraries that wait for a peer that never answers, or for something of this process that never comes."""

from __future__ import annotations

import concurrent.futures
import importlib
import queue
import threading
from typing import Any

from conformance.limits import Wait
from conformance.local_servers import LocalServer, redis_without_answers

_NO_BODY = ("get", "options", "head", "delete")
_BODY = ("post", "put", "patch")


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _function(name: str, *arguments: Any) -> Wait:
    """A function that is handed a URL, after other arguments."""
    module, _, function = name.rpartition(".")
    return Wait(name, lambda server, made, given: getattr(_module(module), function)(*arguments, server.url, **given))


def _method(name: str, *arguments: Any) -> Wait:
    """The same for a method of a client that needs no arguments."""
    owner, _, method = name.rpartition(".")
    module, _, cls = owner.rpartition(".")
    return Wait(name, lambda server, made, given: getattr(getattr(_module(module), cls)(**made), method)(*arguments, server.url, **given))


def _connecting(name: str) -> Wait:
    """A class that connects in its constructor, to a host and a port."""
    module, _, cls = name.rpartition(".")
    return Wait(name, lambda server, made, given: getattr(_module(module), cls)("127.0.0.1", server.port, **given))


def _http_client(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    connection = _module("http.client").HTTPConnection("127.0.0.1", server.port, **made)
    connection.request("GET", "/")
    connection.getresponse(**given)


def _connection_pool(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("urllib3").HTTPConnectionPool("127.0.0.1", server.port, **made).request("GET", "/", retries=False, **given)


def _ftp(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    ftp = _module("ftplib").FTP
    type("FTP", (ftp,), {"port": server.port})("127.0.0.1", **given)


def _openai(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    client = _module("openai").OpenAI(base_url=server.url, api_key="any", max_retries=0, **given)
    client.chat.completions.create(model="any", messages=[])


def _anthropic(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    client = _module("anthropic").Anthropic(base_url=server.url, api_key="any", max_retries=0, **given)
    client.messages.create(model="any", max_tokens=1, messages=[])


def _slack(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("slack_sdk").WebClient(token="any", base_url=server.url, **made).chat_postMessage(channel="any", text="any", **given)


def _vault(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("hvac").Client(url=server.url, **made).read("secret/any", **given)


def _docker(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("docker").DockerClient(base_url=f"tcp://127.0.0.1:{server.port}", version="1.41", **made).ping(**given)


def _search(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("elasticsearch").Elasticsearch(server.url, max_retries=0, **made).search(**given)


def _websocket(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
    _module("websocket").create_connection(f"ws://127.0.0.1:{server.port}/", **given)


def _redis(method: str, *arguments: Any) -> Wait:
    def call(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
        client = _module("redis").Redis("127.0.0.1", server.port, protocol=2, retry=None, **made)
        getattr(client, method)(*arguments, **given)

    return Wait(f"redis.Redis.{method}", call, talk=redis_without_answers)


def _of_this_process() -> list[Wait]:
    """Waits for something of this process that does not come before it is freed."""
    lines: queue.Queue[int] = queue.Queue()
    semaphore, future = threading.Semaphore(0), concurrent.futures.Future[int]()
    barriers: list[threading.Barrier] = []
    events: list[threading.Event] = []

    def event(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
        events.append(threading.Event())
        events[-1].wait(**given)

    def end() -> None:
        for waiting in events:
            waiting.set()
        for left in barriers:
            left.abort()

    def barrier(server: LocalServer, made: dict[str, Any], given: dict[str, Any]) -> None:
        barriers.append(threading.Barrier(2, **made))
        barriers[-1].wait(**given)

    return [
        Wait("queue.Queue.get", lambda server, made, given: lines.get(**given), lambda: lines.put(1)),
        Wait("threading.Event.wait", event, end),
        Wait("threading.Semaphore.acquire", lambda server, made, given: semaphore.acquire(**given), semaphore.release),
        Wait("threading.Barrier.wait", barrier, end),
        Wait("concurrent.futures.Future.result", lambda server, made, given: future.result(**given)),
    ]


WAITS = [
    *(_function(f"requests.{method}") for method in (*_NO_BODY, *_BODY)),
    *(_function(f"httpx.{method}") for method in (*_NO_BODY, *_BODY)),
    *(_method(f"requests.Session.{method}") for method in ("get", "post")),
    *(_method(f"httpx.Client.{method}") for method in ("get", "post")),
    *(_function("requests.request", "GET"), _function("httpx.request", "GET"), _function("urllib3.request", "GET")),
    *(_method("requests.Session.request", "GET"), _method("httpx.Client.request", "GET"), _method("urllib3.PoolManager.request", "GET")),
    *(_function("urllib.request.urlopen"), _function("urllib.request.urlretrieve")),
    *(Wait("http.client.HTTPConnection.getresponse", _http_client), Wait("urllib3.HTTPConnectionPool.request", _connection_pool)),
    *(_connecting("smtplib.SMTP"), _connecting("smtplib.LMTP"), _connecting("imaplib.IMAP4"), _connecting("poplib.POP3")),
    *(
        Wait("ftplib.FTP", _ftp),
        Wait("websocket.create_connection", _websocket),
        Wait("openai.OpenAI", _openai),
        Wait("anthropic.Anthropic", _anthropic),
    ),
    *(Wait("slack_sdk.WebClient.chat_postMessage", _slack), Wait("hvac.Client.read", _vault), Wait("docker.DockerClient.ping", _docker)),
    *(Wait("elasticsearch.Elasticsearch.search", _search), _redis("get", "any")),
    *_of_this_process(),
]
