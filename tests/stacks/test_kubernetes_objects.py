"""The Kubernetes objects of the plan, held against the API's own schemas and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import ValidationError

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from nexus.rehearsal.schema import parts, validate

LONGEST_NAME = 63
LONGEST_AUTO_NAME = LONGEST_NAME - 9
"""Room for the hyphen and 8 characters that auto-naming adds."""


def objects(plan: Plan) -> Iterator[Registration]:
    for resource in plan.resources:
        if resource.type.startswith("kubernetes:"):
            yield resource


def pods(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in objects(plan):
        template = resource.inputs.get("spec", {}).get("template")
        if template is not None:
            yield resource.name, template


def test_every_object_passes_the_schema_in_strict_mode(plan: Plan) -> None:
    """A misspelt field is dropped by the API server, or refused in the middle of a rollout."""
    checked = 0
    for resource in objects(plan):
        validate(resource.inputs)
        checked += 1
    assert checked > 250


def test_the_schema_check_looks(plan: Plan) -> None:
    """A validator that accepts everything proves nothing."""
    deployment = next(r for r in objects(plan) if r.type.endswith(":Deployment"))
    for wrong in (
        {**deployment.inputs, "spce": {}},
        {**deployment.inputs, "spec": {**deployment.inputs["spec"], "replicas": "one"}},
    ):
        with pytest.raises(ValidationError):
            validate(wrong)


def test_names_of_ports_carry_their_number(plan: Plan) -> None:
    """A changed number under the same name is refused in every preview."""
    numbers = {"ServicePort": "port", "ContainerPort": "containerPort"}
    named = [
        (part.value["name"], part.value[numbers[part.definition]])
        for resource in objects(plan)
        for part in parts(resource.inputs)
        if part.definition in numbers
    ]
    assert len(named) >= 2 * 43
    assert not [name for name, number in named if not name.endswith(f"-{number}")]


def test_namespaces_enforce_the_restricted_level(plan: Plan) -> None:
    """A namespace without the label admits a pod that runs as root."""
    namespaces = [r for r in objects(plan) if r.type.endswith(":Namespace")]
    assert len(namespaces) == 13
    for namespace in namespaces:
        labels = namespace.inputs["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


ALLOWED_VOLUMES = {"name", "configMap", "emptyDir", "secret", "projected", "csi"}


def test_pods_satisfy_the_restricted_level(plan: Plan) -> None:
    """The API server refuses such a pod only when the rollout is already under way."""
    seen = 0
    for name, template in pods(plan):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] >= 10000, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        for volume in spec["volumes"]:
            assert set(volume) <= ALLOWED_VOLUMES, name
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            for bound in ("requests", "limits"):
                assert set(container["resources"][bound]) >= {"cpu", "memory"}, name
        seen += 1
    assert seen == 43 + 4 + 22


def test_every_mounted_volume_exists_and_is_used(plan: Plan) -> None:
    """A pod whose mount has no volume is refused; one that mounts it nowhere lost its secret."""
    for resource in objects(plan):
        template = resource.inputs.get("spec", {}).get("template")
        if template is None:
            continue
        claims = resource.inputs["spec"].get("volumeClaimTemplates", [])
        volumes = {v["name"] for v in template["spec"]["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in claims}
        containers = [
            *template["spec"]["containers"],
            *template["spec"].get("initContainers", ()),
        ]
        mounts = {m["name"] for c in containers for m in c["volumeMounts"]}
        assert mounts == volumes, resource.name
        for container in containers:
            paths = [m["mountPath"] for m in container["volumeMounts"]]
            assert len(paths) == len(set(paths)), resource.name


def test_workloads_have_three_distinct_probes(plan: Plan) -> None:
    """A liveness probe that equals readiness restarts a service for a neighbour's outage."""
    for resource in objects(plan):
        if not resource.type.endswith(("Deployment", "StatefulSet")):
            continue
        for container in resource.inputs["spec"]["template"]["spec"]["containers"]:
            probes = [container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
            assert all(probes[i] != probes[j] for i in range(3) for j in range(i)), resource.name


def test_rollout_is_given_up_before_pulumi_gives_up(plan: Plan) -> None:
    """When the provider stops first, its error hides the rollout's own reason."""
    for resource in objects(plan):
        if resource.type.endswith(":Deployment"):
            deadline = resource.inputs["spec"]["progressDeadlineSeconds"]
            for verb in ("create", "update"):
                timeout = int(resource.options["customTimeouts"][verb].removesuffix("s"))
                assert deadline < timeout <= deadline + 60, resource.name


def test_selectors_match_exactly_their_own_pods(plan: Plan) -> None:
    """A Service that selects a neighbour's pods sends requests to the wrong service."""
    templates = {
        (r.inputs["metadata"]["namespace"], name): t["metadata"]["labels"]
        for r in objects(plan)
        for name, t in [(r.name, r.inputs.get("spec", {}).get("template"))]
        if t is not None
    }
    services = [r for r in objects(plan) if r.type.endswith(":Service")]
    # Of the 43 services and four servers, and a headless one of each server besides.
    assert len(services) == 43 + 4 + 4
    for service in services:
        metadata, spec = service.inputs["metadata"], service.inputs["spec"]
        matched = [
            name
            for (namespace, name), labels in templates.items()
            if namespace == metadata["namespace"] and spec["selector"].items() <= labels.items()
        ]
        headless = spec.get("clusterIP") == "None"
        assert matched == [metadata["name"].removesuffix("-pods") if headless else metadata["name"]]


def test_services_are_not_awaited(plan: Plan) -> None:
    """An awaited Service waits for pods that wait for the Service."""
    for resource in objects(plan):
        if resource.type.endswith((":Service", ":Ingress")):
            annotations = resource.inputs["metadata"]["annotations"]
            assert annotations["pulumi.com/skipAwait"] == "true", resource.name


def test_names_and_labels_fit(plan: Plan) -> None:
    """A name that is too long is refused by the API server, hours after the review."""
    for resource in objects(plan):
        metadata = resource.inputs["metadata"]
        longest = LONGEST_NAME if "name" in metadata else LONGEST_AUTO_NAME
        assert len(metadata.get("name", resource.name)) <= longest, resource.urn
        for value in metadata["labels"].values():
            assert len(value) <= LONGEST_NAME, resource.urn


FIXED = (
    "Namespace",
    "Deployment",
    "StatefulSet",
    "Service",
    "ServiceAccount",
    "Ingress",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "PriorityClass",
    "ResourceQuota",
    "LimitRange",
)


def test_fixed_names_and_auto_names(plan: Plan) -> None:
    """A ConfigMap with a fixed name is deleted before it is replaced, under running pods."""
    for resource in objects(plan):
        kind = resource.type.rsplit(":", 1)[-1]
        assert ("name" in resource.inputs["metadata"]) == (kind in FIXED), resource.urn


def test_fixed_names_are_unique(plan: Plan) -> None:
    """Two objects of one name overwrite each other."""
    keys = [
        (r.type, r.inputs["metadata"].get("namespace"), r.inputs["metadata"]["name"])
        for r in objects(plan)
        if "name" in r.inputs["metadata"]
    ]
    assert len(keys) == len(set(keys))
