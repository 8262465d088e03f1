"""Network layer: what each edge of the graph allows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog import Edge
from catalog.job import DATABASE
from components.context import DATA
from components.kubernetes.service_job import MIGRATION, TASK
from components.kubernetes.traffic import Addresses, Labelled, Pods, Traffic
from components.servers.server_isolation import ServerIsolation, ServerIsolationArgs
from monitoring.probing import probed_port, probed_server
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.monitoring_files import EXPORTED, PROMETHEUS, QUEUE_METRICS_PORT


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where a platform resource is on the network, and who goes there.

    Args:
        at: its pods, those of others, or its addresses outside the cluster.
        also: what a service that uses it must reach besides, such as where its
            credentials come from.
        jobs: names of the bootstrap Jobs that set up its parts, sorted.
        bootstrap_port: TCP port that those Jobs call.
        bootstrap_also: what the Jobs must reach besides.
        callers: who calls it besides the services that need it.
        egress: whom it calls itself, if it runs in the cluster.
    """

    at: Pods | Labelled | Addresses
    port: int
    also: tuple[Traffic, ...] = ()
    jobs: tuple[str, ...] = ()
    bootstrap_port: int = 0
    bootstrap_also: tuple[Traffic, ...] = ()
    callers: tuple[Traffic, ...] = ()
    egress: tuple[Traffic, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Network:
    """What every service may do.

    Args:
        ingress: who may call it, by service.
        egress: whom it may call, by service.
        migrations: whom the migrations of a service may call: its database.
    """

    ingress: Mapping[str, tuple[Traffic, ...]]
    egress: Mapping[str, tuple[Traffic, ...]]
    migrations: Mapping[str, tuple[Traffic, ...]]


def build_network(
    program: Program,
    foundation: Foundation,
    destinations: Mapping[str, Destination],
    entrance: tuple[Pods | Addresses, ...],
) -> Network:
    """Makes the policies of the servers and says what the workloads' own policies allow.

    Args:
        destinations: where the platform resources are that this environment provides or that
            are attached, and the external APIs.
        entrance: where requests to the gateway come from.
    """
    for resource, destination in sorted(destinations.items()):
        if isinstance(destination.at, Pods) or destination.jobs:
            _isolate(program, foundation, resource, destination)
    services = program.catalog.services
    return Network(
        ingress={name: _ingress(program, name, entrance) for name in services},
        egress={
            name: _egress(program, program.catalog.needs(name), destinations) for name in services
        },
        migrations={
            name: _egress(program, [database], destinations)
            for name in services
            if (database := program.catalog.migrates(name)) is not None
        },
    )


def jobs_of(resource: str, program: Program) -> tuple[str, ...]:
    """Names of the bootstrap Jobs that give services their parts of `resource`, sorted."""
    suffix = {"postgres": "database", "queue": "vhost"}[program.catalog.base(resource)]
    logins, services = program.logins(resource), program.catalog.services
    migrated = [
        f"{each.name}-{suffix}-access"
        for each in logins
        if suffix == "database"
        and each.part.of is None
        and services[each.service].migration is not None
    ]
    jobs = (*(f"{each.name}-{suffix}" for each in logins), *migrated)
    if program.settings.monitoring is None or suffix != "database":
        return jobs
    return (*jobs, f"{resource}-monitor")


def _isolate(
    program: Program, foundation: Foundation, resource: str, destination: Destination
) -> None:
    users, services = program.users(resource), program.catalog.services
    callers = _callers(program, users)
    if program.catalog.base(resource) == DATABASE:
        migrated = {
            each.service
            for each in program.logins(resource)
            if each.part.of is None and services[each.service].migration is not None
        }
        callers += _jobs(program, MIGRATION, migrated)
    if probed_server(program.catalog, resource):
        callers += tuple(_foreign_watchers(program))
    ServerIsolation(
        f"{resource}-isolation",
        ServerIsolationArgs(
            context=program.context,
            namespace=foundation.namespaces[DATA],
            server=resource if isinstance(destination.at, Pods) else None,
            callers=(
                *((Traffic(peers=callers, port=destination.port),) if callers else ()),
                *destination.callers,
                *(
                    Traffic(peers=(server_pods(program, PROMETHEUS),), port=port)
                    for port in measured_ports(program, resource, destination)
                ),
            ),
            jobs=destination.jobs,
            bootstrap=(
                Traffic(peers=(destination.at,), port=destination.bootstrap_port),
                *destination.bootstrap_also,
            ),
            egress=destination.egress,
        ),
        foundation.options(),
    )


def _ingress(
    program: Program, name: str, entrance: tuple[Pods | Addresses, ...]
) -> tuple[Traffic, ...]:
    catalog, run = program.catalog, program.catalog.services[name].run
    peers: dict[int, list[Pods | Addresses]] = {}
    if name == catalog.gateway and run.called is not None:
        # The load balancer is needed by what it routes to.
        peers[run.called.number] = [*entrance]
    callers: dict[int, list[str]] = {}
    for edge in catalog.edges:
        for called in catalog.called(edge) if edge.target == name else ():
            callers.setdefault(called.number, []).append(edge.source)
    for port, sources in callers.items():
        peers.setdefault(port, []).extend(_callers(program, sources))
    for watcher in _watchers(program):
        for number in _watched(program, name):
            peers.setdefault(number, []).append(watcher)
    return tuple(Traffic(peers=tuple(peers[port]), port=port) for port in sorted(peers))


def _foreign_watchers(program: Program) -> Iterator[Pods]:
    """The pods of others that read metrics, and probe."""
    if program.settings.monitoring_namespace is not None:
        yield Pods(namespace=program.settings.monitoring_namespace)


def _watchers(program: Program) -> Iterator[Pods]:
    """The pods that read metrics, and probe."""
    yield from _foreign_watchers(program)
    if program.settings.monitoring is not None:
        yield server_pods(program, PROMETHEUS)


def measured_ports(program: Program, resource: str, server: Destination) -> tuple[int, ...]:
    """Ports of a server that the stack's own monitoring calls."""
    if program.settings.monitoring is None or not program.environment.in_cluster:
        return ()
    kind, ports = program.catalog.base(resource), set[int]()
    if kind in EXPORTED or probed_server(program.catalog, resource):
        ports.add(server.port)
    if kind == "queue":
        ports.add(QUEUE_METRICS_PORT)
    return tuple(sorted(ports))


def server_pods(program: Program, name: str) -> Pods:
    """The pod of a server in the cluster."""
    namespace = program.context.namespace(DATA)
    return Pods(namespace=namespace, component="server", names=(name,))


def _watched(program: Program, service: str) -> set[int]:
    """Ports of a service that monitoring reads or probes."""
    catalog = program.catalog
    ports = (catalog.services[service].run.watched, probed_port(catalog, service))
    return {port.number for port in ports if port is not None}


def watched_ports(program: Program) -> tuple[Traffic, ...]:
    """The ports of services that monitoring reads or probes."""
    by_port: dict[int, list[str]] = {}
    for name in program.catalog.services:
        for number in _watched(program, name):
            by_port.setdefault(number, []).append(name)
    return tuple(
        Traffic(peers=_workloads(program, names), port=port)
        for port, names in sorted(by_port.items())
    )


def _egress(
    program: Program, edges: Iterable[Edge], destinations: Mapping[str, Destination]
) -> tuple[Traffic, ...]:
    catalog, edges = program.catalog, tuple(edges)
    peers: dict[int, list[Pods | Labelled | Addresses]] = {}
    called: dict[int, list[str]] = {}
    for edge in edges:
        for port in catalog.called(edge):
            called.setdefault(port.number, []).append(edge.target)
    for number, services in called.items():
        peers[number] = [*_workloads(program, services)]
    for edge in edges:
        if edge.target in destinations:
            found = destinations[edge.target]
            for traffic in (Traffic(peers=(found.at,), port=found.port), *found.also):
                known = peers.setdefault(traffic.port, [])
                known.extend(peer for peer in traffic.peers if peer not in known)
    return tuple(Traffic(peers=tuple(peers[port]), port=port) for port in sorted(peers))


def _callers(program: Program, names: Iterable[str]) -> tuple[Pods, ...]:
    """The pods of services that call, and of their tasks, which call whom they do."""
    names = tuple(names)
    tasks = [name for name in names if program.catalog.services[name].tasks]
    return (*_workloads(program, names), *_jobs(program, TASK, tasks))


def _jobs(program: Program, role: str, names: Iterable[str]) -> tuple[Pods, ...]:
    """The pods of services' Jobs of a role, one selector per namespace."""
    by_domain: dict[str, set[str]] = {}
    for name in names:
        by_domain.setdefault(program.catalog.services[name].domain, set()).add(name)
    return _pods(program, role, by_domain)


def _workloads(program: Program, names: Iterable[str]) -> tuple[Pods, ...]:
    """The pods of services, one selector per namespace.

    A renamed service's old pods run until the new ones do, so they stay connected.
    """
    by_domain: dict[str, set[str]] = {}
    for name in names:
        service = program.catalog.services[name]
        by_domain.setdefault(service.domain, set()).update((name, service.data_name))
    return _pods(program, "workload", by_domain)


def _pods(program: Program, role: str, by_domain: Mapping[str, set[str]]) -> tuple[Pods, ...]:
    return tuple(
        Pods(
            namespace=program.context.namespace(domain),
            component=role,
            names=tuple(sorted(members)),
        )
        for domain, members in sorted(by_domain.items())
    )
