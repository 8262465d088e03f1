"""How pods of a workload are spread, replaced and ended."""

from __future__ import annotations

from pulumi_kubernetes.apps.v1 import DeploymentStrategyArgsDict, RollingUpdateDeploymentArgsDict
from pulumi_kubernetes.core.v1 import LifecycleArgsDict, TopologySpreadConstraintArgsDict

from components.context import selector

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
