"""Properties of the order on random sound catalogs."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, Order, load_catalog
from graph.dependencies import service_edges, startup_graph
from graph.order import longest_chain, starts_after, startup_sequence, waves, waves_by_tier
from graph.rules import find_problems
from nexus.pictures import RENDERERS
from tests.catalog.examples import write_project
from tests.random_catalogs import sound_catalogs, written

PROPERTY = settings(deadline=None, max_examples=100)


def reachable(edges: set[tuple[str, str]], names: list[str]) -> set[tuple[str, str]]:
    """All pairs (a, b) with a way from a to b; found by repeated joining, not by networkx."""
    closed = set(edges)
    while True:
        joined = {(a, d) for a, b in closed for c, d in edges if b == c}
        if joined <= closed:
            return closed
        closed |= joined


def reduced(catalog: Catalog) -> set[tuple[str, str]]:
    return {(source, target) for source, after in starts_after(catalog).items() for target in after}


def startup(catalog: Catalog) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in service_edges(catalog, Order.STARTUP)}


@PROPERTY
@given(catalog=sound_catalogs())
def test_sound_catalogs_have_no_problems(catalog: Catalog) -> None:
    """A rule that refuses a sound catalog stops every deployment."""
    assert find_problems(catalog) == ()


@PROPERTY
@given(catalog=sound_catalogs())
def test_sequence_is_valid_for_every_startup_edge(catalog: Catalog) -> None:
    """A service rolled out before what it needs crashes until that is there."""
    sequence = startup_sequence(catalog)
    assert sorted(sequence) == sorted(catalog.services)
    position = {name: index for index, name in enumerate(sequence)}
    assert all(position[target] < position[source] for source, target in startup(catalog))
    tiers = [catalog.position(name) for name in sequence]
    assert tiers == sorted(tiers)


@PROPERTY
@given(catalog=sound_catalogs())
def test_reduction_keeps_reachability_and_is_minimal(catalog: Catalog) -> None:
    """A lost edge starts a service too early; a surplus one makes every deployment slower."""
    names = list(catalog.services)
    everything = reachable(startup(catalog), names)
    kept = reduced(catalog)
    assert kept <= startup(catalog)
    assert reachable(kept, names) == everything
    for pair in kept:
        assert pair not in reachable(kept - {pair}, names)


@PROPERTY
@given(catalog=sound_catalogs())
def test_waves_are_as_early_as_they_can_be(catalog: Catalog) -> None:
    """The picture and the schedule would show services waiting for nothing."""
    found = waves(catalog)
    wave_of = {name: number for number, wave in enumerate(found) for name in wave}
    assert sorted(wave_of) == sorted(catalog.services)
    for name, number in wave_of.items():
        before = [wave_of[target] for source, target in startup(catalog) if source == name]
        assert number == max(before, default=-1) + 1
    assert len(longest_chain(catalog)) == len(found)


@PROPERTY
@given(catalog=sound_catalogs())
def test_waves_of_tiers_hold_each_service_once(catalog: Catalog) -> None:
    """A service in no wave would be missing from the picture."""
    for tier, found in waves_by_tier(catalog).items():
        names = [name for wave in found for name in wave]
        assert sorted(names) == [service.name for service in catalog.in_tier(tier)]
        wave_of = {name: number for number, wave in enumerate(found) for name in wave}
        for source, target in startup(catalog):
            if source in wave_of and target in wave_of:
                assert wave_of[target] < wave_of[source]


@PROPERTY
@given(catalog=sound_catalogs())
def test_longest_chain_is_a_chain_of_startup_edges(catalog: Catalog) -> None:
    """A chain that is none would make the shortest possible rollout look longer than it is."""
    chain = longest_chain(catalog)
    graph = startup_graph(catalog)
    assert all(graph.has_edge(after, before) for before, after in pairwise(chain))
    assert len(chain) == nx.dag_longest_path_length(graph) + 1


@settings(deadline=None, max_examples=40)
@given(catalog=sound_catalogs(), seed=st.randoms(use_true_random=False))
def test_output_does_not_depend_on_the_order_of_the_input(
    catalog: Catalog, seed: Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Moving a service inside its file would change every preview."""
    straight, shuffled = (
        load_catalog(write_project(tmp_path_factory.mktemp("order"), written(catalog, shuffle)))
        for shuffle in (list.sort, seed.shuffle)
    )
    assert startup_sequence(shuffled) == startup_sequence(straight)
    assert list(starts_after(shuffled).items()) == list(starts_after(straight).items())
    assert waves(shuffled) == waves(straight)
    assert longest_chain(shuffled) == longest_chain(straight)
    assert find_problems(shuffled) == find_problems(straight) == ()
    assert [edge.target for edge in shuffled.edges] == [edge.target for edge in straight.edges]
    assert longest_chain(straight) == longest_chain(catalog)
    for name, render in RENDERERS.items():
        assert render(shuffled) == render(straight), name
