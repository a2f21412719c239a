"""`# noqa` means here what it means to flake8: each text goes through both."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation
from hypothesis import given, settings
from hypothesis import strategies as st

from unclosed.source import split_lines
from unclosed.suppressions import Suppressions

CODES = ("UNC103", "UNC106", "E501")
OPTIONS = Namespace(disable_noqa=False, hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0)


def silenced_by_flake8(text: str) -> list[tuple[int, str]]:
    """The (row, code) pairs that flake8 itself would not show for this text."""
    processor = FileProcessor("unsaved.py", OPTIONS, split_lines(text))
    return [
        (row, code)
        for row in range(1, len(processor.lines) + 1)
        for code in CODES
        if processor.should_ignore_file()
        or Violation(code, "unsaved.py", row, 1, "", processor.noqa_line_for(row)).is_inline_ignored(disable_noqa=False)
    ]


def silenced_by_us(text: str) -> list[tuple[int, str]]:
    """The (row, code) pairs that we do not show."""
    suppressions = Suppressions(text)
    return [(row, code) for row in range(1, len(split_lines(text)) + 1) for code in CODES if suppressions.covers(code, row)]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# NoQA",
        "#noqa",
        "#  noqa",
        "# noqa:UNC103",
        "# noqa: UNC103",
        "# noqa:  UNC103",
        "# noqa : UNC103",
        "# noqa UNC103",
        "# noqa: UNC103,UNC106",
        "# noqa: UNC103 UNC106",
        "# noqa: UNC103, E501",
        "# noqa: UNC103,,  UNC106",
        "# noqa: UNC1",
        "# noqa: UNC",
        "# noqa: unc103",
        "# noqa: UNC103 because it lives as long as the process",
        "# noqa: because of UNC103",
        "# noqa:UNC103UNC106",
        "# noqa:\tUNC103",
        "# noqa: E501  # noqa: UNC103",
        "# type: ignore # noqa: UNC103",
        "# noqa: UNC1034",
        "# noqa: UNC103:",
        "# noqa-file",
        "# pylint: disable=all",
        "# flake8: noqa",
        "# flake8:noqa",
        "# flake8=noqa",
        "# FLAKE8: NoQA",
        "# flake8: noqa: E501",
        "#flake8: noqa",
    ],
)
def test_each_spelling_is_read_as_flake8_reads_it(comment: str) -> None:
    """The comment after code, and on a line of its own."""
    for text in (f"a = 1  {comment}\nb = 2\n", f"a = 1\n{comment}\nb = 2\n", f"def f():\n    {comment}\n    return 1\n"):
        assert silenced_by_us(text) == silenced_by_flake8(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("f(\n    1,\n    2,\n)  # noqa\ng()\n", id="comment-at-the-end-of-a-call"),
        pytest.param("f(\n    1,  # noqa: UNC103\n    2,\n)\ng()\n", id="comment-inside-a-call"),
        pytest.param("f(  # noqa: E501\n    1,  # noqa: UNC103\n)\n", id="two-comments-inside-a-call"),
        pytest.param('x = """\none\ntwo\n"""  # noqa\ny = 1\n', id="string-over-several-lines"),
        pytest.param('x = """\n# noqa\n"""\ny = 1\n', id="comment-inside-a-string"),
        pytest.param('x = f"""\n{1}\n"""  # noqa: UNC1\ny = 1\n', id="formatted-string-over-several-lines"),
        pytest.param("x = 1 + \\\n    2  # noqa\ny = 1\n", id="backslash"),
        pytest.param('f("""\n# noqa: E501\n""")  # noqa: UNC103\n', id="the-first-comment-of-a-joined-line-decides"),
        pytest.param("a = 1; b = 2  # noqa\n", id="two-statements-in-one-line"),
        pytest.param("if a:  # noqa\n    b()\n", id="head-of-a-block"),
        pytest.param("@d  # noqa\ndef f():\n    pass\n", id="decorator"),
        pytest.param("\n\n# noqa\n\nx = 1\n", id="own-line"),
        pytest.param("x = 1  # noqa", id="no-newline-at-the-end"),
        pytest.param("x = 1  # noqa\r\ny = 2\r\n", id="crlf"),
        pytest.param("x = 1\ry = 2  # noqa\r", id="carriage-return"),
        pytest.param("\x0c\nx = 1  # noqa\n", id="form-feed"),
        pytest.param("x = 'ä🐍'  # noqa\n", id="unicode"),
        pytest.param("", id="empty"),
        pytest.param("if 1:\n    x = 1  # noqa\n  # noqa: E1\n", id="comment-at-odd-indentation"),
        pytest.param("x = [\n  1,\n\n  # noqa\n]\ny = 1\n", id="empty-line-inside-brackets"),
    ],
)
def test_lines_are_joined_as_flake8_joins_them(text: str) -> None:
    """By strings and backslashes, not by brackets; the comment covers the whole of such a line, wherever it stands in it."""
    assert silenced_by_us(text) == silenced_by_flake8(text)


separators = st.sampled_from(["", " ", ",", ", ", ",,", "\t", "  ", ";", ":"])
codes = st.sampled_from(["UNC103", "UNC106", "UNC1", "UNC", "unc103", "E501", "W", "UNC103X", "9", "because"])
words = st.sampled_from(["noqa", "NOQA", "NoQa", "flake8: noqa", "flake8:noqa", "flake8=NOQA", "no qa", "noqa noqa"])
comments = st.builds(
    lambda hash_, word, colon, parts: f"{hash_}{word}{colon}" + "".join(code + separator for code, separator in parts),
    st.sampled_from(["# ", "#", "#  ", "## "]),
    words,
    st.sampled_from([":", ": ", " : ", "", " ", ":  ", "=", ":\t"]),
    st.lists(st.tuples(codes, separators), max_size=4),
)
statements = st.sampled_from(["x = 1", "f(\n    1,{0}\n    2,\n)", 'x = """\n{0}\n"""', "if x:{0}\n    pass", "x = 1 + \\\n    2", ""])
texts = st.lists(st.tuples(statements, comments, comments), min_size=1, max_size=4).map(
    lambda rows: "".join(f"{statement.format('  ' + inner)}  {after}\n" for statement, inner, after in rows)
)


@settings(deadline=None)
@given(texts)
def test_any_mixture_of_spellings_is_read_as_flake8_reads_it(text: str) -> None:
    """Spellings near the right one, in and after statements of one and of several lines."""
    assert silenced_by_us(text) == silenced_by_flake8(text)


@pytest.mark.processes
def test_a_file_that_cannot_be_tokenized_is_read_by_physical_lines(tmp_path: Path) -> None:
    """flake8, as a process, shows its syntax error in the one file and not in the other."""
    silent, loud = tmp_path / "silent.py", tmp_path / "loud.py"
    silent.write_text("def f(:  # noqa\n", encoding="utf-8")
    loud.write_text("def f(:\n", encoding="utf-8")
    command = [sys.executable, "-m", "flake8", "--isolated", "--select", "E9", "--format", "%(path)s", "."]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout.split()
    assert shown == ["./loud.py"]
    assert [Suppressions(file.read_text(encoding="utf-8")).covers("UNC901", 1) for file in (silent, loud)] == [True, False]
