"""Where the servers are that run inside of the cluster."""

from __future__ import annotations

from collections.abc import Mapping

from catalog import Catalog
from components.context import DATA, Context
from components.kubernetes.traffic import Addresses, Pods
from components.servers.in_cluster_postgres import PORT as POSTGRES_PORT
from components.servers.in_cluster_queue import MANAGEMENT_PORT
from components.servers.in_cluster_queue import PORT as QUEUE_PORT
from components.servers.in_cluster_redis import PORT as REDIS_PORT
from components.servers.in_cluster_storage import PORT as STORAGE_PORT
from stacks.network import Place, jobs_of
from stacks.settings import Settings


def entrance(settings: Settings) -> tuple[Pods | Addresses, ...]:
    """Where the ingress controller's packets come from."""
    nodes = Addresses(blocks=tuple((block, ()) for block in settings.edge_addresses))
    controller = Pods(namespace=settings.edge_namespace)
    return (controller, nodes) if nodes.blocks else (controller,)


def places(catalog: Catalog, context: Context) -> Mapping[str, Place]:
    """Every server of the data namespace, by platform resource."""

    def server(name: str, port: int, jobs: tuple[str, ...] = (), bootstrap_port: int = 0) -> Place:
        at = Pods(namespace=context.namespace(DATA), component="server", names=(name,))
        return Place(at=at, port=port, jobs=jobs, bootstrap_port=bootstrap_port)

    buckets = tuple(f"{bucket}-bucket" for bucket in catalog.buckets)
    return {
        **{
            name: server(name, POSTGRES_PORT, jobs_of(name, catalog), POSTGRES_PORT)
            for name in catalog.servers("postgres")
        },
        **{name: server(name, REDIS_PORT) for name in catalog.servers("redis")},
        **{
            name: server(name, QUEUE_PORT, jobs_of(name, catalog), MANAGEMENT_PORT)
            for name in catalog.servers("queue")
        },
        **{
            name: server(name, STORAGE_PORT, buckets, STORAGE_PORT)
            for name in catalog.servers("storage")
        },
    }
