"""Which tiers have had their first start: their gates are in the stack's state."""

from __future__ import annotations

import pulumi
from pulumi.runtime import invoke

from catalog import Tier
from components.kubernetes.tier_gate import TierGate

_READ = "pulumi:pulumi:readStackResourceOutputs"
"""A function of the engine itself, no provider's: outputs of all resources in a stack's state.
Source: resource/deploy/builtins.go of Pulumi 3.259.0."""


def gate_name(tier: Tier) -> str:
    """Pulumi name of the tier's gate."""
    return f"{tier}-ready"


def open_gates() -> frozenset[Tier]:
    """Tiers whose gate was there before this run, as the stack's own state says.

    Not as an output of the stack says: that stays when `pulumi destroy` fails half-way, and
    counts what `--exclude` left out. A preview and the run after it read the same state.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = invoke(_READ, {"stackName": stack}).value or {}
    there = {_gate(urn) for urn in answer.get("outputs", {})}
    return frozenset(tier for tier in Tier if gate_name(tier) in there)


def _gate(urn: str) -> str | None:
    """Name of the gate whose ConfigMap that is; None for anything else."""
    types, _, name = urn.split("::", 2)[2].partition("::")
    return name if types.startswith(f"{TierGate.TOKEN}$") else None
