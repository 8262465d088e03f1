"""How much each namespace may use: twice what its pods need, so that a rollout always fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from catalog import Catalog
from components.bootstrap_job import SIZE as JOB_SIZE
from components.context import DATA, SYSTEM
from components.limits import Limits, LimitsArgs, Share
from components.pod import Size
from stacks.environment import Environment, ServerSize
from stacks.foundation import Foundation
from stacks.network import bootstrap_jobs


def build_limits(environment: Environment, catalog: Catalog, foundation: Foundation) -> None:
    """Makes a quota and limits for every namespace."""
    servers = _servers(environment)
    jobs = sum(len(bootstrap_jobs(each, catalog)) for each in environment.provided)
    data = Counter({JOB_SIZE: 2 * jobs}) + _doubled(server.size for server in servers)
    shares = {
        SYSTEM: Share(namespace=foundation.namespaces[SYSTEM], pods={}),
        DATA: Share(
            namespace=foundation.namespaces[DATA],
            pods=data,
            volumes=tuple(server.storage for server in servers),
            usual=JOB_SIZE,
        ),
    }
    for domain in catalog.domains:
        members = sum(service.domain == domain for service in catalog.services.values())
        # Besides the pods, one that is rolled out, and each old one while it ends.
        pods = members * (2 * environment.most_replicas + 1)
        shares[domain] = Share(
            namespace=foundation.namespaces[domain], pods={environment.workload: pods}
        )
    Limits("limits", LimitsArgs(context=foundation.context, shares=shares), foundation.options())


def _servers(environment: Environment) -> tuple[ServerSize, ...]:
    """Servers that run in the data namespace."""
    sizes = {
        "postgres": environment.postgres,
        "redis": environment.redis,
        "queue": environment.queue,
        "storage": environment.storage,
    }
    return tuple(sizes[name] for name in sorted(sizes) if name in environment.provided)


def _doubled(sizes: Iterable[Size]) -> Counter[Size]:
    counted: Counter[Size] = Counter()
    for size in sizes:
        counted[size] += 2
    return counted
