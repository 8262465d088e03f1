"""The catalog as networkx graphs. An arrow points from a source to what it needs."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from catalog import Catalog, Edge, Order


def dependency_graph(catalog: Catalog) -> nx.DiGraph[str]:
    """Every node of the catalog and every edge, each with its `Edge` as attribute `edge`."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for names in (catalog.services, catalog.resources, catalog.external):
        graph.add_nodes_from(names)
    graph.add_edges_from((edge.source, edge.target, {"edge": edge}) for edge in catalog.edges)
    return graph


def service_edges(catalog: Catalog, order: Order) -> tuple[Edge, ...]:
    """Edges of `order` between two services, sorted by source and target."""
    return tuple(
        edge for edge in catalog.edges if edge.order is order and edge.target in catalog.services
    )


def startup_graph(catalog: Catalog) -> nx.DiGraph[str]:
    """All services with the startup edges between them. Acyclic in a checked catalog."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(catalog.services)
    graph.add_edges_from(
        (edge.source, edge.target) for edge in service_edges(catalog, Order.STARTUP)
    )
    return graph


def domain_graph(catalog: Catalog) -> nx.DiGraph[str]:
    """Domains, with an edge where a service starts after one of another domain."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(catalog.domains)
    for edge in service_edges(catalog, Order.STARTUP):
        source = catalog.services[edge.source].domain
        target = catalog.services[edge.target].domain
        if source != target:
            graph.add_edge(source, target)
    return graph


def components(graph: nx.DiGraph[str]) -> tuple[tuple[str, ...], ...]:
    """Strongly connected components of two or more nodes (or of one that needs itself), sorted."""
    groups: Iterable[set[str]] = nx.strongly_connected_components(graph)
    return tuple(
        sorted(
            tuple(sorted(group))
            for group in groups
            if len(group) > 1 or any(graph.has_edge(node, node) for node in group)
        )
    )


def shortest_cycle(graph: nx.DiGraph[str], component: Iterable[str]) -> tuple[str, ...]:
    """A shortest cycle of a strongly connected component, first node repeated at the end.

    It starts at its alphabetically first node; among cycles of the same
    length the alphabetically first is taken.
    """
    inside = graph.subgraph(sorted(component))
    best: tuple[str, ...] | None = None
    for start in sorted(inside):
        for following in sorted(inside.successors(start)):
            if following == start:
                return (start, start)
            path = _shortest_path(inside, following, start)
            cycle = (start, *path)
            if best is None or len(cycle) < len(best):
                best = cycle
    if best is None:
        raise ValueError("The component has no cycle; pass one of components(graph).")
    smallest = best.index(min(best))
    return (*best[smallest:-1], *best[: smallest + 1])


def _shortest_path(graph: nx.DiGraph[str], source: str, target: str) -> list[str]:
    path: list[str] = nx.shortest_path(graph, source, target)
    return path
