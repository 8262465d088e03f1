"""The Kubernetes objects of a plan as manifests, for tools that read those."""

from __future__ import annotations

from typing import Any

import yaml

from nexus.plan.plan import Plan
from nexus.pulumi.resource import HELM_RELEASE


def manifests(plan: Plan) -> str:
    """All Kubernetes objects of `plan` as one YAML stream.

    An object that auto-naming would name carries its logical name instead. A Helm release is
    no object: what is in its chart is not known without the network.
    """
    objects = [
        _named(resource.inputs, resource.name)
        for resource in plan.resources
        if resource.type.startswith("kubernetes:") and resource.type != HELM_RELEASE
    ]
    return yaml.safe_dump_all(objects, sort_keys=True, allow_unicode=True)


def _named(inputs: Any, name: str) -> dict[str, Any]:
    return {**inputs, "metadata": {"name": name, **inputs["metadata"]}}
