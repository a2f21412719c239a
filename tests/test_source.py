"""Reading a file gives the text that CPython would read, or one clear complaint."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from unclosed.errors import UnparsableFile, UnreadableFile
from unclosed.source import decode, read_source, split_lines


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "", id="empty"),
        pytest.param(b"x = 1", "x = 1", id="no-newline-at-the-end"),
        pytest.param(b"\xef\xbb\xbfx = 1\n", "x = 1\n", id="byte-order-mark"),
        pytest.param(b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n", id="byte-order-mark-and-cookie"),
        pytest.param(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n", id="cookie"),
        pytest.param(b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'\n", None, id="cookie-in-the-second-row"),
        pytest.param("ä = '🐍'\n".encode(), "ä = '🐍'\n", id="utf-8"),
        pytest.param(b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n", id="crlf-stays"),
        pytest.param(b"\x0cx = 1\n", "\x0cx = 1\n", id="form-feed-stays"),
    ],
)
def test_text_is_decoded_as_cpython_does(data: bytes, text: str | None) -> None:
    """The byte order mark and the cookie of PEP 263 decide; line ends stay."""
    assert decode(data) == (text if text is not None else data.decode("cp1252"))


@pytest.mark.parametrize(
    ("data", "row", "column", "reason"),
    [
        pytest.param(b"x = '\xe9'\n", 1, 5, "not valid utf-8: byte 0xe9 cannot be decoded", id="latin-1-in-the-first-row"),
        pytest.param("x = 'ä'\r\ny = 'ä".encode() + b"\xff'\r\n", 2, 6, "not valid utf-8: byte 0xff cannot be decoded", id="later-row"),
        pytest.param(b"# coding: cp1252\n\x81", 2, 0, "not valid cp1252: byte 0x81 cannot be decoded", id="not-in-the-cookies-table"),
        pytest.param(b"# coding: klingon\n", 1, 0, "unknown encoding: klingon", id="unknown-cookie"),
        pytest.param(b"\n# coding: klingon\n", 2, 0, "unknown encoding: klingon", id="unknown-cookie-in-the-second-row"),
        pytest.param(b"\xef\xbb\xbf# coding: latin-1\n", 1, 0, "encoding problem: utf-8", id="cookie-against-byte-order-mark"),
        pytest.param(b"a = 1\nb\0 = 2\n", 2, 1, "contains a null byte; is it a binary file?", id="null-byte"),
        pytest.param(bytes(range(256)), 1, 0, "contains a null byte; is it a binary file?", id="binary"),
        pytest.param("x = 1\n".encode("utf-16"), 1, 0, "contains a null byte; is it a binary file?", id="utf-16"),
    ],
)
def test_bytes_that_are_no_python_text_are_refused(data: bytes, row: int, column: int, reason: str) -> None:
    """The complaint stands at the first bad byte and says what is wrong."""
    with pytest.raises(UnparsableFile) as caught:
        decode(data)
    assert (caught.value.row, caught.value.column, caught.value.reason) == (row, column, reason)


def test_codec_that_is_none_for_text_is_refused() -> None:
    """A cookie can name a codec that does not make text."""
    with pytest.raises(UnparsableFile, match="cannot be decoded as hex"):
        decode(b"# coding: hex\n")


@pytest.mark.parametrize("name", ["missing.py", ".", "nul\0byte.py"])
def test_file_that_the_system_does_not_hand_over_is_unreadable(name: str, tmp_path: Path) -> None:
    """A missing file, a directory and an impossible name are one line each."""
    with pytest.raises(UnreadableFile, match=r"^cannot be read: [^\n]+$"):
        read_source(str(tmp_path / name))


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is decoded like a file and shown under the given name."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\xef\xbb\xbfx = 1\n")))
    assert read_source("-", "app.py") == ("app.py", "x = 1\n")


def test_lines_end_where_cpython_ends_them() -> None:
    """A form feed, a vertical tab and the separators of Unicode end no line; a lone carriage return does."""
    assert split_lines("a\r\nb\rc\nd\x0ce\x0bf\u2028g") == ["a\n", "b\n", "c\n", "d\x0ce\x0bf\u2028g"]
