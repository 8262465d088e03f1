"""The graph of any Compose file is the one that it declares."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Order, load_catalog
from graph.rules import find_problems
from tests.nexus.importing.made import imported, sentences, write_compose

APP = {"image": "r.example.com/app:1", "expose": ["8080"]}
IMAGES = {"db": "postgres:17", "cache": "valkey/valkey:8", "bus": "rabbitmq:4", "kafka": "kafka:4"}
RESOURCES = {"db": "postgres", "cache": "redis", "bus": "queue"}
ONCE, RUNS = ["r.example.com/app:1", "r.example.com/once:1"], ["migrate", "seed"]
NAMES = [f"s{number}" for number in range(9)]
CONDITIONS = ["service_started", "service_healthy"]

Edges = Mapping[tuple[str, str], Any]


@st.composite
def compose_files(draw: st.DrawFn) -> tuple[str, list[str], set[tuple[str, str]], set[str]]:
    """Text of a file, its services, its edges, and which services run once.

    Every edge is written in one of the ways that Compose has; nobody but those that run once is
    waited for to end, and what runs once depends on servers and other such alone.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    once = set(draw(st.lists(st.sampled_from(names), unique=True, max_size=2)))
    targets = [*names, *IMAGES]
    pairs = {
        (a, b)
        for a, b in draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(targets))))
        if a != b and (a not in once or b in IMAGES or (b in once and b < a))
    }
    # What nobody waits for to end is a service.
    once &= {b for a, b in pairs if a not in once} | {b for a, b in pairs if a in once}
    services: dict[str, Any] = {name: {"image": image} for name, image in IMAGES.items()}
    for name in names:
        own = sorted(b for a, b in pairs if a == name)
        short = draw(st.booleans()) and not once & {*own}
        long: dict[str, Any] = {}
        for target in own:
            state = "service_completed_successfully"
            condition = state if target in once else draw(st.sampled_from(CONDITIONS))
            long[target] = {"condition": condition}
            if draw(st.booleans()):
                long[target]["required"] = draw(st.booleans())
        once_alone = {
            "image": draw(st.sampled_from(ONCE)),
            "command": [draw(st.sampled_from(RUNS))],
        }
        image = once_alone if name in once else APP
        services[name] = {**image, **({"depends_on": own if short else long} if own else {})}
    text = (
        yaml.safe_dump({"services": services})
        if draw(st.booleans())
        else json.dumps({"services": services})
    )
    return text, names, pairs, once


def declared(pairs: set[tuple[str, str]], once: set[str]) -> set[tuple[str, str]]:
    """The edges between what remains, those through what runs once among them."""
    graph: nx.DiGraph[str] = nx.DiGraph(pairs)
    found: set[tuple[str, str]] = set()
    for source in {a for a, _ in pairs} - once:
        inner = graph.subgraph({*once, source})
        for middle in {source, *nx.descendants(inner, source)}:
            found |= {
                (source, RESOURCES.get(target, target))
                for target in graph.successors(middle)
                if target not in once and target != source
            }
    return found


@settings(max_examples=40, deadline=None)
@given(drawn=compose_files())
def test_the_imported_graph_has_exactly_the_declared_edges(
    drawn: tuple[str, list[str], set[tuple[str, str]], set[str]],
) -> None:
    """One edge less starts a service too early; one more lets somebody in who should not."""
    text, names, pairs, once = drawn
    folder = Path(tempfile.mkdtemp())
    try:
        if once >= {*names}:
            return
        draft = imported(write_compose(folder / "shop", text), folder / "project")
        catalog = load_catalog(folder / "project")
        assert set(catalog.services) == {*names} - once
        assert {(edge.source, edge.target) for edge in catalog.edges} == declared(pairs, once)
        assert all(edge.order is Order.STARTUP for edge in catalog.edges)
        kept = sum(
            len(each.tasks) + (each.migration is not None) for each in catalog.services.values()
        )
        told = sentences(draft, folder / "project", open_=False)
        assert kept + sum("left out" in each for each in told if "runs once" in each) == len(once)
        between = nx.DiGraph([(a, b) for a, b in declared(pairs, once) if b in catalog.services])
        asked = sentences(draft, folder / "project", open_=True)
        assert bool(asked) is not nx.is_directed_acyclic_graph(between)
        # Circles alone: tiers are such that nothing waits for a later one.
        problems = find_problems(catalog)
        assert all("startup cycle" in str(problem) for problem in problems)
        assert bool(problems) is bool(asked)
    finally:
        shutil.rmtree(folder)
