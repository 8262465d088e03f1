"""Network layer: what each edge of the graph allows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog import Catalog, NodeKind
from components.context import DATA, Context
from components.in_cluster_postgres import PORT as POSTGRES_PORT
from components.in_cluster_queue import MANAGEMENT_PORT
from components.in_cluster_queue import PORT as QUEUE_PORT
from components.in_cluster_redis import PORT as REDIS_PORT
from components.in_cluster_storage import PORT as STORAGE_PORT
from components.server_isolation import ServerIsolation, ServerIsolationArgs
from components.traffic import HTTPS, PUBLIC, Addresses, Pods, Traffic
from stacks.environment import Environment
from stacks.foundation import Foundation
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a platform resource is on the network.

    Args:
        at: its pods, or its addresses outside the cluster.
        port: TCP port that services call.
        bootstrap_port: TCP port that its bootstrap Jobs call.
    """

    at: Pods | Addresses
    port: int
    bootstrap_port: int


@dataclass(frozen=True, kw_only=True)
class Network:
    """What every service may do.

    Args:
        ingress: who may call it, by service.
        egress: whom it may call, by service.
    """

    ingress: Mapping[str, tuple[Traffic, ...]]
    egress: Mapping[str, tuple[Traffic, ...]]


IN_CLUSTER = {
    "postgres": (POSTGRES_PORT, POSTGRES_PORT),
    "redis": (REDIS_PORT, REDIS_PORT),
    "queue": (QUEUE_PORT, MANAGEMENT_PORT),
    "storage": (STORAGE_PORT, STORAGE_PORT),
}
"""Ports of the servers that run in the data namespace: that of services, that of Jobs."""


def build_network(
    settings: Settings, environment: Environment, catalog: Catalog, foundation: Foundation
) -> Network:
    """Makes the policies of the servers and says what the workloads' own policies allow."""
    context = foundation.context
    places = _places(environment, context)
    for resource, place in sorted(places.items()):
        _isolate(resource, place, catalog, foundation)
    edge = Pods(namespace=settings.edge_namespace)
    return Network(
        ingress={name: _ingress(catalog, context, name, edge) for name in catalog.services},
        egress={name: _egress(catalog, context, name, places) for name in catalog.services},
    )


def _places(environment: Environment, context: Context) -> Mapping[str, Place]:
    """Where the platform resources are that this environment provides."""
    namespace = context.namespace(DATA)
    return {
        resource: Place(
            at=Pods(namespace=namespace, component="server", names=(resource,)),
            port=port,
            bootstrap_port=bootstrap_port,
        )
        for resource, (port, bootstrap_port) in IN_CLUSTER.items()
        if resource in environment.provided
    }


def _isolate(resource: str, place: Place, catalog: Catalog, foundation: Foundation) -> None:
    users = [edge.source for edge in catalog.edges if edge.target == resource]
    callers = _workloads(catalog, foundation.context, users)
    ServerIsolation(
        f"{resource}-isolation",
        ServerIsolationArgs(
            context=foundation.context,
            namespace=foundation.namespaces[DATA],
            server=resource if isinstance(place.at, Pods) else None,
            callers=(Traffic(peers=callers, port=place.port),) if callers else (),
            jobs=bootstrap_jobs(resource, catalog),
            bootstrap=Traffic(peers=(place.at,), port=place.bootstrap_port),
        ),
        foundation.options(),
    )


def bootstrap_jobs(resource: str, catalog: Catalog) -> tuple[str, ...]:
    """Names of the bootstrap Jobs that set up parts of `resource`, sorted."""
    if resource == "storage":
        return tuple(f"{bucket}-bucket" for bucket in catalog.buckets)
    suffix = {"postgres": "database", "queue": "vhost"}.get(resource)
    if suffix is None:
        return ()
    return tuple(f"{edge.source}-{suffix}" for edge in catalog.edges if edge.target == resource)


def _ingress(catalog: Catalog, context: Context, name: str, edge: Pods) -> tuple[Traffic, ...]:
    callers: tuple[Pods, ...] = _workloads(
        catalog, context, [each.source for each in catalog.edges if each.target == name]
    )
    if any(each.target == "load-balancer" for each in catalog.needs(name)):
        # The load balancer is needed by what it routes to.
        callers = (edge, *callers)
    return (Traffic(peers=callers, port=catalog.services[name].port),) if callers else ()


def _egress(
    catalog: Catalog, context: Context, name: str, places: Mapping[str, Place]
) -> tuple[Traffic, ...]:
    peers: dict[int, list[Pods | Addresses]] = {}
    targets = [edge.target for edge in catalog.needs(name)]
    services = [target for target in targets if target in catalog.services]
    for port in sorted({catalog.services[target].port for target in services}):
        called = [target for target in services if catalog.services[target].port == port]
        peers.setdefault(port, []).extend(_workloads(catalog, context, called))
    for target in targets:
        if target in places:
            peers.setdefault(places[target].port, []).append(places[target].at)
    if any(catalog.kind(target) is NodeKind.EXTERNAL for target in targets):
        peers.setdefault(HTTPS, []).append(PUBLIC)
    return tuple(Traffic(peers=tuple(peers[port]), port=port) for port in sorted(peers))


def _workloads(catalog: Catalog, context: Context, names: Iterable[str]) -> tuple[Pods, ...]:
    """The pods of services, one selector per namespace."""
    by_domain: dict[str, list[str]] = {}
    for name in sorted(names):
        by_domain.setdefault(catalog.services[name].domain, []).append(name)
    return tuple(
        Pods(namespace=context.namespace(domain), component="workload", names=tuple(members))
        for domain, members in sorted(by_domain.items())
    )
