"""Mermaid's limits: a chart beyond them is an error message in its reader's browser."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from catalog import Catalog, Edge, Fallback, Order
from graph.impact import impact
from nexus.diff.catalog_diff import diff_catalogs
from nexus.diff.picture import picture
from nexus.pictures.flowchart import as_mermaid
from nexus.pictures.impact import impact_as_mermaid
from tests.random_catalogs import catalog_of, edge, service
from tests.synthetic import multiplied

MOST_EDGES, MOST_TEXT = 500, 50_000
"""Of mermaid 11.17.2: tried in a browser with charts of 500 and 501 edges."""


def complete(
    number: int, order: Order, name: str = "s{}", fallback: Fallback | None = None
) -> Catalog:
    """Services that all need each one before them."""
    names = [name.format(n) for n in range(number)]
    pairs: Iterable[tuple[str, str]] = itertools.combinations(names, 2)
    edges: list[Edge] = [
        replace(edge(later, earlier, order), fallback=fallback) for earlier, later in pairs
    ]
    return catalog_of([service(each) for each in names], edges)


CATALOGS: Mapping[str, tuple[Catalog, str]] = {
    # 496 edges; a chart may have 500.
    "just-drawn": (complete(32, Order.RUNTIME), ""),
    "follows-from-others": (complete(34, Order.STARTUP), "Without 528 startup edges that others"),
    "one-domain": (complete(34, Order.RUNTIME), "One box per domain"),
    "long-names": (
        complete(32, Order.RUNTIME, "a-service-with-a-name-as-long-as-may-{:02}", Fallback.RULES),
        "One box per domain",
    ),
}


def edges_of(chart: str) -> int:
    return len(re.findall(r"^  \w+ -\.?->", chart, flags=re.MULTILINE))


def assert_drawn(chart: str) -> None:
    assert edges_of(chart) <= MOST_EDGES
    assert len(chart) <= MOST_TEXT
    # A chart cannot raise them: the keys are secure ones, and Mermaid drops them.
    assert "maxEdges" not in chart
    assert "maxTextSize" not in chart


@pytest.mark.parametrize("name", CATALOGS)
def test_a_catalog_is_drawn_whatever_its_size(name: str) -> None:
    """A chart that shows less has to say so, or what it leaves out is not believed to be there."""
    catalog, title = CATALOGS[name]
    chart = as_mermaid(catalog)
    assert_drawn(chart)
    assert (title in chart.split("flowchart", maxsplit=1)[0]) if title else chart[0] == "f"


@pytest.mark.parametrize("copies", [2, 4, 40])
def test_a_multiple_of_the_platform_is_drawn(catalog: Catalog, copies: int) -> None:
    """Domains may be too many as well."""
    many = multiplied(catalog, copies)
    chart = as_mermaid(many)
    assert_drawn(chart)
    if copies == 40:
        assert "One box per tier" in chart
        assert f'b_n_core["core: {6 * copies} services, ' in chart


@pytest.mark.parametrize("copies", [1, 10, 40])
def test_an_outage_is_drawn(catalog: Catalog, copies: int) -> None:
    """The larger the outage, the more somebody wants to see it."""
    many = multiplied(catalog, copies)
    for failed in (("postgres",), ("postgres", "redis", "queue")):
        chart = impact_as_mermaid(many, impact(many, failed))
        assert_drawn(chart)
        assert ":::failed" in chart
    if copies == 40:
        assert re.search(r'"domain: \d+ down', chart)


def test_a_change_with_many_edges_is_not_drawn_at_all() -> None:
    """60 services that all got an edge to each other are a black square."""
    before, after = complete(40, Order.RUNTIME), complete(40, Order.STARTUP)
    assert picture(before, after, diff_catalogs(before, after)) is None
