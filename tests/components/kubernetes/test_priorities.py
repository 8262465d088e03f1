"""Priority classes, made alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from catalog import load_catalog
from components.kubernetes.priorities import HIGHEST, Priorities, PrioritiesArgs
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record
from tests.projects import DOCUMENTED

TIERS = {"infrastructure": 30, "core": 20, "frontend": 10}


def made(values: Mapping[str, int]) -> Recording:
    return record(lambda: Priorities("priority", PrioritiesArgs(context=CONTEXT, values=values)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Priorities, made(TIERS))


@pytest.mark.parametrize("values", [{}, {"core": 1}, TIERS])
def test_what_others_stand_on_goes_first(values: Mapping[str, int]) -> None:
    """On a full cluster the database must not make room for a front page."""
    classes = {
        each.name.removeprefix("priority-"): each.inputs["value"]
        for each in made(values).all("PriorityClass")
    }
    assert classes == values


@pytest.mark.parametrize(
    "values",
    [{"core": 0}, {"core": -1}, {"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": HIGHEST + 1}],
)
def test_values_fall_from_tier_to_tier(values: Mapping[str, int]) -> None:
    """A tier that counts as much as the next one is evicted for it."""

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="do not fall from tier to tier"):
            Priorities("priority", PrioritiesArgs(context=CONTEXT, values=values))
        return {}

    record(build)


def test_every_tier_has_a_value_that_does_not_move() -> None:
    """The API server refuses another one: the first deployment with it ends there."""
    values = {tier.name: tier.priority for tier in load_catalog(DOCUMENTED).tiers}
    # What runs in clusters today. A tier that is added goes between two of them.
    kept = {"infrastructure": 5, "core": 4, "platform": 3, "domain": 2, "frontend": 1}
    assert {tier: values[tier] for tier in kept} == {t: n * 100_000 for t, n in kept.items()}


def test_names_are_the_stacks_own_and_known_when_they_are_there() -> None:
    """Classes belong to the whole cluster: two stacks must not fight for one."""
    priorities = made(TIERS)
    assert priorities.outputs["names"] == {tier: f"nexus-{tier}" for tier in TIERS}
    assert priorities.after["names"] == {f"PriorityClass priority-{tier}" for tier in TIERS}
    for each in priorities.all("PriorityClass"):
        assert "globalDefault" not in each.inputs


def test_a_name_that_is_too_long_is_an_error() -> None:
    """The API server refuses it, hours after the review."""

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="at most 63 are allowed"):
            Priorities("priority", PrioritiesArgs(context=CONTEXT, values={"t" * 63: 1}))
        return {}

    record(build)
