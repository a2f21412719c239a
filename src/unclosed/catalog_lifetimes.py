"""What the model files say of functions that run once: how programs, frameworks and tests call and mark them.

Patterns are compared in lower case. A decorator is its dotted name, with the text that it is given first, if any: `app.on_event.startup`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase


class LifetimeWords:
    """The words of all model files together."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._lists = {key: tuple(pattern.lower() for pattern in patterns) for key, patterns in lists.items()}

    def caches(self, decorator: str) -> bool:
        """True if a function with this decorator runs once and its value is kept."""
        return self._fits("caching_names", decorator.rpartition(".")[2])

    def names_program(self, function: str) -> bool:
        """True if a function of this name is what a program runs."""
        return self._fits("program_names", function)

    def is_command(self, decorator: str) -> bool:
        """True if the decorator makes a function a command of a program."""
        return self._fits("program_decorators", decorator)

    def is_program_method(self, method: str) -> bool:
        """True if a method (base class and name, `BaseCommand.handle`) is what a program runs."""
        return self._fits("program_methods", method)

    def is_startup_method(self, method: str) -> bool:
        """True if a method (base class and name, `AppConfig.ready`) runs when an application starts."""
        return self._fits("startup_methods", method)

    def names_startup(self, function: str) -> bool:
        """True if a function of this name runs when an application starts."""
        return self._fits("startup_names", function)

    def is_startup(self, decorator: str) -> bool:
        """True if the decorator registers what runs when an application or a worker starts."""
        return self._fits("startup_decorators", decorator)

    def has_shutdown(self, decorator: str) -> bool:
        """True if what starts in this way has a hook of the same sort that ends it."""
        return self._fits("paired_startups", decorator)

    def names_set_up(self, function: str) -> bool:
        """True if a function of this name prepares a test."""
        return self._fits("set_up_names", function)

    def registers(self, text: str, function: str) -> bool:
        """True if a text registers a function of this name as what runs at the start: `on_startup=[connect]`."""
        return self._registers("startup_words", text, function)

    def registers_paired(self, text: str, function: str) -> bool:
        """True if a text registers a function of this name for a start that has a hook of the same sort for the end."""
        return self._registers("paired_words", text, function)

    def _registers(self, key: str, text: str, function: str) -> bool:
        words = "|".join(map(re.escape, self._lists.get(key, ())))
        if not words or function not in text:
            return False
        name = rf"(?:\w+\.)*{re.escape(function)}\b"
        before = rf"\b(?:{words})(?:[\"']\s*,|=|\.\w+\(|\()\s*\[?\s*(?:[\w.]+\s*,\s*)*{name}(?!\s*[(=])"
        after = rf"\(\s*{name}\s*,\s*(?:\w+\s*=\s*)?[\"'](?:{words})[\"']"  # `app.register_listener(connect, "before_server_start")`
        return any(re.search(pattern, text, re.IGNORECASE) is not None for pattern in (before, after))

    def _fits(self, key: str, name: str) -> bool:
        return any(fnmatchcase(name.lower(), pattern) for pattern in self._lists.get(key, ()))
