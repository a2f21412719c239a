"""Which functions run once in the life of a process, and which when an application starts.

    if __name__ == "__main__":
        main()                  # main() runs once, and so does what only it and the module itself call

Names, decorators and registrations come from the catalog. Where somebody else calls the function too, it runs per call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.facts import MODULE_BODY, Decorator, FunctionFacts, Scope

if TYPE_CHECKING:
    from unclosed.analysis.summaries import Summaries

_HOPS = 6
_TEST_FILES = ("test_*.py", "*_test.py", "tests.py", "conftest.py")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_STRING = re.compile(r"\(\s*[rbfuRBFU]?([\"'])(\w+)\1")


class Lifetimes:
    """Answers how often the functions of a program run."""

    def __init__(self, summaries: Summaries) -> None:
        self._summaries = summaries
        self._once: dict[tuple[str, int], bool] = {}

    def runs_once(self, scope: ScopeTypes, hops: int = _HOPS) -> bool:
        """Whether a function runs once in a process, in a test, or so that its value is kept."""
        key = scope.module.name, int(scope.facts.id)
        if key not in self._once:
            if hops == 0:
                return False
            self._once[key] = False  # for a function that calls itself
            self._once[key] = self._is_once(scope, hops)
        return self._once[key]

    def is_startup(self, scope: ScopeTypes) -> bool:
        """Whether a function runs when an application or a worker starts."""
        words = scope.catalog.lifetimes
        if any(words.is_startup(name) for name in _decorators(scope)) or words.names_startup(_last(scope.facts)):
            return True
        if any(words.is_startup_method(name) for name in self._inherited(scope)):
            return True
        if self._summaries.meaning(scope).roles.is_lifespan:
            return True
        return any(words.registers(text, _last(scope.facts)) for text in self._summaries.project_texts(scope.module.name))

    def has_shutdown(self, scope: ScopeTypes) -> bool:
        """Whether a start-up hook is of a sort that has a counterpart for the end."""
        words, last = scope.catalog.lifetimes, _last(scope.facts)
        if self._summaries.meaning(scope).roles.is_lifespan or any(words.has_shutdown(name) for name in _decorators(scope)):
            return True
        return any(words.registers_paired(text, last) for text in self._summaries.project_texts(scope.module.name))

    def _is_once(self, scope: ScopeTypes, hops: int) -> bool:
        facts, words = scope.facts, scope.catalog.lifetimes
        if self._is_of_test(scope) or self.is_startup(scope):
            return True
        names = list(_decorators(scope))
        if any(words.caches(name) or words.is_command(name) for name in names):
            return True
        if any(words.is_program_method(name) for name in self._inherited(scope)):
            return True
        outer = scope.module.facts.functions[facts.outer] if facts.outer is not None else None
        if outer is not None and outer.scope is Scope.FUNCTION:
            return self._is_used_once(scope, hops, scope.module.scope(outer.id))
        if facts.owner:
            return False
        is_program = words.names_program(facts.name) or self._is_entry_point(scope)
        return self._is_used_once(scope, hops, None, is_program=is_program)

    def _is_of_test(self, scope: ScopeTypes) -> bool:
        path, name, words = PurePath(scope.module.name), _last(scope.facts), scope.catalog.lifetimes
        if scope.catalog.names_test(name) or words.names_set_up(name) or any(fnmatchcase(path.name, p) for p in _TEST_FILES):
            return True
        if any(scope.catalog.resumes_always(name) for name in _decorators(scope)):
            return True
        root = self._summaries.project_root(scope.module.name)
        inside = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
        return not _TEST_FOLDERS.isdisjoint(inside)

    def _inherited(self, scope: ScopeTypes) -> Iterator[str]:
        """A method by the names of its class's bases: `BaseCommand.handle`."""
        facts = scope.facts
        for home, owner in self._summaries.owners.lineage(scope.module, facts.owner) if facts.owner else ():
            class_facts = home.facts.classes.get(owner)
            for base in class_facts.bases if class_facts is not None else ():
                yield f"{base.rpartition('.')[2]}.{_last(facts)}"

    def _is_entry_point(self, scope: ScopeTypes) -> bool:
        """Whether the project's settings name the function as a command: `tool = "shop.cli:run"`."""
        path, root = PurePath(scope.module.name), self._summaries.project_root(scope.module.name)
        module = path.parent.name if path.stem == "__init__" else path.stem
        pattern = re.compile(rf"\b{re.escape(module)}:{re.escape(scope.facts.name)}\b")
        return any(pattern.search(_read(root / name)) for name in ("pyproject.toml", "setup.cfg", "setup.py"))

    # Uses

    def _is_used_once(self, scope: ScopeTypes, hops: int, outer: ScopeTypes | None, *, is_program: bool = False) -> bool:
        """Whether the function is called, and only by what runs once itself. `is_program`: the program calls it."""
        is_used = is_program
        for user, is_call in _uses(scope.module, scope.facts):
            if user is scope:
                continue
            is_once = user.facts.id == MODULE_BODY or (user.facts.scope is Scope.FUNCTION and self.runs_once(user, hops - 1))
            if not (is_call and is_once):
                return False
            is_used = True
        return is_used and (outer is not None or not self._is_used_elsewhere(scope))

    def _is_used_elsewhere(self, scope: ScopeTypes) -> bool:
        """Whether another module of the project names the function."""
        path, name = PurePath(scope.module.name), scope.facts.name
        module = path.parent.name if path.stem == "__init__" else path.stem
        wanted = Value(Sort.DEFINITION, name, scope.module.name)
        for other in self._summaries.modules_with(scope.module.name, (module, name)):
            if other.name != scope.module.name and any(_names(other, facts, wanted) for facts in other.facts.functions):
                return True
        return False


def _last(facts: FunctionFacts) -> str:
    return facts.name.rpartition(".")[2]


def _decorators(scope: ScopeTypes) -> Iterator[str]:
    """The decorators of a function by their names, with the text that they are given first: `app.on_event.startup`."""
    outer = scope.module.scope(scope.facts.outer if scope.facts.outer is not None else scope.facts.id)
    for decorator in scope.facts.decorators:
        value = outer.named(decorator.name) if decorator.name else None
        if value is not None and value.sort is Sort.NAME and value.name:
            yield value.name
        yield _with_text(decorator)


def _with_text(decorator: Decorator) -> str:
    match = _STRING.search(decorator.text)
    return f"{decorator.name}.{match[2]}" if match is not None else decorator.name


def _uses(types: ModuleTypes, wanted: FunctionFacts) -> Iterator[tuple[ScopeTypes, bool]]:
    """The scopes of a module that mention one of its functions, each with whether they call it there."""
    value = Value(Sort.DEFINITION, wanted.name, types.name)
    for facts in types.facts.functions:
        place = facts.graph.places.find(ev.Local(_last(wanted)))
        scope = types.scope(facts.id)
        if place is None or not _is(scope.value(place), value):
            continue
        for event in facts.graph.events:
            if isinstance(event, ev.Call) and event.callee.place == place:
                yield scope, True
            elif _mentions(event, place):
                yield scope, False


def _mentions(event: ev.Event, place: PlaceId) -> bool:
    match event:
        case ev.Call(_, arguments, _, _, _, _):
            return any(argument.value == place for argument in arguments)
        case ev.Bind(_, value, _) | ev.Store(_, _, _, value, _) | ev.Yield(value, _, _, _):
            return value == place
    return False


def _names(types: ModuleTypes, facts: FunctionFacts, wanted: Value) -> bool:
    """Whether a scope of another module names a definition, by an import or as an attribute of its module."""
    scope, last = types.scope(facts.id), wanted.name.rpartition(".")[2]
    for place, key in enumerate(facts.graph.places.keys):
        if isinstance(key, ev.Imported) and key.name.rpartition(".")[2] == last and _is(types.named(key.name), wanted):
            return True
        if isinstance(key, ev.Attribute) and key.name == last and _is(scope.value(PlaceId(place)), wanted):
            return True
    return False


def _is(value: Value | None, wanted: Value) -> bool:
    return value is not None and (value.sort, value.name, value.module) == (wanted.sort, wanted.name, wanted.module)


def _read(path: PurePath) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
