"""The text of a program while it is made: lists of lines, indented as deep as their block."""

from __future__ import annotations

JUMPS = ("return", "raise", "break", "continue", "sys.exit(1)")


def indented(lines: list[str]) -> list[str]:
    """The lines, one level deeper."""
    return [f"    {line}" for line in lines]


def jumps(lines: list[str]) -> bool:
    """The block cannot be left at its end."""
    return bool(lines) and lines[-1].split()[0] in JUMPS
