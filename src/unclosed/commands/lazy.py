"""Commands that are loaded when they are run: start-up is most of what a check of a few files costs."""

from __future__ import annotations

import importlib

import click


class LazyGroup(click.Group):
    """A group that knows some of its commands by where they stand: `{"clean": "unclosed.commands.clean:clean"}`."""

    def __init__(self, *arguments: object, elsewhere: dict[str, str], **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # click's own, handed through
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._elsewhere})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with this name, loaded now if it stands elsewhere."""
        if cmd_name not in self._elsewhere:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._elsewhere[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), name)
        assert isinstance(found, click.Command)
        return found
