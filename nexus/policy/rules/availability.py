"""Rules of availability: how workloads start, are watched, scaled and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nexus.policy.selector import matches
from nexus.policy.violation import Finding, Rule
from nexus.pulumi.resource import Resource, mapping, sequence

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _of_kind(resources: Sequence[Resource], *kinds: str) -> Iterator[Resource]:
    return (each for each in resources if each.is_kubernetes and each.kind in kinds)


def _probed(resources: Sequence[Resource]) -> Iterator[Finding]:
    for resource in _of_kind(resources, "Deployment", "StatefulSet"):
        pod = mapping(mapping(resource.pod).get("spec"))
        for container in map(mapping, sequence(pod.get("containers"))):
            place = f"container '{container.get('name')}'"
            missing = [probe for probe in _PROBES if not container.get(probe)]
            if missing:
                yield resource, f"{place} has no {', '.join(missing)}; add it."
            elif container["readinessProbe"] == container["livenessProbe"]:
                yield (
                    resource,
                    f"{place} is restarted whenever it is not ready; give its liveness probe "
                    "another question.",
                )


def _scaled(resources: Sequence[Resource]) -> Iterator[Finding]:
    scalers = list(_of_kind(resources, "HorizontalPodAutoscaler"))
    for deployment in _of_kind(resources, "Deployment"):
        scaled = any(_scales(each, deployment) for each in scalers)
        if not scaled:
            yield deployment, "nothing adds pods under load; add a HorizontalPodAutoscaler."
        elif deployment.spec.get("replicas") is not None:
            yield deployment, "it undoes its autoscaler at every deployment; remove replicas."


def _scales(scaler: Resource, deployment: Resource) -> bool:
    target = mapping(scaler.spec.get("scaleTargetRef"))
    return (
        scaler.namespace == deployment.namespace
        and target.get("kind") == "Deployment"
        and target.get("name") == deployment.metadata.get("name")
    )


def _budgeted(resources: Sequence[Resource]) -> Iterator[Finding]:
    budgets = list(_of_kind(resources, "PodDisruptionBudget"))
    for deployment in _of_kind(resources, "Deployment"):
        labels = mapping(mapping(mapping(deployment.pod).get("metadata")).get("labels"))
        if not any(
            each.namespace == deployment.namespace
            and matches(mapping(each.spec.get("selector")), labels)
            for each in budgets
        ):
            yield deployment, "a drain takes all its pods at once; add a PodDisruptionBudget."


def _spread(resources: Sequence[Resource]) -> Iterator[Finding]:
    for deployment in _of_kind(resources, "Deployment"):
        pod = mapping(mapping(deployment.pod).get("spec"))
        keys = {
            mapping(each).get("topologyKey")
            for each in sequence(pod.get("topologySpreadConstraints"))
        }
        if not keys >= {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield deployment, "its pods may share a host or zone; spread them over both."


def _ranked(resources: Sequence[Resource]) -> Iterator[Finding]:
    for resource in _of_kind(resources, "Deployment", "StatefulSet"):
        if not mapping(mapping(resource.pod).get("spec")).get("priorityClassName"):
            yield resource, "it yields to everything else; set priorityClassName."


def _drained(resources: Sequence[Resource]) -> Iterator[Finding]:
    services = list(_of_kind(resources, "Service"))
    for deployment in _of_kind(resources, "Deployment"):
        if not any(_calls(each, deployment) for each in services):
            continue  # nobody calls it, so nobody has to be told that it ends
        pod = mapping(mapping(deployment.pod).get("spec"))
        grace = pod.get("terminationGracePeriodSeconds", 30)
        for container in map(mapping, sequence(pod.get("containers"))):
            seconds = _drain_seconds(container)
            if seconds is None or not 0 < seconds < grace:
                yield (
                    deployment,
                    f"container '{container.get('name')}' ends while it is still called; add a "
                    "preStop hook that sleeps for less than the grace period.",
                )


def _calls(service: Resource, deployment: Resource) -> bool:
    """Whether a Service leads to the pods of a Deployment."""
    selected = mapping(service.spec.get("selector"))
    labels = mapping(mapping(mapping(deployment.pod).get("metadata")).get("labels"))
    return (
        service.namespace == deployment.namespace
        and bool(selected)
        and matches({"matchLabels": selected}, labels)
    )


def _drain_seconds(container: Mapping[str, Any]) -> float | None:
    hook = mapping(mapping(container.get("lifecycle")).get("preStop"))
    return mapping(hook.get("sleep")).get("seconds")


AVAILABILITY_RULES = (
    Rule(
        name="workloads-are-probed",
        description="Startup, readiness and liveness are asked for, each in its own way",
        check=_probed,
    ),
    Rule(
        name="workloads-are-scaled",
        description="Every Deployment has an autoscaler and states no replicas itself",
        check=_scaled,
    ),
    Rule(
        name="workloads-are-budgeted",
        description="Every Deployment has a disruption budget",
        check=_budgeted,
    ),
    Rule(
        name="workloads-are-spread",
        description="Pods of a Deployment are spread over zones and hosts",
        check=_spread,
    ),
    Rule(
        name="workloads-are-ranked",
        description="Every Deployment and StatefulSet has a priority class",
        check=_ranked,
    ),
    Rule(
        name="workloads-are-drained",
        description="A pod that is called answers until nobody calls it any more",
        check=_drained,
    ),
)
