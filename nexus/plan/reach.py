"""Whether one node of the catalog may open connections to another in a stack, and what says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

import networkx as nx

from catalog import Catalog, Edge, InputError, NodeKind, Order
from components.kubernetes.traffic import Addresses, Labelled
from graph.dependencies import startup_graph
from nexus.plan.plan import make_plan, run
from nexus.policy.reachability import Endpoint, Ports, World, intersection, world_of
from stacks.attached import attached_destinations
from stacks.aws.network import destinations as managed_destinations
from stacks.in_cluster.network import destinations as in_cluster_destinations
from stacks.inputs import AwsProgram
from stacks.network import Destination
from stacks.program import read_program

_PUBLIC = (ip_address("8.8.8.8"), ip_address("2001:4860:4860::8888"))
"""Addresses in the internet, for what may be anywhere there."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whether `source` may open connections to `target` at the port that it listens on.

    Args:
        ports: ports of the target that are open to the source.
        port: TCP port that the source calls, or that callers of the target use who name none.
        egress: policies of the source that let it out, as namespace/name.
        ingress: policies of the target that let it in; none where the target is no pod.
        edges: edges of the source that these policies are made from: the one to the target,
            or others that lead to the same addresses and port.
        line: what to write into the catalog to allow it, as file and entry of the source's
            `needs`; None where it is allowed, or only a service could need it.
    """

    source: str
    target: str
    ports: Ports
    port: int
    egress: tuple[str, ...]
    ingress: tuple[str, ...]
    edges: tuple[Edge, ...]
    line: tuple[str, str] | None

    @property
    def allowed(self) -> bool:
        """Whether the port is open."""
        return bool(self.ports)


def reach(project: Path, stack: str, catalog: Catalog, pair: tuple[str, str]) -> Reach:
    """Whether the first of two nodes reaches the second by the policies that `stack` would have.

    Raises:
        InputError: what is wrong with the project, or which of the two the stack does not have.
    """
    places = _destinations(project, stack)
    world, pods = world_of(make_plan(project, stack).named())
    running = {
        each.name.partition("/")[2]: each for each in pods if not each.name.startswith("Job")
    }
    nodes = {name: running[name] for name in catalog.services}
    for name, place in places.items():
        nodes[name] = running[name] if name in running else _endpoint(name, place)
    for name in pair:
        _require(name, nodes, catalog, stack)
    ports: dict[str, tuple[int, ...]] = {name: (place.port,) for name, place in places.items()}
    for name, service in catalog.services.items():
        if service.run.called is not None:
            ports[name] = (service.run.called.number,)
    for edge in catalog.needs(pair[0]):
        called = catalog.called(edge)
        if called:
            ports[edge.target] = tuple(port.number for port in called)
    if pair[1] not in ports:
        kind = catalog.services[pair[1]].run.kind
        raise InputError(f"'{pair[1]}' is of kind '{kind}', which nobody can call; name another.")
    return _reach(world, catalog, nodes, ports, pair)


def _reach(
    world: World,
    catalog: Catalog,
    nodes: Mapping[str, Endpoint],
    ports: Mapping[str, tuple[int, ...]],
    pair: tuple[str, str],
) -> Reach:
    source, target = pair
    wanted: Ports = tuple(("TCP", port, port) for port in sorted(ports[target]))
    found = intersection(world.allowed(nodes[source], nodes[target]), wanted)
    edges = tuple(
        edge
        for edge in catalog.needs(source)
        if edge.target == target
        or (
            found
            and edge.target in nodes
            and not nodes[target].namespace
            and (nodes[edge.target].addresses, ports[edge.target])
            == (nodes[target].addresses, ports[target])
        )
    )
    egress, ingress = world.allowing(nodes[source], nodes[target], wanted) if found else ((), ())
    lacks = not found and source in catalog.services and not edges
    return Reach(
        source=source,
        target=target,
        ports=found,
        port=ports[target][0],
        egress=egress,
        ingress=ingress,
        edges=edges,
        line=(catalog.services[source].file, _need(catalog, source, target)) if lacks else None,
    )


def _need(catalog: Catalog, source: str, target: str) -> str:
    """The entry of `needs` that keeps the rules: what cannot be waited for is called at runtime."""
    services = catalog.services
    waits = catalog.kind(target) is not NodeKind.EXTERNAL
    if target in services:
        waits = catalog.position(target) <= catalog.position(source) and not (
            nx.has_path(startup_graph(catalog), target, source)
        )
    return target if waits else f"{{target: {target}, order: {Order.RUNTIME}, reason: …}}"


def _require(name: str, nodes: Collection[str], catalog: Catalog, stack: str) -> None:
    if name not in nodes:
        others = ", ".join(sorted(set(nodes) - set(catalog.services)))
        raise InputError(
            f"Stack '{stack}' has nothing called '{name}' that policies are made for; name a "
            f"service, or one of {others}."
        )


def _destinations(project: Path, stack: str) -> Mapping[str, Destination]:
    """Where the platform resources are that the stack has, and the external APIs."""
    found: dict[str, Destination] = {}

    def look() -> None:
        program = read_program(project)
        if isinstance(program, AwsProgram):
            found.update(managed_destinations(program))
        else:
            found.update(in_cluster_destinations(program))
        found.update(attached_destinations(program.settings, program.catalog))
        for name in program.environment.lacks(program.catalog):
            found.pop(name, None)

    run(look, project, stack)
    return found


def _endpoint(name: str, place: Destination) -> Endpoint:
    """The pods of others, or an address of every block in which something outside is."""
    if isinstance(place.at, Labelled):
        return Endpoint(name=name, namespace=place.at.namespace, labels=place.at.labels)
    blocks = place.at.blocks if isinstance(place.at, Addresses) else ()
    return Endpoint(name=name, addresses=tuple(_address(*block) for block in blocks))


def _address(cidr: str, excluded: Iterable[str]) -> str:
    block = ip_network(cidr)
    for public in _PUBLIC:
        if public in block:
            return str(public)
    return str(next(each for each in block if not any(each in ip_network(out) for out in excluded)))
