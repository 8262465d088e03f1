"""Services layer: the workloads and gates, whose `depends_on` comes from the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import pulumi

from catalog import Catalog, Edge, Order, Service
from catalog.logins import logins_of, told_as
from catalog.run import Port, Protocol
from components.context import SYSTEM
from components.dependency import Call, Dependency
from components.kubernetes.startup_check import startup_script
from components.kubernetes.tier_gate import TierGate, TierGateArgs, gate_name
from components.kubernetes.workload import CREDENTIALS, Workload, WorkloadArgs, workload_url
from components.servers.servers import Grant
from graph.order import starts_after, startup_sequence
from stacks.data import Data, told_parts
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.jobs import make_tasks, migrate
from stacks.network import Network
from stacks.release import works_with
from stacks.shape import shape_of, with_room
from stacks.sizes import pod_size, scaling


def build_services(
    program: Program, foundation: Foundation, data: Data, network: Network
) -> Mapping[str, Workload]:
    """Makes every workload after what it starts after, and the gates between the tiers.

    The two orderings differ by the gates alone: a workload's dependencies are the
    reduced startup edges, its own parts of platform resources, its migration and tasks,
    and under `tiers` the gate of the tier before, until that is there.

    Returns:
        Every service's workload, by name.
    """
    catalog = program.catalog
    predecessors = starts_after(catalog)
    sequence = startup_sequence(catalog)
    workloads: dict[str, Workload] = {}
    gate: pulumi.Resource | None = None
    closed: list[pulumi.Resource] = []

    def close(tier: str, members: Mapping[str, pulumi.Resource]) -> None:
        nonlocal gate, closed
        if program.settings.ordering == "tiers":
            gate = _gate(program, foundation, tier, members, gate)
            closed = [] if tier in program.opened else [gate]

    close(
        catalog.first_tier,
        {
            name: data.servers[name]
            for name, resource in catalog.resources.items()
            if resource.gate and name in data.servers
        },
    )
    scripts = {
        domain: startup_script(
            domain,
            program.context,
            foundation.namespaces[domain],
            pulumi.ResourceOptions(provider=foundation.providers[0]),
        )
        for domain in catalog.domains
    }
    for tier in catalog.service_tiers:
        members = [name for name in sequence if catalog.services[name].tier == tier]
        for name in members:
            service = catalog.services[name]
            grants = data.of(service.data_name)
            after = [workloads[other].handle for other in predecessors[name]]
            after += _own_handles(catalog, name, data.servers, grants)
            after += closed
            made = _workload_args(
                program,
                foundation,
                service,
                grants=grants,
                gpus="gpu" in data.servers,
                network=network,
                script=scripts[service.domain],
                after=after,
            )
            migration = migrate(
                program, foundation, made, service=service, data=data, network=network
            )
            if migration is not None:
                made = replace(made, after=(*made.after, migration))
            tasks = make_tasks(program, foundation, made, service=service)
            made = replace(made, after=(*made.after, *tasks))
            workloads[name] = Workload(name, made, foundation.options(former=service.renamed_from))
        # Nobody waits for what runs now and then.
        awaited = [name for name in members if catalog.services[name].run.schedule is None]
        close(tier, {name: workloads[name].handle for name in sorted(awaited)})
    return workloads


def _gate(
    program: Program,
    foundation: Foundation,
    tier: str,
    members: Mapping[str, pulumi.Resource],
    previous: pulumi.Resource | None,
) -> pulumi.Resource:
    return TierGate(
        gate_name(tier),
        TierGateArgs(
            context=program.context,
            namespace=foundation.namespaces[SYSTEM],
            tier=tier,
            members=tuple(members),
            handles=tuple(members.values()),
            previous=previous,
        ),
        foundation.options(),
    ).handle


def _own_handles(
    catalog: Catalog,
    service: str,
    servers: Mapping[str, pulumi.Resource],
    grants: Mapping[str, Grant],
) -> list[pulumi.Resource]:
    """Handles of the platform resources that `service` starts after, never reduced away.

    That of its own part where it has one, else that of the server; nothing where
    the environment does not provide the resource.
    """
    handles: list[pulumi.Resource] = []
    for edge in catalog.needs(service):
        if edge.order is Order.STARTUP and edge.target in servers:
            grant = grants.get(told_as(catalog, edge))
            parts = () if grant is None else (grant, *grant.others)
            own = [part.handle for part in parts if part.handle is not None]
            handles.extend(own or [servers[edge.target]])
    return handles


def _workload_args(
    program: Program,
    foundation: Foundation,
    service: Service,
    *,
    grants: Mapping[str, Grant],
    gpus: bool,
    network: Network,
    script: pulumi.Output[str],
    after: list[pulumi.Resource],
) -> WorkloadArgs:
    catalog, settings = program.catalog, program.settings
    name, needs, image = service.name, catalog.needs(service.name), program.images[service.name]
    sizing = program.sizing(name)
    own = pod_size(sizing.size)
    size = with_room(own, service.run)
    if gpus and any(edge.target == "gpu" for edge in needs):
        size = replace(size, gpus=1)
    return WorkloadArgs(
        context=program.context,
        namespace=foundation.namespaces[service.domain],
        domain=service.domain,
        tier=service.tier,
        image=image.reference,
        shape=shape_of(service, image, own),
        start_seconds=service.start_seconds,
        scaling=scaling(sizing, program.sizes, _vhost(catalog, service)),
        priority=foundation.priorities[service.tier],
        size=size,
        dependencies=tuple(
            _dependency(program, edge, grants)
            for edge in sorted(needs, key=lambda edge: told_as(catalog, edge))
        ),
        grants=tuple(grants[resource] for resource in sorted(grants)),
        variables=settings.variables.get(name, {}),
        plain=service.run.environment,
        secrets={
            variable: pulumi.Output.secret(value.get_secret_value())
            for variable, value in settings.secret_variables.get(name, {}).items()
        },
        startup_script=script,
        ingress=network.ingress[name],
        egress=network.egress[name],
        after=tuple(after),
        pull_secret=foundation.pull_secrets.get(service.domain),
        annotations={
            **service.who.annotations(),
            **({} if image.schema is None else image.schema.annotations()),
            **({} if image.stand_in else works_with(catalog, service.name)),
        },
    )


def _vhost(catalog: Catalog, service: Service) -> str:
    """The vhost that the queues of `service` are looked for in, whosever it is: its first one."""
    logins = logins_of(catalog, service.name, "queue")
    return logins[0].content if logins else service.data_name


def _dependency(program: Program, edge: Edge, grants: Mapping[str, Grant]) -> Dependency:
    """What the workload is told about one of its edges."""
    catalog = program.catalog
    kind, name = catalog.kind(edge.target), told_as(catalog, edge)
    endpoint: Mapping[str, pulumi.Input[str]] | None = None
    credentials: str | None = None
    called = [
        _endpoint(program, catalog.services[edge.target], port) for port in catalog.called(edge)
    ]
    if called:
        endpoint = called[0]
    elif name in grants:
        endpoint = grants[name].endpoint
        credentials = f"{CREDENTIALS}/{name}" if grants[name].credentials else None
    return Dependency(
        name=name,
        kind=str(kind),
        order=edge.order,
        criticality=edge.criticality,
        fallback=edge.fallback,
        endpoint=endpoint,
        parts=told_parts(grants[name]) if called == [] and name in grants else {},
        ports=dict(zip(edge.ports, called, strict=True)) if len(called) > 1 else {},
        call=_call(edge),
        api=edge.api,
        apis=_passed_on(catalog, edge),
        credentials=credentials,
    )


def _passed_on(catalog: Catalog, edge: Edge) -> Mapping[str, object]:
    """What the gateway, through which calls come from outside, has to know of API versions."""
    if edge.source != catalog.gateway or edge.target not in catalog.services:
        return {}
    return {
        name: {
            **({} if api.path is None else {"path": api.path}),
            "headers": dict(api.headers()),
        }
        for name, api in catalog.services[edge.target].apis.items()
    }


def _endpoint(program: Program, target: Service, port: Port) -> Mapping[str, str]:
    """Where a service is called: by URL, or by host and port where that is not HTTP."""
    if port.protocol is Protocol.HTTP:
        return {"url": workload_url(program.context, target.name, target.domain, port.number)}
    host = program.context.host(target.name, target.domain)
    return {"host": host, "port": str(port.number), "protocol": port.protocol}


def _call(edge: Edge) -> Call:
    if edge.call is None:
        raise ValueError(f"The edge {edge.source} → {edge.target} was not read from a catalog.")
    return Call(**asdict(edge.call))
