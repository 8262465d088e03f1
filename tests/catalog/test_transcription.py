"""The documented platform says what the document says, and what was decided about its gaps.

The catalog at work may have more services, and fewer; what it has of the documented ones is as
documented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from catalog import Catalog, Edge, Fallback, Order, load_catalog
from graph.order import longest_chain
from graph.rules import find_problems
from nexus.pictures.text import edges_in_words, nodes_in_words
from tests import transcription as document
from tests.projects import AT_WORK

EdgeFacts = tuple[str, str, str, str, str | None]
"""Source, target, order, criticality, fallback."""


def expected_edges() -> set[EdgeFacts]:
    """Every edge the catalog has to have, from the transcription alone."""
    startup = document.STARTUP_EDGES | (document.RESOURCE_EDGES - document.RUNTIME_RESOURCE_EDGES)
    runtime = document.RUNTIME_EDGES | document.RUNTIME_RESOURCE_EDGES | document.EXTERNAL_EDGES
    return {
        (source, target, order, "degradable" if fallback else "hard", fallback)
        for order, pairs in (("startup", startup), ("runtime", runtime))
        for source, target in pairs
        for fallback in [document.FALLBACKS.get((source, target))]
    }


EXPECTED = frozenset(expected_edges())


def actual_edges(catalog: Catalog) -> list[EdgeFacts]:
    return [
        (edge.source, edge.target, edge.order, edge.criticality, edge.fallback)
        for edge in catalog.edges
    ]


def agrees(catalog: Catalog) -> bool:
    """Whether the catalog's edges are exactly the expected ones, each once."""
    return Counter(actual_edges(catalog)) == Counter(EXPECTED)


def test_transcription_has_the_figures_of_the_document() -> None:
    """A slip while transcribing would make every other test here prove the wrong thing."""
    between = {edge for edge in document.DOCUMENTED_EDGES if edge[1] in document.SERVICES}
    users = {
        resource: sum(target == resource for _, target in document.RESOURCE_EDGES)
        for resource in ("postgres", "redis", "queue")
    }
    assert len(document.SERVICES) == 43
    assert len(document.DOCUMENTED_EDGES) == 110
    assert len(between) == 64
    assert users == {"postgres": 20, "redis": 6, "queue": 1}
    assert len(document.STARTUP_EDGES) == 68
    assert len(document.GATEWAY_ROUTES) == 36
    assert [len(names) for names in document.SERVICES_BY_TIER.values()] == [6, 4, 24, 9]
    words = document.SERVICES | {*document.RESOURCE_WORDS, *document.EXTERNAL_WORDS}
    assert {child for _, child in document.DOCUMENTED_EDGES} - words == set(document.GROUPS)
    assert set(document.DOMAIN_OF) == document.SERVICES
    assert set(document.FALLBACKS) <= {(edge[0], edge[1]) for edge in EXPECTED}


def test_catalog_has_every_edge_and_no_other(catalog: Catalog) -> None:
    """A service would start too early, or be cut off by its network policy."""
    assert set(actual_edges(catalog)) == EXPECTED
    assert len(catalog.edges) == len(EXPECTED) == 152


def test_catalog_has_every_service_in_its_tier_and_domain(catalog: Catalog) -> None:
    """A service in another tier waits for the wrong gate; in another domain it moves namespace."""
    tiers = {name: service.tier for name, service in catalog.services.items()}
    assert tiers == {
        name: tier for tier, names in document.SERVICES_BY_TIER.items() for name in names
    }
    domains = {name: service.domain for name, service in catalog.services.items()}
    assert domains == document.DOMAIN_OF


def test_catalog_has_the_documented_platform(catalog: Catalog) -> None:
    """The infrastructure gate would open before the queue is there, or windows be misreported."""
    assert set(catalog.resources) == set(document.RESOURCE_WORDS.values())
    gates = {name for name, resource in catalog.resources.items() if resource.gate}
    assert gates == document.GATES
    windows = {tier.name: (tier.starts_at, tier.ends_at) for tier in catalog.tiers}
    assert windows == document.WINDOWS
    assert list(windows) == list(document.WINDOWS)
    providers = {name: external.providers for name, external in catalog.external.items()}
    assert providers == document.PROVIDERS
    buckets = {name: (bucket.owner, bucket.granted) for name, bucket in catalog.buckets.items()}
    assert buckets == document.BUCKETS


def test_catalog_has_the_critical_flows(catalog: Catalog) -> None:
    """An alert on sign-in, upload, orders or streaming would watch the wrong services."""
    assert {flow.name: flow.steps for flow in catalog.flows} == document.FLOWS


def test_catalog_is_sound_and_as_large_as_documented(catalog: Catalog) -> None:
    """The figures that the README and `nexus check` quote would be wrong."""
    assert find_problems(catalog) == ()
    assert nodes_in_words(catalog).startswith("43 services in 11 domains, ")
    assert edges_in_words(catalog) == (
        "152 edges: 103 startup (68 between services, 52 after reduction), 49 runtime; "
        "11 degradable"
    )
    assert [len([*catalog.in_tier(tier)]) for tier in catalog.service_tiers] == [6, 4, 24, 9]
    assert len(longest_chain(catalog)) == 8
    runtime = [edge for edge in catalog.needs("backend-api") if edge.order is Order.RUNTIME]
    assert sum(edge.target in catalog.services for edge in runtime) == 36


def test_the_catalog_at_work_keeps_what_is_documented() -> None:
    """An edge turned round by mistake would go to production with the next service."""
    live = load_catalog(AT_WORK)
    assert find_problems(live) == ()
    gone = document.SERVICES - set(live.services)
    assert gone == document.REMOVED, "Write what was removed on purpose into REMOVED."
    services = document.SERVICES - gone
    known = {*services, *document.RESOURCE_WORDS.values(), *document.PROVIDERS}
    edges = [
        (source, live.base(target), *rest)
        for source, target, *rest in actual_edges(live)
        if source in services and live.base(target) in known
    ]
    assert Counter(edges) == Counter(each for each in EXPECTED if {each[0], each[1]} <= known)
    tiers = {name: tier for tier, names in document.SERVICES_BY_TIER.items() for name in names}
    for name in services:
        assert live.services[name].tier == tiers[name]
        assert live.services[name].domain == document.DOMAIN_OF[name]
    gates = {name for name, resource in live.resources.items() if resource.gate}
    assert gates >= document.GATES
    for flow in live.flows:
        steps = [live.base(step) for step in flow.steps if live.base(step) in known]
        wanted = [step for step in document.FLOWS.get(flow.name, steps) if step in known]
        assert steps == wanted


def mutations(catalog: Catalog) -> Iterator[tuple[str, Catalog]]:
    """The catalog with one edge changed, in every way that changes what is deployed."""
    edges = catalog.edges
    for index, edge in enumerate(edges):
        for label, changed in (
            ("removed", ()),
            ("twice", (edge, edge)),
            ("turned round", (replace(edge, source=edge.target, target=edge.source),)),
            ("other order", (replace(edge, order=_other(edge.order)),)),
            *((f"fallback {f}", (replace(edge, fallback=f),)) for f in _others(edge)),
        ):
            mutated = (*edges[:index], *changed, *edges[index + 1 :])
            yield f"{edge.source} → {edge.target} {label}", replace(catalog, edges=mutated)
    present = {(edge.source, edge.target) for edge in edges}
    for source in catalog.services:
        for target in (*catalog.services, *catalog.resources, *catalog.external):
            if (source, target) not in present and source != target:
                added = replace(edges[0], source=source, target=target)
                yield f"{source} → {target} added", replace(catalog, edges=(*edges, added))


def _other(order: Order) -> Order:
    return Order.RUNTIME if order is Order.STARTUP else Order.STARTUP


def _others(edge: Edge) -> list[Fallback | None]:
    return [fallback for fallback in (None, *Fallback) if fallback is not edge.fallback]


def test_any_changed_edge_is_noticed(catalog: Catalog) -> None:
    """A test that compares too little would let a changed edge through to production."""
    assert agrees(catalog)
    unnoticed = [label for label, mutated in mutations(catalog) if agrees(mutated)]
    assert unnoticed == []


@pytest.mark.parametrize("edge", sorted(document.RUNTIME_EDGES))
def test_runtime_edges_say_why(catalog: Catalog, edge: tuple[str, str]) -> None:
    """Nobody could tell a decision from a forgotten startup edge."""
    reasons = {(each.source, each.target): each.reason for each in catalog.edges}
    assert reasons[edge]
