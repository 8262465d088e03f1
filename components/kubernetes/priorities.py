"""Which pods go first when a cluster is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pulumi
from pulumi_kubernetes.scheduling.v1 import PriorityClass

from components.component import Component
from components.context import Context
from components.kubernetes.pod import physical_name

HIGHEST = 1_000_000_000
"""Largest value of a class that is not the system's own. Source:
https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption"""


@dataclass(frozen=True, kw_only=True)
class PrioritiesArgs:
    """What the classes are made from.

    Args:
        values: priority by tier, the most important first; above pods without a class (0).
    """

    context: Context
    values: Mapping[str, int]


class Priorities(Component[PrioritiesArgs]):
    """A PriorityClass per tier: what others stand on is scheduled first and evicted last.

    The classes belong to the whole cluster, so their names start with the stack's prefix.
    The API server refuses another value for a class that is there, and nothing replaces it: a
    tier that is to have another one needs another name too.

    Makes:
        `{name}-{tier}`: PriorityClass of each tier.

    Outputs:
        names: name of each tier's class in the cluster, known once it exists.

    Raises:
        ValueError: if a tier does not come before the next one, or before pods without a class.
    """

    TOKEN = "nexus:foundation:Priorities"

    names: Mapping[str, pulumi.Output[str]]

    def _make(self, name: str, args: PrioritiesArgs) -> None:
        names: dict[str, pulumi.Output[str]] = {}
        values = [HIGHEST + 1, *args.values.values(), 0]
        if any(value <= following for value, following in pairwise(values)):
            raise ValueError(
                f"The priorities {dict(args.values)} do not fall from tier to tier; give each "
                f"tier less than the one before, from {HIGHEST:,} down to 1."
            )
        for tier, value in args.values.items():
            priority = PriorityClass(
                f"{name}-{tier}",
                metadata={
                    "name": args.context.shared(tier),
                    "labels": args.context.labels(tier, "priority"),
                },
                value=value,
                description=f"Pods of the {tier} tier",
                opts=self.child,
            )
            names[tier] = physical_name(priority)
        self.names = names
