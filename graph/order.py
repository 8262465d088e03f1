"""Who starts after whom. Every function gives the same answer whatever the order of the input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from catalog import Catalog
from graph.dependencies import startup_graph


def starts_after(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Per service, the services it is rolled out after: the transitive reduction, sorted.

    Raises:
        networkx.NetworkXError: if the startup edges have a cycle; `graph.rules` first.
    """
    reduced = nx.transitive_reduction(startup_graph(catalog))
    return {name: tuple(sorted(reduced.successors(name))) for name in catalog.services}


def startup_sequence(catalog: Catalog) -> tuple[str, ...]:
    """All services, dependencies first, earlier tiers first, then by name."""

    def key(name: str) -> tuple[int, str]:
        return catalog.position(name), name

    forward = startup_graph(catalog).reverse(copy=False)
    order: Iterable[str] = nx.lexicographical_topological_sort(forward, key=key)
    return tuple(order)


def waves(catalog: Catalog, names: Iterable[str] | None = None) -> tuple[tuple[str, ...], ...]:
    """Services by the earliest step they can start in, each wave sorted by name.

    Wave 0 needs no other service; every later wave needs one of the wave
    before. With `names`, only those services and the edges between them count.
    """
    graph = startup_graph(catalog)
    if names is not None:
        graph = graph.subgraph(list(names))
    generations: Iterable[list[str]] = nx.topological_generations(graph.reverse(copy=False))
    return tuple(tuple(sorted(generation)) for generation in generations)


def waves_by_tier(catalog: Catalog) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Waves inside each service tier: what tier gates leave to the edges."""
    return {
        tier: waves(catalog, [service.name for service in catalog.in_tier(tier)])
        for tier in catalog.service_tiers
    }


def longest_chain(catalog: Catalog) -> tuple[str, ...]:
    """A longest chain of startup edges, first to start first; ties by name."""
    graph = startup_graph(catalog)
    lengths: dict[str, tuple[str, ...]] = {}
    for name in startup_sequence(catalog):
        before = [lengths[target] for target in sorted(graph.successors(name))]
        lengths[name] = (*max(before, key=len, default=()), name)
    return max((lengths[name] for name in sorted(lengths)), key=len, default=())
