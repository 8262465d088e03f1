"""The order of the 43 services, as the document and the decisions have it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog import Catalog
from graph.dependencies import components, dependency_graph, domain_graph, shortest_cycle
from graph.order import longest_chain, starts_after, startup_sequence, waves, waves_by_tier
from tests import transcription as document
from tests.random_catalogs import catalog_of, edge, service


def test_longest_chain_is_the_sign_in_and_the_gateway(catalog: Catalog) -> None:
    """Whoever shortens the rollout would work on the wrong services."""
    assert longest_chain(catalog) == (
        "key-service",
        "token-mgr",
        "session-mgr",
        "user-auth",
        "auth-service",
        "auth-service-v2",
        "backend-api",
        "puabo-nexus",
    )


def test_reduced_edges_are_documented_ones(catalog: Catalog) -> None:
    """An invented edge would delay a service for nothing."""
    pairs = {(name, target) for name, after in starts_after(catalog).items() for target in after}
    assert len(pairs) == 52
    assert pairs <= document.STARTUP_EDGES
    # backend-api starts after five authentication services; the last one stands for all.
    assert starts_after(catalog)["backend-api"] == ("auth-service-v2",)


def test_sequence_runs_through_the_tiers(catalog: Catalog) -> None:
    """The documented order would not hold."""
    sequence = startup_sequence(catalog)
    tiers = [catalog.services[name].tier for name in sequence]
    counts = [6, 4, 24, 9]
    assert tiers == [
        tier
        for tier, count in zip(catalog.service_tiers, counts, strict=True)
        for _ in range(count)
    ]
    assert sequence[0] == "key-service"


def test_waves_inside_the_tiers(catalog: Catalog) -> None:
    """The picture would show services of one tier as parallel that wait for each other."""
    sizes = {tier: [len(wave) for wave in found] for tier, found in waves_by_tier(catalog).items()}
    assert sizes == {
        "core": [1, 1, 1, 1, 1, 1],
        "platform": [4],
        "domain": [9, 9, 3, 3],
        "frontend": [8, 1],
    }
    assert len(waves(catalog)) == 8


def test_services_that_call_each_other(catalog: Catalog) -> None:
    """A new circle at run time would pass unseen; these two are decided on."""
    assert components(dependency_graph(catalog)) == (
        ("auth-service", "auth-service-v2"),
        ("backend-api", "puabo-nexus"),
    )


def test_domains_can_be_rolled_out_one_by_one(catalog: Catalog) -> None:
    """Independent stacks per domain need an order among the domains."""
    assert components(domain_graph(catalog)) == ()


def test_graph_has_every_node_and_edge_with_its_facts(catalog: Catalog) -> None:
    """A node without edges, as an API that nobody uses yet, would be lost."""
    graph = dependency_graph(catalog)
    assert set(graph) == {*catalog.services, *catalog.resources, *catalog.external}
    assert graph.edges["streamcore", "cdn"]["edge"].fallback == "origin"
    assert graph.number_of_edges() == len(catalog.edges)


def test_shortest_cycle_is_the_alphabetically_first() -> None:
    """The same mistake would be told in other words from run to run."""
    names = ("a", "b", "c", "d")
    pairs = [("b", "c"), ("c", "b"), ("a", "d"), ("d", "a"), ("b", "a"), ("a", "b")]
    catalog = catalog_of([service(name) for name in names], [edge(*pair) for pair in pairs])
    graph = dependency_graph(catalog)
    assert shortest_cycle(graph, names) == ("a", "b", "a")
    assert shortest_cycle(graph, ("b", "c")) == ("b", "c", "b")


def test_shortest_cycle_of_a_node_that_needs_itself() -> None:
    """A loop of one is a cycle too."""
    catalog = catalog_of([service("a")], [edge("a", "a")])
    assert components(dependency_graph(catalog)) == (("a",),)
    assert shortest_cycle(dependency_graph(catalog), ("a",)) == ("a", "a")


def test_shortest_cycle_refuses_nodes_without_one() -> None:
    """Used on sound services it must not invent a cycle."""
    catalog = catalog_of([service("a"), service("b")], [edge("a", "b")])
    with pytest.raises(ValueError, match="no cycle"):
        shortest_cycle(dependency_graph(catalog), ("a", "b"))


def test_empty_tier_has_no_waves(catalog: Catalog) -> None:
    """A platform without frontends must still be ordered."""
    kept = {name: it for name, it in catalog.services.items() if it.tier != "frontend"}
    edges = [
        it
        for it in catalog.edges
        if it.source in kept and (it.target in kept or it.target not in catalog.services)
    ]
    smaller = replace(catalog, services=kept, edges=tuple(edges))
    assert waves_by_tier(smaller)["frontend"] == ()


def test_facts_about_names(catalog: Catalog) -> None:
    """A resource taken for a service would get a Deployment."""
    assert [catalog.kind(name) for name in ("kei-ai", "redis", "maps", "nothing")] == [
        "service",
        "resource",
        "external",
        None,
    ]
    assert [catalog.tier_of(name) for name in ("kei-ai", "redis", "maps", "nothing")] == [
        "domain",
        "infrastructure",
        None,
        None,
    ]
    assert catalog.needs("nothing") == ()
