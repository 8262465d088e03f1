"""How large what AWS runs is. Free of the SDKs, for whoever only compares sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class AuroraSize:
    """Aurora PostgreSQL.

    Args:
        instances: one writer and readers, spread over the zones.
        backup_days: how far back a point-in-time restore reaches, in days (1 to 35).
    """

    instance_class: str
    instances: int
    backup_days: int
    insights_days: int


@dataclass(frozen=True, kw_only=True)
class ElastiCacheSize:
    """ElastiCache for Valkey: one primary and replicas in other zones.

    Args:
        nodes: primary and replicas together; at least 2, for failover.
    """

    node_type: str
    nodes: int
    snapshot_days: int


@dataclass(frozen=True, kw_only=True)
class AmazonMqSize:
    """Amazon MQ for RabbitMQ; a cluster has three nodes, one per zone."""

    instance_type: str
    deployment: Literal["SINGLE_INSTANCE", "CLUSTER_MULTI_AZ"]


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Nodes of the cluster.

    Args:
        instance_types: of a managed node group; Auto Mode chooses by itself.
        least, most: number of nodes of a managed node group; the least holds the platform
            at its usual size, for a rollout does not wait for nodes that are still to start.
        gpu_families, gpu_types: of instances, in Auto Mode or not; empty for none.
        gpu_limit: most GPUs at once; in a managed node group, of one GPU each, most nodes.
    """

    instance_types: tuple[str, ...]
    least: int
    most: int
    gpu_families: tuple[str, ...]
    gpu_types: tuple[str, ...]
    gpu_least: int
    gpu_limit: int
