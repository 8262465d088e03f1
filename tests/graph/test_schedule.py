"""The schedule is the earliest one that keeps to waits and workers, and always the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.order import Interval, longest_path, schedule, slack

NAMES = [f"t{number}" for number in range(8)]


@st.composite
def tasks(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Durations, and waits for earlier names alone, in any order."""
    durations = {name: float(draw(st.integers(0, 5))) for name in draw(st.permutations(NAMES))}
    after = {
        name: draw(st.lists(st.sampled_from(NAMES[:index] or ["nobody"]), unique=True))
        for index, name in enumerate(NAMES)
    }
    return durations, after


def test_chain_and_independent_task() -> None:
    """A rollout's length is that of its longest chain, not the sum of all."""
    done = schedule({"a": 5, "b": 2, "c": 3}, {"b": ["a"], "c": ["elsewhere"]})
    assert done == {"a": Interval(0, 5), "b": Interval(5, 7), "c": Interval(0, 3)}


def test_one_worker_goes_by_name() -> None:
    """With two answers to one question, figures in a document change by themselves."""
    done = schedule({"b": 1, "a": 2, "c": 0}, {}, parallel=1)
    assert done == {"a": Interval(0, 2), "b": Interval(2, 3), "c": Interval(3, 3)}


def test_circle_is_told() -> None:
    """A circle would otherwise be a schedule with tasks missing."""
    with pytest.raises(ValueError, match="wait for each other: a, b;"):
        schedule({"a": 1, "b": 1, "c": 1}, {"a": ["b"], "b": ["a"], "c": []})


@given(tasks(), st.sampled_from([None, 1, 2, 3]))
def test_every_schedule_keeps_to_its_rules(
    given_tasks: tuple[dict[str, float], dict[str, list[str]]], parallel: int | None
) -> None:
    """A start before what it waits for, or idle workers, make the seconds a fairy tale."""
    durations, after = given_tasks
    done = schedule(durations, after, parallel=parallel)
    assert set(done) == set(NAMES)
    ends = {interval.end for interval in done.values()} | {0.0}
    for name, interval in done.items():
        assert interval.end == interval.start + durations[name]
        waited = [done[each].end for each in after[name] if each in done]
        assert all(end <= interval.start for end in waited)
        if parallel is None:
            assert interval.start == max(waited, default=0.0)
        assert interval.start in ends, "nothing but an end lets a task start"
    if parallel is not None:
        for moment in ends:
            running = [each for each in done.values() if each.start <= moment < each.end]
            assert len(running) <= parallel
    backwards = dict(reversed(durations.items()))
    assert schedule(backwards, after, parallel=parallel) == done


def end_of(durations: dict[str, float], after: dict[str, list[str]]) -> float:
    return max(each.end for each in schedule(durations, after).values())


@given(tasks())
def test_slack_is_what_delays_nothing(
    given_tasks: tuple[dict[str, float], dict[str, list[str]]],
) -> None:
    """Who trusts it slows one service down, and the rollout with it."""
    durations, after = given_tasks
    end = end_of(durations, after)
    for name, room in slack(durations, after).items():
        assert room >= 0
        assert end_of({**durations, name: durations[name] + room}, after) == end
        assert end_of({**durations, name: durations[name] + room + 1}, after) == end + 1


@given(tasks())
def test_longest_path_decides_the_end(
    given_tasks: tuple[dict[str, float], dict[str, list[str]]],
) -> None:
    """A path that is none sends people to the wrong service."""
    durations, after = given_tasks
    path = longest_path(durations, after)
    assert sum(durations[name] for name in path) == end_of(durations, after)
    assert all(first in after[second] for first, second in pairwise(path))
    spare = slack(durations, after)
    assert all(spare[name] == 0 for name in path)
