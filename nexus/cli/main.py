"""The `nexus` command line: global options, and commands that are imported when they are run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nexus.cli.commands import Commands
from nexus.cli.session import Session

UNKNOWN = "(version unknown)"

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
