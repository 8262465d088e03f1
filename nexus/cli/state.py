"""`nexus state`: in words, how a stack is, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalog.errors import InputError, counted
from nexus.cli.output import FORMAT, say, write
from nexus.cli.session import pulumi_of, session, stack_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from catalog import Catalog
    from nexus.pulumi.command import Pulumi
    from nexus.repair.lock import Lock
    from nexus.update.history import Update

UNSOUND = 1
"""Exit code when somebody has to do something about the stack."""

MOST = 10
"""Lines of one kind that are told; the JSON has all."""


def command(
    context: typer.Context,
    *,
    stack: Annotated[str, stack_option("Stack; the selected one.")] = "",
    drift: Annotated[
        bool,
        typer.Option("--drift", help="Ask the cluster and the clouds, too, what differs there."),
    ] = False,
    format_: Annotated[Literal["text", "json"], FORMAT] = "text",
) -> None:
    """Say how a stack is: who holds it, what is under way, not ready or protected, what runs.

    Changes nothing. --drift reads every resource where it is, which takes as long as a
    preview, and needs the access of one. Exit code 1 when there is something to do.
    """
    from nexus.pulumi.command import PulumiError

    project, catalog = session(context).require_project(), session(context).catalog()
    try:
        pulumi = pulumi_of(project, stack).selected()
        found = _look(project, pulumi, catalog)
        drifted = _drifted(pulumi) if drift else None
    except PulumiError as error:
        raise InputError(f"Pulumi does not answer as it should.\n{error}") from error
    todo = tuple(_todo(found, drifted))
    if format_ == "json":
        write(json.dumps(_document(found, drifted, todo), indent=2, default=str) + "\n")
    else:
        write("\n".join((*_lines(found, drifted), *todo)) + "\n")
    if todo:
        raise typer.Exit(UNSOUND)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """How a stack is.

    Args:
        resources: how many its state has.
        pending: operations that were under way when somebody last wrote the state: verb and what.
        unready: what did not get ready, with the reasons.
        protected: names of what the engine refuses to delete.
        release: number of the last update that brought up just what runs; None if none did.
    """

    stack: str
    resources: int
    locks: tuple[Lock, ...]
    pending: tuple[str, ...]
    unready: Mapping[str, str]
    protected: tuple[str, ...]
    last: Update | None
    release: int | None


def _look(project: Path, pulumi: Pulumi, catalog: Catalog) -> _Found:
    from nexus.pulumi.urn import last_part
    from nexus.repair.findings import pending, resources, unready
    from nexus.repair.lock import locks
    from nexus.update.history import releases, updates
    from nexus.update.release import running
    from stacks.stack_file import read_stack_file

    state, kept = pulumi.export(), updates(pulumi)
    name = pulumi.stack.rpartition("/")[2]
    runs = running(state, catalog, read_stack_file(project, name))
    versions = {each: run.version for each, run in runs.items() if run.version}
    return _Found(
        stack=name,
        resources=len(resources(state)),
        locks=locks(pulumi),
        pending=tuple(f"{e['type']} {last_part(e['resource']['urn'])}" for e in pending(state)),
        unready={last_part(urn): " ".join(why) for urn, why in unready(state).items()},
        protected=tuple(last_part(e["urn"]) for e in resources(state) if e.get("protect")),
        last=next(iter(kept), None),
        release=next(
            (
                each.update.number
                for each in releases(project, kept)
                if dict(each.release.versions) == versions
            ),
            None,
        ),
    )


def _drifted(pulumi: Pulumi) -> Mapping[str, str]:
    """What is not as the state says, by name, with what a refresh would write."""
    from nexus.pulumi.urn import last_part

    say("Reading every resource where it is ...")
    # Who set that not to be asked is refused a look, Pulumi 3.259.
    asking = {**pulumi.environment, "PULUMI_SKIP_CONFIRMATIONS": "false"}
    pulumi = replace(pulumi, environment=asking)
    text = pulumi.on_stack("refresh", "--preview-only", "--json", "--parallel", "64")
    steps = json.loads(text).get("steps") or ()
    return {
        last_part(each["urn"]): ", ".join(sorted(each.get("detailedDiff") or {})) or each["op"]
        for each in steps
        # Of what is only read anew, the status alone differs.
        if each["op"] in ("update", "delete")
    }


def _lines(found: _Found, drifted: Mapping[str, str] | None) -> Iterator[str]:
    yield f"Stack '{found.stack}': {counted(found.resources, 'resource')}."
    if found.last is not None:
        by = f", by {found.last.who}" if found.last.who else ""
        at = f" from {found.last.commit[:7]}" if found.last.commit else ""
        yield f"- last update, {found.last.number}: {found.last.result} {found.last.ended}{at}{by}"
    if found.release is not None:
        yield f"- runs just what update {found.release} brought up"
    elif found.last is not None:
        yield "- runs what no single known update brought up ('nexus release show')"
    for lock in found.locks:
        yield (
            f"- locked since {lock.since:%Y-%m-%d %H:%M:%S %Z} by {lock.user} on {lock.host}, "
            f"process {lock.pid}, which {lock.holder().value}"
        )
    yield from _some("was under way", found.pending)
    yield from _some("is not ready", [f"{name}: {why}" for name, why in found.unready.items()])
    yield from _some("is protected", found.protected)
    if drifted is not None:
        yield from _some("drifted", [f"{name}: {what}" for name, what in drifted.items()])
        if not drifted:
            yield "- nothing drifted: all is as the state says"


def _some(what: str, names: tuple[str, ...] | list[str]) -> Iterator[str]:
    for name in names[:MOST]:
        yield f"- {what}: {name}"
    if len(names) > MOST:
        yield f"- {what}: {len(names) - MOST} more"


def _todo(found: _Found, drifted: Mapping[str, str] | None) -> Iterator[str]:
    from nexus.repair.lock import Holder

    holders = {lock.holder() for lock in found.locks}
    if Holder.ALIVE in holders:
        yield "An update is under way: wait for its end."
    elif found.locks or found.pending:
        yield f"Say what became of it, and mend it: nexus repair --stack {found.stack}"
    elif found.unready or (found.last is not None and found.last.result == "failed"):
        yield (
            f"Mend what failed and run 'pulumi up --stack {found.stack}', or go back: nexus "
            f"release back --stack {found.stack}"
        )
    if drifted:
        yield f"Bring back what drifted: pulumi up --refresh --stack {found.stack}"


def _document(
    found: _Found, drifted: Mapping[str, str] | None, todo: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "stack": found.stack,
        "resources": found.resources,
        "locks": [{**asdict(lock), "holder": lock.holder().name.lower()} for lock in found.locks],
        "pending": list(found.pending),
        "unready": dict(found.unready),
        "protected": list(found.protected),
        "last_update": None
        if found.last is None
        else {
            "number": found.last.number,
            "ended": found.last.ended or None,
            "result": found.last.result,
            "commit": found.last.commit,
            "who": found.last.who or None,
        },
        "release": found.release,
        "drifted": None if drifted is None else dict(drifted),
        "todo": list(todo),
    }
