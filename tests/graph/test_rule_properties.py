"""Every random catalog that breaks a rule gets that rule's sentence, and no other does."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, InputError, Order, Problem, Resource
from graph.rules import check, find_problems
from tests.random_catalogs import NAMES, any_catalogs, edge, sound_catalogs

PROPERTY = settings(deadline=None, max_examples=200)

Pairs = set[tuple[str, str]]


def sentences(catalog: Catalog, phrase: str) -> list[Problem]:
    return [problem for problem in find_problems(catalog) if phrase in problem.message]


def cycles(pairs: Pairs) -> list[set[str]]:
    """Groups of nodes that reach each other, found by repeated joining, not by networkx."""
    reach = set(pairs)
    while True:
        joined = {(a, d) for a, b in reach for c, d in pairs if b == c}
        if joined <= reach:
            break
        reach |= joined
    groups = {
        frozenset({a} | {b for x, b in reach if x == a and (b, a) in reach})
        for a, b in reach
        if (b, a) in reach
    }
    return [set(group) for group in groups]


def edges(catalog: Catalog) -> Pairs:
    return {(edge.source, edge.target) for edge in catalog.edges}


@PROPERTY
@given(catalog=any_catalogs())
def test_every_group_with_a_cycle_is_told_with_a_whole_cycle(catalog: Catalog) -> None:
    """'Not acyclic' alone leaves people searching 152 edges for the loop."""
    groups = cycles(edges(catalog))
    found = sentences(catalog, "startup cycle")
    assert len(found) == len(groups)
    for problem in found:
        shown = re.findall(r"startup cycle (.*?);", problem.message)[0].split(" → ")
        assert shown[0] == shown[-1]
        assert all(pair in edges(catalog) for pair in pairwise(shown))
        assert any(set(shown) <= group for group in groups)
        assert shown[0] == min(shown)


@PROPERTY
@given(catalog=any_catalogs())
def test_way_out_of_a_cycle_is_one(catalog: Catalog) -> None:
    """Advice that leaves another cycle costs a second round, or a third."""
    for problem in sentences(catalog, "startup cycle"):
        named = re.findall(r"on one of: (.*?)(?: \(other|\.$)", problem.message)[0].split(", ")
        pairs = [tuple(edge.split(" → ")) for edge in named]
        group = next(group for group in cycles(edges(catalog)) if pairs[0][0] in group)
        inside = {(a, b) for a, b in edges(catalog) if {a, b} <= group}
        enough = [not cycles(inside - {(a, b)}) for a, b in pairs]
        assert all(enough) if "other cycles remain" not in problem.message else not any(enough)


@PROPERTY
@given(catalog=any_catalogs())
def test_every_edge_to_a_later_tier_is_told(catalog: Catalog) -> None:
    """The gate of the later tier waits for this service, and this service for that tier."""
    position = {name: catalog.position(name) for name in catalog.services}
    late = {(a, b) for a, b in edges(catalog) if position[b] > position[a]}
    assert len(sentences(catalog, "points to a later tier")) == len(late)


@PROPERTY
@given(catalog=any_catalogs())
def test_every_circle_of_domains_is_told(catalog: Catalog) -> None:
    """No order of rolling out domains one by one would exist."""
    domain = {name: service.domain for name, service in catalog.services.items()}
    groups = cycles(edges(catalog))
    between = {
        (domain[a], domain[b])
        for a, b in edges(catalog)
        if domain[a] != domain[b] and not any({a, b} <= group for group in groups)
    }
    assert len(sentences(catalog, "in a circle")) == len(cycles(between))


@PROPERTY
@given(catalog=sound_catalogs(), behind=st.sets(st.sampled_from(NAMES)))
def test_one_service_at_most_is_behind_the_balancer(catalog: Catalog, behind: set[str]) -> None:
    """Every other one is open to the network, and gets no request."""
    behind &= set(catalog.services)
    balancer = Resource(name="load-balancer", summary="Way in", providers=(), gate=False)
    edges = [edge(name, "load-balancer", Order.RUNTIME) for name in sorted(behind)]
    routed = replace(
        catalog,
        resources={**catalog.resources, "load-balancer": balancer},
        edges=(*catalog.edges, *edges),
    )
    assert routed.gateway == min(behind, default=None)
    found = sentences(routed, "routes to one service alone")
    assert len(found) == max(0, len(behind) - 1)
    assert all(f"'{routed.gateway}' needs it too" in each.message for each in found)


@PROPERTY
@given(catalog=any_catalogs())
def test_check_refuses_exactly_what_has_problems(catalog: Catalog) -> None:
    """A check that finds problems and goes on registers resources of a broken platform."""
    problems = find_problems(catalog)
    if not problems:
        check(catalog)
        return
    with pytest.raises(InputError) as raised:
        check(catalog)
    assert raised.value.problems == problems
    assert str(raised.value).splitlines() == [str(problem) for problem in problems]
