"""How many pods a workload has, and how they are spread, replaced, taken away and ended."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.apps.v1 import DeploymentStrategyArgsDict, RollingUpdateDeploymentArgsDict
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import LifecycleArgsDict, TopologySpreadConstraintArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.context import selector

BUSY_PERCENT = 70
"""CPU use, in percent of what was asked for, above which pods are added."""

DRAIN_SECONDS = 5
"""How long a pod that ends still answers, in seconds: until then no proxy has heard of it."""

FINISH_SECONDS = 25
"""How long a pod has, after that, to finish what it is doing, in seconds."""

GRACE_SECONDS = DRAIN_SECONDS + FINISH_SECONDS


def strategy(*, gpu: bool) -> DeploymentStrategyArgsDict:
    """How a new version takes the place of the old one.

    Pod by pod, a new one first. Pods with a GPU (`gpu`) the other way round: a GPU is one pod's
    alone, so where all are taken a new pod would wait for one that the old pod holds until the new
    one is ready. A service of one such pod is away while it changes.
    """
    extra = 0 if gpu else 1
    rolling: RollingUpdateDeploymentArgsDict = {"max_unavailable": 1 - extra, "max_surge": extra}
    return {"type": "RollingUpdate", "rolling_update": rolling}


def drain() -> LifecycleArgsDict:
    """Keeps a pod serving until it is out of every endpoint list, without a shell in the image.

    The `sleep` action needs Kubernetes 1.30 or newer.
    """
    return {"pre_stop": {"sleep": {"seconds": DRAIN_SECONDS}}}


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
    name: str,
    metadata: ObjectMetaArgsDict,
    replicas: tuple[int, int],
    opts: pulumi.ResourceOptions,
) -> HorizontalPodAutoscaler:
    """The autoscaler of Deployment `name`, between the two numbers of `replicas`.

    It brings the least number about by itself, metrics or not, so that the Deployment need
    not state any.
    """
    return HorizontalPodAutoscaler(
        f"{name}-autoscaler",
        metadata=metadata,
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
            "min_replicas": replicas[0],
            "max_replicas": replicas[1],
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "average_utilization": BUSY_PERCENT},
                    },
                }
            ],
        },
        opts=opts,
    )


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
