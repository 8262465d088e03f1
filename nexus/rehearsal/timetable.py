"""When the operations of a run start and end, computed instead of measured.

A clock would say how busy this machine is. The seconds here follow from three things that are
the same everywhere: how long each operation takes (`rehearsal.timing`), what each resource depends
on in the engine's own state, and how many operations the engine runs at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import networkx as nx

from graph.schedule import schedule
from nexus.rehearsal.record import Operation

Edges = Mapping[str, Iterable[str]]


def timetable(
    operations: Sequence[Operation], edges: Edges, *, parallel: int
) -> tuple[Operation, ...]:
    """Return the operations of one phase with their simulated start and end, by start.

    Args:
        operations: all of the phase.
        edges: by URN, what each resource waits for: dependencies, parent, provider.
        parallel: how many operations the engine runs at once.
    """
    made = {each.urn: each for each in operations if each.op != "delete"}
    deleted = [each for each in operations if each.op == "delete"]
    first = {each.urn: each for each in deleted if _precedes(each, made.get(each.urn))}
    last = [each for each in deleted if each not in first.values()]
    tasks: dict[str, Operation] = dict(made)
    after: dict[str, set[str]] = {
        urn: {*edges.get(urn, ()), *((_old(urn),) if urn in first else ())} for urn in made
    }
    for urn, operation in first.items():
        tasks[_old(urn)] = operation
        needed = {each for each in edges.get(urn, ()) if _precedes(made.get(each), operation)}
        after[_old(urn)] = needed | {_old(each) for each in first if urn in edges.get(each, ())}
    durations = {name: each.seconds for name, each in tasks.items()}
    before = set(tasks)
    for number, level in enumerate(_levels(last, edges)):
        # The engine waits for each level of deletions as a whole, and for all that it made.
        barrier = f"level {number}"
        durations[barrier], after[barrier] = 0.0, before
        before = {f"{barrier}: {index}" for index in range(len(level))}
        for name, operation in zip(sorted(before), level, strict=True):
            tasks[name] = operation
            durations[name], after[name] = operation.seconds, {barrier}
    times = schedule(durations, after, parallel=parallel)
    timed = [
        replace(each, start=round(times[name].start, 3), end=round(times[name].end, 3))
        for name, each in tasks.items()
    ]
    return tuple(sorted(timed, key=lambda each: (each.start, each.end, each.urn, each.op)))


def makespan(operations: Iterable[Operation]) -> float:
    """Return the simulated seconds from the phase's start to the end of its last operation."""
    return max((operation.end for operation in operations), default=0.0)


def _old(urn: str) -> str:
    """Name of the task that deletes a resource before its replacement is made."""
    return f"{urn} (old)"


def _precedes(one: Operation | None, other: Operation | None) -> bool:
    """Whether the engine ended one before it began the other; True for what has no record."""
    if one is None or other is None:
        return False
    return one.ended is None or other.began is None or one.ended < other.began


def _levels(deleted: Sequence[Operation], edges: Edges) -> list[list[Operation]]:
    """Deletions as the engine schedules them: what depends on nothing else goes last."""
    by_urn: dict[str, list[Operation]] = {}
    for operation in deleted:
        by_urn.setdefault(operation.urn, []).append(operation)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(by_urn)
    graph.add_edges_from(
        (each, urn) for urn in by_urn for each in edges.get(urn, ()) if each in by_urn
    )
    generations: Iterable[list[str]] = nx.topological_generations(graph)
    levels = [[each for urn in sorted(urns) for each in by_urn[urn]] for urns in generations]
    return levels[::-1]
