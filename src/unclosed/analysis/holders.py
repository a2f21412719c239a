"""Objects of the project that keep a session which their constructor is given: `repo.session` of `repo = Repo(session)`.

The attribute is one more name of the session: what a method of the object does with it happens to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries
    from unclosed.analysis.targets import Target


class Holders:
    """Answers which attributes of an object hold what its constructor was given."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries

    def given_for(self, scope: ScopeTypes, receiver: PlaceId, attribute: str) -> Iterator[PlaceId]:
        """The arguments that an attribute of what a place holds may hold: of a constructor that cannot be read, or a factory, all."""
        made = scope.call_behind(receiver)
        if made is None or not (made.is_class or (made.model is None and made.target is not None)):
            return
        target = self._summaries.target(scope, made) if made.is_class else None
        for argument in made.event.arguments:
            if argument.value is not None and (target is None or attribute in self._kept_as(target, made, argument)):
                yield argument.value

    def _kept_as(self, target: Target, info: CallInfo, argument: ev.Argument) -> Iterator[str]:
        name = target.parameter(info, argument)
        first = next((p.name for p in target.facts.parameters if p.position == 0), "")
        scope = target.types.scope(target.facts.id)
        places = scope.graph.places
        given, base = places.find(ev.Local(name)) if name else None, places.find(ev.Local(first))
        for event in scope.graph.events if given is not None else ():
            key = places.keys[event.target] if isinstance(event, ev.Bind) and event.value == given else None
            if isinstance(key, ev.Attribute) and key.base == base:
                yield key.name
