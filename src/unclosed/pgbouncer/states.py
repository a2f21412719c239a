"""Which statements leave something in the session of a server connection: the data of `session_state.toml`, read once."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from unclosed.toml_text import parse_toml

STATES = Path(__file__).parent / "session_state.toml"
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class State:
    """One sort of statement. `what` it is and what to use `instead`, for messages; `undone_by`: what takes it back, `None`: nothing."""

    pattern: re.Pattern[str]
    what: str
    instead: str
    undone_by: re.Pattern[str] | None
    needs_tail: bool
    """What makes it harmless may stand at its end."""

    def fits(self, statement: str, tracked: frozenset[str]) -> bool:
        """Whether a statement is of this sort, and sets none of the parameters that the pooler sets again for each client."""
        match = self.pattern.match(statement)
        if match is None:
            return False
        name = match.groupdict().get("name")
        return name is None or name.strip('"').lower() not in tracked


@functools.cache
def states() -> tuple[State, ...]:
    """All sorts of statements, in the order of the file."""
    tables = parse_toml(STATES.read_text(encoding="utf-8"), str(STATES))
    rows = tables["states"]
    assert isinstance(rows, list)
    return tuple(_state(row) for row in rows)


@functools.cache
def tracked_names() -> frozenset[str]:
    """The parameters that every PgBouncer sets again for each client, in lower case."""
    tracked = parse_toml(STATES.read_text(encoding="utf-8"), str(STATES))["tracked"]
    assert isinstance(tracked, dict)
    return frozenset(tracked["names"])


def statements(sql: str) -> tuple[str, ...]:
    """The statements of a text, without comments and without spaces at their ends. Approximation: a semicolon in a string parts too."""
    plain = _COMMENTS.sub(" ", sql.replace("\\n", "\n").replace("\\t", "\t"))
    return tuple(part.strip() for part in plain.split(";") if part.strip())


def _state(row: dict[str, object]) -> State:
    undone = row.get("undone_by")
    return State(
        pattern=_compiled(row["pattern"]),
        what=str(row["what"]),
        instead=str(row["instead"]),
        undone_by=None if undone is None else _compiled(undone),
        needs_tail=row.get("tail") is True,
    )


def _compiled(pattern: object) -> re.Pattern[str]:
    return re.compile(str(pattern), re.IGNORECASE | re.DOTALL)
