"""When everything of a stack would be there, computed from its plan: no engine, no waiting.

The first run of an engine without any trouble, with the times of a rehearsal: what a rehearsal
reports, to the tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from graph.order import Interval, longest_path, schedule, slack
from nexus.pulumi.resource import KUBERNETES, Resource
from nexus.pulumi.wire import Properties
from nexus.rehearsal.providers.readiness import is_awaited
from nexus.rehearsal.record import SUCCEEDED, Operation
from nexus.rehearsal.tiers import WORKLOADS, Tiers, TierTimes, tier_times
from nexus.rehearsal.timing import times


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The first run of a stack.

    Args:
        parallel: how many resources the engine makes at once.
        durations: simulated seconds that each resource takes, by URN.
        after: what each resource waits for, by URN: dependencies, parent, provider.
    """

    parallel: int
    durations: Mapping[str, float]
    after: Mapping[str, tuple[str, ...]]

    @cached_property
    def times(self) -> Mapping[str, Interval]:
        """When each resource is made, in seconds from the start of the run, by URN."""
        return schedule(self.durations, self.after, parallel=self.parallel)

    @property
    def makespan(self) -> float:
        """Seconds until everything is there."""
        return max((each.end for each in self.times.values()), default=0.0)

    @cached_property
    def critical_path(self) -> tuple[str, ...]:
        """URNs of what takes time on the longest path, first to last: it decides the makespan."""
        path = longest_path(self.durations, self.after)
        return tuple(urn for urn in path if self.durations[urn] > 0)

    @property
    def least(self) -> float:
        """Seconds that it takes at least, whatever the engine does: the lower bound.

        That is the longest path, or all work together, for so many at once.
        """
        path = sum(self.durations[urn] for urn in self.critical_path)
        return max(path, sum(self.durations.values()) / self.parallel)

    @cached_property
    def slack(self) -> Mapping[str, float]:
        """Seconds that each resource may take longer without delaying the end, by URN."""
        found = slack(self.durations, self.after)
        # Sums in another order differ in the last place.
        return {urn: round(seconds, 3) for urn, seconds in found.items()}

    def tiers(self, tiers: Tiers) -> tuple[TierTimes, ...]:
        """The times of every tier, in the documented order."""
        return tier_times(tiers, self._operations, self.after)

    def workloads(self, names: Iterable[str]) -> Mapping[str, str]:
        """URN of the workload of each of these services that the stack has, by name."""
        wanted = set(names)
        found = {
            each.name: each.urn
            for each in self._operations
            if each.type in WORKLOADS and each.name in wanted
        }
        return dict(sorted(found.items()))

    @cached_property
    def _operations(self) -> tuple[Operation, ...]:
        return tuple(
            Operation(
                phase="up",
                urn=urn,
                op="create",
                seconds=self.durations[urn],
                start=round(at.start, 3),
                end=round(at.end, 3),
                result=SUCCEEDED,
            )
            for urn, at in self.times.items()
        )


def forecast(
    resources: Iterable[Resource], *, parallel: int, slow: Mapping[str, float]
) -> Forecast:
    """The first run of a stack with these resources.

    Args:
        resources: all that the program registers.
        parallel: how many of them the engine makes at once, 1 or more.
        slow: seconds until the workload of a service is ready, by name, instead of the usual.
    """
    every = tuple(resources)
    return Forecast(
        parallel=parallel,
        durations={each.urn: _seconds(each, slow) for each in every},
        after={
            each.urn: tuple(
                urn for urn in (*each.dependencies, each.parent, each.provider) if urn is not None
            )
            for each in every
        },
    )


def _seconds(resource: Resource, slow: Mapping[str, float]) -> float:
    if resource.type in WORKLOADS and resource.name in slow:
        return slow[resource.name]
    manifest: Properties = dict(resource.inputs)
    awaited = not resource.type.startswith(KUBERNETES) or is_awaited(manifest)
    return times(resource.type).create if awaited else 0.0
