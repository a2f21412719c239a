"""What stands at a place: the file, the function around the line and its lambdas there, their events, calls and runs.

An event *stands* on a line if it begins there. For the lines on which no call begins, the innermost calls count that reach over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unclosed.analysis.solver import GivenUp, Outcome
from unclosed.analysis.summaries import Run, Summaries
from unclosed.analysis.verdicts import AnalysedFunction, AnalysedModule
from unclosed.engine import Engine
from unclosed.errors import ConfigError, TooDeep, UnclosedError
from unclosed.explain.place import Place
from unclosed.explain.words import Words
from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, SpanId
from unclosed.infer.types import ScopeTypes
from unclosed.lowering.facts import FunctionFacts, FunctionId, Scope
from unclosed.lowering.positions import Spans
from unclosed.project.program import LoadedModule
from unclosed.source import read_source, split_lines
from unclosed.text import Position, SourceFile, Span


@dataclass(frozen=True, slots=True)
class SeenFunction:
    """A function at the place. `run`: `None` if the analysis gave it up, for the `reason`.

    `calls` and `events` are the nodes that stand on the line, the first one of each call that `finally` suites repeat.
    """

    scope: ScopeTypes
    run: Run | None
    reason: str
    calls: tuple[NodeId, ...]
    events: tuple[NodeId, ...]

    def acquired(self) -> list[Outcome]:
        """What became of the values that are acquired by the calls on the line."""
        outcomes = self.run.outcomes if self.run is not None else ()
        here = {self.scope.call(node).event.span for node in self.calls}
        return [outcome for outcome in outcomes if outcome.site.span in here]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is asked when a place is explained. `functions`: the one around the line, then its lambdas on the line."""

    source: SourceFile
    place: Place
    module: LoadedModule
    analysed: AnalysedModule
    summaries: Summaries
    words: Words
    functions: tuple[SeenFunction, ...]
    is_checked: bool
    """Whether `check` would analyse the file at all."""

    @property
    def spans(self) -> Spans:
        """The positions in the file."""
        return self.module.positions()

    def analysed_function(self, name: str) -> Iterator[AnalysedFunction]:
        """What the rules read of the function, if it has anything to say."""
        return (function for function in self.analysed.functions if function.name == name)


def read_scene(place: Place, engine: Engine) -> Scene:
    """What stands at a place; raises `ConfigError` for a file that cannot be read or parsed, and for a line without a function."""
    try:
        source = read_source(place.path)
        _refuse_row(place, len(split_lines(source.text)))
        analysed = engine.analyse(source)
        program, summaries = engine.loaded()
        module = program.open(Path(place.path), source.text)
    except (UnclosedError, TooDeep, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        reason = str(error) if not isinstance(error, RecursionError) else "nested too deeply"
        raise ConfigError(place.path, reason) from error
    found = list(_functions(module, place))
    if not found:
        raise ConfigError(f"{place.path}:{place.row}", "no function stands around this line; only functions are analysed")
    return Scene(
        source=source,
        place=place,
        module=module,
        analysed=analysed,
        summaries=summaries,
        words=Words(program),
        functions=tuple(_seen(module, facts, place, summaries) for facts in found),
        is_checked=engine.matters(source),
    )


def _refuse_row(place: Place, rows: int) -> None:
    if place.row > rows:
        raise ConfigError(f"{place.path}:{place.row}", f"the file has {rows} line{'' if rows == 1 else 's'}")


def _functions(module: LoadedModule, place: Place) -> Iterator[FunctionFacts]:
    """The innermost function around the line, then the lambdas in it that reach over the line; for a column the innermost of all."""
    spans, functions = module.positions(), module.types.facts.functions
    around = [f for f in functions if f.scope is Scope.FUNCTION and _reaches(spans.span(f.span), place.row)]
    named = [f for f in around if not f.is_lambda]
    if named:
        inner = max(named, key=lambda f: spans.span(f.span).start)
        lambdas = [f for f in around if f.is_lambda and _encloser(functions, f) == inner.id]
        if place.column is None:
            yield from (inner, *lambdas)
        else:
            covering = [f for f in lambdas if _covers(spans.span(f.span), place)]
            yield max(covering, key=lambda f: spans.span(f.span).start, default=inner)


def _encloser(functions: tuple[FunctionFacts, ...], facts: FunctionFacts) -> FunctionId | None:
    """The function with a name that a lambda stands in."""
    outer = facts.outer
    while outer is not None and (functions[outer].is_lambda or functions[outer].scope is Scope.CLASS):
        outer = functions[outer].outer
    return outer


def _seen(module: LoadedModule, facts: FunctionFacts, place: Place, summaries: Summaries) -> SeenFunction:
    scope, run, reason = module.types.scope(facts.id), None, ""
    try:
        run = summaries.run(scope)
    except (GivenUp, RecursionError) as error:
        reason = str(error) if isinstance(error, GivenUp) else "nested too deeply"
    skipped = next((skipped.reason for skipped in module.types.facts.skipped if skipped.name == facts.name), "")
    if skipped:
        run, reason = None, skipped
    spans = module.positions()
    located = [(NodeId(node), event.span) for node, event in enumerate(scope.graph.events) if not isinstance(event, ev.Join | ev.Exit)]
    calls = [(node, span) for node, span in located if isinstance(scope.graph.events[node], ev.Call)]
    return SeenFunction(
        scope, run, reason, calls=tuple(_once(_standing(calls, spans, place))), events=tuple(n for n, _ in _standing(located, spans, place))
    )


def _standing(located: list[tuple[NodeId, SpanId]], spans: Spans, place: Place) -> list[tuple[NodeId, SpanId]]:
    """Those that stand at the place."""
    begun = [pair for pair in located if spans.span(pair[1]).start.row == place.row]
    if begun and place.column is None:
        return begun
    around = [pair for pair in located if _covers(spans.span(pair[1]), place)]
    innermost = max((spans.span(span).start for _, span in around), default=None)
    return [pair for pair in around if spans.span(pair[1]).start == innermost]


def _once(located: Iterable[tuple[NodeId, SpanId]]) -> Iterator[NodeId]:
    """The first node of each position."""
    seen: set[SpanId] = set()
    for node, span in located:
        if span not in seen:
            seen.add(span)
            yield node


def _reaches(span: Span, row: int) -> bool:
    return span.start.row <= row and (row, 0) < span.end


def _covers(span: Span, place: Place) -> bool:
    if place.column is None:
        return _reaches(span, place.row)
    return span.start <= Position(place.row, place.column) < span.end
