"""A client of a language server: starts it as a process and speaks JSON-RPC with it over its standard input and output."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
"""Seconds to wait for the server; a slow machine lints slowly."""

Message = dict[str, Any]


class LanguageClient:
    """Talks to one server about files of one folder."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        self._folder = folder
        self._number = 0
        self._versions: dict[str, int] = {}
        self._received: queue.Queue[Message] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def uri(self, name: str) -> str:
        """The address of a file of the folder, which need not exist."""
        return (self._folder / name).as_uri()

    def start(self, settings: Message) -> Message:
        """Shake hands and hand over the settings; what the server can do."""
        answer = self.request("initialize", {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": {}})
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": settings})
        capabilities: Message = answer["capabilities"]
        return capabilities

    def open(self, name: str, text: str) -> list[Message]:
        """Open a buffer with this text, which no file holds; what the server reports of it."""
        self._versions[name] = 1
        document = {"uri": self.uri(name), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return self.diagnostics(name)

    def change(self, name: str, text: str) -> list[Message]:
        """Put another text in the place of a buffer's, unsaved; what the server reports of it then."""
        self._versions[name] += 1
        document = {"uri": self.uri(name), "version": self._versions[name]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self.diagnostics(name)

    def edit(self, name: str, start: tuple[int, int], end: tuple[int, int], text: str) -> list[Message]:
        """Put a text in the place of a part of a buffer (line and character from 0), as an editor does while somebody types."""
        self._versions[name] += 1
        part = {side: {"line": line, "character": character} for side, (line, character) in (("start", start), ("end", end))}
        document = {"uri": self.uri(name), "version": self._versions[name]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": part, "text": text}]})
        return self.diagnostics(name)

    def diagnostics(self, name: str) -> list[Message]:
        """What the server publishes next about a file."""
        return list(self._next(lambda message: self._is_about(message, name))["params"]["diagnostics"])

    def stop(self) -> None:
        """Ask the server to end."""
        self.request("shutdown", None)
        self.notify("exit", None)

    def request(self, method: str, params: object) -> Message:
        """The result of a request; an error of the server fails."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        answer = self._next(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer.get("result") or {}

    def notify(self, method: str, params: object) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def _is_about(self, message: Message, name: str) -> bool:
        return message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == self.uri(name)

    def _next(self, wanted: Any) -> Message:
        """The next message that is wanted; the others are passed over."""
        while True:
            message = self._received.get(timeout=TIMEOUT)
            assert message, "the server ended"
            if wanted(message):
                return message

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._input.flush()

    def _listen(self) -> None:
        for message in self._messages():
            self._received.put(message)
        self._received.put({})

    def _messages(self) -> Iterator[Message]:
        while line := self._output.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self._output.readline()
            yield json.loads(self._output.read(length))


@contextmanager
def language_server(command: Sequence[str], folder: Path, settings: Message) -> Iterator[LanguageClient]:
    """A server that runs in a folder, ended at the end of the block."""
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        client = LanguageClient(process, folder)
        try:
            client.start(settings)
            yield client
            client.stop()
            process.wait(TIMEOUT)
        finally:
            process.kill()
