"""How often a library tries a call, as the call or the constructor of its client says.

boto3.client("s3", config=Config(retries={"max_attempts": 0}))        # once
"""

from __future__ import annotations

from unclosed.analysis.origins import Origin, constant_text, origin_of, sources_of
from unclosed.flow.events import PlaceId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.library import Limit


def attempts(scope: ScopeTypes, info: CallInfo, limit: Limit, owner: Origin | None) -> float | None:
    """How often a call is tried; `None` where somebody says it and it is not known. `owner`: what made its client."""
    for path, more in limit.attempts_by:
        for there, call in ((scope, info), *((owner,) if owner is not None else ())):
            given = [argument.value for argument in call.event.arguments if argument.key == path[0]]
            if given:
                text = _text(there, given[0], path[1:])
                if text == "":
                    break
                tried = number(text) if text is not None else None
                return None if tried is None else tried + more
    return limit.attempts


def _text(scope: ScopeTypes, place: PlaceId | None, path: tuple[str, ...]) -> str | None:
    """What the argument or the item at the end of a path says; `None` if it is not known, empty if it is not there."""
    if place is None or not path:
        return None if place is None else constant_text(scope, place)
    for there, at in sources_of(scope, place):
        items = there.graph.literals.get(at)
        if items is not None:
            found = {name.strip("'\""): text for name, text in items.items()}.get(path[0], "")
            return found if len(path) == 1 else None
    made = origin_of(scope, place)
    if made is None:
        return None
    given = [argument.value for argument in made[1].event.arguments if argument.key == path[0]]
    return _text(made[0], given[0], path[1:]) if given else ""


def number(text: str) -> float | None:
    """The number that a literal is; `None` if it is none."""
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None
