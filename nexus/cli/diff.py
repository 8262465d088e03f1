"""`nexus diff`: what a change does, before anybody runs it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nexus.cli.output import FORMAT, Output, say, write
from nexus.cli.session import session, stack_option

if TYPE_CHECKING:
    from nexus.diff.report import Report


def command(  # noqa: PLR0917 - typer makes options of them
    context: typer.Context,
    base: Annotated[
        str, typer.Argument(metavar="BASE", help="Git revision, project folder or snapshot.")
    ],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The same, to compare with it.")],
    stacks: Annotated[list[str] | None, stack_option("Only this stack; may be repeated.")] = None,
    format_: Annotated[Literal["terminal", "markdown", "json"], FORMAT] = "terminal",
    output: Output = None,
) -> None:
    """Show what a change does to every stack, without a cluster, an account or a secret.

    BASE and HEAD are git revisions or project folders, which are planned with their
    own code, or files that `nexus snapshot` wrote.

    Exit codes: 0 no changes, 1 a side cannot be planned at all, 2 something you
    gave is wrong, or the report tells of a stack that cannot be planned or read,
    10 changes, 11 dangerous changes.
    """
    from nexus.diff.report import make_report
    from nexus.diff.revisions import PlanningError, read_sides

    try:
        sides = read_sides(session(context).project, base, head, stacks or (), say)
    except PlanningError as error:
        say(str(error))
        raise typer.Exit(1) from error
    report = make_report(*sides)
    _write(report, format_, output)
    if report.exit_code:
        raise typer.Exit(int(report.exit_code))


def _write(report: Report, format_: str, output: Path | None) -> None:
    from rich.console import Console

    from nexus.diff.render import as_json, as_markdown, print_report

    if format_ == "json":
        write(as_json(report), output)
    elif format_ == "markdown":
        write(as_markdown(report), output)
    else:
        text, screen = StringIO(), Console()
        # As wide and as coloured as the terminal is; a file is neither.
        on_screen = output is None
        console = Console(
            file=text,
            width=screen.width if on_screen else 120,
            force_terminal=on_screen and screen.is_terminal,
            highlight=False,
        )
        print_report(report, console)
        write(text.getvalue(), output)
