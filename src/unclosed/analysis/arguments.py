"""What the arguments of a call say, as far as they can be read: literals, constants of modules and classes, dictionaries passed by `**`.

    OPTIONS = {"max_overflow": -1}
    engine = create_engine(URL, **OPTIONS)      # `max_overflow` is given, and is -1; `pool_size` is not given

An argument is not given, given with a text (a literal, or the qualified name of something of a library), or given and not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from unclosed.analysis.origins import constant_text, formatted_text, sources_of
from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId, bare_text
from unclosed.flow.graph import UNKNOWN_LITERAL
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.library import PoolModel, PrepareModel, Told

_READING = frozenset({"get", "items", "keys", "values", "copy"})
_DICT = "builtins.dict"
_HOPS = 4

_PLAIN = PoolModel()

Items = dict[str, str]
"""Texts by name; `UNKNOWN_LITERAL` for a value that is not known."""


class Arguments:
    """The arguments of one call, those in dictionaries that a model names included."""

    def __init__(
        self, scope: ScopeTypes, info: CallInfo, pool: PoolModel | PrepareModel = _PLAIN, settings: Iterable[Items | None] = ()
    ) -> None:
        """`settings`: further items that count as arguments; `None`: there are some, and they are not known."""
        self._scope, self._info = scope, info
        self._items: Items = {}
        self._is_open = any(argument.key == "*" for argument in info.event.arguments)
        """Other arguments may be given that nothing is known of."""
        for argument in info.event.arguments:
            if argument.key == "**":
                self._add(argument.value, "")
        for told in pool.within:
            given = next((a for a in info.event.arguments if a.key in (told.name, told.position)), None)
            if given is not None:
                self._add(given.value, pool.prefix)
        for items in settings:
            self._count(items, "")

    def says(self, group: tuple[Told, ...]) -> bool:
        """Whether all of these are told, as far as is known."""
        return all(self._fits(told, self.text(told)) for told in group)

    def may_say(self, group: tuple[Told, ...]) -> bool:
        """Whether all of these may be told: what is not known may be anything."""
        return all(self._may_fit(told, self.text(told)) for told in group)

    def is_given(self, told: Told) -> bool:
        """Whether an argument is given, or may be."""
        return self.text(told) is not None

    def text(self, told: Told) -> str | None:
        """What an argument says; `None` if it is not given, `UNKNOWN_LITERAL` if that is not known."""
        for argument in self._info.event.arguments:
            if argument.key in (told.name, told.position):
                if argument.value is None:
                    return UNKNOWN_LITERAL
                return constant_text(self._scope, argument.value) or formatted_text(self._scope, argument.value) or UNKNOWN_LITERAL
        found = self._items.get(told.name)
        return UNKNOWN_LITERAL if found is None and self._is_open else found

    def _fits(self, told: Told, text: str | None) -> bool:
        if text is None:
            return False
        return not told.spelling or (text != UNKNOWN_LITERAL and _is_spelled(text, told.spelling))

    def _may_fit(self, told: Told, text: str | None) -> bool:
        return text == UNKNOWN_LITERAL or self._fits(told, text)

    def _add(self, place: PlaceId | None, prefix: str) -> None:
        """Count the items of a dictionary among the arguments."""
        self._count(None if place is None else _items_of(self._scope, place), prefix)

    def _count(self, items: Items | None, prefix: str) -> None:
        if items is None:
            self._is_open = True
            return
        for name, text in items.items():
            if not name:
                self._is_open = True
            elif name.startswith(prefix):
                self._items.setdefault(name.removeprefix(prefix), bare_text(text) if prefix else text)


def is_no_pool(arguments: Arguments, pool: PoolModel) -> bool:
    """Whether the arguments say that this is no pool: a class that is given by name and not known may be one of those that are none."""
    return any(arguments.may_say(group) if all(told.position is None for told in group) else arguments.says(group) for group in pool.none)


def _items_of(scope: ScopeTypes, place: PlaceId) -> Items | None:
    """The items of the dictionary that a place holds; `None` if it is not known, or changed on the way."""
    for there, at in sources_of(scope, place):
        if _is_changed(there, at):
            return None
        literals = there.graph.literals.get(at)
        if literals is not None:
            return {bare_text(name): text for name, text in literals.items()}
        node = there.producer.get(at)
        if node is not None and there.call(node).name == _DICT:
            return _of_dict(there, there.call(node))
        if at in there.graph.empty_displays:
            return {}
    return None


def _of_dict(scope: ScopeTypes, info: CallInfo) -> Items | None:
    """The items of `dict(max_overflow=-1)`, `dict(DEFAULTS, max_overflow=-1)`."""
    items: Items = {}
    for argument in info.event.arguments:
        if argument.key == 0:
            others = _items_of(scope, argument.value) if argument.value is not None else None
            if others is None:
                return None
            items.update(others)
            continue
        if not isinstance(argument.key, str) or argument.key in ("*", "**"):
            return None
        text = constant_text(scope, argument.value) if argument.value is not None else None
        items[argument.key] = UNKNOWN_LITERAL if text is None else text
    return items


def _is_changed(scope: ScopeTypes, place: PlaceId) -> bool:
    """Whether a dictionary gets items, or loses some, after it was made."""
    for event in scope.graph.events:
        match event:
            case ev.Store(ev.StoreKind.SUBSCRIPT, base, _, _, _) if base == place:
                return True
            case ev.Call(callee, _, _, _, _, _) if callee.receiver == place and callee.method not in _READING:
                return True
    return False


def _is_spelled(text: str, spelling: str) -> bool:
    """Whether a text is what the pattern says; numbers are compared as such."""
    try:
        return float(text) == float(spelling)
    except ValueError:
        return fnmatchcase(bare_text(text), spelling)
