"""The catalog as networkx graphs. An arrow points from a source to what it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

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


def domain_graph(catalog: Catalog, without: Iterable[Collection[str]] = ()) -> nx.DiGraph[str]:
    """Domains, with an edge where a service starts after one of another domain.

    Edges inside one of the groups of services `without` do not count.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(catalog.domains)
    group_of = {name: index for index, group in enumerate(without) for name in group}
    for edge in service_edges(catalog, Order.STARTUP):
        source = catalog.services[edge.source].domain
        target = catalog.services[edge.target].domain
        group = group_of.get(edge.source)
        if source != target and (group is None or group != group_of.get(edge.target)):
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

    Among cycles of the same length it is the alphabetically first.

    Raises:
        ValueError: if the nodes have no cycle.
    """
    inside = graph.subgraph(list(component))
    cycles: list[tuple[str, ...]] = []
    for start in sorted(inside):
        # Each node below the one that reaches it first: shortest ways, alphabetically first.
        ways: nx.DiGraph[str] = nx.bfs_tree(inside, start, sort_neighbors=sorted)
        cycles += [
            (*nx.shortest_path(ways, start, last), start)
            for last in inside.predecessors(start)
            if last in ways
        ]
    if not cycles:
        raise ValueError("These nodes have no cycle; pass one of components(graph).")
    return min(cycles, key=lambda cycle: (len(cycle), cycle))


def neighbourhood(catalog: Catalog, name: str) -> Catalog:
    """The catalog cut down to `name`, what it needs, what needs it, and the edges to and from it.

    `name` is a service, platform resource or external API. Windows stay; flows
    and buckets, which reach further, do not.
    """
    edges = tuple(edge for edge in catalog.edges if name in (edge.source, edge.target))
    near = {name, *(edge.source for edge in edges), *(edge.target for edge in edges)}
    return dataclasses.replace(
        catalog,
        services={key: value for key, value in catalog.services.items() if key in near},
        resources={key: value for key, value in catalog.resources.items() if key in near},
        external={key: value for key, value in catalog.external.items() if key in near},
        edges=edges,
        buckets={},
        flows=(),
    )
