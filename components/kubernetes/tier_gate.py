"""The real resource that stands for 'this tier is ready'."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import invoke
from pulumi_kubernetes.core.v1 import ConfigMap

from components.component import Component
from components.context import Context

READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine itself, no provider's: outputs of all resources in a stack's state.
Source: resource/deploy/builtins.go of Pulumi 3.259.0."""

_READS, _PAUSE_SECONDS = 20, 0.1
"""How often a state is read that is being written, and how long each time is waited."""

_SUFFIX = "-ready"


@dataclass(frozen=True, kw_only=True)
class TierGateArgs:
    """What a gate is made from.

    Args:
        tier: tier that is ready when the gate is there.
        members: names of what makes up the tier, sorted; no versions, or every
            release would replace the gate.
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
    return frozenset(name.removesuffix(_SUFFIX) for name, _ in made_before(TierGate.TOKEN))


def made_before(component: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What components of this type had made before this run, by the stack's own state.

    Each with its name and outputs.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for urn, found in _answer(stack).get("outputs", {}).items():
        types, name = urn.split("::", 3)[2:]
        if types.startswith(f"{component}$"):
            yield name, found.get("outputs") or {}


def _answer(stack: str) -> Mapping[str, Any]:
    """The stack's state as the engine answers.

    The run's first entries are written while this reads. A file backend empties the attributes
    beside the state before it writes them anew, and who reads in between gets "EOF".
    """
    for _ in range(_READS - 1):
        try:
            return invoke(READ_STATE, {"stackName": stack}).value or {}
        except Exception as error:
            if "failed to load checkpoint" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
    return invoke(READ_STATE, {"stackName": stack}).value or {}
