"""What becomes of services and critical flows while some nodes are down.

A failed node is down: a service, a platform resource or an external API. A service is then

- *down* if it is failed, or if it has a hard startup edge to a node that is down, or an edge with
  the fallback `database` to a node that is down while the PostgreSQL that it uses is down too.
  Being down passes on along such edges; they may form a cycle with runtime edges, never among
  themselves.
- *degraded* if it is not down and any other edge of its leads to a node that is down: with a
  fallback where the edge has one, else (a runtime edge) without that dependency. Being degraded
  does not pass on: whoever calls a degraded service still gets an answer.
- *ok* otherwise.

Resources and APIs do not depend on anything here, so they are down only if they are failed.

A critical flow is *broken* if one of its steps is down and nothing stands in for it; a fallback
stands in if every earlier step that needs the step has one, or is down and replaced itself. It is
*degraded* if a fallback stands in for a step, or if a step is degraded; a service that a step
only calls at runtime and that is no step does not count, since the flow does not go there. The
edge decides, not the state of the process: a service whose startup edge is broken may run on for
a while, but nobody may count on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import networkx as nx

from catalog import Catalog, Criticality, Edge, Fallback, Flow, NodeKind, Order
from catalog.names import ResourceName
from graph.dependencies import startup_graph

DATABASE: ResourceName = "postgres"
"""Platform resource that the fallback `database` reads."""


class State(StrEnum):
    """How a service or a flow is, best first."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A dependency that a degraded service is without, and what it does instead, if anything."""

    target: str
    fallback: Fallback | None


@dataclass(frozen=True, kw_only=True)
class ServiceImpact:
    """What becomes of one service.

    Args:
        because: down: what it needs directly and is down; its own name if it is failed.
        causes: down: the failed nodes behind that.
        without: degraded: what it has lost.
    """

    state: State
    because: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    without: tuple[Loss, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FlowImpact:
    """What becomes of a critical flow; `because` names the steps that are down or degraded."""

    state: State
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What becomes of all services and flows, by name, while `failed` are down."""

    failed: tuple[str, ...]
    services: Mapping[str, ServiceImpact]
    flows: Mapping[str, FlowImpact]

    def named(self, state: State) -> tuple[str, ...]:
        """Services in `state`, sorted."""
        return tuple(name for name, each in self.services.items() if each.state is state)


def impact(catalog: Catalog, failed: Iterable[str]) -> Impact:
    """What becomes of the platform while the nodes `failed` are down.

    Raises:
        ValueError: if one of them is no node of the catalog.
    """
    names = frozenset(failed)
    for name in sorted(names):
        if catalog.kind(name) is None:
            raise ValueError(f"'{name}' is no service, platform resource or external API.")
    return _impact(catalog, names, _spreading(catalog, names))


def each_alone(catalog: Catalog) -> Iterator[tuple[str, Impact]]:
    """Every node of the catalog with what becomes of the platform while it alone is down."""
    for name, spreads in _spreading_alone(catalog):
        yield name, _impact(catalog, frozenset((name,)), spreads)


@dataclass(frozen=True, kw_only=True)
class Loses:
    """What one node's outage takes down: services, itself among them if it is one, and flows."""

    services: tuple[str, ...]
    flows: tuple[str, ...]


def lost_alone(catalog: Catalog) -> Iterator[tuple[str, Loses]]:
    """Every node with what it alone takes down; what degrades is left out, which takes long."""
    for name, spreads in _spreading_alone(catalog):
        down = _causes(frozenset((name,)), spreads)
        yield (
            name,
            Loses(
                services=tuple(sorted(down.keys() & catalog.services.keys())),
                flows=tuple(f.name for f in catalog.flows if _lost_steps(catalog, f, down)),
            ),
        )


def _spreading_alone(catalog: Catalog) -> Iterator[tuple[str, nx.DiGraph[str]]]:
    """Every node with how its outage passes on."""
    usual = _spreading(catalog, frozenset())
    for name in (*catalog.services, *catalog.resources, *catalog.external):
        # Only databases change which edges pass an outage on.
        is_database = catalog.base(name) == DATABASE
        yield name, _spreading(catalog, frozenset((name,))) if is_database else usual


def _impact(catalog: Catalog, names: frozenset[str], spreads: nx.DiGraph[str]) -> Impact:
    causes = _causes(names, spreads)
    services = {name: _service(catalog, name, names, causes) for name in catalog.services}
    flows = {flow.name: _flow(catalog, flow, services, causes) for flow in catalog.flows}
    return Impact(failed=tuple(sorted(names)), services=services, flows=flows)


def _is_fatal(catalog: Catalog, edge: Edge, failed: frozenset[str]) -> bool:
    """Whether the source of `edge` is down while its target is."""
    if edge.fallback is Fallback.DATABASE:
        return any(
            other.target in failed and catalog.base(other.target) == DATABASE
            for other in catalog.needs(edge.source)
        )
    return edge.criticality is Criticality.HARD and edge.order is Order.STARTUP


def _spreading(catalog: Catalog, failed: frozenset[str]) -> nx.DiGraph[str]:
    """All nodes, and from each those that are down while it is."""
    spreads: nx.DiGraph[str] = nx.DiGraph()
    spreads.add_nodes_from((*catalog.services, *catalog.resources, *catalog.external))
    spreads.add_edges_from(
        (edge.target, edge.source) for edge in catalog.edges if _is_fatal(catalog, edge, failed)
    )
    return spreads


def _causes(failed: frozenset[str], spreads: nx.DiGraph[str]) -> Mapping[str, frozenset[str]]:
    """Every node that is down, with the failed nodes behind it."""
    causes: dict[str, set[str]] = {}
    for root in failed:
        for name in {root, *nx.descendants(spreads, root)}:
            causes.setdefault(name, set()).add(root)
    return {name: frozenset(roots) for name, roots in causes.items()}


def _service(
    catalog: Catalog, name: str, failed: frozenset[str], causes: Mapping[str, frozenset[str]]
) -> ServiceImpact:
    broken = [edge for edge in catalog.needs(name) if edge.target in causes]
    if name in causes:
        fatal = [edge.target for edge in broken if _is_fatal(catalog, edge, failed)]
        because = (*((name,) if name in failed else ()), *fatal)
        return ServiceImpact(state=State.DOWN, because=because, causes=tuple(sorted(causes[name])))
    losses = tuple(Loss(target=edge.target, fallback=edge.fallback) for edge in broken)
    return ServiceImpact(state=State.DEGRADED if losses else State.OK, without=losses)


def _flow(
    catalog: Catalog,
    flow: Flow,
    services: Mapping[str, ServiceImpact],
    down: Mapping[str, frozenset[str]],
) -> FlowImpact:
    if lost := _lost_steps(catalog, flow, down):
        return FlowImpact(state=State.DOWN, because=lost)
    weak = tuple(
        step
        for step in flow.steps
        if step in down or (step in services and _weakens(catalog, step, services[step], flow))
    )
    return FlowImpact(state=State.DEGRADED if weak else State.OK, because=weak)


def _lost_steps(
    catalog: Catalog, flow: Flow, down: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Steps that are down and that nothing stands in for."""
    return tuple(
        step
        for position, step in enumerate(flow.steps)
        if step in down and not _is_replaced(catalog, step, flow.steps[:position], down)
    )


def _is_replaced(
    catalog: Catalog, step: str, before: Iterable[str], down: Mapping[str, frozenset[str]]
) -> bool:
    """Whether whoever of the earlier steps is there, and needs `step`, has a fallback for it."""
    edges = [
        (earlier, edge)
        for earlier in before
        for edge in catalog.needs(earlier)
        if edge.target == step
    ]
    return bool(edges) and all(
        earlier in down or edge.fallback is not None for earlier, edge in edges
    )


def _weakens(catalog: Catalog, step: str, found: ServiceImpact, flow: Flow) -> bool:
    """Whether a step is degraded by more than services outside of the flow."""
    outside = {
        edge.target
        for edge in catalog.needs(step)
        if edge.order is Order.RUNTIME
        and edge.target in catalog.services
        and edge.target not in flow.steps
    }
    return any(loss.target not in outside for loss in found.without)


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """What the failure of migrations or tasks of a release does: nothing is down.

    Args:
        failed: their names, sorted.
        services: whose rollout waits for them, so that the old pods run on, sorted.
        after: services that start after those, whose rollout waits too, sorted.
    """

    failed: tuple[str, ...]
    services: tuple[str, ...]
    after: tuple[str, ...]


def held_back(catalog: Catalog, jobs: Collection[str]) -> HeldBack:
    """What the failure of `jobs` holds back."""
    owners = {each.name for each in catalog.services.values() if {*jobs} & {*each.jobs}}
    graph = startup_graph(catalog)
    after = {name for owner in owners for name in nx.ancestors(graph, owner)} - owners
    return HeldBack(
        failed=tuple(sorted(jobs)), services=tuple(sorted(owners)), after=tuple(sorted(after))
    )


@dataclass(frozen=True, kw_only=True)
class WeakPoint:
    """What the failure of one node alone does: flows that break, other services that it hits."""

    name: str
    kind: NodeKind
    flows: tuple[str, ...]
    down: tuple[str, ...]
    degraded: tuple[str, ...]


def weak_points(catalog: Catalog) -> tuple[WeakPoint, ...]:
    """Every node whose failure takes another service or a flow down.

    Most broken flows first, then most services down, most degraded, and by name.
    """
    points: list[WeakPoint] = []
    for name, found in each_alone(catalog):
        kind = catalog.kind(name)
        down = tuple(other for other in found.named(State.DOWN) if other != name)
        flows = tuple(flow for flow, each in found.flows.items() if each.state is State.DOWN)
        if kind is not None and (down or flows):
            degraded = found.named(State.DEGRADED)
            points.append(
                WeakPoint(name=name, kind=kind, flows=flows, down=down, degraded=degraded)
            )
    return tuple(
        sorted(
            points,
            key=lambda each: (-len(each.flows), -len(each.down), -len(each.degraded), each.name),
        )
    )
