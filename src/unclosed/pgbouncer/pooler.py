"""The pooler that one `pgbouncer.ini` describes: what holds for whom, with PgBouncer's defaults where nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.pgbouncer.ini import DATABASES, USERS, Entry, Ini, Setting
from unclosed.pgbouncer.known import Version, knowledge

WILDCARD = "*"
TRANSACTION, SESSION, STATEMENT = "transaction", "session", "statement"


@dataclass(frozen=True, slots=True)
class Pooler:
    """One pooler. `path` is that of its file; `version`: `None` if nothing says which PgBouncer reads it."""

    path: str
    ini: Ini
    version: Version | None = None

    def text(self, name: str, *entries: Entry | None) -> str | None:
        """What holds for the setting: the first of these entries that says it, else the general one, else the default.

        `None`: this version has no such setting, or a file that might say it cannot be read.
        """
        said = self.said(name, *entries)
        if said is not None:
            return said.value
        return knowledge().settings[name].default_in(self.version) if self.ini.is_whole else None

    def said(self, name: str, *entries: Entry | None) -> Setting | None:
        """Where that is written; `None`: nowhere."""
        for entry in entries:
            found = next((setting for setting in entry.settings if setting.name == name), None) if entry is not None else None
            if found is not None:
                return found
        return self.ini.settings.get(name)

    def number(self, name: str, *entries: Entry | None) -> float | None:
        """The number that holds for the setting; `None` if it is not known, `${TIMEOUT}`."""
        text = self.text(name, *entries)
        return None if text is None else as_number(text)

    def database(self, name: str) -> Entry | None:
        """The entry of a database: its own, or the one for all others."""
        return self.ini.entries.get((DATABASES, name)) or self.ini.entries.get((DATABASES, WILDCARD))

    def modes(self, database: str = "") -> frozenset[str]:
        """The pool modes that clients of a database may have, of any if none is named; empty where that is not known."""
        users: list[Entry | None] = [None, *(user for user in self.ini.of(USERS) if any(s.name == "pool_mode" for s in user.settings))]
        entries: list[Entry | None] = [self.database(database)] if database else [*self.ini.of(DATABASES)] or [None]
        found = [self.text("pool_mode", user, entry) for user in users for entry in entries]
        return frozenset(mode.lower() for mode in found if mode is not None) if None not in found else frozenset()

    def unsteady(self) -> Setting | None:
        """The first setting that takes server connections away between transactions; `None` if none does."""
        inner = [setting for entry in self.ini.entries.values() for setting in entry.settings]
        said = [setting for setting in (*self.ini.settings.values(), *inner) if setting.name == "pool_mode"]
        return next((setting for setting in said if setting.value.lower() in (TRANSACTION, STATEMENT)), None)

    def tracked(self) -> frozenset[str]:
        """The parameters that it sets again for each client, besides those that it always does, in lower case."""
        extra = self.ini.settings.get("track_extra_parameters")
        return frozenset(name.strip().lower() for name in extra.value.split(",")) if extra is not None else frozenset()

    def port(self) -> str | None:
        """The port on which it listens; `None` if that is not known."""
        text = self.text("listen_port")
        return text if text is not None and text.isdecimal() else None

    def keeps_statements(self) -> bool | None:
        """Whether clients find their prepared statements again on whatever server connection they get; `None`: not known."""
        if self.version is not None and self.version < knowledge().settings["max_prepared_statements"].since:
            return False
        number = self.number("max_prepared_statements")
        return None if number is None else number > 0

    def pools(self) -> Iterator[tuple[Entry, float]]:
        """The pools that are sure to be served, one for each database, with their sizes as far as they are known.

        The entry for all other databases counts only where it is the only one. Further users would have further pools, and a user's size
        goes before a database's (PgBouncer 1.25, src/server.c), so the smallest counts.
        """
        entries = list(self.ini.of(DATABASES))
        users = [as_number(s.value) or 0 for user in self.ini.of(USERS) for s in user.settings if s.name == "pool_size"]
        for entry in entries:
            own = next((setting.value for setting in entry.settings if setting.name == "pool_size"), None)
            size = self.number("default_pool_size") if own is None else as_number(own)
            limit = self.number("max_db_connections", entry)
            if size is not None and size > 0 and (entry.name != WILDCARD or len(entries) == 1):
                yield entry, min([size, *users, *([limit] if limit else [])])


def as_number(text: str) -> float | None:
    """The number that a value is; `None` for any other text."""
    try:
        return float(text)
    except ValueError:
        return None
