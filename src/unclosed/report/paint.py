"""Colour, only where it is wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

import click


def wants_colour(stream: TextIO) -> bool:
    """Whether what goes there may be coloured: a terminal that can, and nobody has said `NO_COLOR`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours words for a terminal, or leaves them as they are."""

    colour: bool = False

    def path(self, text: str) -> str:
        """The look of a path."""
        return self._styled(text, bold=True)

    def code(self, text: str) -> str:
        """The look of a rule's code."""
        return self._styled(text, fg="red", bold=True)

    def mark(self, text: str) -> str:
        """The look of the carets under the source."""
        return self._styled(text, fg="red")

    def margin(self, text: str) -> str:
        """The look of row numbers and other things at the edge."""
        return self._styled(text, fg="blue")

    def heading(self, text: str) -> str:
        """The look of a heading."""
        return self._styled(text, bold=True)

    def literal(self, text: str) -> str:
        """The look of code inside of prose."""
        return self._styled(text, fg="cyan")

    def _styled(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if self.colour else text
