"""A click group whose subgroups are imported when somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

__all__ = ["Late", "LazyGroup"]


@dataclass(frozen=True, slots=True)
class Late:
    """Where a command lives.

    Parameters
    ----------
    module : str
        Its module.
    name : str
        Its name there.
    short_help : str
        Its line in the list of commands, so that listing imports nothing.
    """

    module: str
    name: str
    short_help: str


class LazyGroup(click.Group):
    """A group that knows some of its commands by name only.

    Parameters
    ----------
    late : mapping of str to Late
        By the name on the command line.
    """

    def __init__(self, *args: Any, late: Mapping[str, Late], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late = dict(late)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, imported if it is late."""
        late = self._late.get(cmd_name)
        if late is None:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(late.module), late.name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; a late one is listed by the line that is known of it."""
        room = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        rows = []
        for name in self.list_commands(ctx):
            late = self._late.get(name)
            if late is not None:
                rows.append((name, late.short_help))
            elif (command := super().get_command(ctx, name)) is not None and not command.hidden:
                rows.append((name, command.get_short_help_str(room)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
