"""A plan in the words of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.policy.resource import Resource
from nexus.pulumi.clouds.clouds import TYPES


def judged(plan: Plan) -> tuple[Resource, ...]:
    """The resources of `plan` as `policy` reads them, in the plan's order.

    A resource in a cloud has the name there that Pulumi makes for it, as in a preview.
    """
    return tuple(
        Resource(
            urn=each.urn,
            type=each.type,
            name=each.name,
            inputs={**each.inputs, **_automatic_name(each)},
            secrets=each.secrets,
        )
        for each in plan.resources
    )


def _automatic_name(resource: Registration) -> Mapping[str, Any]:
    answer = TYPES.get(resource.type)
    named = None if answer is None else answer.named
    return {} if named is None or named not in resource.made else {named: resource.made[named]}
