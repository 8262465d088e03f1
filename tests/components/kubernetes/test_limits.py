"""Quotas and limits, made alone."""

from __future__ import annotations

from typing import Any

import pytest

from components.kubernetes.limits import Limits, LimitsArgs, Share
from components.kubernetes.size import Size
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record

SMALL = Size(cpu="50m", cpu_limit="500m", memory="128Mi", scratch="64Mi", ephemeral="256Mi")
LARGE = Size(cpu="100m", cpu_limit="250m", memory="1Gi", scratch="128Mi", ephemeral="512Mi")
FULL = Share(namespace="nexus-shop", pods={SMALL: 3, LARGE: 1}, volumes=("1Gi", "512Mi"))
EMPTY = Share(namespace="nexus-system", pods={})


def made(**shares: Share) -> Recording:
    return record(lambda: Limits("limits", LimitsArgs(context=CONTEXT, shares=shares)))


def quota(limits: Recording, name: str) -> dict[str, Any]:
    return limits.one("ResourceQuota", f"limits-{name}-quota").inputs["spec"]["hard"]


def limit(limits: Recording, kind: str) -> dict[str, Any]:
    [found] = [
        each for each in limits.one("LimitRange").inputs["spec"]["limits"] if each["type"] == kind
    ]
    return found


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Limits, made(shop=FULL, system=EMPTY))


def test_quota_is_the_sum_of_all_pods() -> None:
    """One pod less stops a rollout in the middle."""
    assert quota(made(shop=FULL), "shop") == {
        "pods": "4",
        "persistentvolumeclaims": "2",
        "requests.storage": "1536Mi",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "requests.cpu": "250m",
        "limits.cpu": "1750m",
        "requests.memory": "1408Mi",
        "limits.memory": "1408Mi",
        "requests.ephemeral-storage": "320Mi",
        "limits.ephemeral-storage": "1280Mi",
    }


def test_where_nothing_runs_nothing_may() -> None:
    """A forgotten namespace with room is where a stranger's pods go."""
    limits = made(system=EMPTY)
    hard = quota(limits, "system")
    assert hard["pods"] == hard["persistentvolumeclaims"] == hard["requests.storage"] == "0"
    assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"
    # Quotas on CPU would refuse a pod for not stating any, with a message about that.
    assert "requests.cpu" not in hard
    assert limits.all("LimitRange") == []


def test_range_admits_the_largest_of_each_quantity() -> None:
    """A container above the limit is refused when its pod is made, after the review."""
    container = limit(made(shop=FULL), "Container")
    assert container["max"] == {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "512Mi"}
    assert limit(made(shop=FULL), "PersistentVolumeClaim")["max"] == {"storage": "1Gi"}


@pytest.mark.parametrize("usual", [None, SMALL])
def test_containers_without_a_size_get_the_usual_one(usual: Size | None) -> None:
    """Without a default, a pod that states no size is refused under a quota."""
    share = Share(namespace="nexus-shop", pods={SMALL: 1, LARGE: 1}, usual=usual)
    container = limit(made(shop=share), "Container")
    default = {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "512Mi"}
    request = {"cpu": "100m", "memory": "1Gi", "ephemeral-storage": "128Mi"}
    if usual is not None:
        default = {"cpu": "500m", "memory": "128Mi", "ephemeral-storage": "256Mi"}
        request = {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "64Mi"}
    assert container["default"] == default
    assert container["defaultRequest"] == request
    types = [each["type"] for each in made(shop=share).one("LimitRange").inputs["spec"]["limits"]]
    assert types == ["Container"]


def test_each_namespace_has_its_own() -> None:
    """A quota in the wrong namespace starves one domain and lets another starve the rest."""
    limits = made(system=EMPTY, shop=FULL)
    places = {each.name: each.inputs["metadata"]["namespace"] for each in limits.resources}
    assert places == {
        "limits-shop-quota": "nexus-shop",
        "limits-shop-range": "nexus-shop",
        "limits-system-quota": "nexus-system",
    }


def test_a_word_that_is_no_quantity_is_an_error() -> None:
    """A misspelt size would be found by the API server, in the middle of a rollout."""
    wrong = Share(namespace="nexus-shop", pods={SMALL: 1}, volumes=("1 GB",))

    def build() -> dict[str, Any]:
        with pytest.raises(ValueError, match="'1 GB' is no quantity; write one such as"):
            Limits("limits", LimitsArgs(context=CONTEXT, shares={"shop": wrong}))
        return {}

    record(build)
