"""The Kubernetes objects of the stacks in AWS, held against the API's schemas and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.rehearsal.schema import validate
from tests.stacks.cloud_resources import STACKS

pytestmark = pytest.mark.xdist_group("clouds")

CUSTOM = ("NodePool", "TargetGroupBinding")
"""Kinds whose schema is EKS' own."""


def objects(plan: Plan) -> Iterator[Registration]:
    for resource in plan.resources:
        if resource.type.startswith("kubernetes:"):
            yield resource


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_passes_the_schema_in_strict_mode(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A misspelt field is dropped by the API server, or refused in the middle of a rollout."""
    checked = 0
    for resource in objects(clouds[stack]):
        if not resource.type.endswith(CUSTOM):
            validate(resource.inputs)
            checked += 1
    assert checked > 250


@pytest.mark.parametrize("stack", STACKS)
def test_containers_that_fetch_secrets_are_hardened_too(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """The namespace admits no pod with a container that could get more rights."""
    seen = Counter[str]()
    for resource in objects(clouds[stack]):
        spec: Mapping[str, Any] = (
            resource.inputs.get("spec", {}).get("template", {}).get("spec", {})
        )
        for container in spec.get("initContainers", []):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]["limits"]) >= {"cpu", "memory"}
            volumes = {volume["name"] for volume in spec["volumes"]}
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            assert ":latest" not in container["image"]
            seen[resource.type] += 1
    assert seen["kubernetes:batch/v1:Job"] == 40
    # Who needs a store, but for backend-api and pv-keys: a balancer and KMS are not waited for.
    assert seen["kubernetes:apps/v1:Deployment"] == 28
