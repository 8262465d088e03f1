"""Migrations and tasks in one rehearsed run: after what each came, and before which pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog import Catalog
from nexus.rehearsal.record import Operation

_AWAITED = frozenset({"Deployment", "Job", "StatefulSet"})
"""Kinds that are waited for, of those that a Job waits for."""

_RUNNING = frozenset({"CronJob", "Deployment"})


@dataclass(frozen=True, kw_only=True)
class JobTimes:
    """When a Job ran.

    Args:
        simulated: its start and end, in simulated seconds from the phase's start.
        after: what it waited for, by Pulumi name, sorted.
        before: services that waited for it, sorted.
    """

    name: str
    simulated: tuple[float, float]
    after: tuple[str, ...]
    before: tuple[str, ...]


def job_times(
    catalog: Catalog,
    operations: Iterable[Operation],
    dependencies: Mapping[str, Iterable[str]],
) -> tuple[JobTimes, ...]:
    """Return the times of the Jobs that one run made, in the order of their start.

    The dependencies are those of each resource, by URN.
    """
    made = {each.urn: each for each in operations if each.op != "delete"}
    waiting: dict[str, set[str]] = {}
    for urn, each in made.items():
        if _kind(each) in _RUNNING and each.name in catalog.services:
            for before in dependencies.get(urn, ()):
                waiting.setdefault(before, set()).add(each.name)
    found = [
        JobTimes(
            name=each.name,
            simulated=(each.start, each.end),
            after=tuple(
                sorted(
                    made[before].name
                    for before in dependencies.get(urn, ())
                    if before in made and _kind(made[before]) in _AWAITED
                )
            ),
            before=tuple(sorted(waiting.get(urn, ()))),
        )
        for urn, each in made.items()
        if each.name in catalog.jobs and _kind(each) == "Job" and each.op != "same"
    ]
    return tuple(sorted(found, key=lambda each: (each.simulated, each.name)))


def _kind(operation: Operation) -> str:
    return operation.type.rpartition(":")[2]
