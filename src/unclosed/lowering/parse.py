"""Text to libcst module, the collector paused, and never a crash of the process.

libcst's parser is native code and overflows the stack on an expression some thousand operators deep. So CPython's own parser reads the text
first: it refuses what is nested too deeply, and gives the position of a syntax error. What it accepts is measured for the length of its
longest chain of operators before libcst sees it.
"""

from __future__ import annotations

import ast
import re
import warnings

import libcst as cst

from unclosed.collector import collector_paused
from unclosed.errors import TooDeep, UnparsableFile

MAX_CHAIN = 1_000
"""Operators of one expression without a comma between them; libcst 1.9 needs seconds beyond, and overflows the stack at about 6,000."""
MAX_PATTERN = 6
"""Nested brackets of one case pattern."""
_CASE = re.compile(r"^[ \t]+case\b[^\n]*", re.MULTILINE)
MAX_BRACKETS = 150
"""Nested brackets that libcst is trusted with where CPython's parser has not vouched for the text."""


_TOKEN = re.compile(
    r"""[rbfutRBFUT]{0,2}(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
    r"""|\#[^\n]*|[()\[\]{},:;]|\n|\*\*|//|<<|>>|[-+*/%@|&^~.]|\b(?:and|or|not|if|else|lambda|await|in|is)\b""",
    re.DOTALL,
)


def parse(text: str, tree: ast.Module | None = None) -> cst.Module:
    """The libcst module of a text; `tree`: CPython's tree of the same text, if there is one already.

    Raises `UnparsableFile` with CPython's position, and `TooDeep`. A text that this CPython cannot read and libcst can (newer syntax) is
    taken.
    """
    refused = None if tree is not None else _refusal(text)
    brackets, chain = depths(text)
    if _has_deep_pattern(text):
        raise refused if refused is not None else TooDeep("a case pattern is nested too deeply")
    if chain > MAX_CHAIN or (refused is not None and brackets > MAX_BRACKETS):
        if refused is not None:
            raise refused
        raise TooDeep(f"an expression has a chain of {chain} operators")
    try:
        with collector_paused():
            return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        if refused is not None:
            raise refused from None
        reason = f"libcst cannot read line {error.raw_line}, though it is valid Python"
        raise TooDeep(reason) from None


def _refusal(text: str) -> UnparsableFile | None:
    """Why CPython does not read the text; raises `TooDeep` where it gives up."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return UnparsableFile(error.lineno or 1, max((error.offset or 1) - 1, 0), error.msg)
    except ValueError as error:  # a null byte, on CPython 3.11 and older
        return UnparsableFile(1, 0, str(error))
    except (RecursionError, MemoryError):
        raise TooDeep("CPython's parser finds it nested too deeply") from None
    return None


def _has_deep_pattern(text: str) -> bool:
    """Whether a `case` opens many brackets: the time that libcst 1.9 takes for a pattern grows with a power of its depth."""
    for line in _CASE.finditer(text):
        depth = deepest = 0
        for bracket in re.findall(r"[()\[\]{}]", line.group()):
            depth += 1 if bracket in "([{" else -1
            deepest = max(deepest, depth)
        if deepest > MAX_PATTERN:
            return True
    return False


def depths(text: str) -> tuple[int, int]:
    """The deepest nesting of brackets, and the longest chain of operators between two commas or statement ends."""
    deepest = longest = 0
    runs = [0]
    for match in _TOKEN.finditer(text):
        token = match.group()
        first = token[0]
        if first in "([{":
            runs.append(0)
            deepest = max(deepest, len(runs) - 1)
        elif first in ")]}":
            inner = runs.pop() if len(runs) > 1 else 0
            runs[-1] += 1 + (inner > 50) * inner
            longest = max(longest, runs[-1])
        elif first in ",:;" or (first == "\n" and len(runs) == 1):
            runs[-1] = 0
        elif first not in "'\"#\n" and token[-1] not in "'\"":
            runs[-1] += 1
            longest = max(longest, runs[-1])
    return deepest, longest
