"""`nexus snapshot`: all that a revision says of itself, in one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nexus.cli.output import require_room, write
from nexus.cli.session import Session, session


def command(
    context: typer.Context,
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="REVISION", help="Git revision or project folder; this folder if left out."
        ),
    ] = None,
    stacks: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", metavar="NAME", help="Only this stack; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
) -> None:
    """Write what `nexus diff` compares: the graph, and the plan of every stack.

    A git revision is planned by its own code, in a worktree. A stack that cannot be
    planned has what its program said in the place of its resources. The same files
    give the same bytes, and secret values are replaced.
    """
    if output is not None:
        require_room(output)
    from nexus.diff.errors import PlanningError
    from nexus.diff.revisions import snapshot_of

    try:
        if revision is None:
            text = _own(session(context), stacks or [])
        else:
            text = snapshot_of(session(context).project, revision, stacks or [], say)
    except PlanningError as error:
        say(str(error))
        raise typer.Exit(1) from error
    write(text, output)


def say(text: str) -> None:
    """Tells whoever waits."""
    typer.echo(text, err=True)


def _own(found: Session, wanted: list[str]) -> str:
    """The snapshot of the session's project, by this code."""
    from catalog.project_file import stack_names
    from nexus.diff.revisions import PLANNED, require_known
    from nexus.plan.snapshot import make_snapshot

    found.require_project()
    project = found.project.absolute()
    names = stack_names(project)
    require_known(wanted, names)
    chosen = [name for name in names if not wanted or name in wanted]
    document = make_snapshot(project, chosen, lambda stack: say(f"{PLANNED}{stack}"))
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
