"""What the head of a class says of its instances: that others may share them, that methods are inherited of which nothing is known.

    class Shared(requests.Session, metaclass=Singleton): ...

    session = Shared()               nobody who calls it owns what it gives

Which metaclasses, unlike this one, make a new instance at each call is a list in the catalog; of any other it is not known (missed
alarms only).
"""

from __future__ import annotations

from collections.abc import Iterable

from unclosed.infer.types import MAX_HOPS, ModuleTypes
from unclosed.infer.values import Sort
from unclosed.lowering.facts import MODULE_BODY

_METHODLESS = frozenset({"builtins", "abc", "typing", "typing_extensions"})
"""Modules whose classes have no methods that do anything with what a subclass keeps."""


def may_give_shared_instances(lineage: Iterable[tuple[ModuleTypes, str]]) -> bool:
    """Whether a class, given with its bases in the project, has a metaclass that may keep its instances."""
    return any(_has_own_metaclass(types, name) for types, name in lineage)


def _has_own_metaclass(types: ModuleTypes, owner: str) -> bool:
    facts = types.facts.classes.get(owner)
    if facts is None or not facts.metaclass:
        return False
    outer = types.facts.functions[facts.body].outer
    value = types.scope(outer if outer is not None else MODULE_BODY).named(facts.metaclass)
    return value is None or value.sort is not Sort.NAME or not types.catalog.is_plain_metaclass(value.name)


def has_unknown_base(types: ModuleTypes, owner: str, hops: int = MAX_HOPS) -> bool:
    """Whether a class extends, perhaps by way of others, a class whose methods are not known."""
    for base in types.base_values(owner):
        if base is None or base.sort not in (Sort.NAME, Sort.DEFINITION):
            return True
        if base.sort is Sort.NAME and base.name.partition(".")[0] not in _METHODLESS and types.catalog.type(base.name) is None:
            return True
        home = types.home_of(base)
        if base.sort is Sort.DEFINITION and hops > 0 and (home is None or has_unknown_base(home, base.name, hops - 1)):
            return True
    return False
