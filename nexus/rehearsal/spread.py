"""How far a failure spread: which workloads failed, were held back, or came up all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nexus.rehearsal.record import FAILED, Operation
from nexus.rehearsal.tiers import WORKLOAD_TYPES


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What one run did to the workloads, by Pulumi name, sorted.

    Args:
        failed: those that did not get ready.
        held_back: services that the run did not come to.
        unharmed: services that are as the program wants them.
    """

    failed: tuple[str, ...]
    held_back: tuple[str, ...]
    unharmed: tuple[str, ...]


def spread(services: Iterable[str], operations: Iterable[Operation]) -> Spread:
    """Return how far the failures of one run spread.

    Args:
        services: names of all services that the stack runs.
        operations: all of the run, those that changed nothing included.
    """
    results = {each.name: each.result for each in operations if each.type in WORKLOAD_TYPES}
    failed = {name for name, result in results.items() if result == FAILED}
    names = set(services)
    return Spread(
        failed=tuple(sorted(failed)),
        held_back=tuple(sorted(names - set(results))),
        unharmed=tuple(sorted(names & set(results) - failed)),
    )
