"""The real resource that stands for 'this tier is ready'."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi.runtime import invoke
from pulumi_kubernetes.core.v1 import ConfigMap

from components.component import Component
from components.context import Context

_READ = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine itself, no provider's: outputs of all resources in a stack's state.
Source: resource/deploy/builtins.go of Pulumi 3.259.0."""

_SUFFIX = "-ready"


@dataclass(frozen=True, kw_only=True)
class TierGateArgs:
    """What a gate is made from.

    Args:
        namespace: the system namespace, from the resource that makes it.
        tier: tier that is ready when the gate is there.
        members: names of what makes up the tier, sorted; no versions, or every
            release would replace the gate.
        handles: handles of the members.
        previous: gate of the tier before, so that an empty tier does not break the chain.
    """

    context: Context
    namespace: pulumi.Input[str]
    tier: str
    members: tuple[str, ...]
    handles: tuple[pulumi.Resource, ...]
    previous: pulumi.Resource | None


class TierGate(Component[TierGateArgs]):
    """A ConfigMap that is made when a tier is ready.

    It is a real resource because an empty component would lose its dependencies.

    Makes:
        `{name}`: ConfigMap that lists the tier's members.

    Outputs:
        handle: the ConfigMap.
    """

    TOKEN = "nexus:services:TierGate"

    handle: ConfigMap

    def _make(self, name: str, args: TierGateArgs) -> None:
        before = [] if args.previous is None else [args.previous]
        self.handle = ConfigMap(
            name,
            metadata={
                "namespace": args.namespace,
                "labels": args.context.labels(args.tier, "gate", {"nexus-cos/tier": args.tier}),
            },
            data={"tier": args.tier, "members": "\n".join(args.members)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.handles, *before]),
        )


def gate_name(tier: str) -> str:
    """Pulumi name of the tier's gate."""
    return f"{tier}{_SUFFIX}"


def open_gates() -> frozenset[str]:
    """Tiers whose gate was there before this run, as the stack's own state says.

    Not as an output of the stack says: that stays when `pulumi destroy` fails half-way, and
    counts what `--exclude` left out. A preview and the run after it read the same state.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = invoke(_READ, {"stackName": stack}).value or {}
    return frozenset(tier for urn in answer.get("outputs", {}) if (tier := _tier(urn)) is not None)


def _tier(urn: str) -> str | None:
    """The tier whose gate's ConfigMap that is; None for anything else."""
    types, _, name = urn.split("::", 2)[2].partition("::")
    return name.removesuffix(_SUFFIX) if types.startswith(f"{TierGate.TOKEN}$") else None
