"""What `--statistics` prints: findings by code, what was skipped and why, and how much was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from unclosed.report.report import Report


def render(report: Report) -> str:
    """A count for each code, a line for each function or file that was skipped, and the totals."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    for code, number in sorted(Counter(finding.code for finding in report.findings).items()):
        yield f"{number:>6} {code}"
    for skipped in report.skipped:
        what = f"{skipped.path}:{skipped.row}" + (f" {skipped.function}()" if skipped.function else "")
        yield f"skipped {what}: {skipped.reason}"
    if report.known:
        yield f"{report.known} known findings left out"
    yield f"{len(report.findings)} findings, {report.files} files, {report.parsed} parsed, {report.seconds:.2f} seconds"
