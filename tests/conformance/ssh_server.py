"""An SSH server of this process, made with paramiko: anyone may log in and look at files."""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any


class SshServer:
    """Serves every connection to a port of 127.0.0.1."""

    def __init__(self, paramiko: Any) -> None:
        self._paramiko = paramiko
        self._transports: list[Any] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def connections(self) -> int:
        """How many connections are open here."""
        return sum(transport.sock.fileno() != -1 and transport.is_active() for transport in self._transports)

    def log_in(self, client: Any) -> None:
        """Connect a `paramiko.SSHClient` to this server."""
        client.set_missing_host_key_policy(self._paramiko.AutoAddPolicy())
        client.connect("127.0.0.1", self.port, username="any", password="any", look_for_keys=False, allow_agent=False)

    def close(self) -> None:
        """Stop listening, and cut what is open."""
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            transport = self._paramiko.Transport(connection)
            transport.add_server_key(_key())
            transport.set_subsystem_handler("sftp", self._paramiko.SFTPServer, _files(self._paramiko))
            self._transports.append(transport)
            with suppress(Exception):  # a client that goes away during the handshake
                transport.start_server(server=_guest(self._paramiko), event=threading.Event())


@contextmanager
def ssh_server() -> Iterator[SshServer]:
    """A server that is closed at the end."""
    server = SshServer(importlib.import_module("paramiko"))
    try:
        yield server
    finally:
        server.close()


@lru_cache(maxsize=1)
def _key() -> Any:
    return importlib.import_module("paramiko").ECDSAKey.generate()


def _guest(paramiko: Any) -> Any:
    """A server interface that lets everyone in."""

    class Guest(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko is imported when it is needed
        def check_auth_password(self, username: str, password: str) -> int:
            return int(paramiko.AUTH_SUCCESSFUL)

        def check_channel_request(self, kind: str, chanid: int) -> int:
            return int(paramiko.OPEN_SUCCEEDED)

    return Guest()


def _files(paramiko: Any) -> Any:
    """A file server on which everything exists."""

    class Files(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko is imported when it is needed
        def stat(self, path: str) -> Any:
            return paramiko.SFTPAttributes()

    return Files
