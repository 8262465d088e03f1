"""Finding resources of a plan in AWS, and reading the policies among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration

STACKS = ("staging", "prod")


def of_type(plan: Plan, kind: str) -> Mapping[str, Registration]:
    """Resources of the type that ends in `kind`, such as `ec2/vpc:Vpc`, by name."""
    return {r.name: r for r in plan.resources if r.type == kind or r.type.endswith(f":{kind}")}


def one(plan: Plan, kind: str, name: str) -> Registration:
    """The resource of that type and name."""
    return of_type(plan, kind)[name]


def policies(plan: Plan) -> Iterator[tuple[Registration, str, Mapping[str, Any]]]:
    """Every statement of every policy: resource, property it stands in, statement."""
    for resource in plan.resources:
        for key in ("policy", "assumeRolePolicy"):
            text = resource.inputs.get(key)
            if isinstance(text, str) and '"Statement"' in text:
                for statement in json.loads(text)["Statement"]:
                    yield resource, key, statement
