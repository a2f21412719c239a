"""UNC901: the file is not valid Python."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from unclosed.analysis.verdicts import AnalysedFunction
from unclosed.findings import Finding
from unclosed.rules.explanation import sections
from unclosed.rules.rule import Rule


class UnparsableFile(Rule):
    """Allow unparsable-file: a text that Python refuses."""

    code = "UNC901"
    name = "unparsable-file"
    summary = "the file is not valid Python; the other files are still checked"
    explanation = sections(
        does="""
            Reports a file that is not valid Python, at the position and with the words of CPython. As a flake8 plugin the linter
            stays silent about it: flake8 reports E999 itself.
        """,
        why="""
            Nothing in the file was checked, so its silence means nothing.
        """,
        release="""
            Nothing: no function of the file was analysed.
        """,
        ignore="""
            For templates that only look like Python; better exclude them by `extend-exclude`. Syntax that is newer than the Python
            which runs the linter is reported too: run it with the version of the project.
        """,
        options="""
            `exclude` and `extend-exclude` in `[tool.unclosed]`, or `--exclude` and `--extend-exclude`, leave files out.
        """,
    )
    bad = dedent("""\
        def connect(dsn:
            return None
    """)
    good = dedent("""\
        def connect(dsn):
            return None
    """)

    def check(self, function: AnalysedFunction) -> Iterator[Finding]:
        """Nothing: a file that has functions was parsed. `lint.py` reports the others."""
        yield from ()
