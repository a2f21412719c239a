"""Nothing that stands in a file crashes the analysis, and what does not matter changes nothing.

The texts are the fixtures and functions of the standard library in which every `None` that is assigned has become a connection, so that
arbitrary code has resources to lose. `UNCLOSED_WHOLE=1` takes every file of the standard library and of the installed packages.
"""

from __future__ import annotations

import ast
import io
import os
import random
import re
import sys
import sysconfig
import tokenize
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unclosed.analysis.verdicts import AnalysedModule
from unclosed.catalog import Catalog
from unclosed.engine import analyse
from unclosed.errors import UnparsableFile
from unclosed.text import SourceFile

CATALOG = Catalog.load()
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
PACKAGES = Path(sysconfig.get_paths()["purelib"])
FILES = 150
SEED = 20
STEADY = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def seeded(text: str) -> str:
    """The text with a connection wherever `None` was assigned."""
    return "import sqlite3\n" + re.sub(r"= None$", "= sqlite3.connect('x')", text, flags=re.MULTILINE)


def analysed(text: str) -> AnalysedModule:
    """The analysis of a text, in a folder where no project is."""
    return analyse(SourceFile("/nowhere/app.py", text), CATALOG)


def refused_at(text: str) -> tuple[int, int]:
    """Row and column at which a text is no Python; far down for one that was analysed."""
    try:
        analysed(text)
    except UnparsableFile as error:
        return error.row, error.column
    return sys.maxsize, 0


def functions_of(path: Path) -> list[str]:
    """The top-level functions and classes of a file, each with connections put into it."""
    text = path.read_text(encoding="utf-8")
    chunks = [ast.get_source_segment(text, node) for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return [seeded(chunk) for chunk in chunks if chunk is not None and len(chunk) < 8_000]


FIXTURE_TEXTS = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.rglob("*.py")) if path.stat().st_size]
LIBRARY_TEXTS = [
    chunk
    for name in ("smtplib", "ftplib", "contextlib", "socketserver", "subprocess", "tempfile", "asyncio/base_events", "asyncio/streams")
    for chunk in functions_of(LIBRARY / f"{name}.py")
]
TEXTS = [*FIXTURE_TEXTS, *LIBRARY_TEXTS]


# Any text


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A text with lines or words deleted, doubled and swapped."""
    text = draw(st.sampled_from(TEXTS))
    pattern = draw(st.sampled_from([r"[^\n]*\n?", r"\w+|\s+|[^\w\s]"]))
    parts = re.findall(pattern, text)
    for _ in range(draw(st.integers(1, 6))):
        first, second = (draw(st.integers(0, len(parts) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "swap"])):
            case "delete":
                parts[first] = ""
            case "double":
                parts[first] *= 2
            case _:
                parts[first], parts[second] = parts[second], parts[first]
    return "".join(parts)


@settings(STEADY, max_examples=500)
@given(damaged())
def test_a_damaged_text_is_analysed_or_unparsable(text: str) -> None:
    """There is no third way."""
    assert refused_at(text) >= (1, 0)


@st.composite
def rearranged(draw: st.DrawFn) -> str:
    """A text that still parses, mostly: lines of the same indent are swapped, doubled, and replaced by `pass`, `return` and the like."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(draw(st.integers(1, 8))):
        first = draw(st.integers(0, len(lines) - 1))
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        alike = [i for i, line in enumerate(lines) if line.strip() and line.startswith(indent) and not line[len(indent)].isspace()]
        second = draw(st.sampled_from(alike)) if alike else first
        match draw(st.sampled_from(["swap", "double", "replace"])):
            case "swap":
                lines[first], lines[second] = lines[second], lines[first]
            case "double":
                lines.insert(second, lines[first])
            case _:
                statements = ["pass", "return", "break", "continue", "raise", "yield", "del conn", "conn = None", "return conn", "await x"]
                lines[first] = indent + draw(st.sampled_from(statements))
    return "\n".join(lines)


@settings(STEADY, max_examples=500)
@given(rearranged())
def test_a_rearranged_text_is_analysed_or_unparsable(text: str) -> None:
    """Dead code, jumps out of `finally`, names without values: all the same."""
    assert refused_at(text) >= (1, 0)


@settings(STEADY, max_examples=150)
@given(st.text(max_size=80), st.sampled_from(["", "import sqlite3\n", "def f():\n    "]))
def test_any_text_is_analysed_or_unparsable(text: str, before: str) -> None:
    """Null bytes, surrogates, form feeds, half a character."""
    assert refused_at(before + text) >= (1, 0)


# What does not matter


@settings(STEADY, max_examples=60)
@given(st.sampled_from(TEXTS))
def test_the_same_text_gives_the_same_analysis(text: str) -> None:
    """Whole values: verdicts, trails, faults, skipped functions, and their order."""
    assert analysed(text) == analysed(text)


def outcomes(module: AnalysedModule, rows: dict[int, int]) -> list[tuple[object, ...]]:
    """Each verdict and fault with its trail, rows as `rows` says."""
    return [
        *(
            (
                f.name,
                v.loss,
                v.confidence,
                rows[v.resource.span.start.row],
                [(rows[s.span.start.row], s.span.start.column, s.text) for s in v.trail],
            )
            for f in module.functions
            for v in f.verdicts
        ),
        *((f.name, x.fault, x.confidence, rows[x.span.start.row], x.span.start.column) for f in module.functions for x in f.faults),
    ]


def statement_rows(text: str) -> list[int]:
    """The rows before which a line may be put: those on which a statement begins."""
    rows = []
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        if begins:
            rows.append(token.start[0])
        begins = token.type == tokenize.NEWLINE
    return rows


@settings(STEADY, max_examples=60)
@given(st.data())
def test_blank_lines_and_comments_only_move_rows(data: st.DataObject) -> None:
    """Nothing else of any verdict, fault or trail changes."""
    text = data.draw(st.sampled_from(FIXTURE_TEXTS))
    chosen = data.draw(st.sets(st.sampled_from(statement_rows(text)), max_size=12))
    lines: list[str] = []
    moved: dict[int, int] = {}
    for row, line in enumerate(text.split("\n"), 1):
        lines += ["", "      # a remark"] if row in chosen else []
        lines.append(line)
        moved[row] = len(lines)
    assert outcomes(analysed("\n".join(lines)), {row: row for row in moved.values()}) == outcomes(analysed(text), moved)


def renamed_locals(text: str) -> str:
    """The text with `x_` before every name that a function binds by assignment alone and no scope inside it mentions."""
    found = set()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes = list(ast.walk(function))
            inner = {id(n) for scope in nodes if isinstance(scope, SCOPES) and scope is not function for n in ast.walk(scope)}
            taken = {n.id for n in nodes if isinstance(n, ast.Name) and id(n) in inner}
            taken |= {name for n in nodes if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
            for node in nodes:  # parameters, texts, names of handlers, patterns, imports and functions
                if not isinstance(node, ast.Name | ast.Attribute | ast.keyword):
                    taken |= {value for value in vars(node).values() if isinstance(value, str)}
            bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id.islower()} - taken
            found |= {(n.lineno, n.col_offset) for n in nodes if isinstance(n, ast.Name) and n.id in bound}
    lines = text.split("\n")
    for row, column in sorted(found, reverse=True):
        encoded = lines[row - 1].encode()
        lines[row - 1] = (encoded[:column] + b"x_" + encoded[column:]).decode()
    return "\n".join(lines)


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@settings(STEADY, max_examples=60)
@given(st.sampled_from(FIXTURE_TEXTS))
def test_the_name_of_a_local_does_not_matter(text: str) -> None:
    """As long as a naming convention sees the same: the new name ends as the old one."""
    try:
        renamed = renamed_locals(text)
    except SyntaxError:
        return  # newer syntax than this Python has
    kept = [(f.name, v.loss, v.confidence, v.resource.span.start.row) for f in analysed(text).functions for v in f.verdicts]
    assert [(f.name, v.loss, v.confidence, v.resource.span.start.row) for f in analysed(renamed).functions for v in f.verdicts] == kept


# Real code


def real_files() -> list[Path]:
    """Files of the standard library by a fixed seed; all of them and the installed packages if asked for."""
    library = sorted(path for path in LIBRARY.rglob("*.py") if "site-packages" not in path.parts)
    if os.environ.get("UNCLOSED_WHOLE"):
        return [*library, *sorted(PACKAGES.rglob("*.py"))]
    return random.Random(SEED).sample(library, FILES)


def crash(path: Path) -> str:
    """The exception that a file ends in, empty if none; what cannot be parsed or decoded is passed over."""
    try:
        analysed(seeded(path.read_text(encoding="utf-8")))
    except (UnparsableFile, UnicodeDecodeError):
        return ""
    except Exception as error:  # noqa: BLE001 - each crash is to be shown with its file
        return repr(error)
    return ""


def test_real_code_is_analysed() -> None:
    """No file crashes, with connections put into it."""
    crashes = {str(path): crash(path) for path in real_files()}
    assert {path: error for path, error in crashes.items() if error} == {}


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\f\n", "x = 1\r\ny = 2\r\n", "\ufeffx = 1", "pass;", "if a: pass"])
def test_texts_with_nothing_in_them_are_analysed(text: str) -> None:
    """They have no functions."""
    assert analysed(text).functions == ()


@pytest.mark.parametrize(
    "statement",
    [
        "x = [a for a in b if a is c]",
        "x = [a for a in b if not a or a.c is None and a in c]",
        "x = {a: [b for b in a if b == a] for a in c if a is a}",
        "x = (a for a in b if (c := a) is a)",
        "a.b[c].d = a.b[c].d = conn",
        "conn, conn = conn, conn",
        "(conn, [conn, *conn]), conn.x[conn] = conn",
        "del conn, conn",
        "conn @= conn",
        "conn: conn = conn",
        "lambda conn=conn, *a, b=conn, **c: (yield conn)",
    ],
)
def test_strange_statements_are_analysed(statement: str) -> None:
    """Beside a connection that is open."""
    text = f"import sqlite3\n\n\ndef f(a, b, c):\n    conn = sqlite3.connect(a)\n    {statement}\n    conn.close()\n"
    assert [function.name for function in analysed(text).functions] in ([], ["f"])
