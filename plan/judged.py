"""A plan in the words of the rules."""

from __future__ import annotations

from plan.plan import Plan
from policy.resource import Resource


def judged(plan: Plan) -> tuple[Resource, ...]:
    """The resources of `plan` as `policy` reads them, in the plan's order."""
    return tuple(
        Resource(
            urn=each.urn, type=each.type, name=each.name, inputs=each.inputs, secrets=each.secrets
        )
        for each in plan.resources
    )
