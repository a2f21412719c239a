"""The keys of `[tool.unclosed]`, each with its shape and what it is for: the one list behind reading, help, listing and schema.

A *shape* says which values a key takes. A key that *adds* joins what several places say (a file, the file that it extends, an option);
of any other key the nearest place counts alone.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Shape(enum.Enum):
    """Which values a key takes."""

    FILE = "the path of a file"
    CODES = "a list of codes or prefixes of codes"
    CODES_BY_PATTERN = "a table of patterns with lists of codes"
    PATTERNS = "a list of patterns"
    CONFIDENCE = "a degree of confidence"
    FORMAT = "an output format"
    SECONDS = "a number of seconds"
    OWN = "a table of the project's own classes"
    MODELS = "a table of library models"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `summary` is a sentence for an editor's completion, `flake8` how flake8's own configuration says the same."""

    name: str
    shape: Shape
    summary: str
    flake8: str = ""
    adds: bool = False


KEYS = (
    Key("extend", Shape.FILE, "Another TOML file with a [tool.unclosed] table, which holds where this one says nothing; relative to this."),
    Key("select", Shape.CODES, "Run these rules alone: codes, or prefixes such as UNC1.", "select"),
    Key("extend-select", Shape.CODES, "Run these rules too.", "extend-select", adds=True),
    Key("ignore", Shape.CODES, "Do not run these rules.", "extend-ignore"),
    Key("per-file-ignores", Shape.CODES_BY_PATTERN, "Rules that are not reported in files that match a pattern.", "per-file-ignores"),
    Key("exclude", Shape.PATTERNS, "Leave these paths out, instead of the default ones; patterns as in .gitignore.", "exclude"),
    Key("extend-exclude", Shape.PATTERNS, "Leave these paths out too; patterns as in .gitignore.", "extend-exclude", adds=True),
    Key("min-confidence", Shape.CONFIDENCE, "Show nothing that is less sure.", "unclosed-min-confidence"),
    Key("baseline", Shape.FILE, "The file of known findings, which are not reported; relative to this file."),
    Key("output-format", Shape.FORMAT, "How findings are printed."),
    Key("slow-io-seconds", Shape.SECONDS, "From which time limit on I/O is slow; 0: any that has a limit.", "unclosed-slow-io-seconds"),
    Key("pools", Shape.OWN, "The project's own pools: what lends a connection, and what takes it back.", adds=True),
    Key("connections", Shape.OWN, "The project's own connections: what makes one, and what releases it.", adds=True),
    Key("sessions", Shape.OWN, "The project's own sessions: what makes one, and what releases it.", adds=True),
    Key("clients", Shape.OWN, "The project's own clients: what makes one, and what releases it.", adds=True),
    Key("models", Shape.MODELS, "Models of libraries in full, as docs/models.md describes them.", adds=True),
)
"""In the order in which a person would write them."""

NAMES = tuple(key.name for key in KEYS)
