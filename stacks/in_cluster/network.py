"""Where the servers are that run inside of the cluster."""

from __future__ import annotations

from collections.abc import Mapping

from components.kubernetes.traffic import Addresses, Pods
from components.servers.in_cluster_postgres import PORT as POSTGRES_PORT
from components.servers.in_cluster_queue import MANAGEMENT_PORT
from components.servers.in_cluster_queue import PORT as QUEUE_PORT
from components.servers.in_cluster_redis import PORT as REDIS_PORT
from components.servers.in_cluster_storage import PORT as STORAGE_PORT
from stacks.inputs import ClusterProgram
from stacks.logged import logging_destinations
from stacks.monitored import monitoring_destinations
from stacks.network import Destination, jobs_of, server_pods
from stacks.settings import ClusterSettings


def entrance(settings: ClusterSettings) -> tuple[Pods | Addresses, ...]:
    """Where the ingress controller's packets come from."""
    nodes = Addresses(blocks=tuple((block, ()) for block in settings.edge_addresses))
    controller = Pods(namespace=settings.edge_namespace)
    return (controller, nodes) if nodes.blocks else (controller,)


def _nodes(settings: ClusterSettings) -> tuple[Addresses, ...]:
    """Where the API server and the kubelets are, as far as a setting says so."""
    blocks = () if settings.monitoring is None else settings.monitoring.nodes
    return tuple(Addresses(blocks=((block, ()),)) for block in blocks)


def destinations(program: ClusterProgram) -> Mapping[str, Destination]:
    """Every server of the data namespace, by platform resource."""
    catalog = program.catalog

    def server(
        name: str, port: int, jobs: tuple[str, ...] = (), bootstrap_port: int = 0
    ) -> Destination:
        at = server_pods(program, name)
        return Destination(at=at, port=port, jobs=jobs, bootstrap_port=bootstrap_port)

    buckets = tuple(f"{bucket}-bucket" for bucket in catalog.buckets)
    servers = {
        **{
            name: server(name, POSTGRES_PORT, jobs_of(name, program), POSTGRES_PORT)
            for name in catalog.servers("postgres")
        },
        **{name: server(name, REDIS_PORT) for name in catalog.servers("redis")},
        **{
            name: server(name, QUEUE_PORT, jobs_of(name, program), MANAGEMENT_PORT)
            for name in catalog.servers("queue")
        },
        **{
            name: server(name, STORAGE_PORT, buckets, STORAGE_PORT)
            for name in catalog.servers("storage")
        },
    }
    return {
        **servers,
        **monitoring_destinations(program, servers, _nodes(program.settings)),
        **logging_destinations(program),
    }
