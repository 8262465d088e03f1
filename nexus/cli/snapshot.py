"""`nexus snapshot`: all that a revision says of itself, in one document."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nexus.cli.output import Output, require_room, say, write
from nexus.cli.session import Session, session, stack_option


def command(
    context: typer.Context,
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="REVISION", help="Git revision or project folder; this folder if left out."
        ),
    ] = None,
    stacks: Annotated[list[str] | None, stack_option("Only this stack; may be repeated.")] = None,
    output: Output = None,
) -> None:
    """Write what `nexus diff` compares: the graph, and the plan of every stack.

    A git revision is planned by its own code, in a worktree. A stack that cannot be
    planned has what its program said in the place of its resources. The same files
    give the same bytes, and secret values are replaced.
    """
    from nexus.diff.revisions import PlanningError, snapshot_of

    require_room(output)
    try:
        if revision is None:
            text = _own(session(context), stacks or [])
        else:
            text = snapshot_of(session(context).project, revision, stacks or [], say)
    except PlanningError as error:
        say(str(error))
        raise typer.Exit(1) from error
    write(text, output)


def _own(found: Session, wanted: list[str]) -> str:
    """The snapshot of the session's project, by this code."""
    from catalog.project_file import stack_names
    from nexus.diff.revisions import PLANNED, require_known
    from nexus.plan.snapshot import make_snapshot

    project = found.require_project()
    names = stack_names(project)
    require_known(wanted, names)
    chosen = [name for name in names if not wanted or name in wanted]
    document = make_snapshot(project, chosen, lambda stack: say(f"{PLANNED}{stack}"))
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
