"""Priority classes, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.priorities import LOWEST, Priorities, PrioritiesArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

TIERS = ("infrastructure", "core", "frontend")


def made(*tiers: str) -> Recording:
    return record(lambda: Priorities("priority", PrioritiesArgs(context=CONTEXT, tiers=tiers)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Priorities, made(*TIERS))


@pytest.mark.parametrize("tiers", [(), TIERS[:1], TIERS])
def test_what_others_stand_on_goes_first(tiers: tuple[str, ...]) -> None:
    """On a full cluster the database must not make room for a front page."""
    classes = {
        each.name.removeprefix("priority-"): each.inputs["value"]
        for each in made(*tiers).all("PriorityClass")
    }
    assert set(classes) == set(tiers)
    values = [classes[tier] for tier in tiers]
    assert values == sorted(set(values), reverse=True)
    # Above pods without a class, below the system's own.
    assert all(LOWEST <= value < 1_000_000_000 for value in values)


def test_names_are_the_stacks_own_and_known_when_they_are_there() -> None:
    """Classes belong to the whole cluster: two stacks must not fight for one."""
    priorities = made(*TIERS)
    assert priorities.outputs["names"] == {tier: f"nexus-{tier}" for tier in TIERS}
    assert priorities.after["names"] == {f"PriorityClass priority-{tier}" for tier in TIERS}
    for each in priorities.all("PriorityClass"):
        assert "globalDefault" not in each.inputs


def test_a_name_that_is_too_long_is_an_error() -> None:
    """The API server refuses it, hours after the review."""

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="at most 63 are allowed"):
            Priorities("priority", PrioritiesArgs(context=CONTEXT, tiers=("t" * 63,)))
        return {}

    record(build)
