"""What inference asks of the project around a module: the other modules, and what names of theirs mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from unclosed.infer.values import Value

if TYPE_CHECKING:
    from unclosed.infer.types import ModuleTypes


class Modules(Protocol):
    """The other modules of the project."""

    def named(self, qualified: str, importer: ModuleTypes) -> Value | None:
        """What a qualified name (relative ones with their dots) names inside the project; `None` if it is not of the project."""

    def types(self, module: str) -> ModuleTypes | None:
        """The types of a module of the project."""

    def is_exported(self, module: str, name: str, importer: ModuleTypes) -> bool:
        """Whether a star import of a module of the project brings a name."""

    def submodule(self, package: str, name: str) -> Value | None:
        """A module of a package of the project."""

    def own_name(self, module: str, dotted: str) -> str | None:
        """The name under which the user's models describe a definition of a module; `None`: they do not."""

    def sets(self, module: str, names: frozenset[str]) -> bool:
        """Whether a text of the project around a module assigns or calls one of these names."""

    def is_bearing(self, module: str) -> bool:
        """Whether resources can come from a module of the project."""
