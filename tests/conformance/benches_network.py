"""Clients of HTTP, mail, FTP and SSH, and sockets, against servers of this process: held is a connection that the server has open."""

from __future__ import annotations

import asyncio
import importlib
import socket
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from conformance.local_servers import LocalServer, ftp, http, serving, silent, smtp
from conformance.probes import Rig, answering, bench
from conformance.ssh_server import ssh_server


@bench("requests.Session", "requests.session", "httpx.Client", "httpx.AsyncClient")
async def http_clients(acquire: str) -> AsyncIterator[Rig]:
    """A client keeps the connection of its first request."""
    module, _, name = acquire.rpartition(".")
    with serving(http) as server:
        make = getattr(importlib.import_module(module), name)
        yield Rig(make, held=server.connections, use=lambda client: client.get(server.url), late=module == "httpx")


@bench("aiohttp.ClientSession", "aiohttp.BaseConnector", "aiohttp.TCPConnector")
async def aiohttp_clients(acquire: str) -> AsyncIterator[Rig]:
    """The same for aiohttp, whose connector may be made apart."""
    aiohttp = importlib.import_module("aiohttp")

    async def use(value: Any) -> None:
        session = value if acquire.endswith("Session") else aiohttp.ClientSession(connector=value, connector_owner=False)
        async with session.get(server.url) as response:
            await response.read()
        if session is not value:
            session.detach()

    with serving(http) as server:
        make = aiohttp.ClientSession if acquire.endswith("Session") else aiohttp.TCPConnector
        yield Rig(make, held=server.connections, use=use, late=True)


@bench("smtplib.SMTP", "smtplib.LMTP")
async def mail(acquire: str) -> AsyncIterator[Rig]:
    """Connects in the constructor where it is told a host."""
    with serving(smtp, b"220 ready\r\n") as server:
        yield Rig(
            lambda: getattr(importlib.import_module("smtplib"), acquire.rpartition(".")[2])("127.0.0.1", server.port), server.connections
        )


@bench("ftplib.FTP", "ftplib.FTP_TLS")
async def transfers(acquire: str) -> AsyncIterator[Rig]:
    """Connects in the constructor where it is told a host; the port is one of the class."""
    with serving(ftp, b"220 ready\r\n") as server:
        base = getattr(importlib.import_module("ftplib"), acquire.rpartition(".")[2])
        yield Rig(lambda: type(base.__name__, (base,), {"port": server.port})("127.0.0.1"), held=server.connections)


@bench("socket.create_connection", "asyncio.open_connection")
async def connected(acquire: str) -> AsyncIterator[Rig]:
    """A connection from the call on."""
    with serving(silent) as server:
        if acquire.startswith("socket"):
            yield Rig(lambda: socket.create_connection(("127.0.0.1", server.port)), held=server.connections)
        else:
            yield Rig(lambda: _writer(asyncio.open_connection("127.0.0.1", server.port)), held=server.connections)


@bench("asyncio.open_unix_connection")
async def connected_by_path(acquire: str) -> AsyncIterator[Rig]:
    """The same on a socket of the file system."""
    with tempfile.TemporaryDirectory() as folder:
        server = LocalServer(silent, family=socket.AF_UNIX, path=f"{folder}/socket")
        yield Rig(lambda: _writer(asyncio.open_unix_connection(f"{folder}/socket")), held=server.connections)
        server.close()


@bench("socket.socket", "socket.create_server", "socket.fromfd", "socket.socketpair", "socket.socket.dup")
async def descriptors(acquire: str) -> AsyncIterator[Rig]:
    """A socket has a descriptor."""
    made: list[Any] = []
    other = socket.socket()
    calls: dict[str, Any] = {
        "socket.socket": socket.socket,
        "socket.create_server": lambda: socket.create_server(("127.0.0.1", 0)),
        "socket.fromfd": lambda: socket.fromfd(other.fileno(), other.family, other.type),
        "socket.socketpair": lambda: socket.socketpair()[0],
        "socket.socket.dup": other.dup,
    }
    yield Rig(calls[acquire], held=lambda: sum(value.fileno() != -1 for value in made), note=made.append)
    other.close()


@bench("socket.socket.accept")
async def accepted(acquire: str) -> AsyncIterator[Rig]:
    """What was accepted is open until it is closed; the peer reads the end then."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as peer:
        taken: list[Any] = []

        def held() -> int:
            peer.setblocking(False)
            try:
                return int(peer.recv(1) != b"")
            except BlockingIOError:
                return len(taken)

        yield Rig(lambda: listener.accept()[0], held=held, note=taken.append)


@bench("paramiko.SSHClient", "paramiko.Transport")
async def ssh(acquire: str) -> AsyncIterator[Rig]:
    """An SSH connection is one at the server; a client has none before connect()."""
    paramiko = importlib.import_module("paramiko")
    with ssh_server() as server:
        if acquire.endswith("Transport"):
            log_in = {"username": "any", "password": "any"}
            made = partial(paramiko.Transport, ("127.0.0.1", server.port))
            yield Rig(made, held=server.connections, use=lambda value: value.connect(**log_in))
        else:
            yield Rig(paramiko.SSHClient, held=server.connections, opens={"connect": server.log_in})


@bench("paramiko.SSHClient.open_sftp", "paramiko.Transport.open_sftp_client", "paramiko.SFTPClient.from_transport")
async def sftp(acquire: str) -> AsyncIterator[Rig]:
    """A client of files that was closed answers no more."""
    paramiko = importlib.import_module("paramiko")
    made: list[Any] = []
    with ssh_server() as server, paramiko.SSHClient() as client:
        server.log_in(client)
        transport = client.get_transport()
        calls = {
            "paramiko.SSHClient.open_sftp": client.open_sftp,
            "paramiko.Transport.open_sftp_client": transport.open_sftp_client,
            "paramiko.SFTPClient.from_transport": partial(paramiko.SFTPClient.from_transport, transport),
        }
        yield Rig(calls[acquire], held=lambda: answering(made, lambda value: value.stat("/")), note=made.append)


async def _writer(connecting: Any) -> Any:
    """The writer of a pair of streams."""
    return (await connecting)[1]


BENCHES = [
    *(*http_clients, *aiohttp_clients, *mail, *transfers, *connected, *connected_by_path, *descriptors, *accepted, *ssh, *sftp),
]
