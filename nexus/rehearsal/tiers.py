"""The tiers of a rehearsed run: when each was ready, and how far a failure spread."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from nexus.rehearsal.record import FAILED, Operation

WORKLOADS = frozenset(
    {
        "kubernetes:apps/v1:DaemonSet",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:batch/v1:CronJob",
    }
)
"""Types of workloads. The Service, the service account and more share a workload's name."""

_MAKING = frozenset({"create", "update", "replace"})


@dataclass(frozen=True, kw_only=True)
class Tiers:
    """The documented tiers.

    Args:
        windows: by tier, in order, the documented start and end in seconds.
        members: the tier of each workload, by Pulumi name.
    """

    windows: Mapping[str, tuple[float, float]]
    members: Mapping[str, str]

    def tier_of(self, operation: Operation) -> str | None:
        """Return the tier of the operation's resource; None if it is no workload."""
        return self.members.get(operation.name) if operation.type in WORKLOADS else None

    def size(self, tier: str) -> int:
        """Return how many workloads the tier has."""
        return sum(member == tier for member in self.members.values())


@dataclass(frozen=True, kw_only=True)
class TierTimes:
    """How a tier's start went.

    Args:
        simulated: start of its first and end of its last workload, in simulated
            seconds from the phase's start; None if none was started.
        waited_for: name of the resource whose end let the first workload begin;
            None if that waited for nothing that takes time.
    """

    name: str
    documented: tuple[float, float]
    simulated: tuple[float, float] | None
    workloads: int
    waited_for: str | None


def tier_times(
    tiers: Tiers,
    operations: Iterable[Operation],
    dependencies: Mapping[str, Iterable[str]],
) -> tuple[TierTimes, ...]:
    """Return the times of every tier in one run, in the documented order.

    The dependencies are those of each resource, by URN.
    """
    made = {each.urn: each for each in operations if each.op in _MAKING}
    by_tier: dict[str, list[Operation]] = {name: [] for name in tiers.windows}
    for operation in made.values():
        tier = tiers.tier_of(operation)
        if tier is not None:
            by_tier.setdefault(tier, []).append(operation)
    times: list[TierTimes] = []
    for name, window in tiers.windows.items():
        members = by_tier[name]
        first = min(members, key=lambda each: (each.start, each.urn), default=None)
        times.append(
            TierTimes(
                name=name,
                documented=window,
                simulated=None
                if first is None
                else (first.start, max(each.end for each in members)),
                workloads=sum(member.result != FAILED for member in members),
                waited_for=None if first is None else _waited_for(first.urn, made, dependencies),
            )
        )
    return tuple(times)


_INSTANT_SECONDS = 0.5
"""What took no longer only passed on the wait for something before it: a gate does."""


def _waited_for(
    urn: str, made: Mapping[str, Operation], dependencies: Mapping[str, Iterable[str]]
) -> str | None:
    """Follow the last-ready dependency back to one that took time itself."""
    while True:
        before = [made[each] for each in dependencies.get(urn, ()) if each in made]
        if not before:
            return None
        last = max(before, key=lambda each: (each.end, each.urn))
        if last.seconds > _INSTANT_SECONDS:
            return last.name
        urn = last.urn


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What one run did to the workloads, by Pulumi name, sorted.

    Args:
        held_back: services that the run did not come to.
        unharmed: services that are as the program wants them.
    """

    failed: tuple[str, ...]
    held_back: tuple[str, ...]
    unharmed: tuple[str, ...]


def spread(
    services: Iterable[str], operations: Iterable[Operation], jobs: Container[str] = ()
) -> Spread:
    """Return how far the failures of one run spread.

    It takes all services that the stack runs, all operations of the run, those that changed
    nothing included, and the names of Jobs that may fail by themselves.
    """
    every = tuple(operations)
    results = {each.name: each.result for each in every if each.type in WORKLOADS}
    failed = {name for name, result in results.items() if result == FAILED}
    failed |= {each.name for each in every if each.name in jobs and each.result == FAILED}
    names = set(services)
    return Spread(
        failed=tuple(sorted(failed)),
        held_back=tuple(sorted(names - set(results))),
        unharmed=tuple(sorted(names & set(results) - failed)),
    )
