"""The format `gitlab`: a Code Quality report, which GitLab shows in a merge request.

GitLab tells new findings from old ones by the fingerprint, over all files (GitLab documentation, Code Quality report format), so
the path is part of it here.
"""

from __future__ import annotations

import hashlib
import json

from unclosed.findings import Finding
from unclosed.report.paint import Paint
from unclosed.report.paths import relative
from unclosed.report.report import Report
from unclosed.report.severity import GITLAB


def render(report: Report, paint: Paint) -> str:
    """A JSON array with an object for each finding; an empty one where there are none."""
    return json.dumps([_finding(finding, report) for finding in report.findings], indent=2) + "\n"


def _finding(finding: Finding, report: Report) -> dict[str, object]:
    path = relative(finding.path, report.root)
    (row, _), (end_row, _) = finding.span
    return {
        "description": f"{finding.code} {finding.message}",
        "check_name": finding.code,
        "fingerprint": hashlib.sha256(f"{path}\0{finding.fingerprint}".encode()).hexdigest()[:32],
        "severity": GITLAB[finding.confidence],
        "location": {"path": path, "lines": {"begin": row, "end": end_row}},
    }
