"""The commands of `nexus`, and how each of them ends when it cannot go on."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

MODULES: Mapping[str, str] = {
    "check": "nexus.cli.check",
    "diff": "nexus.cli.diff",
    "graph": "nexus.cli.graph",
    "impact": "nexus.cli.impact",
    "plan": "nexus.cli.plan",
    "reach": "nexus.cli.reach",
    "rehearse": "nexus.cli.rehearse",
    "repair": "nexus.cli.repair",
    "schema": "nexus.cli.schema",
    "settings": "nexus.cli.settings",
    "snapshot": "nexus.cli.snapshot",
}
"""Module of each command. It is imported when the command is run or described, so it imports
nothing heavy itself: a command's own imports stand inside its function.
"""

PROJECT_OPTION = "--project"

FORMAT_OPTIONS = frozenset(
    f"--{name}" for name in ("dot", "json", "markdown", "mermaid", "svg", "terraform", "text")
)
"""What people write in the place of `--format`."""

BAD_INPUT = 2
"""Exit code when something the user gave is wrong."""


class Commands(TyperGroup):
    """The group of all commands: imports them late and turns errors into sentences."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands, in the order of the help."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """The command called `cmd_name`, imported now; None when there is none."""
        del ctx
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(MODULES[cmd_name])
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.command(name=cmd_name, hidden=getattr(module, "HIDDEN", False))(module.command)
        command = typer.main.get_command(single)
        return command if isinstance(command, TyperCommand) else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes `--project DIR` behind the command as well as before it."""
        args = _project_first(args)
        for arg in args[: args.index("--")] if "--" in args else args:
            name = arg.partition("=")[0]
            if name in FORMAT_OPTIONS:
                ctx.fail(
                    f"There is no option '{name}'; write '--format {name.removeprefix('--')}', and "
                    "'--output FILE' for a file."
                )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; what the user can correct ends as sentences and exit code 2."""
        from catalog.errors import InputError

        for stream in (sys.stdout, sys.stderr):
            # Arrows and dashes must not end a command in a terminal that has no such letters.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except InputError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(BAD_INPUT) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            # Of what rich and typer write by themselves: the output, or a temporary folder.
            silence(sys.stdout)
            typer.echo(f"There is no room left to write ({error.strerror}); make some.", err=True)
            raise typer.Exit(BAD_INPUT) from error


def silence(stream: TextIO) -> None:
    """Sends what is left in the stream's buffer nowhere: the interpreter would fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _project_first(args: list[str]) -> list[str]:
    """`args` with every `--project` and its value moved to the front; nothing behind `--`."""
    front: list[str] = []
    rest: list[str] = []
    todo = iter(args)
    for arg in todo:
        if arg == "--":
            rest += [arg, *todo]
        elif arg == PROJECT_OPTION:
            front += [arg, *[value for value in [next(todo, None)] if value is not None]]
        elif arg.startswith(f"{PROJECT_OPTION}="):
            front.append(arg)
        else:
            rest.append(arg)
    return front + rest
