"""`nexus up` and `nexus preview`: an update of a part of the platform."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.errors import InputError, did_you_mean
from nexus.cli.output import say, write
from nexus.cli.session import ALL_NAMES, pulumi_of, session, stack_option

if TYPE_CHECKING:
    from pathlib import Path

    from catalog import Catalog
    from nexus.pulumi.command import Pulumi
    from nexus.pulumi.resource import Resource

FAILED = 1
"""Exit code when the part cannot be updated alone, or Pulumi failed."""


def _several(name: str, meaning: str) -> Any:
    return typer.Option(name, metavar="NAME", help=f"{meaning}; may be repeated.")


Services = Annotated[list[str] | None, _several("--service", "Service to update")]
Domains = Annotated[list[str] | None, _several("--domain", "Domain whose services to update")]
Affected = Annotated[
    str,
    typer.Option(metavar="SINCE", help="Update what changed since this git revision."),
]
Dependencies = Annotated[
    bool, typer.Option("--with-dependencies", help="And what these start after and stand on.")
]
Dependents = Annotated[bool, typer.Option("--with-dependents", help="And what starts after these.")]


def preview(
    context: typer.Context,
    *,
    stack: Annotated[str, stack_option("Stack; the selected one.")] = "",
    services: Services = None,
    domains: Domains = None,
    affected: Affected = "",
    dependencies: Dependencies = False,
    dependents: Dependents = False,
) -> None:
    """Preview an update of some services alone: what moves, and what stays.

    Prints the command of Pulumi, and runs it. Exit code 1 when the services
    cannot be updated alone, with the reasons, or when Pulumi failed. Needs the
    access that 'pulumi preview' has.
    """
    chosen = _Chosen(services or (), domains or (), affected, dependencies, dependents)
    _update(context, stack, chosen, ("preview",))


def up(
    context: typer.Context,
    *,
    stack: Annotated[str, stack_option("Stack; the selected one.")] = "",
    services: Services = None,
    domains: Domains = None,
    affected: Affected = "",
    dependencies: Dependencies = False,
    dependents: Dependents = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Update some services alone, and show that nothing else moved.

    Prints the command of Pulumi, runs it, and compares everything else in the
    state with what it was. Exit code 1 when the services cannot be updated
    alone, with the reasons, when Pulumi failed, or when anything else moved.
    Needs the access that 'pulumi up' has.
    """
    chosen = _Chosen(services or (), domains or (), affected, dependencies, dependents)
    unasked = ("--yes", "--skip-preview") if yes else ()
    _update(context, stack, chosen, ("up", "--continue-on-error", *unasked))


@dataclass(frozen=True)
class _Chosen:
    """What the user wants to update."""

    services: Collection[str]
    domains: Collection[str]
    since: str
    dependencies: bool
    dependents: bool

    def names(self, catalog: Catalog, running: Collection[str]) -> frozenset[str]:
        """The services by name and domain, without what changed since a revision.

        `running` are those that the stack has; the catalog may have lost them.

        Raises:
            InputError: there is none of that name, or nothing was chosen.
        """
        if not (self.services or self.domains or self.since):
            raise InputError(
                "Say what to update: '--service NAME', '--domain NAME' or '--affected REVISION'; "
                "for everything, run 'pulumi up'."
            )
        _require("service", self.services, {*catalog.services, *running}, catalog)
        _require("domain", self.domains, catalog.domains, catalog)
        return frozenset(self.services) | {
            each.name for each in catalog.services.values() if each.domain in self.domains
        }

    def widened(self, catalog: Catalog, names: frozenset[str]) -> frozenset[str]:
        """These, with what they start after or what starts after them."""
        import networkx as nx

        from graph.dependencies import startup_graph

        graph = startup_graph(catalog)
        found = set(names)
        for name in names & {*graph}:
            found |= nx.ancestors(graph, name) if self.dependencies else set()
            found |= nx.descendants(graph, name) if self.dependents else set()
        return frozenset(found)


def _require(what: str, names: Iterable[str], known: Collection[str], catalog: Catalog) -> None:
    for name in names:
        if name not in known:
            hint = catalog.service_hint(name) if what == "service" else did_you_mean(name, known)
            raise InputError(f"There is no {what} '{name}'; {hint or ALL_NAMES}")


def _update(context: typer.Context, stack: str, chosen: _Chosen, verb: tuple[str, ...]) -> None:
    from nexus.pulumi.command import PulumiError

    project = session(context).require_project()
    catalog = session(context).catalog()
    try:
        pulumi = pulumi_of(project, stack).selected()
        done = _run(pulumi, catalog, chosen, verb)
    except PulumiError as error:
        raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
    if not done:
        raise typer.Exit(FAILED)


def _run(pulumi: Pulumi, catalog: Catalog, chosen: _Chosen, verb: tuple[str, ...]) -> bool:
    """Looks, tells, and lets Pulumi do it; says whether all went well."""
    from nexus.update.changes import differences, in_order, preview, services_of
    from nexus.update.history import PART
    from nexus.update.partial import part_in_words, partial_update, refusal_in_words

    before = pulumi.export()
    running = services_of(before)
    names = chosen.names(catalog, running)
    if not running:
        raise InputError(f"'{pulumi.stack}' has no service yet; bring up the whole: pulumi up.")
    if chosen.since:
        names |= _affected(pulumi, chosen.since)
    if not names:
        write(f"No service of '{pulumi.stack}' changed since {chosen.since}.\n")
        return True
    say(f"Looking what a whole update of '{pulumi.stack}' would change ...")
    changes = preview(pulumi)
    part = partial_update(changes, chosen.widened(catalog, names), with_needed=chosen.dependencies)
    write("\n".join(part_in_words(changes, part)) + "\n")
    refusal = "\n".join(refusal_in_words(changes, part))
    if refusal:
        say(refusal)
        return False
    if not part.moved:
        return True
    targets = [word for urn in sorted(part.moved) for word in ("--target", urn)]
    command = [*verb, "--stack", pulumi.stack, "--parallel", "64"]
    # What the stack's history has to know of it.
    command += ["--message", PART + ", ".join(part.services), *targets]
    ordered = in_order(before, changes, part.moved)
    if ordered is not None:
        if verb[0] == "preview":
            write(f"{_LATER}\n\n$ pulumi {shlex.join(command)}\n")
            return True
        _write_order(pulumi, before, ordered)
    write(f"\n$ pulumi {shlex.join(command)}\n")
    ended = passed_on([str(pulumi.cli), *command], pulumi.directory)
    others = frozenset[str]()
    if verb[0] == "up":
        others = differences(before, pulumi.export()) - part.moved
        write(_others_in_words(others) + "\n")
    return ended == 0 and not others


def passed_on(command: Sequence[str], directory: Path) -> int:
    """Run a command that talks to the user by itself, and return its exit code.

    Ctrl-C is the command's own: Pulumi ends what is under way, and killing it would lose that.
    """
    # No SIG_IGN, which the command would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with subprocess.Popen(command, cwd=directory) as process:
            return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


_LATER = (
    "Pulumi can preview that alone once the state lists of all else what it waits for now, which "
    "'nexus up' or a whole update writes first:"
)


def _write_order(pulumi: Pulumi, before: Mapping[str, Any], ordered: Mapping[str, Any]) -> None:
    """Writes a state that differs in the order of what stays."""
    if pulumi.export() != before:
        raise InputError(
            f"Somebody else changed the stack '{pulumi.stack}' meanwhile; run this again."
        )
    say("Writing into the state what all else waits for now; nothing of it changes.")
    pulumi.load(ordered)


def _others_in_words(others: frozenset[str]) -> str:
    from nexus.pulumi.urn import last_part

    if not others:
        return "Nothing else moved: all other resources are in the state as they were."
    told = "\n".join(f"- {name}" for name in sorted(map(last_part, others)))
    return f"These are not in the state as they were, though they are no part of it:\n{told}"


def _affected(pulumi: Pulumi, since: str) -> frozenset[str]:
    """The services of the stack that changed since a revision."""
    from nexus.diff.revisions import PlanningError, read_sides
    from nexus.diff.snapshot import StackSnapshot
    from nexus.update.changes import affected

    stack = pulumi.stack.rpartition("/")[2]
    try:
        sides = read_sides(pulumi.directory, since, str(pulumi.directory), [stack], say)
    except PlanningError as error:
        raise InputError(str(error)) from error
    plans: list[tuple[Resource, ...]] = []
    for side in sides:
        found = side.stacks.get(stack, StackSnapshot())
        if side.fault or found.fault or found.said:
            why = "\n".join((side.fault, found.fault, *found.said)).strip()
            raise InputError(f"'{stack}' cannot be planned at {side.label}:\n{why}")
        plans.append(found.resources)
    return affected(*plans)
