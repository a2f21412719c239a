"""The whole answer of `unclosed explain`: the line, its function, its calls, its obligations, the summaries used, the graph."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.engine import Engine
from unclosed.explain.calls import CallPage
from unclosed.explain.leases import listed
from unclosed.explain.obligations import ObligationPage
from unclosed.explain.place import Place
from unclosed.explain.scene import Scene, SeenFunction, read_scene
from unclosed.explain.used import SummaryPage, UsedCall, calls_with
from unclosed.explain.verdicts import VerdictPage
from unclosed.explain.words import inset, shortened
from unclosed.flow.dump import dump
from unclosed.source import split_lines
from unclosed.text import Position


def explain(place: Place, settings: Config, catalog: Catalog, *, with_graph: bool = False) -> str:
    """What the analysis believes at a place; raises `ConfigError` for a place that cannot be explained."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the explained code
        scene = read_scene(place, Engine(catalog, settings.requires_python))
        return "\n".join(_Page(scene, settings).lines(with_graph=with_graph)) + "\n"


class _Page:
    def __init__(self, scene: Scene, settings: Config) -> None:
        self._scene, self._verdicts = scene, VerdictPage(scene, settings)

    def lines(self, *, with_graph: bool) -> Iterator[str]:
        place = self._scene.place
        yield f"{place.path}:{place.row}: {shortened(split_lines(self._scene.source.text)[place.row - 1])}"
        for function in self._scene.functions:
            yield from self._head(function)
        if not self._scene.is_checked:
            yield "check does not analyse this file: neither it nor what it imports from the project has a word of the models"
        if not any(function.calls for function in self._scene.functions):
            yield f"no call stands {'on this line' if place.column is None else f'at column {place.column + 1}'}"
        for function in self._scene.functions:
            yield from self._function(function)
        yield from self._summaries()
        for function in self._scene.functions if with_graph else ():
            yield from ["", f"flow graph of {function.scope.facts.name}", *inset(dump(function.scope.graph).splitlines())]
            yield f"  on this line: {listed(map(str, function.events)) or 'nothing'}"

    def _head(self, function: SeenFunction) -> Iterator[str]:
        """The name, the rows and the part of a function, and why it was not analysed if it was not."""
        facts, span = function.scope.facts, self._scene.spans.span(function.scope.facts.span)
        last = span.end.row - (span.end == Position(span.end.row, 0))
        words = ["async"] * facts.is_async + ["generator"] * facts.is_generator + ["lambda"] * facts.is_lambda
        if function.run is not None:
            roles = function.run.meaning.roles
            parts = {"fixture": roles.is_fixture, "lifespan": roles.is_lifespan, "dependency": roles.is_dependency}
            words += ["provider"] * roles.is_provider + [word for word, holds in parts.items() if holds]
        words += [f"decorated by {listed(d.text for d in facts.decorators)}"] if facts.decorators else []
        rows = f"line {last}" if span.start.row == last else f"lines {span.start.row} to {last}"
        yield f"in {facts.name}, {rows}" + "".join(f", {word}" for word in words)
        if function.run is None:
            yield f"  not analysed: {function.reason}"
        elif facts.only_raises:
            yield "  not analysed: its body does nothing but raise"

    def _function(self, function: SeenFunction) -> Iterator[str]:
        calls = CallPage(self._scene, function)
        for node in function.calls:
            yield ""
            yield from calls.lines(node)
        if function.run is None:
            return
        obligations = ObligationPage(self._scene, function, function.run)
        name = function.scope.facts.name
        for outcome in function.acquired():
            yield ""
            yield f"obligation: {obligations.name(outcome)}"
            yield from inset(obligations.ends(outcome))
            verdict = list(self._verdicts.of_site(name, self._scene.spans.span(outcome.site.span)))
            yield from inset(verdict or ["verdict: none, nothing open is left behind"])
        for outcome in function.run.outcomes:
            passing = list(obligations.passing(outcome)) if outcome not in function.acquired() else []
            if passing:
                yield ""
                yield f"passing: {obligations.name(outcome)}"
                yield from inset(passing)
        for line in self._verdicts.of_line(name):
            yield from ["", line] if not line.startswith(" ") else [line]

    def _summaries(self) -> Iterator[str]:
        """The summaries of the calls on the line, and of those that the values acquired on it go through."""
        used, owners = [], []
        for function in self._scene.functions:
            outcomes = function.run.outcomes if function.run is not None else ()
            used += [UsedCall(function.scope, node, outcomes) for node in function.calls]
            for outcome in function.acquired():
                used += [UsedCall(function.scope, node, (outcome,)) for node in calls_with(function.scope, outcome)]
                if outcome.stored and function.scope.facts.owner:
                    owners.append((function.scope.module, function.scope.facts.owner))
        found = list(SummaryPage(self._scene.words, self._scene.summaries).lines(used, owners))
        if found:
            yield from ["", "summaries used", *inset(found)]
