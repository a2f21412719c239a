"""What a call says to a function of the project by literals, so that the function is read for this call alone.

    def fetch(url, retry=3, timeout=None):
        ...
        if retry:                            # not with `retry=0`
            time.sleep(1)

    fetch(URL, retry=0)                      # given: retry is 0, timeout is None

A parameter that is left to a default that is a literal is given, too. Only `None`, `True`, `False`, numbers and empty texts count, and of
parameters only those that the function tests or hands on.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from unclosed.analysis.obligations import NO_FACTS, Facts
from unclosed.analysis.origins import sources_of
from unclosed.analysis.targets import Target
from unclosed.confidence import Confidence
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.flow.graph import IS_FALSE, IS_NONE, IS_TRUE
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.infer.values import Handed, Sort
from unclosed.lowering.facts import MODULE_BODY, Parameter

Given = tuple[tuple[str, str], ...]
"""Parameters with the source text of the literals that they are given, in the order of their names."""
NOTHING_GIVEN: Given = ()
_EMPTY = frozenset({"''", '""', "b''", 'b""'})
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class Givens:
    """Answers what calls give to functions, and what follows from that inside of them."""

    def __init__(self) -> None:
        self._spoken_of: dict[tuple[str, int], frozenset[str]] = {}

    def to(self, target: Target, scope: ScopeTypes, info: CallInfo, given: Given = NOTHING_GIVEN) -> Given:
        """What a call in a scope gives to a function; `given`: what the scope itself was given."""
        if info.others:
            return NOTHING_GIVEN
        wanted = self._mentioned(target)
        if not wanted:
            return NOTHING_GIVEN
        told: dict[str, str | None] = {}
        is_open = False
        for argument in info.event.arguments:
            if argument.key in ("*", "**"):
                is_open = True
                continue
            name = target.parameter(info, argument)
            if name in wanted:
                told[name] = literal(scope, argument.value, given) if argument.value is not None else None
        for parameter in target.facts.parameters if not is_open else ():
            if parameter.name in wanted and parameter.name not in told and parameter.default:
                told[parameter.name] = _default(target, parameter)
        return tuple(sorted((name, text) for name, text in told.items() if text is not None))

    def handed(self, target: Target, scope: ScopeTypes, info: CallInfo) -> Handed:
        """What a call hands to parameters that do not say themselves what they are: instances, by the names of the parameters."""
        if info.others:
            return ()
        found = {}
        for argument in info.event.arguments:
            name = target.parameter(info, argument) if argument.value is not None else ""
            value = scope.value(argument.value) if name and argument.value is not None else None
            if value is not None and value.sort in (Sort.INSTANCE, Sort.OBJECT) and self._is_untyped(target, name):
                found[name] = value._replace(confidence=Confidence.CERTAIN)
        return tuple(sorted(found.items()))

    def _is_untyped(self, target: Target, name: str) -> bool:
        """Whether a function mentions a parameter of which nothing is known."""
        place = target.facts.graph.places.find(ev.Local(name))
        return place is not None and target.types.scope(target.facts.id).value(place) is None

    def _mentioned(self, target: Target) -> frozenset[str]:
        """The parameters that a function tests, or hands on."""
        if target.key not in self._spoken_of:
            graph = target.facts.graph
            keys = graph.places.keys
            places = {root for place in graph.tested for key in (keys[place],) if isinstance(key, ev.Pure) for root in key.roots}
            places |= set(graph.tested)
            places |= {a.value for event in graph.events if isinstance(event, ev.Call) for a in event.arguments if a.value is not None}
            names = {key.name for place in places for key in (keys[place],) if isinstance(key, ev.Local)}
            self._spoken_of[target.key] = frozenset(p.name for p in target.facts.parameters if p.name in names and not p.star)
        return self._spoken_of[target.key]


def filled(scope: ScopeTypes, event: ev.Call, given: Given) -> ev.Call:
    """The call with the literals that the scope was given in the place of its parameters."""
    texts = dict(given)
    if not texts:
        return event
    arguments = []
    for argument in event.arguments:
        key = scope.graph.places.keys[argument.value] if argument.value is not None else None
        is_given = isinstance(key, ev.Local) and key.name in texts and argument.value is not None and not scope.has_sources(argument.value)
        if is_given and isinstance(key, ev.Local):
            argument = replace(argument, value=scope.graph.places.intern(ev.Constant(texts[key.name])))
        arguments.append(argument)
    return replace(event, arguments=tuple(arguments))


def literal(scope: ScopeTypes, place: PlaceId, given: Given = NOTHING_GIVEN) -> str | None:
    """The literal that a place holds, `None` if it is none of those that count."""
    for there, at in sources_of(scope, place):
        key = there.graph.places.keys[at]
        if isinstance(key, ev.Constant):
            return key.text if _counts(key.text) else None
        if there is scope and isinstance(key, ev.Local) and not there.has_sources(at):
            text = next((text for name, text in given if name == key.name), None)
            if text is not None:
                return text
    return None


def entry_facts(scope: ScopeTypes, given: Given) -> Facts:
    """What is known at the start of a function that was given this: of its parameters, and of conditions about nothing else."""
    if not given:
        return NO_FACTS
    graph, texts = scope.graph, dict(given)
    facts = []
    for place in graph.tested:
        key = graph.places.keys[place]
        if isinstance(key, ev.Local) and key.name in texts:
            facts.append((place, truth(texts[key.name])))
        elif isinstance(key, ev.Pure):
            names = [graph.places.text(root) for root in key.roots]
            is_all = bool(names) and all(isinstance(graph.places.keys[root], ev.Local) for root in key.roots)
            holds = _evaluated(key.text, texts) if is_all and all(name in texts for name in names) else None
            if holds is not None:
                facts.append((place, IS_TRUE if holds else IS_FALSE))
    return frozenset(facts)


def truth(text: str) -> int:
    """What is known of a literal: one of `IS_NONE`, `IS_FALSE`, `IS_TRUE`."""
    if text == "None":
        return IS_NONE
    if text in _EMPTY or text == "False":
        return IS_FALSE
    number = _number(text)
    return IS_FALSE if number == 0 else IS_TRUE


def _counts(text: str) -> bool:
    return text in ("None", "True", "False") or text in _EMPTY or _number(text) is not None


def _number(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None


def _default(target: Target, parameter: Parameter) -> str | None:
    """The default of a parameter, if it is a literal or a constant of the module."""
    if _counts(parameter.default):
        return parameter.default
    if not parameter.default.isidentifier():
        return None
    body = target.types.scope(MODULE_BODY)
    place = body.graph.places.find(ev.Local(parameter.default))
    return literal(body, place) if place is not None and body.binds(parameter.default) else None


def _evaluated(text: str, texts: dict[str, str]) -> bool | None:
    """Whether a condition holds when its names are these literals; `None` if that cannot be said."""
    try:
        return bool(_value(ast.parse(text, mode="eval").body, texts))
    except (SyntaxError, ValueError, TypeError, RecursionError, LookupError):
        return None


def _value(node: ast.expr, texts: dict[str, str]) -> Any:  # what the literals of a condition are
    """The value of a condition. Raises `LookupError` for what is not read, and what the operators raise."""
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return ast.literal_eval(texts[node.id])
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, texts)
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, texts)
        case ast.BoolOp(op=ast.And()):
            return all(_value(each, texts) for each in node.values)
        case ast.BoolOp(op=ast.Or()):
            return any(_value(each, texts) for each in node.values)
        case ast.Compare():
            sides = [_value(each, texts) for each in (node.left, *node.comparators)]
            return all(_COMPARED[type(op)](one, other) for op, one, other in zip(node.ops, sides, sides[1:], strict=False))
    raise LookupError(type(node).__name__)
