"""How many pods a workload has, and how many may be taken away at once."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.context import selector

BUSY_PERCENT = 70
"""CPU use, in percent of what was asked for, above which pods are added."""


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
