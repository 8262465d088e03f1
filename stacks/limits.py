"""How much each namespace may use: twice what its pods need, so that a rollout always fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from catalog import Catalog
from catalog.names import EnvironmentName, ResourceName
from components.context import DATA, SYSTEM
from components.kubernetes.acme_issuer import SOLVER_SIZE
from components.kubernetes.limits import Limits, LimitsArgs, Share, largest_size
from components.kubernetes.service_job import LOCK_SIZE
from components.kubernetes.size import Size
from components.servers.bootstrap_job import FETCH_SIZE
from components.servers.bootstrap_job import SIZE as JOB_SIZE
from stacks.environment import Environment, InCluster, ServerSize
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.logged import collectors, logging_servers
from stacks.monitored import watching_containers, watching_servers
from stacks.network import jobs_of
from stacks.shape import with_room
from stacks.sizes import pod_size, rolling_pods


def build_limits(
    program: Program, foundation: Foundation, *, solvers: frozenset[str] = frozenset()
) -> None:
    """Makes a quota and limits for every namespace.

    Args:
        solvers: domains whose namespaces hold a pod more while a certificate is signed.
    """
    environment, catalog = program.environment, program.catalog
    servers = (
        *_servers(environment, catalog),
        *watching_servers(program),
        *logging_servers(program),
    )
    jobs = sum(
        len(jobs_of(name, program))
        for resource in ("postgres", "queue")
        for name in catalog.servers(resource)
    )
    if isinstance(environment.platform, InCluster):
        jobs += len(catalog.buckets)
    job = JOB_SIZE
    if not isinstance(environment.platform, InCluster):
        # Their init containers, which fetch the master's password, are larger than they are.
        job = largest_size((JOB_SIZE, FETCH_SIZE))
    data = Counter({job: 2 * jobs}) + _doubled(server.size for server in servers)
    data += _doubled(watching_containers(program))
    shares = {
        SYSTEM: Share(namespace=foundation.namespaces[SYSTEM], pods={}),
        DATA: Share(
            namespace=foundation.namespaces[DATA],
            pods=data,
            volumes=tuple(server.storage for server in servers),
            usual=JOB_SIZE,
        ),
    }
    shares |= collectors(program, foundation)
    usual = pod_size(program.sizes.usual.size)
    for domain in catalog.domains:
        pods = pods_of(domain, catalog, environment.name)
        if domain in solvers:
            pods[SOLVER_SIZE] += 1
        shares[domain] = Share(
            namespace=foundation.namespaces[domain],
            pods=pods,
            usual=usual if usual in pods else None,
        )
    Limits("limits", LimitsArgs(context=program.context, shares=shares), foundation.options())


def pods_of(domain: str, catalog: Catalog, environment: EnvironmentName) -> Counter[Size]:
    """Pods by size that a domain may have at once, while all of its services are rolled out."""
    pods: Counter[Size] = Counter()
    for service in catalog.services.values():
        if service.domain == domain:
            sizing = catalog.sizing(service.name, environment)
            size = with_room(pod_size(sizing.size), service.run)
            pods[size] += rolling_pods(sizing)
            if service.migration is not None:
                # One that runs and one that waits for it, each beside its lock.
                pods[size] += 2
                pods[LOCK_SIZE] += 2
            # Of a task of each release one that still runs and one of the next.
            pods[size] += sum(1 + each.each_release for each in service.tasks.values())
    return pods


def _servers(environment: Environment, catalog: Catalog) -> tuple[ServerSize, ...]:
    """Servers that run in the data namespace; a dedicated one has the size of the shared one."""
    platform = environment.platform
    if not isinstance(platform, InCluster):
        return ()
    sizes: Mapping[ResourceName, ServerSize] = {
        "postgres": platform.postgres,
        "queue": platform.queue,
        "redis": platform.redis,
        "storage": platform.storage,
    }
    return tuple(size for resource, size in sizes.items() for _ in catalog.servers(resource))


def _doubled(sizes: Iterable[Size]) -> Counter[Size]:
    counted: Counter[Size] = Counter()
    for size in sizes:
        counted[size] += 2
    return counted
