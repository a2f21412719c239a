"""A report in which everything occurs that a format has to cope with.

`python tests/sample_report.py` writes it to `golden/`, in every format, without the explanations of the rules, which have tests of their
own.
"""

from __future__ import annotations

import re
from pathlib import Path

from unclosed.confidence import Confidence
from unclosed.config import OutputFormat
from unclosed.findings import Finding, Skipped, TrailStep, numbered
from unclosed.report.formats import RENDERERS
from unclosed.report.paint import Paint
from unclosed.report.report import FileError, Report
from unclosed.text import Position, Span

GOLDEN = Path(__file__).resolve().parent / "golden"
ROOT = Path("/home/me/shop")

TEXT = """\
import sqlite3

def names(path):
\tconn = sqlite3.connect(path)  # <b>&amp;</b> "名" 100%
\trows = fetch(conn)
\tconn.close()
\treturn rows
"""
HELPER = """\
def fetch(conn):
    return conn.execute(
        "SELECT name FROM users WHERE a < 1 && b > '</script>'"
    ).fetchall()
"""


def span(row: int, start: int, end: int, end_row: int | None = None) -> Span:
    """A span, in one row unless another is given for its end."""
    return Span(Position(row, start), Position(end_row or row, end))


def _leak(ordinal: int, row: int, confidence: Confidence) -> Finding:
    path = f"{ROOT}/src/app.py"
    return Finding(
        "UNC103",
        path,
        span(row, 8, 29),
        f'connection from sqlite3.connect() is not closed when fetch("名 100%", {ordinal}) (line 5) raises; use closing()',
        confidence,
        (
            TrailStep(path, span(row, 8, 29), "acquired here"),
            TrailStep(f"{ROOT}/lib/a b, c:d#é.py", span(2, 11, 16, 4), "conn.execute() raises here"),
            TrailStep(path, span(5, 1, 19), "leaves the function here, still open"),
        ),
        resource="sqlite3.connect()",
        function="Store.names",
    )


REPORT = Report(
    numbered(
        (
            Finding("UNC901", f"{ROOT}/lib/\udcff.py", span(9, 0, 0), "not valid Python: invalid syntax\x0b", Confidence.CERTAIN),
            _leak(1, 4, Confidence.CERTAIN),
            _leak(2, 5, Confidence.LIKELY),
            Finding("UNC202", "/elsewhere/jobs.py", span(3, 4, 2, 5), "'time.sleep(\"<1>\")' runs <here>", Confidence.POSSIBLE),
        )
    ),
    (Skipped(f"{ROOT}/src/app.py", "Big.method", 12, "more than 20000 nodes"),),
    3,
    2,
    0.25,
    errors=(
        FileError(f"{ROOT}/src/shut.py", "cannot be read: Permission denied"),
        FileError("/elsewhere/x.py", "oh <no>", is_internal=True),
    ),
    empty=("docs",),
    texts={f"{ROOT}/src/app.py": TEXT, f"{ROOT}/lib/a b, c:d#é.py": HELPER},
    root=ROOT,
)


def golden_file(output_format: OutputFormat) -> Path:
    """The file with the report in this format."""
    return GOLDEN / f"report.{output_format.value}"


def written(output_format: OutputFormat, report: Report = REPORT) -> str:
    """The report in this format, as a file gets it."""
    return RENDERERS[output_format](report, Paint()).encode("utf-8", "backslashreplace").decode()


def golden(output_format: OutputFormat) -> str:
    """The report in this format without explanations of rules."""
    text = written(output_format)
    for explanation in (r'(?<="text": ")## .*(?=")', r'(?<="markdown": ")## .*(?=")', r"(?s)(?<=<h2>The rules</h2>\n).*(?=</section>)"):
        text = re.sub(explanation, "...", text)
    return text


if __name__ == "__main__":
    for each in OutputFormat:
        golden_file(each).write_text(golden(each), encoding="utf-8")
