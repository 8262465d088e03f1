"""How large a catalog is: the figures that `nexus check` and `nexus graph` print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog import Catalog, Order
from catalog.errors import counted
from graph.dependencies import service_edges
from graph.order import longest_chain, starts_after


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Counts over a catalog.

    Args:
        services: number of services.
        domains: number of domains.
        resources: number of platform resources.
        external: number of external APIs.
        edges: number of edges, of any order and to any kind of node.
        startup: how many of them decide the rollout order.
        startup_between_services: how many of those lead to a service.
        reduced: how many of those are left by the transitive reduction.
        runtime: how many edges nobody waits for.
        degradable: how many edges have a fallback.
        in_tier: number of services per service tier.
        chain: a longest chain of startup edges, first to start first.
    """

    services: int
    domains: int
    resources: int
    external: int
    edges: int
    startup: int
    startup_between_services: int
    reduced: int
    runtime: int
    degradable: int
    in_tier: Mapping[str, int]
    chain: tuple[str, ...]


def figures(catalog: Catalog) -> Figures:
    """The figures of a checked catalog."""
    startup = sum(edge.order is Order.STARTUP for edge in catalog.edges)
    return Figures(
        services=len(catalog.services),
        domains=len(catalog.domains),
        resources=len(catalog.resources),
        external=len(catalog.external),
        edges=len(catalog.edges),
        startup=startup,
        startup_between_services=len(service_edges(catalog, Order.STARTUP)),
        reduced=sum(map(len, starts_after(catalog).values())),
        runtime=len(catalog.edges) - startup,
        degradable=sum(edge.fallback is not None for edge in catalog.edges),
        in_tier={tier: sum(1 for _ in catalog.in_tier(tier)) for tier in catalog.service_tiers},
        chain=longest_chain(catalog),
    )


def edges_in_words(numbers: Figures) -> str:
    """All edge counts in one line."""
    return (
        f"{counted(numbers.edges, 'edge')}: {numbers.startup} startup "
        f"({numbers.startup_between_services} between services, {numbers.reduced} after "
        f"reduction), {numbers.runtime} runtime; {numbers.degradable} degradable"
    )
