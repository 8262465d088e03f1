"""`nexus repair`: what state a stack is in after a killed update, and the way back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.errors import InputError
from nexus.cli.output import say, write
from nexus.cli.session import pulumi_of, session, stack_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nexus.pulumi.command import Pulumi

REFUSED = 1
"""Exit code when the stack is not sound and was not repaired."""

_ALIVE = (
    "The process that holds the lock still runs, so nothing is repaired: wait for its end, or end "
    "it (Ctrl-C, once) and run this again."
)
_ELSEWHERE = (
    "The lock was taken on another machine, and from here its end cannot be seen. Look there; if "
    "the process is gone, add --unlock."
)


def command(
    context: typer.Context,
    stack: Annotated[str, stack_option("Stack to repair; the selected one.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    unlock: Annotated[
        bool,
        typer.Option("--unlock", help="The process that locked it on another machine is gone."),
    ] = False,
    ids: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="URN=ID", help="What was being created; ID 'none': nothing."),
    ] = None,
) -> None:
    """Repair a stack after an update or destroy was killed.

    Says what state the stack is in: who locked it, what was under way, and
    which of that exists. Then it asks, and changes the state alone, so that the
    next 'pulumi up' makes nothing twice and loses nothing. Needs the access
    that 'pulumi up' has. Exit code 1 when the stack was not repaired.
    """
    from nexus.pulumi.command import PulumiError
    from nexus.repair.examine import ChangedError

    given = _ids(ids or [])
    project = session(context).require_project()
    try:
        repaired = _repair(pulumi_of(project, stack), given, yes=yes, unlock=unlock)
    except PulumiError as error:
        raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
    except ChangedError as error:
        say(str(error))
        raise typer.Exit(REFUSED) from error
    if not repaired:
        raise typer.Exit(REFUSED)


def _repair(pulumi: Pulumi, given: Mapping[str, str], *, yes: bool, unlock: bool) -> bool:
    """Looks, tells, asks and repairs; says whether the stack is sound now."""
    from nexus.repair.examine import examine, mend
    from nexus.repair.findings import plan_in_words, questions, state_in_words
    from nexus.repair.lock import Holder

    pulumi = pulumi.selected()
    diagnosis = examine(pulumi, given)
    write("\n".join(state_in_words(pulumi.stack, diagnosis)) + "\n")
    if diagnosis.sound:
        return True
    holders = {lock.holder() for lock in diagnosis.locks}
    if Holder.ALIVE in holders:
        say(_ALIVE)
        return False
    if diagnosis.unanswered:
        say("\n".join(questions(diagnosis)))
        return False
    write("\n" + "\n".join(plan_in_words(diagnosis)) + "\n")
    if Holder.ELSEWHERE in holders and not unlock:
        say(_ELSEWHERE)
        return False
    if not yes and not _agreed(pulumi.stack):
        return False
    mend(pulumi, diagnosis)
    write("Repaired. Run 'pulumi up' (or the 'pulumi destroy' that was killed) now.\n")
    return True


def _agreed(stack: str) -> bool:
    if not sys.stdin.isatty():
        say("Nothing was changed. Without a terminal to ask, add --yes.")
        return False
    return typer.confirm(f"Repair the stack '{stack}'?")


def _ids(given: list[str]) -> dict[str, str]:
    """Ids by URN.

    Raises:
        InputError: one of them is not of the form URN=ID.
    """
    ids: dict[str, str] = {}
    for each in given:
        urn, equals, own = each.rpartition("=")
        if not equals or not urn.startswith("urn:pulumi:") or not own:
            raise InputError(
                f"'--id {each}' is not of the form URN=ID; copy it from what 'nexus repair' "
                "prints, and put the id, or 'none', behind the equals sign."
            )
        ids[urn] = own
    return ids
