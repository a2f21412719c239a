"""The lowest Python of a `requires-python`."""

from __future__ import annotations

import pytest

from unclosed.python_versions import lowest_python


@pytest.mark.parametrize(
    ("specifiers", "lowest"),
    [
        (">=3.9", (3, 9)),
        (">= 3.10, < 4", (3, 10)),
        ("<4,>=3.8.1", (3, 8)),
        (">=3.9,!=3.9.*,!=3.10.*", (3, 11)),
        (">=3.9,!=3.9.1", (3, 9)),
        ("~=3.11", (3, 11)),
        ("==3.12.*", (3, 12)),
        ("===3.12.4", (3, 12)),
        (">3.9", (3, 9)),
        (">=3", (3, 0)),
        (">=3.8,>=3.10", (3, 10)),
        ("<3.12", None),
        ("!=3.9.*", None),
        ("", None),
        ("^3.9", None),
        (">=3.9 or so", None),
        (">=three", None),
    ],
)
def test_lowest_version_is_read_as_pep_440_writes_it(specifiers: str, lowest: tuple[int, int] | None) -> None:
    """No lower bound, or a text that is none, gives no version."""
    assert lowest_python(specifiers) == lowest
