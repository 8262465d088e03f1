"""Network layer: what each edge of the graph allows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog import Catalog
from components.context import DATA, Context
from components.kubernetes.traffic import Addresses, Pods, Traffic
from components.servers.server_isolation import ServerIsolation, ServerIsolationArgs
from stacks.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a platform resource is on the network, and who goes there.

    Args:
        at: its pods, or its addresses outside the cluster.
        port: TCP port that services call.
        also: what a service that uses it must reach besides, such as where its
            credentials come from.
        jobs: names of the bootstrap Jobs that set up its parts, sorted.
        bootstrap_port: TCP port that those Jobs call.
        bootstrap_also: what the Jobs must reach besides.
    """

    at: Pods | Addresses
    port: int
    also: tuple[Traffic, ...] = ()
    jobs: tuple[str, ...] = ()
    bootstrap_port: int = 0
    bootstrap_also: tuple[Traffic, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Network:
    """What every service may do.

    Args:
        ingress: who may call it, by service.
        egress: whom it may call, by service.
    """

    ingress: Mapping[str, tuple[Traffic, ...]]
    egress: Mapping[str, tuple[Traffic, ...]]


def build_network(
    catalog: Catalog,
    foundation: Foundation,
    places: Mapping[str, Place],
    edge: tuple[Pods | Addresses, ...],
    monitoring: str | None,
) -> Network:
    """Makes the policies of the servers and says what the workloads' own policies allow.

    Args:
        catalog: the edges.
        foundation: names and namespaces.
        places: where the platform resources are that this environment provides, and the
            external APIs.
        edge: where requests to the gateway come from.
        monitoring: namespace whose pods may call every service; None if there is none.
    """
    context = foundation.context
    for resource, place in sorted(places.items()):
        if isinstance(place.at, Pods) or place.jobs:
            _isolate(resource, place, catalog, foundation)
    return Network(
        ingress={
            name: _ingress(catalog, context, name, edge, monitoring) for name in catalog.services
        },
        egress={name: _egress(catalog, context, name, places) for name in catalog.services},
    )


def jobs_of(resource: str, catalog: Catalog) -> tuple[str, ...]:
    """Names of the bootstrap Jobs that give services their parts of `resource`, sorted."""
    suffix = {"postgres": "database", "queue": "vhost"}[catalog.base(resource)]
    names = (catalog.services[e.source].data_name for e in catalog.edges if e.target == resource)
    return tuple(f"{name}-{suffix}" for name in sorted(names))


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
            jobs=place.jobs,
            bootstrap=(
                Traffic(peers=(place.at,), port=place.bootstrap_port),
                *place.bootstrap_also,
            ),
        ),
        foundation.options(),
    )


def _ingress(
    catalog: Catalog,
    context: Context,
    name: str,
    edge: tuple[Pods | Addresses, ...],
    monitoring: str | None,
) -> tuple[Traffic, ...]:
    callers: tuple[Pods | Addresses, ...] = _workloads(
        catalog, context, [each.source for each in catalog.edges if each.target == name]
    )
    if name == catalog.gateway:
        # The load balancer is needed by what it routes to.
        callers = (*edge, *callers)
    if monitoring is not None:
        callers = (*callers, Pods(namespace=monitoring))
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
            place = places[target]
            for traffic in (Traffic(peers=(place.at,), port=place.port), *place.also):
                known = peers.setdefault(traffic.port, [])
                known.extend(peer for peer in traffic.peers if peer not in known)
    return tuple(Traffic(peers=tuple(peers[port]), port=port) for port in sorted(peers))


def _workloads(catalog: Catalog, context: Context, names: Iterable[str]) -> tuple[Pods, ...]:
    """The pods of services, one selector per namespace.

    A renamed service's old pods run until the new ones do, so they stay connected.
    """
    by_domain: dict[str, set[str]] = {}
    for name in names:
        service = catalog.services[name]
        by_domain.setdefault(service.domain, set()).update((name, service.data_name))
    return tuple(
        Pods(
            namespace=context.namespace(domain),
            component="workload",
            names=tuple(sorted(members)),
        )
        for domain, members in sorted(by_domain.items())
    )
