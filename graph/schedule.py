"""When tasks that wait for one another start and end, by discrete events."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple


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
    """Return when each task runs if it starts as soon as it may.

    A task may start when all that it waits for have ended and fewer than `parallel` others
    run; of several that may, the first by name does. The answer depends on the arguments
    alone, not on their order.

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
