"""Containers that run once, as migrations or tasks of who waits for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from catalog.job import DATABASE, LONGEST_NAME, migration_name, task_name
from catalog.names import MAX_SERVICE_NAME
from nexus.importing.compose_file import UNSET, Service
from nexus.importing.container import Container, put_command
from nexus.importing.environment import leads_to
from nexus.importing.images import unfit_image, whole_image
from nexus.importing.names import label
from nexus.importing.translation import Translation, quoted

_MIGRATES = re.compile(
    r"migrat|alembic|flyway|liquibase|\bgoose\b|dbmate|sqitch|\bknex\b|prisma|schema|\bdb:",
    re.IGNORECASE,
)
"""What programs that change tables are called, or what they are told."""

MOST_LISTED, MOST_SHOWN = 6, 120


@dataclass(frozen=True, kw_only=True)
class OneShot:
    """What becomes of a container that runs once.

    Args:
        compose: its name in the Compose file.
        owner: the service that has it, by its name there; None if nobody waits for it.
        at: field of the owner's entry, empty where it is left out.
        entry: what that field says.
        message: what whoever imports has to know.
    """

    compose: str
    owner: str | None
    at: tuple[str, ...]
    entry: Mapping[str, Any]
    message: str


def one_shots(into: Translation) -> Iterator[OneShot]:
    """What becomes of each container that runs once, sorted by name."""
    taken = {migration_name(own) for own in into.names.values()} | {*into.names.values()}
    owners = {name: _owner(into, name) for name in sorted(into.one_shots)}
    migrations: dict[str, str] = {}
    for name, (owner, _) in owners.items():
        if owner is not None and _migrates(into, name, owner):
            migrations.setdefault(owner, name)
    for name, (owner, others) in owners.items():
        service = into.file.project.services[name]
        what = f"'{name}' runs once{_shown(service)}"
        if owner is None:
            message = f"{what} before nobody who runs on, so it is left out"
            yield OneShot(compose=name, owner=None, at=(), entry={}, message=message)
            continue
        own, runs = into.names[owner], _runs(service, into.services[owner])
        what += f" before {quoted(sorted(into.names[each] for each in (owner, *others)))}"
        if migrations.get(owner) != name and _migrates(into, name, owner):
            runs = f"'{own}' has a migration already"
        if isinstance(runs, str):
            message = f"{what} and is left out: {runs}; write it below 'migrate' or 'tasks'"
            yield OneShot(compose=name, owner=owner, at=(), entry={}, message=message)
            continue
        if migrations.get(owner) == name:
            at: tuple[str, ...] = ("migrate",)
            message = f"{what}, so it is the migration of '{own}', as the owner of its database"
        else:
            task = _task(name, own, taken)
            taken.add(task_name(own, task))
            at, runs = ("tasks", task), {**runs, "each_release": True}
            message = (
                f"{what}, so it is the task '{task}' of '{own}', once for each release and with "
                f"what '{own}' has"
            )
        early = {*service.depends_on} & into.one_shots - {migrations.get(owner, "")}
        parts = (message, *_lost(into, name, owner, others), *_early(early))
        yield OneShot(compose=name, owner=owner, at=at, entry=runs, message="; ".join(parts))


def _shown(service: Service) -> str:
    command = " ".join((*(service.entrypoint or ()), *(service.command or ())))[:MOST_SHOWN]
    return f" ({command})" if command else ""


def _owner(into: Translation, name: str) -> tuple[str | None, tuple[str, ...]]:
    """The service whose job it is, and the others that wait for it, by their Compose names.

    Of several that is one of the same image, and before the others where one of them is.
    """
    waits = sorted(each for each in into.services if name in into.waited_for(each))
    its = into.file.project.services[name]
    same = [each for each in waits if _same_image(its, into.services[each])]

    def before(each: str) -> int:
        return len(waits) - len(_not_after(into, each, waits))

    owner = min(same or waits, key=lambda each: (-before(each), each), default=None)
    return owner, tuple(each for each in waits if each != owner)


def _not_after(into: Translation, owner: str, waits: Collection[str]) -> list[str]:
    """Those of `waits` that do not start after `owner`."""
    after = nx.ancestors(into.order, into.names[owner])
    return [each for each in waits if each != owner and into.names[each] not in after]


def _same_image(one: Service, other: Service) -> bool:
    return (one.image, one.build) == (other.image, other.build) and bool(one.image or one.build)


def _runs(its: Service, owner: Service) -> dict[str, Any] | str:
    """Image, command and arguments as the catalog has them, or why it cannot."""
    if any(map(UNSET.search, (*(its.entrypoint or ()), *(its.command or ())))):
        return "what it runs depends on a variable that has no value"
    found = Container()
    put_command(its, found)
    if found.notes:
        return found.notes[0][1]
    if _same_image(its, owner):
        return found.run or "it runs the image of the service without a command of its own"
    unfit = unfit_image(its)
    return unfit or {**found.run, "image": whole_image(its.image)}


def _migrates(into: Translation, name: str, owner: str) -> bool:
    """Whether it changes the tables of its owner: it says so, and knows that one's database."""
    its = into.file.project.services[name]
    said = " ".join((name, its.image, *(its.entrypoint or ()), *(its.command or ())))
    servers = {
        need.compose for need in into.needs(owner) if into.resources.get(need.compose) == DATABASE
    }
    known = {need.compose for need in into.needs(name)}
    hosts = into.hosts(servers)
    known |= {
        hosts[host]
        for value in its.environment.values()
        for host in hosts
        if value and leads_to(value, host)
    }
    return bool(_MIGRATES.search(said)) and bool(servers & known)


def _task(name: str, own: str, taken: Collection[str]) -> str:
    """What the task is called: as the container, without the name of its service before it."""
    room = min(MAX_SERVICE_NAME, LONGEST_NAME - len(own) - 1)
    wanted = label(label(name).removeprefix(f"{own}-"), room)
    free, number = wanted, 2
    while task_name(own, free) in taken:
        free = f"{wanted[: room - 3].rstrip('-')}-{number}"
        number += 1
    return free


def _lost(into: Translation, name: str, owner: str, others: Collection[str]) -> Iterator[str]:
    """What differs from Compose, as further parts of the sentence."""
    its, theirs = into.file.project.services[name], into.services[owner]
    own, hosts = into.names[owner], into.hosts((*into.resources, *into.attached))
    late = [into.names[each] for each in _not_after(into, owner, others)]
    if late:
        yield f"{quoted(sorted(late))} no longer waits for it, unless it needs '{own}'"
    differing = sorted(
        variable
        for variable, value in its.environment.items()
        if value is not None
        and theirs.environment.get(variable) != value
        and not any(leads_to(value, host) for host in hosts)
    )
    if differing:
        yield f"it lacks {', '.join(differing[:MOST_LISTED])}, which '{own}' has not or otherwise"
    if its.volumes:
        yield "its volumes are left out"


def _early(names: Collection[str]) -> Iterator[str]:
    if names:
        yield f"it no longer waits for {quoted(sorted(names))}"
