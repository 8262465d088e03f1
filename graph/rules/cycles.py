"""Rules against services, or domains, that would wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import networkx as nx

from catalog import Catalog, Edge, Order, Problem
from graph.dependencies import (
    components,
    domain_graph,
    service_edges,
    shortest_cycle,
    startup_graph,
)
from graph.rules.edges import problem_at

MAX_SHOWN = 8
"""Edges listed in one message; more of them would bury the sentence."""


def startup_is_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between services have no cycle. One problem per group of services."""
    graph = startup_graph(catalog)
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        first = next(edge for edge in catalog.needs(cycle[0]) if edge.target == cycle[1])
        way_out = _way_out(graph, component, cycle)
        yield problem_at(first, f"startup cycle {' → '.join(cycle)}; {way_out}")


def _way_out(graph: nx.DiGraph[str], component: tuple[str, ...], cycle: tuple[str, ...]) -> str:
    """Which edges of the cycle to make runtime: those after which no cycle is left, if any."""
    inside: nx.DiGraph[str] = nx.DiGraph(graph.subgraph(component))
    pairs = list(pairwise(cycle))
    enough: list[tuple[str, str]] = []
    for pair in pairs:
        inside.remove_edge(*pair)
        if nx.is_directed_acyclic_graph(inside):
            enough.append(pair)
        inside.add_edge(*pair)
    advice = f"write 'order: runtime' and a reason on one of: {_listed(enough or pairs)}"
    if enough:
        return f"{advice}."
    return f"{advice} (other cycles remain among {_shortened(component)})."


def domains_are_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between domains have no cycle, so that each domain can be rolled out alone.

    A cycle of services is not reported again as one of their domains.
    """
    graph = domain_graph(catalog, without=components(startup_graph(catalog)))
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        steps = [_edges_between(catalog, source, target) for source, target in pairwise(cycle)]
        listed = ", or ".join(
            _listed([(edge.source, edge.target) for edge in step]) for step in steps
        )
        yield problem_at(
            steps[0][0],
            f"domains start after each other in a circle, {' → '.join(cycle)}; move a service to "
            f"another domain, or write 'order: runtime' and a reason on: {listed}.",
        )


def _edges_between(catalog: Catalog, source: str, target: str) -> list[Edge]:
    return [
        edge
        for edge in service_edges(catalog, Order.STARTUP)
        if catalog.services[edge.source].domain == source
        and catalog.services[edge.target].domain == target
    ]


def _listed(pairs: list[tuple[str, str]]) -> str:
    return _shortened([f"{source} → {target}" for source, target in pairs])


def _shortened(items: tuple[str, ...] | list[str]) -> str:
    more = len(items) - MAX_SHOWN
    return ", ".join(items[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")
