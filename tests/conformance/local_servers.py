"""Servers of this process for clients of HTTP, SMTP and FTP: threads that speak as much of the protocol as a client needs to be content.

`connections` of a server counts what is open at its side. A *silent* server accepts and never answers.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO


class LocalServer:
    """A server on a port of 127.0.0.1; `talk` serves one connection, by its stream."""

    def __init__(self, talk: Callable[[BinaryIO], None], greeting: bytes = b"", family: int = socket.AF_INET, path: str = "") -> None:
        self._talk, self._greeting = talk, greeting
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.socket(family)
        self._listener.bind(path or ("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = 0 if path else int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}/"

    def connections(self) -> int:
        """How many connections are open here."""
        with self._lock:
            return len(self._open)

    def close(self) -> None:
        """Stop listening, and cut what is open."""
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rwb", buffering=0) as stream, suppress(OSError, ValueError):
                stream.write(self._greeting)
                self._talk(stream)  # type: ignore[arg-type]  # an unbuffered stream reads and writes alike
        finally:
            with self._lock:
                self._open.discard(connection)


@contextmanager
def serving(talk: Callable[[BinaryIO], None], greeting: bytes = b"") -> Iterator[LocalServer]:
    """A server that is closed at the end."""
    server = LocalServer(talk, greeting)
    try:
        yield server
    finally:
        server.close()


def http(stream: BinaryIO) -> None:
    """Answer every request with two bytes, and keep the connection."""
    while line := stream.readline():
        length = 0
        while line not in {b"\r\n", b""}:
            line = stream.readline()
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if length:
            stream.read(length)
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok")


def smtp(stream: BinaryIO) -> None:
    """Say yes to everything."""
    while line := stream.readline():
        stream.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
        if line.upper().startswith(b"QUIT"):
            return


def ftp(stream: BinaryIO) -> None:
    """The same in the numbers of FTP."""
    while line := stream.readline():
        stream.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"230 ok\r\n")
        if line.upper().startswith(b"QUIT"):
            return


def redis_without_answers(stream: BinaryIO) -> None:
    """Say yes to what a client says when it connects, and never answer a command."""
    while line := stream.readline():
        words = [(stream.readline(), stream.readline().strip().upper())[1] for _ in range(int(line[1:]))]
        if words[0] in {b"CLIENT", b"SELECT", b"AUTH"}:
            stream.write(b"+OK\r\n")
        elif words[0] == b"HELLO":
            stream.write(b"-ERR unknown command\r\n")


def silent(stream: BinaryIO) -> None:
    """Read, and never answer."""
    while stream.read(1):
        pass
