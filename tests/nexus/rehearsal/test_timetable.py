"""Simulated seconds follow from times, dependencies and workers, never from a clock."""

from __future__ import annotations

from itertools import permutations

import pytest

from nexus.rehearsal.record import Operation, makespan, timetable


def _operation(name: str, op: str, seconds: float, places: tuple[int, int] | None) -> Operation:
    began, ended = places or (None, None)
    return Operation(
        phase="up",
        urn=name,
        op=op,
        seconds=seconds,
        began=began,
        ended=ended,
        result="succeeded",
    )


def _times(
    operations: list[Operation], edges: dict[str, tuple[str, ...]], parallel: int = 64
) -> dict[tuple[str, str], tuple[float, float]]:
    timed = timetable(operations, edges, parallel=parallel)
    return {(each.urn, each.op): (each.start, each.end) for each in timed}


def test_what_waits_starts_when_the_last_is_ready() -> None:
    """The table of tiers must say the same on a laptop and on a busy build machine."""
    made = [
        _operation("server", "create", 8.0, (0, 1)),
        _operation("job", "create", 2.0, (2, 3)),
        _operation("app", "create", 5.0, (4, 5)),
        _operation("other", "create", 5.0, (6, 7)),
        _operation("kept", "same", 0.0, None),
    ]
    edges = {"job": ("server", "kept"), "app": ("job", "gone"), "kept": ("other",)}
    expected = {
        ("server", "create"): (0.0, 8.0),
        ("job", "create"): (8.0, 10.0),
        ("app", "create"): (10.0, 15.0),
        ("other", "create"): (0.0, 5.0),
        ("kept", "same"): (5.0, 5.0),
    }
    for order in permutations(made):
        assert _times(list(order), edges) == expected
    assert makespan(timetable(made, edges, parallel=64)) == 15.0
    assert makespan(timetable(made, edges, parallel=1)) == 20.0
    assert makespan(()) == 0.0


def test_what_makes_room_goes_first() -> None:
    """A replacement under the same name is a deletion and a creation, one after the other.

    What depends on it and is replaced too goes before it, and comes after it.
    """
    operations = [
        _operation("needed", "update", 3.0, (0, 1)),
        _operation("app", "delete", 1.0, (2, 3)),
        _operation("secret", "delete", 2.0, (4, 5)),
        _operation("secret", "replace", 4.0, (6, 7)),
        _operation("app", "replace", 5.0, (8, 9)),
    ]
    edges = {"secret": ("needed",), "app": ("secret",)}
    assert _times(operations, edges) == {
        ("needed", "update"): (0.0, 3.0),
        ("app", "delete"): (0.0, 1.0),
        ("secret", "delete"): (3.0, 5.0),
        ("secret", "replace"): (5.0, 9.0),
        ("app", "replace"): (9.0, 14.0),
    }


def test_deletions_come_last_and_level_by_level() -> None:
    """The engine waits for everything that it made, then for each level of what it deletes."""
    operations = [
        _operation("config", "replace", 1.0, (0, 1)),
        _operation("app", "update", 5.0, (2, 3)),
        _operation("config", "delete", 0.5, (10, 11)),
        _operation("old-app", "delete", 2.0, (4, 5)),
        _operation("old-address", "delete", 3.0, (6, 7)),
        _operation("old-space", "delete", 1.0, (8, 9)),
    ]
    edges = {
        "app": ("config",),
        "old-app": ("old-address",),
        "old-address": ("old-space",),
    }
    times = _times(operations, edges)
    assert times["app", "update"] == (1.0, 6.0)
    assert times["old-app", "delete"] == (6.0, 8.0)
    assert times["old-address", "delete"] == (8.0, 11.0)
    assert times["old-space", "delete"] == (11.0, 12.0)
    assert times["config", "delete"] == (11.0, 11.5), "nothing depends on the old one any more"


def test_dependencies_that_do_not_add_up_are_told() -> None:
    """Seconds from a state that the engine did not follow would be made up."""
    operations = [_operation("a", "create", 1.0, (0, 1)), _operation("b", "create", 1.0, (2, 3))]
    with pytest.raises(ValueError, match="wait for each other: a, b;"):
        timetable(operations, {"a": ("b",), "b": ("a",)}, parallel=64)
