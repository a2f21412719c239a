"""Which `# noqa` comments of a file silence nothing, for UNC902."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from unclosed.confidence import Confidence
from unclosed.findings import Finding
from unclosed.rules import all_rules
from unclosed.rules.rule import Rule
from unclosed.suppressions import Comment, Suppressions
from unclosed.text import SourceFile, Span

UNUSED = "UNC902"
"""The code under which such a comment is reported."""
_FAMILY = "UNC"


def unused_suppressions(source: SourceFile, found: Iterable[Finding], rules: Iterable[Rule]) -> Iterator[Finding]:
    """A finding for each comment with codes of ours that silence nothing.

    `found`: everything that the rules report in the file, silenced or not, however sure. `rules`: those that ran; what another rule would
    have reported is not known, so its code is not judged.
    """
    findings = [(finding.code, finding.start.row) for finding in found]
    judged = {rule.code for rule in rules} - {UNUSED}
    for comment in Suppressions(source.text).comments:
        useless = [code for code in comment.codes if _is_judged(code, judged) and not _silences(comment, code, findings)]
        if useless:
            span = Span(comment.start, comment.start._replace(column=comment.start.column + len(comment.text)))
            yield Finding(UNUSED, source.path, span, _message(comment, useless), Confidence.CERTAIN, resource=comment.text)


def _is_judged(code: str, judged: set[str]) -> bool:
    """Whether every rule that a code or prefix stands for has run; a code of ours that stands for none is judged as well."""
    if not code.upper().startswith(_FAMILY):
        return False
    return all(rule.code in judged for rule in all_rules() if rule.code.startswith(code))


def _silences(comment: Comment, code: str, findings: list[tuple[str, int]]) -> bool:
    return any(found.startswith(code) and row in comment.rows for found, row in findings)


def _message(comment: Comment, useless: list[str]) -> str:
    """What to take away: the comment, or the codes that do nothing."""
    unknown = [code for code in useless if not any(rule.code.startswith(code) for rule in all_rules())]
    reason = f" (no rule has the code {unknown[0]})" if unknown else ""
    if len(useless) == len(comment.codes):
        return f"'{comment.text}' suppresses nothing{reason}; remove it"
    return f"{', '.join(useless)} in '{comment.text}' suppresses nothing{reason}; take it out"
