"""Who starts after whom, and when tasks that wait for one another start and end.

Every function gives the same answer whatever the order of the input.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import networkx as nx

from catalog import Catalog
from graph.dependencies import startup_graph


def starts_after(catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """Per service, the services it is rolled out after: the transitive reduction, sorted.

    Raises:
        networkx.NetworkXError: if the startup edges have a cycle; `graph.rules` first.
    """
    reduced = nx.transitive_reduction(startup_graph(catalog))
    return {name: tuple(sorted(reduced.successors(name))) for name in catalog.services}


def startup_sequence(catalog: Catalog) -> tuple[str, ...]:
    """All services, dependencies first, earlier tiers first, then by name."""

    def key(name: str) -> tuple[int, str]:
        return catalog.position(name), name

    forward = startup_graph(catalog).reverse(copy=False)
    order: Iterable[str] = nx.lexicographical_topological_sort(forward, key=key)
    return tuple(order)


def waves(catalog: Catalog, names: Iterable[str] | None = None) -> tuple[tuple[str, ...], ...]:
    """Services by the earliest step they can start in, each wave sorted by name.

    Wave 0 needs no other service; every later wave needs one of the wave
    before. With `names`, only those services and the edges between them count.
    """
    graph = startup_graph(catalog)
    if names is not None:
        graph = graph.subgraph(list(names))
    generations: Iterable[list[str]] = nx.topological_generations(graph.reverse(copy=False))
    return tuple(tuple(sorted(generation)) for generation in generations)


def waves_by_tier(catalog: Catalog) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Waves inside each service tier: what tier gates leave to the edges."""
    return {
        tier: waves(catalog, [service.name for service in catalog.in_tier(tier)])
        for tier in catalog.service_tiers
    }


def longest_chain(catalog: Catalog) -> tuple[str, ...]:
    """A longest chain of startup edges, first to start first; ties by name."""
    graph = startup_graph(catalog)
    lengths: dict[str, tuple[str, ...]] = {}
    for name in startup_sequence(catalog):
        before = [lengths[target] for target in sorted(graph.successors(name))]
        lengths[name] = (*max(before, key=len, default=()), name)
    return max((lengths[name] for name in sorted(lengths)), key=len, default=())


class Interval(NamedTuple):
    """Start and end of a task, in the unit of the durations, from the start of all."""

    start: float
    end: float


def schedule(
    durations: Mapping[str, float],
    after: Mapping[str, Iterable[str]],
    *,
    parallel: int | None = None,
) -> Mapping[str, Interval]:
    """When each task runs if it starts as soon as it may, by discrete events.

    A task may start when all that it waits for have ended and fewer than `parallel` others
    run; of several that may, the first by name does.

    Args:
        durations: how long each task takes, 0 or more.
        after: what each task waits for; names that are no tasks are left out.
        parallel: how many tasks run at once, 1 or more; None for any number.

    Raises:
        ValueError: tasks wait for each other in a circle.
    """
    waits = {
        name: {each for each in after.get(name, ()) if each in durations} for name in durations
    }
    followers: dict[str, list[str]] = {name: [] for name in durations}
    for name, needed in waits.items():
        for each in needed:
            followers[each].append(name)
    left = {name: len(needed) for name, needed in waits.items()}
    ready = [name for name, number in left.items() if number == 0]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    done: dict[str, Interval] = {}
    now = 0.0
    while ready or running:
        while ready and (parallel is None or len(running) < parallel):
            name = heapq.heappop(ready)
            done[name] = Interval(now, now + durations[name])
            heapq.heappush(running, (done[name].end, name))
        now = running[0][0]
        while running and running[0][0] == now:
            for follower in followers[heapq.heappop(running)[1]]:
                left[follower] -= 1
                if left[follower] == 0:
                    heapq.heappush(ready, follower)
    if len(done) < len(durations):
        circle = ", ".join(sorted(durations.keys() - done.keys()))
        raise ValueError(f"These tasks wait for each other: {circle}; leave one of the waits out.")
    return done


def longest_path(
    durations: Mapping[str, float], after: Mapping[str, Iterable[str]]
) -> tuple[str, ...]:
    """The tasks that decide when all are done, if any number may run at once; first to last.

    Each waits for the one before it, and a delay of any delays the end. Of several such paths it
    is the one by name; tasks that take no time are on it where they are a link of it.

    Raises:
        ValueError: tasks wait for each other in a circle.
    """
    times = schedule(durations, after)
    path: list[str] = []
    ends = times.items()
    while ends:
        name, _ = max(ends, key=lambda each: (each[1].end, each[0]))
        path.append(name)
        ends = [(each, times[each]) for each in after.get(name, ()) if each in times]
    return tuple(reversed(path))


def slack(
    durations: Mapping[str, float], after: Mapping[str, Iterable[str]]
) -> Mapping[str, float]:
    """How much later each task may end without delaying the end of all, in the same unit.

    That is, if any number may run at once; 0 on every longest path.

    Raises:
        ValueError: tasks wait for each other in a circle.
    """
    forward = schedule(durations, after)
    before: dict[str, list[str]] = {name: [] for name in durations}
    for name in durations:
        for each in after.get(name, ()):
            if each in before:
                before[each].append(name)
    backward = schedule(durations, before)
    end = max((each.end for each in forward.values()), default=0.0)
    # Backward, a task ends as long before the end of all as it may at the latest start.
    return {name: end - backward[name].end - forward[name].start for name in durations}
