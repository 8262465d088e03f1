"""Nodes with a GPU, made alone."""

from __future__ import annotations

import pytest

from components.aws.auto_mode import GpuNodePool, GpuNodePoolArgs
from components.kubernetes.size import GPU
from tests.components.recording import CONTEXT, Recording, assert_makes_what_it_says, record


def made(*families: str, limit: int = 2) -> Recording:
    return record(
        lambda: GpuNodePool(
            "gpu", GpuNodePoolArgs(context=CONTEXT, families=families or ("g6",), limit=limit)
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(GpuNodePool, made())


@pytest.mark.parametrize(("families", "limit"), [(("g6",), 1), (("g6", "g5"), 8)])
def test_nodes_are_of_these_families_and_no_more_than_the_limit(
    families: tuple[str, ...], limit: int
) -> None:
    """A pool without a limit turns one loop of failing pods into a bill."""
    pool = made(*families, limit=limit)
    spec = pool.one("NodePool").inputs["spec"]
    assert spec["limits"] == {GPU: str(limit)}
    requirements = spec["template"]["spec"]["requirements"]
    assert {each["operator"] for each in requirements} == {"In"}
    wanted = {each["key"]: each["values"] for each in requirements}
    assert wanted["eks.amazonaws.com/instance-family"] == list(families)
    # A spot node is taken away in the middle of an answer.
    assert wanted["karpenter.sh/capacity-type"] == ["on-demand"]
    assert pool.outputs["handle"] == "NodePool gpu"


def test_name_is_this_stacks_alone() -> None:
    """In a shared cluster a pool called `gpu` may be there already, and be somebody else's."""
    assert made().one("NodePool").inputs["metadata"]["name"] == "nexus-gpu"


def test_only_pods_that_ask_for_a_gpu_are_put_on_them() -> None:
    """Other pods would keep expensive nodes running, and leave no room on them."""
    spec = made().one("NodePool").inputs["spec"]["template"]["spec"]
    assert spec["taints"] == [{"key": GPU, "value": "true", "effect": "NoSchedule"}]
    # The class that EKS Auto Mode brings.
    assert spec["nodeClassRef"] == {
        "group": "eks.amazonaws.com",
        "kind": "NodeClass",
        "name": "default",
    }


def test_nodes_without_work_go() -> None:
    """A GPU that nobody uses costs as much as one that somebody does."""
    disruption = made().one("NodePool").inputs["spec"]["disruption"]
    assert disruption["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
