"""A PgBouncer of one's own in front of the PostgreSQL server, and how a client is moved to another server connection.

The program is the one that `UNCLOSED_TEST_PGBOUNCER` names, else `pgbouncer` of the path. Where there is none, its tests are not collected,
and the run says so at its end.
"""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.servers import POSTGRES
from unclosed.pgbouncer.known import Version, parse_version

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
PROGRAM = os.environ.get("UNCLOSED_TEST_PGBOUNCER") or shutil.which("pgbouncer", path=_PATH)
_PATIENCE = 10.0
_SERVERS = 2


@dataclass(frozen=True, slots=True)
class RunningPooler:
    """A pooler that listens; `pids`: asks for the session of the server that a client's transaction has."""

    port: int

    @property
    def arguments(self) -> dict[str, Any]:
        """How drivers connect to it."""
        return {"host": "127.0.0.1", "port": self.port, "user": POSTGRES.user}

    @property
    def dsn(self) -> str:
        """The same for libpq."""
        return " ".join(f"{name}={value}" for name, value in self.arguments.items())

    @contextmanager
    def occupied(self, pid: int) -> Iterator[None]:
        """While the block runs, another client has the session `pid` of the server, so that nobody else gets it."""
        psycopg = importlib.import_module("psycopg")
        clients = []
        try:
            for _ in range(_SERVERS):
                client = psycopg.connect(f"{self.dsn} dbname=test", prepare_threshold=None)
                clients.append(client)
                if backend(client) == pid:
                    break
            else:
                raise AssertionError(f"nobody got the session {pid}")
            for client in clients[:-1]:
                client.close()
            yield
        finally:
            for client in clients:
                client.close()


def backend(connection: Any) -> int:
    """The session of the server in which a statement runs."""
    return int(connection.execute("SELECT pg_backend_pid()").fetchone()[0])


def program_version() -> Version:
    """The version of the program."""
    assert PROGRAM is not None
    printed = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return parse_version(printed.split()[1])


@contextmanager
def running(folder: Path, settings: str = "pool_mode = transaction\n") -> Iterator[RunningPooler]:
    """A pooler with these settings for its general section, and two sessions of the server at most."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with started(folder, f"listen_port = {port}\n{settings}") as process:
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "PgBouncer has ended"
                assert time.monotonic() < ends, "PgBouncer does not listen"
                time.sleep(0.05)
        yield RunningPooler(port)


@contextmanager
def started(folder: Path, settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a pooler with these settings, whether it comes up or not."""
    assert PROGRAM is not None
    server = f"host={POSTGRES.host} port={POSTGRES.port} dbname={POSTGRES.database} user={POSTGRES.user}"
    password = f" password={POSTGRES.password}" if POSTGRES.password else ""  # an empty one is a syntax error
    file = folder / "pgbouncer.ini"
    file.write_text(
        f"[databases]\ntest = {server}{password}\n"
        "[pgbouncer] ; a comment may stand here\n"
        "listen_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = any\nserver_round_robin = 1\n"
        f"default_pool_size = {_SERVERS}\n{settings}",
        encoding="utf-8",
    )
    switch = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([PROGRAM, "-q", *switch, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
