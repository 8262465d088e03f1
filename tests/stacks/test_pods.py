"""How pods are spread, replaced, ranked and limited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from tests.transcription import SERVICES, SERVICES_BY_TIER

UNITS = {"": 1, "m": Fraction(1, 1000), "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


def amount(quantity: str) -> Fraction:
    """A Kubernetes quantity in its base unit."""
    digits = quantity.rstrip("mKMGi")
    return int(digits) * Fraction(UNITS[quantity[len(digits) :]])


def of_kind(plan: Plan, kind: str) -> Iterator[Registration]:
    return (
        each
        for each in plan.resources
        if each.type.startswith("kubernetes:") and each.type.endswith(f":{kind}")
    )


def by_name(plan: Plan, kind: str) -> Mapping[str, Registration]:
    return {
        each.inputs["metadata"]["name"]: each
        for each in of_kind(plan, kind)
        if each.inputs["metadata"]["labels"]["app.kubernetes.io/component"] == "workload"
    }


def labels(resource: Registration) -> Mapping[str, str]:
    return resource.inputs["spec"]["template"]["metadata"]["labels"]


def test_every_workload_has_an_autoscaler_and_says_no_replicas(plan: Plan) -> None:
    """Stated replicas undo, at every deployment, what the autoscaler did."""
    scalers, deployments = by_name(plan, "HorizontalPodAutoscaler"), by_name(plan, "Deployment")
    assert set(scalers) == set(deployments) == SERVICES
    for name, scaler in scalers.items():
        spec = scaler.inputs["spec"]
        assert spec["scaleTargetRef"] == {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": name,
        }
        assert 1 <= spec["minReplicas"] < spec["maxReplicas"]
        assert (
            scaler.inputs["metadata"]["namespace"]
            == (deployments[name].inputs["metadata"]["namespace"])
        )
        assert "replicas" not in deployments[name].inputs["spec"]


def test_every_workload_has_a_budget_that_lets_nodes_drain(plan: Plan) -> None:
    """Without a budget a drain takes all pods at once; with a strict one it never ends."""
    budgets, deployments = by_name(plan, "PodDisruptionBudget"), by_name(plan, "Deployment")
    assert set(budgets) == SERVICES
    for name, budget in budgets.items():
        spec = budget.inputs["spec"]
        assert spec["selector"]["matchLabels"].items() <= labels(deployments[name]).items()
        assert spec["maxUnavailable"] == 1
        assert "minAvailable" not in spec


def test_pods_are_spread_over_zones_and_hosts(plan: Plan) -> None:
    """All pods of a service on one host go down with it."""
    for deployment in by_name(plan, "Deployment").values():
        constraints = deployment.inputs["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in constraints] == [
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        ]
        for each in constraints:
            assert each["labelSelector"]["matchLabels"].items() <= labels(deployment).items()
            # A cluster with one node, or with one zone down, still has to run everything.
            assert each["whenUnsatisfiable"] == "ScheduleAnyway"


def test_earlier_tiers_are_more_important(plan: Plan) -> None:
    """On a full cluster the sign-in must not make room for a front page."""
    values = {
        each.inputs["metadata"]["name"]: each.inputs["value"]
        for each in of_kind(plan, "PriorityClass")
    }
    tiers = ["infrastructure", *SERVICES_BY_TIER]
    assert sorted(values, key=lambda name: -values[name]) == [f"nexus-{tier}" for tier in tiers]
    assert len(set(values.values())) == len(tiers)
    assert 0 < min(values.values()) <= max(values.values()) < 1_000_000_000
    for tier, members in SERVICES_BY_TIER.items():
        for name in members:
            spec = by_name(plan, "Deployment")[name].inputs["spec"]["template"]["spec"]
            assert spec["priorityClassName"] == f"nexus-{tier}"
    for server in of_kind(plan, "StatefulSet"):
        spec = server.inputs["spec"]["template"]["spec"]
        assert spec["priorityClassName"] == "nexus-infrastructure"


def test_pods_end_gracefully(plan: Plan) -> None:
    """A pod that ends while proxies still know it answers nobody, and drops what it was doing."""
    for deployment in by_name(plan, "Deployment").values():
        spec = deployment.inputs["spec"]["template"]["spec"]
        for container in spec["containers"]:
            drain = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            assert 0 < drain < spec["terminationGracePeriodSeconds"] - 20


# --- Quotas ---------------------------------------------------------------------------------


def pods_at_worst(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    """Namespace, pod spec and number of the pods that may exist at once."""
    scalers = by_name(plan, "HorizontalPodAutoscaler")
    for resource in plan.resources:
        spec = resource.inputs.get("spec", {})
        if not isinstance(spec, dict) or "template" not in spec:
            continue
        count = spec.get("replicas", 1)
        if resource.type.endswith(":Deployment"):
            surge = spec["strategy"]["rollingUpdate"]["maxSurge"]
            count = scalers[resource.name].inputs["spec"]["maxReplicas"] + surge
        yield resource.inputs["metadata"]["namespace"], spec["template"]["spec"], count


def used(pod: Mapping[str, Any], bound: str, what: str) -> Fraction:
    """What a pod counts for: its containers together, or a larger init container."""
    together = sum(
        (amount(each["resources"][bound][what]) for each in pod["containers"]), start=Fraction(0)
    )
    starting = [amount(each["resources"][bound][what]) for each in pod.get("initContainers", ())]
    return max([together, *starting])


def test_quotas_admit_everything_at_its_largest(plan: Plan) -> None:
    """A quota that is too small stops the rollout in the middle, or the scaling under load."""
    needed: dict[str, Counter[str]] = {}
    for namespace, pod, count in pods_at_worst(plan):
        counter = needed.setdefault(namespace, Counter())
        counter["pods"] += count
        for bound in ("requests", "limits"):
            for what in ("cpu", "memory", "ephemeral-storage"):
                counter[f"{bound}.{what}"] += used(pod, bound, what) * count  # pyright: ignore[reportArgumentType]
    for stateful in of_kind(plan, "StatefulSet"):
        counter = needed[stateful.inputs["metadata"]["namespace"]]
        for claim in stateful.inputs["spec"]["volumeClaimTemplates"]:
            counter["persistentvolumeclaims"] += 1
            size = amount(claim["spec"]["resources"]["requests"]["storage"])
            counter["requests.storage"] += size  # pyright: ignore[reportArgumentType]
    quotas = {
        each.inputs["metadata"]["namespace"]: each.inputs["spec"]["hard"]
        for each in of_kind(plan, "ResourceQuota")
    }
    assert set(quotas) == {each.inputs["metadata"]["name"] for each in of_kind(plan, "Namespace")}
    for namespace, counter in needed.items():
        for key, value in counter.items():
            assert value <= amount(quotas[namespace][key]) <= 3 * value, (namespace, key)
    assert quotas["nexus-system"]["pods"] == "0"


def test_limit_ranges_admit_every_container(plan: Plan) -> None:
    """A container above the limit is refused when its pod is made, not when it is declared."""
    ranges = {
        each.inputs["metadata"]["namespace"]: each.inputs["spec"]["limits"]
        for each in of_kind(plan, "LimitRange")
    }
    for namespace, pod, _ in pods_at_worst(plan):
        largest = next(each for each in ranges[namespace] if each["type"] == "Container")["max"]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            for what, limit in container["resources"]["limits"].items():
                assert amount(limit) <= amount(largest[what]), (namespace, what)
    for limits in ranges.values():
        container = next(each for each in limits if each["type"] == "Container")
        for what, value in container["default"].items():
            assert amount(container["defaultRequest"][what]) <= amount(value)
            assert amount(value) <= amount(container["max"][what])


@pytest.mark.parametrize("kind", ["PriorityClass"])
def test_names_of_the_whole_cluster_carry_the_prefix(plan: Plan, kind: str) -> None:
    """Two stacks in one cluster must not fight for one object."""
    found = list(of_kind(plan, kind))
    assert found
    for each in found:
        assert each.inputs["metadata"]["name"].startswith("nexus-")
