"""What a diff names, and what a preview names, in the same words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nexus.diff.plan_diff import PlanDiff
from nexus.rehearsal.outcome import Outcome
from nexus.rehearsal.run import ENGINE


@dataclass(frozen=True, kw_only=True)
class Named:
    """URNs by what happens to them."""

    added: frozenset[str]
    removed: frozenset[str]
    changed: frozenset[str]
    replaced: frozenset[str]


def named_by_diff(diff: PlanDiff) -> Named:
    return Named(
        added=frozenset(each.urn for each in diff.added),
        removed=frozenset(each.urn for each in diff.removed),
        # Options live in the state alone: the engine calls their change `same`.
        changed=frozenset(each.after.urn for each in diff.changed if each.properties),
        replaced=frozenset(each.after.urn for each in diff.replaced),
    )


def named_by_engine(preview: Outcome, wanted: Collection[str], former: Mapping[str, str]) -> Named:
    """What the preview names.

    Args:
        preview: what the engine said.
        wanted: URNs of the head's plan.
        former: what those with an alias were called; a replaced one goes under that name.
    """
    deleted = _urns(preview, "delete")
    # An object with a fixed name is deleted first, which is all that a preview reports of it.
    replaced = _urns(preview, "replace") | (deleted & {*wanted})
    return Named(
        added=_urns(preview, "create"),
        removed=deleted - replaced - {former[urn] for urn in replaced if urn in former},
        changed=_urns(preview, "update"),
        replaced=replaced,
    )


def _urns(outcome: Outcome, op: str) -> frozenset[str]:
    # The engine's provider of itself comes with the first question about the state and goes with
    # the last one; no program has it.
    return frozenset(
        each.urn for each in outcome.operations if each.op == op and each.type != ENGINE
    )
