"""The rules a catalog must satisfy. A catalog that breaks one stops before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import networkx as nx

from catalog import Catalog, CatalogError, Edge, Fallback, NodeKind, Order, Problem
from catalog.shape import did_you_mean
from graph.dependencies import (
    components,
    domain_graph,
    service_edges,
    shortest_cycle,
    startup_graph,
)

MAX_SHOWN = 8
"""Edges listed in one message; more of them would bury the sentence."""


def check(catalog: Catalog) -> None:
    """Refuses a catalog that breaks a rule.

    Raises:
        CatalogError: with every problem found.
    """
    problems = find_problems(catalog)
    if problems:
        raise CatalogError(problems)


def find_problems(catalog: Catalog) -> tuple[Problem, ...]:
    """Every broken rule, sorted; empty when the catalog is sound."""
    return tuple(sorted({problem for rule in RULES for problem in rule(catalog)}))


def _problem(edge: Edge, message: str) -> Problem:
    return Problem(edge.file, f"service '{edge.source}', field 'needs': {message}")


def targets_exist(catalog: Catalog) -> Iterator[Problem]:
    """Every target is a service, platform resource or external API."""
    names = (*catalog.services, *catalog.resources, *catalog.external)
    for edge in catalog.edges:
        if catalog.kind(edge.target) is None:
            hint = did_you_mean(edge.target, names) if _near(edge.target, names) else "declare it"
            yield _problem(edge, f"unknown target '{edge.target}'; {hint}.")


def _near(name: str, names: tuple[str, ...]) -> bool:
    return "did you mean" in did_you_mean(name, names)


def startup_is_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between services have no cycle."""
    graph = startup_graph(catalog)
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        first = next(
            edge for edge in catalog.needs(cycle[0]) if edge.target == cycle[1 % len(cycle)]
        )
        yield _problem(first, f"startup cycle {' → '.join(cycle)}; {_way_out(graph, cycle)}.")


def _way_out(graph: nx.DiGraph[str], cycle: tuple[str, ...]) -> str:
    """Which single edges, made runtime, leave no cycle among these nodes."""
    pairs = list(zip(cycle, cycle[1:], strict=False))
    component = next(group for group in components(graph) if cycle[0] in group)
    inside = graph.subgraph(component)
    enough = [
        pair
        for pair in pairs
        if nx.is_directed_acyclic_graph(nx.restricted_view(inside, [], [pair]))
    ]
    listed = ", ".join(f"{source} → {target}" for source, target in (enough or pairs)[:MAX_SHOWN])
    if enough:
        return f"write 'order: runtime' and a reason on one of: {listed}"
    return (
        f"write 'order: runtime' and a reason on one of: {listed} "
        f"(more cycles remain among {', '.join(component[:MAX_SHOWN])})"
    )


def no_startup_edge_to_a_later_tier(catalog: Catalog) -> Iterator[Problem]:
    """What a service starts after is in its own tier or an earlier one."""
    for edge in service_edges(catalog, Order.STARTUP):
        source, target = catalog.services[edge.source], catalog.services[edge.target]
        if target.tier.position > source.tier.position:
            yield _problem(
                edge,
                f"startup edge to '{edge.target}' points to a later tier ({source.tier} → "
                f"{target.tier}); write 'order: runtime' and a reason, or move one of them.",
            )


def domains_are_acyclic(catalog: Catalog) -> Iterator[Problem]:
    """Startup edges between domains have no cycle, so that each domain can be rolled out alone."""
    graph = domain_graph(catalog)
    for component in components(graph):
        cycle = shortest_cycle(graph, component)
        steps = set(zip(cycle, cycle[1:], strict=False))
        edges = [
            edge
            for edge in service_edges(catalog, Order.STARTUP)
            if (catalog.services[edge.source].domain, catalog.services[edge.target].domain) in steps
        ]
        listed = ", ".join(f"{edge.source} → {edge.target}" for edge in edges[:MAX_SHOWN])
        yield _problem(
            edges[0],
            f"domains start after each other in a circle, {' → '.join(cycle)}; move a service "
            f"to another domain or make one of these runtime with a reason: {listed}.",
        )


def runtime_edges_have_a_reason(catalog: Catalog) -> Iterator[Problem]:
    """An edge that nobody waits for says why."""
    for edge in catalog.edges:
        if edge.order is Order.RUNTIME and edge.reason is None:
            yield _problem(edge, f"runtime edge to '{edge.target}' has no reason; add 'reason: …'.")


def external_edges_are_runtime(catalog: Catalog) -> Iterator[Problem]:
    """Nothing in this program can become ready for an external API, so none is waited for."""
    for edge in catalog.edges:
        if catalog.kind(edge.target) is NodeKind.EXTERNAL and edge.order is Order.STARTUP:
            yield _problem(
                edge,
                f"'{edge.target}' is an external API, which nothing can wait for; write "
                "'order: runtime' and a reason.",
            )


def fallbacks_exist(catalog: Catalog) -> Iterator[Problem]:
    """A fallback is something the service has: a database to read, an origin behind a CDN."""
    for edge in catalog.edges:
        targets = {need.target for need in catalog.needs(edge.source)}
        if edge.fallback is Fallback.DATABASE and (
            edge.target != "redis" or "postgres" not in targets
        ):
            yield _problem(
                edge,
                f"fallback 'database' for '{edge.target}' needs a cache in front of a database; "
                "write it on 'redis' in a service that needs 'postgres' too, or remove it.",
            )
        if edge.fallback is Fallback.ORIGIN and edge.target != "cdn":
            yield _problem(
                edge, f"fallback 'origin' is for 'cdn', not '{edge.target}'; remove it there."
            )
        if edge.fallback is Fallback.RULES and edge.target not in catalog.services:
            yield _problem(
                edge, f"fallback 'rules' is for a service, not '{edge.target}'; remove it there."
            )


def flows_hold(catalog: Catalog) -> Iterator[Problem]:
    """Every step of a flow exists, and each after the first is needed by one before it."""
    for flow in catalog.flows:

        def problem(message: str, name: str = flow.name) -> Problem:
            return Problem(catalog.platform_file, f"flow '{name}': {message}")

        if not flow.steps:
            yield problem("it has no steps; list them or remove it.")
        for position, step in enumerate(flow.steps):
            before = flow.steps[:position]
            if catalog.kind(step) is None:
                names = (*catalog.services, *catalog.resources, *catalog.external)
                yield problem(f"unknown step '{step}'; {did_you_mean(step, names)}.")
            elif before and not any(
                edge.target == step for earlier in before for edge in catalog.needs(earlier)
            ):
                yield problem(
                    f"step '{step}' is needed by none of {', '.join(before)}; add the edge or "
                    "correct the order of the steps."
                )


def buckets_fit(catalog: Catalog) -> Iterator[Problem]:
    """Buckets belong to services that need storage, and every such service has one."""
    users = {edge.source: edge for edge in catalog.edges if edge.target == "storage"}
    served: set[str] = set()
    for bucket in catalog.buckets.values():
        for service in (bucket.owner, *bucket.granted):
            served.add(service)
            if service not in users:
                yield Problem(
                    catalog.platform_file,
                    f"bucket '{bucket.name}': '{service}' does not need 'storage'; add that to "
                    "the service's needs or take it off the bucket.",
                )
    for service in sorted(set(users) - served):
        yield _problem(
            users[service],
            f"'storage' without a bucket; add '{service}' to a bucket in {catalog.platform_file}.",
        )


RULES: tuple[Callable[[Catalog], Iterator[Problem]], ...] = (
    targets_exist,
    startup_is_acyclic,
    no_startup_edge_to_a_later_tier,
    domains_are_acyclic,
    runtime_edges_have_a_reason,
    external_edges_are_runtime,
    fallbacks_exist,
    flows_hold,
    buckets_fit,
)
"""All rules. Names and shapes of the files are checked when they are read."""
