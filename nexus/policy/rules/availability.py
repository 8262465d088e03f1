"""Rules of availability: how workloads start, are watched, scaled and taken away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.kubernetes.quantity import shown, thousandths
from components.kubernetes.versions import WORKS_WITH, is_in, version_of
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


@rule
def quotas_hold_rollouts(resources: Sequence[Resource]) -> Iterator[Finding]:
    """A quota has room for a rolling update of all Deployments of its namespace, and for its Jobs.

    A pod counts until it has ended: besides the most that the autoscaler keeps there are those
    that the rolling update starts, and the old ones while they end. Jobs and what has a schedule
    run beside them, with a pod each. A pod counts as the larger of its containers together and
    each of its init containers.
    Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    used: dict[str, Counter[str]] = {}
    for deployment in of_kind(resources, "Deployment"):
        most = max(
            (
                # The engine hands numbers to a policy pack with a decimal point.
                int(each.spec.get("maxReplicas", 1))
                for each in of_kind(resources, "HorizontalPodAutoscaler")
                if _scales(each, deployment)
            ),
            default=int(deployment.spec.get("replicas") or 1),
        )
        rolling = mapping(mapping(deployment.spec.get("strategy")).get("rollingUpdate"))
        surge = rolling.get("maxSurge", 1)
        pods = 2 * most + (most if isinstance(surge, str) else int(surge))
        used.setdefault(deployment.namespace, Counter()).update(_counted(deployment, pods))
    for job in of_kind(resources, "CronJob", "Job"):
        used.setdefault(job.namespace, Counter()).update(_counted(job, 1))
    for quota in of_kind(resources, "ResourceQuota"):
        hard = mapping(quota.spec.get("hard"))
        for name, amount in sorted(used.get(quota.namespace, Counter[str]()).items()):
            if name in hard and thousandths(str(hard[name])) < amount:
                yield (
                    quota,
                    f"it admits {hard[name]} of {name}, but its namespace needs {shown(amount)} "
                    "while all Deployments are rolled out at their most pods and all Jobs run; "
                    "raise it to that, or lower maxReplicas.",
                )


def _counted(resource: Resource, pods: int) -> Counter[str]:
    """What so many pods of a workload count in a quota, in thousandths, by the quota's key."""
    asks = pod_asks(mapping(mapping(resource.pod).get("spec")))
    return Counter({name: pods * amount for name, amount in {**asks, "pods": 1000}.items()})


@rule
def versions_fit(resources: Sequence[Resource]) -> Iterator[Finding]:
    """A service runs in versions that those who call it can work with."""
    running = {
        str(each.metadata.get("name")): version_of(_image(each))
        for each in of_kind(resources, "Deployment")
    }
    for caller in of_kind(resources, "Deployment", "CronJob"):
        told = mapping(caller.metadata.get("annotations")).get(WORKS_WITH)
        for target, bounds in json.loads(str(told or "{}")).items():
            version = running.get(target)
            if version is not None and not is_in(version, bounds):
                yield (
                    caller,
                    f"{caller.metadata.get('name')} can work with '{target}' {bounds}, which "
                    f"{version} is not; bring both out together, or a version between.",
                )


def _image(deployment: Resource) -> str:
    own = sequence(mapping(mapping(deployment.pod).get("spec")).get("containers"))
    return str(mapping(own[0]).get("image")) if own else ""


def pod_asks(pod: Mapping[str, Any]) -> Counter[str]:
    """What a pod counts in a quota, in thousandths, by the quota's key."""
    asks: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for container in map(mapping, sequence(pod.get("initContainers"))):
        own = _container_asks(container)
        before |= beside + own
        if container.get("restartPolicy") == "Always":
            # It runs on, beside all that come after it.
            beside += own
    for container in map(mapping, sequence(pod.get("containers"))):
        asks.update(_container_asks(container))
    return (asks + beside) | before


def _container_asks(container: Mapping[str, Any]) -> Counter[str]:
    resources = mapping(container.get("resources"))
    return Counter(
        {
            f"{bound}.{name}": thousandths(str(amount))
            for bound in ("requests", "limits")
            for name, amount in mapping(resources.get(bound)).items()
        }
    )
