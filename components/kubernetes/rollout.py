"""How many pods a workload has, and how they are spread, replaced, taken away and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.apps.v1 import DeploymentStrategyArgsDict, RollingUpdateDeploymentArgsDict
from pulumi_kubernetes.autoscaling.v2 import (
    HorizontalPodAutoscaler,
    MetricIdentifierArgsDict,
    MetricSpecArgsDict,
    MetricTargetArgsDict,
)
from pulumi_kubernetes.core.v1 import LifecycleArgsDict, TopologySpreadConstraintArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.context import selector


@dataclass(frozen=True, kw_only=True)
class ExternalMetric:
    """A metric of something that is no object of the cluster, such as a queue.

    Args:
        name, labels: which of its series count, together.
    """

    name: str
    value: int
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How many pods a workload has.

    Args:
        least, most: number of pods.
        cpu, memory: use, in percent of what was asked for, above which pods are added; None
            where it does not count.
        metrics: what else pods are added for; of all, the one that asks for the most decides.
    """

    least: int
    most: int
    cpu: int | None
    memory: int | None = None
    metrics: tuple[ExternalMetric, ...] = ()


def strategy(*, gpu: bool) -> DeploymentStrategyArgsDict:
    """How a new version takes the place of the old one.

    Pod by pod, a new one first. Pods with a GPU (`gpu`) the other way round: a GPU is one pod's
    alone, so where all are taken a new pod would wait for one that the old pod holds until the new
    one is ready. A service of one such pod is away while it changes.
    """
    extra = 0 if gpu else 1
    rolling: RollingUpdateDeploymentArgsDict = {"max_unavailable": 1 - extra, "max_surge": extra}
    return {"type": "RollingUpdate", "rolling_update": rolling}


def drain(seconds: int) -> LifecycleArgsDict:
    """Keeps a pod serving until it is out of every endpoint list, without a shell in the image.

    The `sleep` action needs Kubernetes 1.30 or newer.
    """
    return {"pre_stop": {"sleep": {"seconds": seconds}}}


def spread(name: str) -> list[TopologySpreadConstraintArgsDict]:
    """Pods of workload `name` over zones, and inside a zone over hosts.

    Preferred, not demanded: a cluster of one node, or one that has lost a zone, still runs
    everything. Each revision is spread by itself, or a rollout would count the old pods too.
    """
    return [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": selector(name, "workload")},
            "match_label_keys": ["pod-template-hash"],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def autoscaler(
    name: str, metadata: ObjectMetaArgsDict, scaling: Scaling, opts: pulumi.ResourceOptions
) -> HorizontalPodAutoscaler:
    """The autoscaler of Deployment `name`.

    It brings the least number about by itself, metrics or not, so that the Deployment need
    not state any.
    """
    return HorizontalPodAutoscaler(
        f"{name}-autoscaler",
        metadata=metadata,
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
            "min_replicas": scaling.least,
            "max_replicas": scaling.most,
            "metrics": _metrics(scaling),
        },
        opts=opts,
    )


def _metrics(scaling: Scaling) -> list[MetricSpecArgsDict]:
    """What the number of pods follows."""
    metrics: list[MetricSpecArgsDict] = [
        {
            "type": "Resource",
            "resource": {
                "name": name,
                "target": {"type": "Utilization", "average_utilization": percent},
            },
        }
        for name, percent in (("cpu", scaling.cpu), ("memory", scaling.memory))
        if percent is not None
    ]
    for each in scaling.metrics:
        metric: MetricIdentifierArgsDict = {"name": each.name}
        if each.labels:
            metric["selector"] = {"match_labels": each.labels}
        target: MetricTargetArgsDict = {"type": "AverageValue", "average_value": str(each.value)}
        metrics.append({"type": "External", "external": {"metric": metric, "target": target}})
    return metrics


def budget(
    name: str, metadata: ObjectMetaArgsDict, opts: pulumi.ResourceOptions
) -> PodDisruptionBudget:
    """The disruption budget of workload `name`: one pod at a time is taken away."""
    return PodDisruptionBudget(
        f"{name}-budget",
        metadata=metadata,
        spec={
            # Not minAvailable, with which a workload of one pod blocks the drain of its node.
            "max_unavailable": 1,
            "selector": {"match_labels": selector(name, "workload")},
            # A pod that does not work is no reason to keep its node.
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=opts,
    )
