"""Services layer: the workloads and gates, whose `depends_on` comes from the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi

from catalog import Catalog, Edge, NodeKind, Order, Tier
from catalog.model import SERVICE_TIERS
from components.context import SYSTEM
from components.dependency import Call, Dependency
from components.kubernetes.startup_check import startup_script
from components.kubernetes.tier_gate import TierGate, TierGateArgs
from components.kubernetes.workload import CREDENTIALS, Workload, WorkloadArgs, workload_url
from components.servers.grant import Grant
from graph.order import starts_after, startup_sequence
from stacks.data import Data
from stacks.environment import Environment
from stacks.foundation import Foundation
from stacks.gates import gate_name
from stacks.network import Network
from stacks.release import Image
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """What runs.

    Args:
        workloads: every service's workload, by name.
    """

    workloads: Mapping[str, Workload]


def build_services(
    *,
    settings: Settings,
    environment: Environment,
    catalog: Catalog,
    images: Mapping[str, Image],
    foundation: Foundation,
    data: Data,
    network: Network,
    opened: frozenset[Tier],
) -> Services:
    """Makes every workload after what it starts after, and the gates between the tiers.

    The two orderings differ by the gates alone: a workload's dependencies are the
    reduced startup edges, its own parts of platform resources, and under `tiers`
    the gate of the tier before, until that is there (`opened`).
    """
    before = starts_after(catalog)
    sequence = startup_sequence(catalog)
    workloads: dict[str, Workload] = {}
    gate: pulumi.Resource | None = None
    closed: list[pulumi.Resource] = []

    def close(tier: Tier, members: Mapping[str, pulumi.Resource]) -> None:
        nonlocal gate, closed
        if settings.ordering == "tiers":
            gate = _gate(foundation, tier, members, gate)
            closed = [] if tier in opened else [gate]

    close(
        Tier.INFRASTRUCTURE,
        {
            name: data.servers[name]
            for name, resource in catalog.resources.items()
            if resource.gate and name in data.servers
        },
    )
    scripts = {
        domain: startup_script(
            domain,
            foundation.context,
            foundation.namespaces[domain],
            pulumi.ResourceOptions(provider=foundation.providers[0]),
        )
        for domain in catalog.domains
    }
    for tier in SERVICE_TIERS:
        members = [name for name in sequence if catalog.services[name].tier is tier]
        for name in members:
            after = [workloads[other].handle for other in before[name]]
            after += _own_handles(catalog, name, data)
            after += closed
            workloads[name] = Workload(
                name,
                _workload_args(
                    settings=settings,
                    environment=environment,
                    catalog=catalog,
                    name=name,
                    image=images[name],
                    foundation=foundation,
                    data=data,
                    network=network,
                    script=scripts[catalog.services[name].domain],
                    after=after,
                ),
                foundation.options(former=catalog.services[name].renamed_from),
            )
        close(tier, {name: workloads[name].handle for name in sorted(members)})
    return Services(workloads=workloads)


def _gate(
    foundation: Foundation,
    tier: Tier,
    members: Mapping[str, pulumi.Resource],
    previous: pulumi.Resource | None,
) -> pulumi.Resource:
    return TierGate(
        gate_name(tier),
        TierGateArgs(
            context=foundation.context,
            namespace=foundation.namespaces[SYSTEM],
            tier=tier,
            members=tuple(members),
            handles=tuple(members.values()),
            previous=previous,
        ),
        foundation.options(),
    ).handle


def _own_handles(catalog: Catalog, service: str, data: Data) -> list[pulumi.Resource]:
    """Handles of the platform resources that `service` starts after, never reduced away.

    That of its own part where it has one, else that of the server; nothing where
    the environment does not provide the resource.
    """
    handles: list[pulumi.Resource] = []
    for edge in catalog.needs(service):
        if edge.order is Order.STARTUP and edge.target in data.servers:
            grant = data.grants[service].get(edge.target)
            own = None if grant is None else grant.handle
            handles.append(data.servers[edge.target] if own is None else own)
    return handles


def _workload_args(
    *,
    settings: Settings,
    environment: Environment,
    catalog: Catalog,
    name: str,
    image: Image,
    foundation: Foundation,
    data: Data,
    network: Network,
    script: pulumi.Output[str],
    after: list[pulumi.Resource],
) -> WorkloadArgs:
    service, grants = catalog.services[name], data.grants[name]
    needs = {edge.target for edge in catalog.needs(name)}
    size = environment.workload
    if "gpu" in needs & set(data.servers):
        size = replace(size, gpus=1)
    return WorkloadArgs(
        context=foundation.context,
        namespace=foundation.namespaces[service.domain],
        domain=service.domain,
        tier=service.tier,
        image=image.reference,
        arguments=image.arguments,
        port=service.port,
        start_seconds=service.start_seconds,
        replicas=(environment.replicas, environment.most_replicas),
        priority=foundation.priorities[service.tier],
        size=size,
        dependencies=tuple(
            _dependency(catalog, edge, foundation, grants)
            for edge in sorted(catalog.needs(name), key=lambda edge: catalog.base(edge.target))
        ),
        grants=tuple(grants[name] for name in sorted(grants, key=catalog.base)),
        variables=settings.variables.get(name, {}),
        secrets={
            variable: pulumi.Output.secret(value.get_secret_value())
            for variable, value in settings.secret_variables.get(name, {}).items()
        },
        startup_script=script,
        ingress=network.ingress[name],
        egress=network.egress[name],
        after=tuple(after),
        pull_secret=foundation.pull_secrets.get(service.domain),
    )


def _dependency(
    catalog: Catalog, edge: Edge, foundation: Foundation, grants: Mapping[str, Grant]
) -> Dependency:
    """What the workload is told about one of its edges."""
    kind, name = catalog.kind(edge.target), catalog.base(edge.target)
    endpoint: Mapping[str, pulumi.Input[str]] | None = None
    credentials: str | None = None
    if kind is NodeKind.SERVICE:
        target = catalog.services[edge.target]
        url = workload_url(foundation.context, target.name, target.domain, target.port)
        endpoint = {"url": url}
    elif edge.target in grants:
        endpoint = grants[edge.target].endpoint
        credentials = f"{CREDENTIALS}/{name}" if grants[edge.target].credentials else None
    return Dependency(
        # A service is told of its database, whichever server that is on.
        name=name,
        kind=str(kind),
        order=edge.order,
        criticality=edge.criticality,
        fallback=edge.fallback,
        endpoint=endpoint,
        call=_call(edge),
        credentials=credentials,
    )


def _call(edge: Edge) -> Call:
    if edge.call is None:
        raise ValueError(f"The edge {edge.source} → {edge.target} was not read from a catalog.")
    return Call(
        timeout_ms=edge.call.timeout_ms,
        retries=edge.call.retries,
        retry_percent=edge.call.retry_percent,
        open_after_failures=edge.call.breaker.open_after_failures,
        half_open_after_seconds=edge.call.breaker.half_open_after_seconds,
        close_after_successes=edge.call.breaker.close_after_successes,
    )
