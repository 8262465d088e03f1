"""The `nexus` command line: its commands, global options, and how it ends when it cannot go on.

A command's module is imported when it is run. For the help that is every one, so they import
nothing heavy: what a command needs of Pulumi, the graph or the pictures is imported inside its
function.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any, cast, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from catalog.errors import InputError
from nexus.cli.output import say
from nexus.cli.session import Session

COMMANDS: Mapping[str, str] = {
    "check": "check:command",
    "diff": "diff:command",
    "graph": "graph:command",
    "impact": "impact:command",
    "import": "import_:command",
    "init": "init:command",
    "monitoring": "monitoring:command",
    "plan": "plan:command",
    "preview": "update:preview",
    "reach": "reach:command",
    "rehearse": "rehearse:command",
    "release": "release:command",
    "repair": "repair:command",
    "schedule": "schedule:command",
    "schema": "generated:schema",
    "settings": "generated:settings",
    "snapshot": "snapshot:command",
    "state": "state:command",
    "task": "task:command",
    "up": "update:up",
    "why": "why:command",
}
"""The function of each command, by its module here; in the order of the help."""

HIDDEN = ("schema", "settings")
"""For who changes this project, not for who uses it."""

UNKNOWN = "(version unknown)"

PROJECT_OPTION = "--project"

BAD_INPUT = 2
"""Exit code when something the user gave is wrong."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class Command(TyperCommand):
    """A command whose formats people write as options of their own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Says how a format is written, to whoever writes `--json`."""
        formats = get_args(get_type_hints(self.callback).get("format_"))
        for arg in args[: args.index("--")] if "--" in args else args:
            option = arg.partition("=")[0]
            if option in {f"--{name}" for name in formats}:
                ctx.fail(
                    f"There is no option '{option}'; write '--format {option.removeprefix('--')}', "
                    "and '--output FILE' for a file."
                )
        return super().parse_args(ctx, args)


class Commands(TyperGroup):
    """The group of all commands: reads options where people write them, tells errors in words."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """The command of this name, made of its function now: all would take 20 ms of every run."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        function = resolve_name(f"nexus.cli.{COMMANDS[cmd_name]}")
        single.command(name=cmd_name, cls=Command, hidden=cmd_name in HIDDEN)(function)
        return cast("TyperCommand", typer.main.get_command(single))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes `--project DIR` behind the command as well as before it."""
        return super().parse_args(ctx, _project_first(args))

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs a command; what the user can correct ends as sentences and exit code 2."""
        for stream in (sys.stdout, sys.stderr):
            # Arrows and dashes must not end a command in a terminal that has no such letters.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="replace")
        try:
            return super().main(*args, **options)
        except InputError as error:
            say(str(error))
            raise SystemExit(BAD_INPUT) from error
        except OSError as error:
            if error.errno not in _NO_ROOM:
                # Typer ends quietly where a reader has seen enough, as `head` has.
                raise
            # The interpreter would fail once more on what is left in the buffer.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            say(f"Cannot write the output ({error.strerror}); make room for it.")
            raise SystemExit(BAD_INPUT) from error


app = typer.Typer(
    cls=Commands,
    name="nexus",
    # Tracebacks and help as plain text: importing rich would take longer than most commands.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version(pyproject: Path = Path(__file__).parents[2] / "pyproject.toml") -> str:
    """The version of the installed package; from a checkout, the one `pyproject` declares."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nexus-cos")
    except PackageNotFoundError:
        import tomllib

        try:
            return str(tomllib.loads(pyproject.read_text())["project"]["version"])
        except (OSError, KeyError, ValueError):
            return UNKNOWN


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nexus {version()}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    project: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the project; the current one by default."),
    ] = Path(),
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Infrastructure of the Nexus COS platform, generated from its service catalog.

    Exit codes: 0 done, 2 when something you gave is wrong (the catalog, an
    option, a file); what and how to fix it is on standard error.
    """
    context.obj = Session(project)


def run() -> None:
    """The entry point of the installed command."""
    app(prog_name="nexus")


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
