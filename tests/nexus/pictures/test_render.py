"""Text, JSON, Mermaid and DOT of the platform and of odd catalogs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from catalog import Catalog, Fallback, Order
from graph.dependencies import neighbourhood
from nexus.pictures import RENDERERS
from nexus.pictures.flowchart import as_dot, as_mermaid
from nexus.pictures.json import as_json
from nexus.pictures.text import as_text, neighbours_as_text
from tests import transcription as document
from tests.random_catalogs import catalog_of, edge, service


def test_json_has_the_promised_shape(catalog: Catalog) -> None:
    """Scripts read this; a renamed key breaks them all."""
    graph = json.loads(as_json(catalog))
    assert list(graph) == ["tiers", "nodes", "edges", "flows"]
    common = ("name", "kind", "tier", "domain")
    assert {(node["kind"], tuple(node)) for node in graph["nodes"]} == {
        ("service", (*common, "summary")),
        ("resource", common),
        ("external", common),
    }
    assert {tuple(each) for each in graph["edges"]} == {
        ("source", "target", "order", "criticality", "fallback", "reason")
    }
    assert {tuple(each) for each in graph["flows"]} == {("name", "steps")}


def test_json_has_every_node_and_edge_sorted(catalog: Catalog) -> None:
    """A node left out is a service that a script never monitors."""
    graph = json.loads(as_json(catalog))
    names = [node["name"] for node in graph["nodes"]]
    assert names == sorted(names)
    facts = {node["name"]: (node["kind"], node["tier"], node["domain"]) for node in graph["nodes"]}
    assert facts == {
        **{
            name: ("service", tier, document.DOMAIN_OF[name])
            for tier, services in document.SERVICES_BY_TIER.items()
            for name in services
        },
        **dict.fromkeys(document.RESOURCE_WORDS.values(), ("resource", "infrastructure", None)),
        **dict.fromkeys(document.PROVIDERS, ("external", None, None)),
    }
    pairs = [(each["source"], each["target"]) for each in graph["edges"]]
    assert pairs == sorted(pairs)
    assert len(pairs) == 152
    by_pair = dict(zip(pairs, graph["edges"], strict=True))
    assert by_pair["streamcore", "cdn"] == {
        "source": "streamcore",
        "target": "cdn",
        "order": "startup",
        "criticality": "degradable",
        "fallback": "origin",
        "reason": "While the CDN is down, streams are served from the media origin.",
    }
    assert by_pair["user-auth", "postgres"] == {
        "source": "user-auth",
        "target": "postgres",
        "order": "startup",
        "criticality": "hard",
        "fallback": None,
        "reason": None,
    }


def test_mermaid_has_every_node_and_edge(catalog: Catalog) -> None:
    """A diagram that leaves out an edge is believed."""
    lines = as_mermaid(catalog).splitlines()
    nodes = [line for line in lines if re.match(r"    n_\w+[\[(]", line)]
    startup = [line for line in lines if " -->" in line]
    runtime = [line for line in lines if " -.->" in line]
    assert len(nodes) == 43 + 11 + 9
    assert (len(startup), len(runtime)) == (103, 49)
    assert '  n_streamcore -->|"or origin"| n_cdn' in lines
    assert '  subgraph core["core · 30–60 s"]' in lines
    assert sum("|" in line for line in lines) == 11
    assert lines[0] == "flowchart BT"


def test_mermaid_survives_its_own_keywords() -> None:
    """A service called 'end' would end its subgraph."""
    names = ("end", "graph", "subgraph", "o-x", "default")
    text = as_mermaid(catalog_of([service(name) for name in names], [edge("end", "o-x")]))
    assert '    n_end["end"]' in text
    assert "  n_end --> n_o_x" in text


def test_dot_has_every_node_and_edge(catalog: Catalog) -> None:
    """A diagram that leaves out an edge is believed."""
    lines = as_dot(catalog).splitlines()
    arrows = [line for line in lines if " -> " in line]
    assert len(arrows) == 152
    assert sum("style=dashed" in line for line in arrows) == 49
    assert sum("arrowhead=empty" in line for line in arrows) == 11
    assert sum("shape=box" in line for line in lines) == 43
    assert sum("shape=cylinder" in line for line in lines) == 11
    assert sum("shape=ellipse" in line for line in lines) == 9
    assert sum(line.startswith("  subgraph") for line in lines) == 6


def test_dot_quotes_reasons() -> None:
    """A reason with a quotation mark would break the file."""
    odd = replace(edge("a", "b", Order.RUNTIME), reason='Says "no\\".')
    text = as_dot(catalog_of([service("a"), service("b")], [odd]))
    assert r'tooltip="Says \"no\\\"."' in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_dot_is_accepted_by_graphviz(catalog: Catalog) -> None:
    """A file that Graphviz refuses helps nobody."""
    done = subprocess.run(
        ["dot", "-Tcanon"], input=as_dot(catalog), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_text_shows_tiers_waves_and_chain(catalog: Catalog) -> None:
    """On call, the terminal is what there is; it must say what starts after what."""
    lines = as_text(catalog).splitlines()
    assert lines[1] == (
        "152 edges: 103 startup (68 between services, 52 after reduction), 49 runtime; "
        "11 degradable"
    )
    assert "core  30–60 s  6 services in 6 waves" in lines
    assert "  waited for, with users: postgres (20), queue (1), redis (6)" in lines
    found = [" ".join(line.split()) for line in lines]
    assert "billing-service after auth-service, invoice-gen; on postgres" in found
    assert "metatwin after ai-service (or rules), streamcore; on postgres" in found
    assert "backend-api → 36 services in 9 domains, load-balancer" in found
    assert "puabo-nuki-shipping-service → shipping" in found
    assert "auth-service, auth-service-v2" in found
    assert "longest startup chain: 8 services" in found
    services = [line.split()[0] for line in lines if line.startswith("    ")]
    assert sorted(services) == sorted(catalog.services)


def test_text_of_a_platform_without_calls() -> None:
    """A section without content must say so instead of looking cut off."""
    text = as_text(catalog_of([service("a")], []))
    assert "never waited for\n  nothing\n" in text
    assert "directly or not\n  none\n" in text


def test_text_names_few_calls_and_counts_many() -> None:
    """36 names in one line hide the five that matter."""
    names = [f"s{number}" for number in range(9)]
    calls = [edge("s0", name, Order.RUNTIME) for name in names[1:]]
    few = [edge("s1", name, Order.RUNTIME) for name in names[2:5]]
    text = as_text(catalog_of([service(name) for name in names], [*calls, *few]))
    assert "  s0 → 8 services in 1 domain\n" in text
    assert "  s1 → s2, s3, s4\n" in text


def test_neighbours_of_a_service(catalog: Catalog) -> None:
    """Before a change, who is hit by it must be known."""
    text = neighbours_as_text(catalog, "kei-ai")
    assert text.startswith("kei-ai: Assistant on top of the model service (domain ai, tier domain)")
    assert "\nrolled out after ai-service\n" in text
    assert "\nneeds 2 nodes\n  ai-service  startup, hard\n" in text
    assert "\nneeded by 3 nodes\n" in text
    assert "  puabo-nexus-ai-dispatch  startup, degradable, or rules\n" in text


def test_neighbours_of_a_resource_and_an_api(catalog: Catalog) -> None:
    """Who is hit when the queue is down?"""
    text = neighbours_as_text(catalog, "queue")
    assert "(platform resource)\n\nneeded by 1 node\n  scheduler  startup, hard\n" in text
    text = neighbours_as_text(catalog, "maps")
    assert text.startswith(
        "maps: Maps and geocoding (external API; provided by Google Maps, Mapbox)"
    )
    assert "needed by 0 nodes" in neighbours_as_text(catalog, "sms")


def test_neighbours_of_a_service_that_needs_nothing() -> None:
    """The first service of all has no line of what it starts after."""
    text = neighbours_as_text(catalog_of([service("a")], []), "a")
    assert "\nrolled out after no other service\n" in text


def test_neighbourhood_keeps_one_node_and_its_edges(catalog: Catalog) -> None:
    """A diagram of a neighbourhood with other edges would be the whole hairball again."""
    near = neighbourhood(catalog, "kei-ai")
    assert set(near.services) == {
        *("ai-service", "backend-api", "kei-ai", "nexus-cos-studio-ai", "puabo-nexus-ai-dispatch")
    }
    assert set(near.resources) == {"postgres"}
    assert near.external == {}
    assert len(near.edges) == 5
    for render in RENDERERS.values():
        assert "kei-ai" in render(near)


def test_neighbourhood_without_services(catalog: Catalog) -> None:
    """An API that nobody uses must still be drawn."""
    near = neighbourhood(catalog, "sms")
    assert near.services == {}
    for name, render in RENDERERS.items():
        assert "sms" in render(near) or name == "text"


@pytest.mark.parametrize("tier", document.SERVICES_BY_TIER)
def test_renderers_survive_an_empty_tier(catalog: Catalog, tier: str) -> None:
    """Half a platform, as while it is being written, must be drawn too."""
    kept = {name: each for name, each in catalog.services.items() if each.tier != tier}
    edges = tuple(
        each
        for each in catalog.edges
        if each.source in kept and (each.target in kept or each.target not in catalog.services)
    )
    smaller = replace(catalog, services=kept, edges=edges)
    for render in RENDERERS.values():
        assert render(smaller)


def test_fallback_is_marked_on_startup_and_runtime_edges() -> None:
    """Whether an outage spreads depends on it."""
    soft = [
        replace(edge("a", "b"), fallback=Fallback.RULES),
        replace(edge("b", "a", Order.RUNTIME), fallback=Fallback.RULES),
    ]
    catalog = catalog_of([service("a"), service("b")], soft)
    assert '  n_a -->|"or rules"| n_b' in as_mermaid(catalog)
    assert '  n_b -.->|"or rules"| n_a' in as_mermaid(catalog)
    assert "b → a (or rules)" in as_text(catalog)
