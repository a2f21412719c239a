"""Colour, only where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import click


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

    def _styled(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if self.colour else text
