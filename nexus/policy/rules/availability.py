"""Rules of availability: how workloads start, are watched, scaled and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nexus.policy.rule import Finding, matches, of_kind, pod_labels, rule
from nexus.pulumi.resource import Resource, mapping, sequence

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@rule
def workloads_are_probed(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Startup, readiness and liveness are asked for, each in its own way."""
    for resource in of_kind(resources, "Deployment", "StatefulSet"):
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


@rule
def workloads_are_scaled(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every Deployment has an autoscaler and states no replicas itself."""
    scalers = list(of_kind(resources, "HorizontalPodAutoscaler"))
    for deployment in of_kind(resources, "Deployment"):
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


@rule
def workloads_are_budgeted(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every Deployment has a disruption budget."""
    budgets = list(of_kind(resources, "PodDisruptionBudget"))
    for deployment in of_kind(resources, "Deployment"):
        labels = pod_labels(deployment)
        if not any(
            each.namespace == deployment.namespace
            and matches(mapping(each.spec.get("selector")), labels)
            for each in budgets
        ):
            yield deployment, "a drain takes all its pods at once; add a PodDisruptionBudget."


@rule
def workloads_are_spread(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Pods of a Deployment are spread over zones and hosts."""
    for deployment in of_kind(resources, "Deployment"):
        pod = mapping(mapping(deployment.pod).get("spec"))
        keys = {
            mapping(each).get("topologyKey")
            for each in sequence(pod.get("topologySpreadConstraints"))
        }
        if not keys >= {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield deployment, "its pods may share a host or zone; spread them over both."


@rule
def workloads_are_ranked(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every Deployment and StatefulSet has a priority class."""
    for resource in of_kind(resources, "Deployment", "StatefulSet"):
        if not mapping(mapping(resource.pod).get("spec")).get("priorityClassName"):
            yield resource, "it yields to everything else; set priorityClassName."


@rule
def workloads_are_drained(resources: Sequence[Resource]) -> Iterator[Finding]:
    """A pod that is called answers until nobody calls it any more."""
    services = of_kind(resources, "Service")
    for deployment in of_kind(resources, "Deployment"):
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
    return (
        service.namespace == deployment.namespace
        and bool(selected)
        and matches({"matchLabels": selected}, pod_labels(deployment))
    )


def _drain_seconds(container: Mapping[str, Any]) -> float | None:
    hook = mapping(mapping(container.get("lifecycle")).get("preStop"))
    return mapping(hook.get("sleep")).get("seconds")


AVAILABILITY_RULES = (
    workloads_are_probed,
    workloads_are_scaled,
    workloads_are_budgeted,
    workloads_are_spread,
    workloads_are_ranked,
    workloads_are_drained,
)
