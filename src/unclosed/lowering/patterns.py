"""Case patterns of `match`: what they bind, and when they cannot fail.

A literal pattern over a plain subject is the same condition as `subject == literal`, so a later test of the same text agrees with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import IS_FALSE, IS_NONE, IS_TRUE
from unclosed.lowering.expressions import Ends, ExpressionLowering
from unclosed.lowering.names import source

PatternHandler = Callable[[cst.CSTNode], Iterator[cst.CSTNode | None]]


def lower_case_pattern(
    expressions: ExpressionLowering, pattern: cst.MatchPattern, subject: PlaceId | None, subject_text: str
) -> tuple[Ends, Ends]:
    """Test a pattern: the ends where it matches, its captures bound, and those where it does not."""
    scope = expressions.scope
    if is_irrefutable(pattern):
        holds: Ends = list(scope.ends)
        fails: Ends = []
    elif isinstance(pattern, cst.MatchSingleton) and pattern.value.value == "None" and subject is not None:
        holds, fails = scope.test(subject, IS_NONE, IS_FALSE | IS_TRUE)
    elif isinstance(pattern, cst.MatchValue) and subject is not None and not scope.places.is_temp(subject):
        roots = scope.names_in(pattern.value)
        place = scope.place(ev.Pure(f"{subject_text} == {source(pattern.value)}", (subject, *roots)))
        holds, fails = scope.test(place, IS_TRUE, IS_NONE | IS_FALSE)
    else:
        made = scope.emit(ev.Join("case"))
        holds, fails = [(made, None)], [(made, None)]
    scope.ends = holds
    whole = pattern.name if isinstance(pattern, cst.MatchAs) else None
    for name in captured_names(pattern):
        value = subject if name is whole else None
        scope.emit(ev.Bind(scope.bind_name(name.value), value, scope.span(name)))
    return list(scope.ends), fails


def is_irrefutable(pattern: cst.MatchPattern) -> bool:
    """Whether the pattern matches everything: `_`, a bare name, or an alternative of which one does."""
    if isinstance(pattern, cst.MatchAs):
        return pattern.pattern is None or is_irrefutable(pattern.pattern)
    return isinstance(pattern, cst.MatchOr) and any(is_irrefutable(e.pattern) for e in pattern.patterns)


def captured_names(pattern: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that a pattern binds, in source order."""
    pending: list[cst.CSTNode] = [pattern]
    while pending:
        at = pending.pop()
        name = getattr(at, "name", None) if isinstance(at, cst.MatchAs | cst.MatchStar) else None
        if isinstance(at, cst.MatchMapping):
            name = at.rest
        if isinstance(name, cst.Name):
            yield name
        pending.extend(reversed(parts(at)))


def parts(pattern: cst.CSTNode) -> list[cst.CSTNode]:
    """The patterns directly inside a pattern; raises `KeyError` for a class of libcst that is unknown here."""
    return [part for part in PATTERNS[type(pattern)](pattern) if part is not None]


def _sequence(pattern: cst.CSTNode) -> Iterator[cst.CSTNode | None]:
    assert isinstance(pattern, cst.MatchList | cst.MatchTuple | cst.MatchOr)
    for element in pattern.patterns:
        yield element if isinstance(element, cst.MatchStar) else element.value if hasattr(element, "value") else element.pattern


def _mapping(pattern: cst.CSTNode) -> Iterator[cst.CSTNode | None]:
    assert isinstance(pattern, cst.MatchMapping)
    yield from (element.pattern for element in pattern.elements)


def _class(pattern: cst.CSTNode) -> Iterator[cst.CSTNode | None]:
    assert isinstance(pattern, cst.MatchClass)
    yield from (element.value for element in pattern.patterns)
    yield from (element.pattern for element in pattern.kwds)


def _as(pattern: cst.CSTNode) -> Iterator[cst.CSTNode | None]:
    assert isinstance(pattern, cst.MatchAs)
    yield pattern.pattern


def _leaf(_: cst.CSTNode) -> Iterator[cst.CSTNode | None]:
    yield from ()


PATTERNS: dict[type[cst.CSTNode], PatternHandler] = {
    cst.MatchAs: _as,
    cst.MatchClass: _class,
    cst.MatchList: _sequence,
    cst.MatchMapping: _mapping,
    cst.MatchOr: _sequence,
    cst.MatchSingleton: _leaf,
    cst.MatchStar: _leaf,
    cst.MatchTuple: _sequence,
    cst.MatchValue: _leaf,
}
