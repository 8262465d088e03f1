"""The catalog's part of a report, in words and as a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalog import Catalog, Objective
from graph.impact import State, impact
from nexus.diff.catalog_diff import BlastRadius, blast_radius, diff_catalogs
from nexus.diff.catalog_words import catalog_sentences
from nexus.diff.picture import picture
from nexus.diff.wording import plain
from nexus.pictures.json import graph_document

from .plans import graph

CORE = {"kind": "service", "tier": "core", "domain": "x"}
BASE: dict[str, Any] = {
    "nodes": [
        {**CORE, "name": "a"},
        {**CORE, "name": "b"},
        {**CORE, "name": "c", "tier": "domain"},
        {"name": "postgres", "kind": "resource", "tier": "infrastructure", "domain": None},
    ],
    "edges": [
        {"source": "b", "target": "a", "order": "startup"},
        {"source": "c", "target": "b", "order": "startup", "fallback": "rules"},
    ],
    "flows": [{"name": "sign-in", "steps": ["c", "b"]}],
}


def document(**changes: Any) -> dict[str, Any]:
    found = {**BASE, **changes}
    edges = [
        {"fallback": None, "reason": None, **edge,
         "criticality": "degradable" if edge.get("fallback") else "hard"}
        for edge in found["edges"]
    ]  # fmt: skip
    return {**found, "edges": edges}


def told(**changes: Any) -> list[str]:
    before, after = graph(document()), graph(document(**changes))
    return [plain(sentence) for sentence in catalog_sentences(diff_catalogs(before, after))]


def test_nothing_is_said_of_nothing() -> None:
    """A comment that says something every time is read no time."""
    assert told() == []


def test_a_promise_is_told() -> None:
    """Whoever allows a flow to fail more often should have to say so."""
    flow = BASE["flows"][0]
    promise = "that 99.9 % of its requests do not fail and 99 % are answered within 1,000 ms"
    kept = ["Startup order: every service that stays starts in the same step as before"]
    looser = {**flow, "objective": {"available_percent": 99, "fast_ms": 2500}}
    first, *rest = told(flows=[looser])
    assert first == (
        "Critical flow sign-in promises that 99 % of its requests do not fail and 99 % are "
        f"answered within 2,500 ms; until now {promise}"
    )
    assert kept[0] in rest
    # What is said in full and is the usual is no change, and a step is told apart.
    assert told(flows=[{**flow, "objective": {"fast_percent": 99.0}}]) == []
    both = told(flows=[{**looser, "steps": ["c"]}])
    assert both[0] == "Critical flow sign-in is now: c"
    assert both[1] == first


def test_the_graph_tells_what_is_not_the_usual(catalog: Catalog) -> None:
    """Every revision before would differ in each flow."""
    (flow, *others) = catalog.flows
    stricter = replace(flow, objective=Objective(available_percent=99.95))
    written = graph_document(replace(catalog, flows=(stricter, *others)))["flows"]
    assert {each["name"]: each.get("objective") for each in written} == {
        **{each.name: None for each in others},
        flow.name: {"available_percent": 99.95},
    }


def test_a_flip_shortens_the_chain_and_says_so() -> None:
    """Whoever flips an edge wants to know whether the rollout gets shorter."""
    edges = [{**BASE["edges"][0], "order": "runtime"}, BASE["edges"][1]]
    assert told(edges=edges) == [
        "b needs a only at runtime now: it no longer waits for it",
        "Startup order: 2 services earlier (b, c); 3 → 2 steps by the edges alone",
        "Longest startup chain: 3 → 2: b → c",
        "Critical flows through what changed: sign-in",
        "Blast radius, degraded: 1 service: c",
    ]


def test_a_lost_fallback_widens_the_blast_radius() -> None:
    """Without its fallback a service is down with what it needs at startup."""
    edges = [BASE["edges"][0], {**BASE["edges"][1], "fallback": None}]
    assert "c → b: lost its fallback 'rules' and is down with it" in told(edges=edges)
    grown = told(edges=[*edges, {"source": "a", "target": "postgres", "order": "startup"}])
    assert "a now needs postgres at startup" in grown
    assert "Blast radius: 1 service is down while what changed is: b" in grown


def test_a_lost_fallback_at_runtime_takes_nothing_down() -> None:
    """Two commands that disagree on what is down are believed neither."""
    runtime = {**BASE["edges"][1], "order": "runtime"}
    before = graph(document(edges=[BASE["edges"][0], runtime]))
    after = graph(document(edges=[BASE["edges"][0], {**runtime, "fallback": None}]))
    said = [plain(sentence) for sentence in catalog_sentences(diff_catalogs(before, after))]
    assert "c → b: lost its fallback 'rules' and is without it while it is down" in said


def test_the_blast_radius_is_what_the_outage_does(catalog: Catalog) -> None:
    """`nexus impact` and the comment on a pull request tell the same of the same outage."""
    names = (*catalog.services, *catalog.resources, *catalog.external)
    told = graph(graph_document(catalog))
    for name in names:
        outage, blast = impact(catalog, [name]), blast_radius((told, told), [name])
        assert set(blast.down) == {*outage.named(State.DOWN)} - {name}, name
        assert set(blast.degraded) == {*outage.named(State.DEGRADED)}, name
    assert blast_radius((catalog,), ["payments"]) == BlastRadius(
        degraded=impact(catalog, ["payments"]).named(State.DEGRADED)
    )


def test_one_and_several() -> None:
    """'1 services' and 'a, b, which is removed' make a reader doubt the rest."""
    edges = [
        {"source": "c", "target": "a", "order": "startup"},
        {"source": "c", "target": "b", "order": "startup"},
    ]
    before = graph(document(edges=edges))
    nodes = [node for node in BASE["nodes"] if node["name"] not in ("a", "b")]
    after = graph(document(nodes=nodes, edges=[], flows=[]))
    said = [plain(sentence) for sentence in catalog_sentences(diff_catalogs(before, after))]
    assert "c no longer needs a, b, which are removed" in said
    one = graph(document(edges=edges[:1]))
    without = graph(document(nodes=BASE["nodes"][1:], edges=[], flows=[]))
    said = [plain(sentence) for sentence in catalog_sentences(diff_catalogs(one, without))]
    assert "c no longer needs a, which is removed" in said
    apart = graph(document(edges=[]))
    flows = graph(document(edges=[], flows=[{"name": "f", "steps": ["a"]}]))
    said = [plain(sentence) for sentence in catalog_sentences(diff_catalogs(apart, flows))]
    assert "Longest startup chain: unchanged, 1 service" in said


def test_moves_and_flows() -> None:
    """A service in another tier starts at another time; one in another domain starts anew."""
    nodes = [
        {**BASE["nodes"][0], "domain": "y"},
        BASE["nodes"][1],
        BASE["nodes"][2],
        BASE["nodes"][3],
    ]
    nodes[2] = {**nodes[2], "tier": "frontend"}
    said = told(nodes=nodes, flows=[{"name": "sign-in", "steps": ["c", "b", "a"]}])
    assert said[0] == "c moves from tier domain to frontend, so it starts later"
    assert said[1].startswith("a moves from domain x to y: ")
    assert said[2] == "Critical flow sign-in is now: c, b, a"


def test_tiers_of_its_own() -> None:
    """Whoever puts a tier in between moves every start, and a reviewer saw nothing of it."""
    tiers = [{"name": name} for name in ("ground", "core", "domain", "edge")]
    nodes = [{**BASE["nodes"][0], "tier": "edge"}, *BASE["nodes"][1:3]]
    nodes.append({**BASE["nodes"][3], "tier": "ground"})
    said = told(tiers=tiers, nodes=nodes)
    assert said[0] == (
        "The tiers are ground, core, domain, edge; they were infrastructure, core, platform, "
        "domain, frontend"
    )
    assert said[1] == "a moves from tier core to edge, so it starts later"
    gone = told(nodes=[{**BASE["nodes"][0], "tier": "ground"}, *nodes[1:]], tiers=tiers[:3])
    assert gone[1] == "a moves from tier core to ground, so it starts earlier"


def test_the_picture_shows_the_changed_neighbourhood_alone() -> None:
    """A picture of all 43 services in a comment shows nothing."""
    before = graph(document())
    edges = [*BASE["edges"], {"source": "a", "target": "postgres", "order": "startup"}]
    after = graph(document(edges=edges))
    drawn = picture(before, after, diff_catalogs(before, after)) or ""
    assert 'n0["a"]' in drawn
    assert 'n1[("postgres")]' in drawn
    assert 'n0 -->|"new"| n1' in drawn
    assert '"b"' not in drawn
    assert picture(before, before, diff_catalogs(before, before)) is None


def test_an_edge_that_leads_to_another_port() -> None:
    """Who reviews a change would see a policy change, and not why."""
    edges = [{**BASE["edges"][0], "port": "grpc"}, BASE["edges"][1]]
    assert "b calls a at the port 'grpc' now" in told(edges=edges)


def test_an_edge_that_leads_to_another_one_s_part() -> None:
    """Who reviews a change would not see that a service may now change the tables of another."""
    edges = [{**BASE["edges"][0], "of": "a", "access": "read-write"}, BASE["edges"][1]]
    assert "b uses of a that of a, to read-write now" in told(edges=edges)


def test_an_edge_that_leads_to_several_parts() -> None:
    """Who reviews a change would see one login where there are three, and not whose tables."""
    parts = [
        {"of": None},
        {"of": None, "part": "archive"},
        {"of": "a", "part": "audit", "access": "read"},
    ]
    edges = [{**BASE["edges"][0], "parts": parts}, BASE["edges"][1]]
    said = "b uses of a one of its own, 'archive' of its own and 'audit' of a, to read now"
    assert said in told(edges=edges)
