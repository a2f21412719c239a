"""Positions that are there when they are asked for: a module whose facts were kept has no tree, and most never need one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans


def deferred(make: Callable[[], Spans]) -> Spans:
    """Spans that are made, once, when the first of them is asked for."""
    return cast("Spans", _Deferred(make))


class _Deferred:
    """Stands for the spans."""

    def __init__(self, make: Callable[[], Spans]) -> None:
        self._make = make
        self._made: Spans | None = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)
