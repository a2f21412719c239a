"""Case patterns of `match`: what they bind, and when they cannot fail.

A literal pattern over a plain subject is the same condition as `subject == literal`, so a later test of the same text agrees with it. A
class pattern is the condition `isinstance(subject, class)`. A name gets the subject, or the part of it that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import libcst as cst

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import IS_FALSE, IS_NONE, IS_TRUE
from unclosed.lowering.expressions import ANY_ITEM, Ends, ExpressionLowering
from unclosed.lowering.names import source

PatternHandler = Callable[[cst.CSTNode], Iterator[cst.CSTNode | None]]


class Subject(NamedTuple):
    """What a pattern is matched against: its place, `None` if it has none, its text, and its length if it is a display of that many."""

    place: PlaceId | None
    text: str
    length: int | None = None


def subject_of(node: cst.BaseExpression, place: PlaceId | None) -> Subject:
    """The subject of a `match` whose value is at `place`."""
    is_display = isinstance(node, cst.Tuple | cst.List) and not any(isinstance(e, cst.StarredElement) for e in node.elements)
    return Subject(place, source(node), len(node.elements) if is_display and isinstance(node, cst.Tuple | cst.List) else None)


def lower_case_pattern(expressions: ExpressionLowering, pattern: cst.MatchPattern, subject: Subject) -> tuple[Ends, Ends]:
    """Test a pattern: the ends where it matches, its captures bound, and those where it does not."""
    scope = expressions.scope
    holds, fails = _test(expressions, pattern, subject)
    scope.ends = holds
    for name, value in _captures(expressions, pattern, subject.place).values():
        scope.emit(ev.Bind(scope.bind_name(name.value), value, scope.span(name)))
    return list(scope.ends), fails


def _test(expressions: ExpressionLowering, pattern: cst.MatchPattern, subject: Subject) -> tuple[Ends, Ends]:
    """The ends where a pattern matches and those where it does not."""
    scope, place = expressions.scope, subject.place
    if is_irrefutable(pattern, subject.length):
        return list(scope.ends), []
    match pattern:
        case cst.MatchAs(pattern=cst.MatchPattern() as inner):
            return _test(expressions, inner, subject)
        case cst.MatchOr():
            return _test_alternatives(expressions, pattern, subject)
        case cst.MatchList() | cst.MatchTuple() if place is not None and _elements(pattern, subject.length):
            return _test_elements(expressions, _elements(pattern, subject.length), subject)
        case cst.MatchClass() if place is not None:
            return _test_class(expressions, pattern, subject)
        case cst.MatchSingleton() if pattern.value.value == "None" and place is not None:
            return scope.test(place, IS_NONE, IS_FALSE | IS_TRUE)
        case cst.MatchValue() if place is not None and not scope.places.is_temp(place):
            text = f"{subject.text} == {source(pattern.value)}"
            return scope.test(scope.place(ev.Pure(text, (place, *scope.names_in(pattern.value)))), IS_TRUE, IS_NONE | IS_FALSE)
    made = scope.emit(ev.Join("case"))
    return [(made, None)], [(made, None)]


def _test_alternatives(expressions: ExpressionLowering, pattern: cst.MatchOr, subject: Subject) -> tuple[Ends, Ends]:
    done: Ends = []
    for element in pattern.patterns:
        holds, fails = _test(expressions, element.pattern, subject)
        done += holds
        expressions.scope.ends = fails
    return done, expressions.scope.ends


def _elements(pattern: cst.MatchList | cst.MatchTuple, length: int | None) -> list[cst.MatchPattern]:
    """The patterns for the elements of a display of `length`, one for each; none if they do not pair up."""
    elements = [element.value for element in pattern.patterns if isinstance(element, cst.MatchSequenceElement)]
    return elements if len(elements) == len(pattern.patterns) == length else []


def _test_elements(expressions: ExpressionLowering, elements: list[cst.MatchPattern], subject: Subject) -> tuple[Ends, Ends]:
    assert subject.place is not None
    failed: Ends = []
    for index, element in enumerate(elements):
        part = Subject(expressions.scope.place(ev.Item(subject.place, index)), f"{subject.text}[{index}]")
        expressions.scope.ends, fails = _test(expressions, element, part)
        failed += fails
    return expressions.scope.ends, failed


def _test_class(expressions: ExpressionLowering, pattern: cst.MatchClass, subject: Subject) -> tuple[Ends, Ends]:
    scope = expressions.scope
    assert subject.place is not None
    class_ = expressions.lower(pattern.cls)
    roots = (subject.place,) if class_ is None else (subject.place, class_)
    condition = scope.place(ev.Pure(f"isinstance({subject.text}, {source(pattern.cls)})", roots))
    holds, fails = scope.test(condition, IS_TRUE, IS_NONE | IS_FALSE)
    if all(isinstance(part, cst.MatchPattern) and is_irrefutable(part) for part in parts(pattern)):
        return holds, fails
    scope.ends = holds
    made = scope.emit(ev.Join("case"))
    return [(made, None)], [*fails, (made, None)]


def is_irrefutable(pattern: cst.MatchPattern, length: int | None = None) -> bool:
    """Whether the pattern matches everything (`_`, a bare name, or an alternative of which one does), or every display of `length`."""
    match pattern:
        case cst.MatchAs():
            return pattern.pattern is None or is_irrefutable(pattern.pattern, length)
        case cst.MatchOr():
            return any(is_irrefutable(e.pattern, length) for e in pattern.patterns)
        case cst.MatchList() | cst.MatchTuple() if length is not None:
            elements = [e.value for e in pattern.patterns if isinstance(e, cst.MatchSequenceElement)]
            fits = len(elements) == length if len(elements) == len(pattern.patterns) else len(elements) <= length
            return fits and all(is_irrefutable(element) for element in elements)
    return False


Captures = dict[str, tuple[cst.Name, PlaceId | None]]
"""The names that a pattern binds, in source order, each with the place of what it gets."""


def _captures(expressions: ExpressionLowering, pattern: cst.CSTNode, value: PlaceId | None) -> Captures:
    """What a pattern binds when it matches what is at `value`; nothing is known of a name to which alternatives give different parts."""
    found: Captures = {}
    for name, part in _bound(expressions, pattern, value):
        before = found.get(name.value, (name, part))
        found[name.value] = (before[0], part if part == before[1] else None)
    return found


def _bound(expressions: ExpressionLowering, pattern: cst.CSTNode, value: PlaceId | None) -> Iterator[tuple[cst.Name, PlaceId | None]]:
    own = getattr(pattern, "name", None) if isinstance(pattern, cst.MatchAs | cst.MatchStar) else None
    own = pattern.rest if isinstance(pattern, cst.MatchMapping) else own
    if isinstance(own, cst.Name):
        yield own, value if isinstance(pattern, cst.MatchAs) else None
    for part, held in _held_parts(expressions, pattern, value):
        yield from _bound(expressions, part, held)


def _held_parts(
    expressions: ExpressionLowering, pattern: cst.CSTNode, value: PlaceId | None
) -> Iterator[tuple[cst.CSTNode, PlaceId | None]]:
    """The patterns directly inside a pattern, each with the place of what it is matched against."""
    inner = parts(pattern)
    if isinstance(pattern, cst.MatchAs | cst.MatchOr):
        yield from ((part, value) for part in inner)
    elif value is None:
        yield from ((part, None) for part in inner)
    elif isinstance(pattern, cst.MatchList | cst.MatchTuple):
        index = 0
        for part in inner:
            index = ANY_ITEM if index == ANY_ITEM or isinstance(part, cst.MatchStar) else index
            yield part, expressions.scope.place(ev.Item(value, index))
            index += index != ANY_ITEM
    elif isinstance(pattern, cst.MatchClass):
        yield from ((element.value, None) for element in pattern.patterns)
        yield from ((element.pattern, expressions.attribute_of(value, element.key.value)) for element in pattern.kwds)
    else:
        yield from ((part, expressions.scope.place(ev.Item(value, ANY_ITEM))) for part in inner)


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
