"""Which method a call runs when the receiver may be an instance of a subclass: the one that is named, or one that overrides it.

    def use(plugin: Plugin):
        conn = plugin.open()          Plugin.open, or that of any subclass in the project
        plugin.finish(conn)           released if one of them releases: the others are for receivers that need no release

A receiver that this project is seen to make (`plugin = Plugin()`) has that class and no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from unclosed.analysis.targets import Target
from unclosed.analysis.transfer import Effect
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ModuleTypes
from unclosed.infer.values import Sort, Value
from unclosed.project.program import Program

MAX_FILES = 16
"""Files that are parsed in search of the subclasses of one class; where more of them may hold one, nothing is known."""
ClassOf = tuple[ModuleTypes, str]
"""A class of the project: its module and its dotted name there."""
Lineage = Callable[[ModuleTypes, str], Iterator[ClassOf]]
"""A class and its bases inside the project."""


class Overriding:
    """The subclasses of a program's classes, and the methods that they override."""

    def __init__(self, program: Program, lineage: Lineage) -> None:
        self._program, self._lineage = program, lineage
        self._kept: dict[tuple[str, str, str], Subclasses | None] = {}

    def alternatives(self, target: Target, info: CallInfo) -> Iterator[CallInfo] | None:
        """The calls that a call may be, one for each method that can run; none where only one can, `None` where that is not known.

        An abstract method is no alternative. Files are parsed as far as the answer is read.
        """
        receiver = info.receiver
        if receiver is None or receiver.sort is not Sort.OBJECT or not receiver.broad or info.is_class:
            return iter(())
        types, method = self._program.types(receiver.module), target.facts.name.rpartition(".")[2]
        subclasses = self.subclasses(types, receiver.name, rf"\bdef[ \t]+{re.escape(method)}\b") if types is not None else ()
        return None if subclasses is None else self._methods(target, replace(info, receiver=receiver._replace(broad=False)), subclasses)

    def implementations(self, target: Target, info: CallInfo) -> Iterator[CallInfo]:
        """The calls that a call of an abstract method may be; none where they are not known."""
        found = self.alternatives(target, info) if target.facts.only_raises else None
        return iter(()) if found is None else found

    def _methods(self, target: Target, exact: CallInfo, subclasses: Iterable[ClassOf]) -> Iterator[CallInfo]:
        method = target.facts.name.rpartition(".")[2]
        own: tuple[Target, ...] = (target,)
        for home, name in subclasses:
            facts = home.function(f"{name}.{method}")
            if facts is not None:
                runnable = [each for each in (*own, Target(home, facts)) if not each.facts.only_raises]
                yield from (replace(exact, target=Value(Sort.DEFINITION, each.facts.name, each.types.name)) for each in runnable)
                own = ()

    def subclasses(self, types: ModuleTypes, owner: str, mentioning: str) -> Subclasses | None:
        """The subclasses of a class, however far, in files whose text fits the pattern `mentioning`: only those are parsed.

        `None`: there may be some in more than `MAX_FILES` files.
        """
        key = (types.name, owner, mentioning)
        if key not in self._kept:
            below = self._program.classes_below(types.name, owner.rpartition(".")[2])
            paths = {path for path, _ in below if re.search(mentioning, self._program.text(path))}
            found = self._verified(types, owner, [each for each in below if each[0] in paths])
            self._kept[key] = Subclasses(found) if len(paths) <= MAX_FILES else None
        return self._kept[key]

    def _verified(self, types: ModuleTypes, owner: str, candidates: list[tuple[Path, str]]) -> Iterator[ClassOf]:
        for path, last in candidates:
            home = self._program.types(str(path))
            for name in home.facts.classes if home is not None else ():
                is_other = home is not None and name.rpartition(".")[2] == last and (home, name) != (types, owner)
                if home is not None and is_other and (types, owner) in self._lineage(home, name):
                    yield home, name


class Subclasses:
    """The subclasses of one class, found as they are read and kept."""

    def __init__(self, found: Iterator[ClassOf]) -> None:
        self._left, self._found = found, list[ClassOf]()

    def __iter__(self) -> Iterator[ClassOf]:
        at = 0
        while True:
            if at == len(self._found):
                following = next(self._left, None)
                if following is None:
                    return
                self._found.append(following)
            yield self._found[at]
            at += 1


def joined_effect(found: list[Effect]) -> Effect:
    """What any of several methods does with an argument: what one of them does counts (missed alarms only)."""
    order = (Effect.RELEASES, Effect.MAY_RELEASE, Effect.KEEPS, Effect.RETURNS, Effect.UNKNOWN)
    return next((effect for effect in order if effect in found), Effect.BORROWS)
