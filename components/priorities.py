"""Which pods go first when a cluster is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.scheduling.v1 import PriorityClass

from components.context import Context
from components.physical_name import physical_name

LOWEST = 100_000
"""Priority of the last tier: above pods without a class (0), below the system's own
(2,000,000,000 and more)."""

STEP = 100_000


@dataclass(frozen=True, kw_only=True)
class PrioritiesArgs:
    """What the classes are made from.

    Args:
        context: source of names and labels.
        tiers: names of the tiers, the most important first.
    """

    context: Context
    tiers: tuple[str, ...]


class Priorities(pulumi.ComponentResource):
    """A PriorityClass per tier: what others stand on is scheduled first and evicted last.

    The classes belong to the whole cluster, so their names start with the stack's prefix.
    The value of a class cannot change; a new order of tiers needs new names.

    Makes:
        `{name}-{tier}`: PriorityClass of each tier.

    Outputs:
        names: name of each tier's class in the cluster, known once it exists.
    """

    TOKEN = "nexus:foundation:Priorities"

    names: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: PrioritiesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        names: dict[str, pulumi.Output[str]] = {}
        for position, tier in enumerate(reversed(args.tiers)):
            priority = PriorityClass(
                f"{name}-{tier}",
                metadata={
                    "name": args.context.priority(tier),
                    "labels": args.context.labels(tier, "priority"),
                },
                value=LOWEST + position * STEP,
                description=f"Pods of the {tier} tier",
                opts=pulumi.ResourceOptions(parent=self),
            )
            names[tier] = physical_name(priority)
        self.names = names
        self.register_outputs({"names": self.names})
