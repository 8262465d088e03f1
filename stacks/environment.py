"""What differs between environments, in one typed table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.pod import Size

EnvironmentName = Literal["dev"]


@dataclass(frozen=True, kw_only=True)
class ServerSize:
    """Size of a server and of its volume (a Kubernetes quantity)."""

    size: Size
    storage: str


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One column of the environment table.

    Args:
        name: what the setting `environment` says.
        provided: platform resources that exist here, and what provides each. A
            resource that is missing stays in the graph without a handle.
        stand_ins: whether a service without a version runs as a stand-in.
        replicas: pods per workload, at least.
        most_replicas: pods per workload when it is busy.
        workload: size of a workload.
        postgres, redis, queue, storage: sizes of the servers.
        max_connections: connections of all services to PostgreSQL together.
        max_memory: most memory for Redis' data, in its words.
    """

    name: str
    provided: Mapping[str, str]
    stand_ins: bool
    replicas: int
    most_replicas: int
    workload: Size
    postgres: ServerSize
    redis: ServerSize
    queue: ServerSize
    storage: ServerSize
    max_connections: int
    max_memory: str


ENVIRONMENTS: Mapping[EnvironmentName, Environment] = {
    "dev": Environment(
        name="dev",
        provided={
            "postgres": "PostgreSQL StatefulSet",
            "redis": "Valkey StatefulSet",
            "queue": "RabbitMQ StatefulSet",
            "storage": "SeaweedFS StatefulSet",
        },
        stand_ins=True,
        replicas=1,
        most_replicas=2,
        # All 43 fit into the 2 CPUs and 4 GiB of a small local cluster.
        workload=Size(cpu="10m", cpu_limit="500m", memory="64Mi", scratch="32Mi"),
        postgres=ServerSize(
            size=Size(
                cpu="100m", cpu_limit="1", memory="512Mi", scratch="128Mi", ephemeral="512Mi"
            ),
            storage="4Gi",
        ),
        redis=ServerSize(size=Size(cpu="50m", cpu_limit="500m", memory="192Mi"), storage="1Gi"),
        queue=ServerSize(
            size=Size(
                cpu="100m", cpu_limit="1", memory="512Mi", scratch="128Mi", ephemeral="512Mi"
            ),
            storage="1Gi",
        ),
        storage=ServerSize(
            size=Size(cpu="50m", cpu_limit="1", memory="512Mi", scratch="128Mi", ephemeral="512Mi"),
            storage="8Gi",
        ),
        # 20 services at 20 connections each, and some for the bootstrap Jobs.
        max_connections=420,
        max_memory="128mb",
    ),
}
