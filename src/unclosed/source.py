"""From bytes to `SourceFile`: reading and decoding a Python file as CPython does.

The encoding is the byte order mark's, else the cookie's of PEP 263, else UTF-8. Bytes that are no Python text under that rule are
`UnparsableFile`, at the first bad byte; a file that the system does not hand over is `UnreadableFile`. Line ends stay as they are.
"""

from __future__ import annotations

import io
import sys
import tokenize
from pathlib import Path

from unclosed.errors import UnparsableFile, UnreadableFile
from unclosed.text import SourceFile

STDIN = "-"
"""The path that stands for standard input."""

_BINARY = "contains a null byte; is it a binary file?"
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def read_source(path: str, shown_as: str | None = None) -> SourceFile:
    """The text of the file at `path`, of standard input for `-`; raises `UnreadableFile` or `UnparsableFile`.

    `shown_as` is the path for the user, `path` itself where it is `None`.
    """
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a null byte in the path
        raise UnreadableFile(f"cannot be read: {error}") from error
    return SourceFile(path if shown_as is None else shown_as, decode(data))


def decode(data: bytes) -> str:
    """The text of a Python file without its byte order mark; raises `UnparsableFile` for bytes that are none."""
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data:
            raise UnparsableFile(1, 0, _BINARY) from error
        reason = f"not valid {encoding}: byte 0x{data[error.start]:02x} cannot be decoded"
        raise _at(data[: error.start].decode(encoding, "replace"), reason) from error
    except (UnicodeError, LookupError, ValueError) as error:  # a codec that is none for text, or breaks
        raise UnparsableFile(1, 0, f"cannot be decoded as {encoding}: {error}") from error
    if "\0" in text:
        raise _at(text[: text.index("\0")], _BINARY)
    return text.removeprefix(_BOM)


def encode_like(data: bytes, text: str) -> bytes:
    """The bytes of a changed text of the file that holds `data`: in its encoding, with a byte order mark if it has one."""
    return text.encode(_encoding(data))


def split_lines(text: str) -> list[str]:
    r"""The lines of a text, each with its end as `\n`; ends are `\n`, `\r\n` and `\r` as for CPython, a form feed is none."""
    return io.StringIO(text, newline=None).readlines()


def _encoding(data: bytes) -> str:
    """The encoding that the file declares; UTF-8 where the declaration itself cannot be read."""
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        if not (error.msg or "").startswith(("unknown encoding", "encoding problem")):
            return "utf-8"
        raise UnparsableFile(_cookie_row(data), 0, error.msg) from error


def _cookie_row(data: bytes) -> int:
    """The row that declares the encoding: the second, unless the first does."""
    return 1 if b"coding" in data.split(b"\n", 1)[0] else 2


def _at(before: str, reason: str) -> UnparsableFile:
    """The error just after the text `before`."""
    lines = split_lines(before) or [""]
    if lines[-1].endswith("\n"):
        lines.append("")
    return UnparsableFile(len(lines), len(lines[-1].removeprefix(_BOM)), reason)
