"""How sure a finding is.

*certain*: every type was resolved. *likely*: one step rests on a naming convention or on an unresolved call that borrows
the resource. *possible*: more than that is guessed. A chain of conclusions is as sure as its weakest link: `min`.
"""

from __future__ import annotations

import enum


class Confidence(enum.IntEnum):
    """Three degrees, ordered: `POSSIBLE < LIKELY < CERTAIN`."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def label(self) -> str:
        """The word that the user reads and writes: `certain`, `likely` or `possible`."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Confidence:
        """The degree with this label; raises `KeyError` for any other text."""
        return cls[label.upper()]
