"""What happens to one file does not happen to the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from unclosed.analysis.verdicts import AnalysedFunction, AnalysedModule
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Codes, Config
from unclosed.engine import Engine
from unclosed.errors import UnparsableFile
from unclosed.file_result import FileResult
from unclosed.findings import Finding, Skipped, numbered
from unclosed.lint import check_paths, check_source
from unclosed.report.report import FileError, Report
from unclosed.rules.rule import Rule
from unclosed.text import Position, SourceFile, Span

CATALOG = Catalog.load()
TEXT = "import sqlite3\nconn = sqlite3.connect('a')\n"
MISSING = FileError("a.py", "no such file or directory", is_missing=True)
Analyse = Callable[[SourceFile], AnalysedModule]


def finding(row: int, column: int = 0, code: str = "UNC103", confidence: Confidence = Confidence.CERTAIN, message: str = "m") -> Finding:
    """A finding in `app.py`."""
    return Finding(code, "app.py", Span(Position(row, column), Position(row, column + 1)), message, confidence)


class Says(Rule):
    """A rule that says of every function what it is told to say."""

    code = "UNC103"
    name = "says"
    summary = explanation = bad = good = ""

    def __init__(self, *findings: Finding) -> None:
        """`findings` are what it says."""
        self._findings = findings

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """What it was told."""
        yield from self._findings


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Analyse], None]:
    """Puts a function in the place of the analysis of one file."""

    def put(analyse: Analyse) -> None:
        monkeypatch.setattr(Engine, "analyse", lambda _engine, source: analyse(source))

    return put


def one_function(source: SourceFile) -> AnalysedModule:
    """A module with one function that holds something to say."""
    return AnalysedModule(source.path, (AnalysedFunction(source.path, "f"),), (Skipped(source.path, "g", 7, "too many nodes"),))


def never(_: SourceFile) -> AnalysedModule:
    """No engine at all."""
    raise AssertionError("the engine was asked")


def checked(text: str, *said: Finding, settings: Config | None = None, honour_noqa: bool = True) -> FileResult:
    """The result for a text of `app.py` under one rule."""
    return check_source(SourceFile("app.py", text), settings or Config(), CATALOG, rules=(Says(*said),), honour_noqa=honour_noqa)


def test_findings_are_sorted_and_each_is_there_once(engine: Callable[[Analyse], None]) -> None:
    """By row, column and code, whatever order the rules have."""
    engine(one_function)
    result = checked(TEXT, finding(2, 7), finding(2, 3), finding(1), finding(2, 3, "UNC101"), finding(2, 7, message="again"))
    assert result.findings == numbered((finding(1), finding(2, 3, "UNC101"), finding(2, 3), finding(2, 7)))
    assert result.skipped == (Skipped("app.py", "g", 7, "too many nodes"),)
    assert (result.is_parsed, result.text, result.error) == (True, TEXT, None)


def test_confidence_hides_what_is_less_sure(engine: Callable[[Analyse], None]) -> None:
    """`likely` is the default; what is hidden counts for the ordinals."""
    engine(one_function)
    said = numbered((finding(1, confidence=Confidence.POSSIBLE), finding(2, confidence=Confidence.LIKELY)))
    assert checked(TEXT, *said).findings == said[1:]
    assert checked(TEXT, *said, settings=Config(min_confidence=Confidence.POSSIBLE)).findings == said
    assert checked(TEXT, *said, settings=Config(min_confidence=Confidence.CERTAIN)).findings == ()


def test_comments_suppress(engine: Callable[[Analyse], None]) -> None:
    """Unless the caller has its own reading of them."""
    engine(one_function)
    text = TEXT.replace("\n", "  # noqa: UNC103\n")
    assert checked(text, finding(2)).findings == ()
    assert checked(text, finding(2), honour_noqa=False).findings == (finding(2),)
    assert checked(text, finding(2, code="UNC101")).findings == (finding(2, code="UNC101"),)


def test_a_text_without_a_word_of_the_catalog_is_not_analysed(engine: Callable[[Analyse], None]) -> None:
    """Nobody asks the engine, so nothing loads libcst."""
    engine(never)
    assert checked("x = 1\n") == FileResult()


def test_the_engine_is_asked_for_each_file_that_matters(engine: Callable[[Analyse], None], tmp_path: Path) -> None:
    """With its whole text, once."""
    asked: list[SourceFile] = []

    def note(source: SourceFile) -> AnalysedModule:
        asked.append(source)
        return AnalysedModule(source.path)

    engine(note)
    for name, text in {"a.py": TEXT, "b.py": "x = 1\n", "c.py": TEXT}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = check_paths([str(tmp_path)], Config(), CATALOG)
    assert asked == [(str(tmp_path / "a.py"), TEXT), (str(tmp_path / "c.py"), TEXT)]
    assert (report.files, report.parsed) == (3, 2)


@pytest.mark.parametrize("error", [RuntimeError("two\nlines"), RecursionError("too deep"), MemoryError(), KeyError("place")])
def test_a_crash_is_one_line_about_its_file(error: Exception, engine: Callable[[Analyse], None]) -> None:
    """What it was, and where in the linter it happened."""

    def crash(_: SourceFile) -> AnalysedModule:
        raise error

    engine(crash)
    result = checked(TEXT)
    assert result.error is not None
    assert result.error.is_internal
    assert result.error.reason.startswith(f"internal error, please report it: {type(error).__name__}: ")
    assert result.error.reason.endswith(")")
    assert "(test_lint.py:" in result.error.reason
    assert "\n" not in result.error.reason


def test_an_unparsable_file_is_a_finding(engine: Callable[[Analyse], None]) -> None:
    """At the position of the error; the engine's word is taken."""

    def refuse(_: SourceFile) -> AnalysedModule:
        raise UnparsableFile(2, 5, "invalid syntax")

    engine(refuse)
    result = check_source(SourceFile("app.py", TEXT), Config(), CATALOG)
    assert result.findings == (
        replace(finding(2, 5, "UNC901", message="not valid Python: invalid syntax"), span=Span(Position(2, 5), Position(2, 5))),
    )


@pytest.mark.parametrize(
    ("text", "row", "column", "reason"),
    [
        ("x = 1\ndef f(:\n", 2, 6, "invalid syntax"),
        ("if x:\n    y\n  z\n", 3, 3, "unindent does not match any outer indentation level"),
        ("x = 'ä' 'b\n", 1, 8, "unterminated string literal (detected at line 1)"),
    ],
)
def test_a_file_that_cannot_matter_is_still_told_to_be_no_python(
    text: str, row: int, column: int, reason: str, engine: Callable[[Analyse], None]
) -> None:
    """CPython is asked, not the engine."""
    engine(never)
    (found,) = check_source(SourceFile("app.py", text), Config(), CATALOG).findings
    assert (found.code, found.start, found.message) == ("UNC901", Position(row, column), f"not valid Python: {reason}")


def test_nobody_asks_cpython_if_unc901_is_ignored(engine: Callable[[Analyse], None]) -> None:
    """A file that cannot matter then costs the search for a word."""
    engine(never)
    assert check_source(SourceFile("app.py", "def f(:\n"), Config(ignore=Codes("ignore", ("UNC901",))), CATALOG) == FileResult()


def test_warnings_about_the_checked_code_are_nobodys_business(engine: Callable[[Analyse], None], recwarn: pytest.WarningsRecorder) -> None:
    """An invalid escape in a string is for other linters."""
    engine(never)
    check_source(SourceFile("app.py", "x = '\\d'\nassert (1, 'a')\n1 is 1\n"), Config(), CATALOG)
    assert list(recwarn) == []


def test_a_report_on_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Callable[[Analyse], None]) -> None:
    """Each is checked, whatever the others do, and all is in order."""
    monkeypatch.chdir(tmp_path)
    Path("b.py").write_text("def f(:\n", encoding="utf-8")
    Path("a.py").write_bytes(b"x = '\xff'\n")
    Path("crash.py").write_text("import sqlite3\n", encoding="utf-8")
    Path("empty").mkdir()

    def crash(_: SourceFile) -> AnalysedModule:
        raise RuntimeError("oh")

    engine(crash)
    report = check_paths(["b.py", "missing.py", "crash.py", "a.py", "empty"], Config(), CATALOG)
    assert [(found.path, found.code) for found in report.findings] == [("a.py", "UNC901"), ("b.py", "UNC901")]
    assert report.errors[0] == FileError("missing.py", "no such file or directory", is_missing=True)
    assert [(error.path, error.is_internal) for error in report.errors] == [("missing.py", False), ("crash.py", True)]
    assert (report.files, report.parsed, report.empty, report.exit_status) == (3, 0, ("empty",), 3)
    assert dict(report.texts) == {"b.py": "def f(:\n", "a.py": ""}


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (Report(), 0),
        (Report(empty=("docs",), skipped=(Skipped("a.py", "f", 1, "too big"),)), 0),
        (Report((finding(1),)), 1),
        (Report((finding(1),), errors=(MISSING,)), 2),
        (Report((finding(1),), errors=(MISSING, FileError("b.py", "cannot be read: Permission denied"))), 3),
        (Report((finding(1),), errors=(MISSING, FileError("b.py", "oh", is_internal=True))), 3),
    ],
)
def test_exit_status(report: Report, status: int) -> None:
    """The gravest thing decides."""
    assert report.exit_status == status
