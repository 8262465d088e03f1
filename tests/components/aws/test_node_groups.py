"""Managed nodes, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.node_groups import (
    DISK_GB,
    GPU_AMI,
    GPU_LABEL,
    NETWORK_ADDONS,
    POD_ADDONS,
    POLICIES,
    NodeGroups,
    NodeGroupsArgs,
)
from components.aws.sizes import Nodes
from components.kubernetes.size import GPU
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

SIZES = Nodes(
    instance_types=("m7i.large",),
    least=3,
    most=9,
    gpu_families=(),
    gpu_types=("g6.xlarge",),
    gpu_least=1,
    gpu_limit=2,
)
ARGS = NodeGroupsArgs(
    aws=AWS,
    cluster="nexus",
    subnets=("private-a", "private-b"),
    nodes=SIZES,
    after=(),
)
NETWORK = {f"Addon nodes-{each}" for each in NETWORK_ADDONS}


def made(**changes: Any) -> Recording:
    asked = replace(SIZES, **changes)
    return record(lambda: NodeGroups("nodes", replace(ARGS, nodes=asked)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(NodeGroups, made())


@pytest.mark.parametrize("own", ["nodes", "nodes-gpu"])
def test_nodes_wait_for_their_network_and_their_rights(own: str) -> None:
    """Without the network add-on no node gets ready, and the deployment waits half an hour."""
    nodes = made()
    rights = {f"RolePolicyAttachment nodes-role-{policy}" for policy in POLICIES}
    assert nodes.waits("NodeGroup", own) >= NETWORK | rights
    group = nodes.one("NodeGroup", own).inputs
    assert group["nodeRoleArn"].rpartition("/")[2].startswith("nodes-role")
    assert group["launchTemplate"]["id"] == nodes.one("LaunchTemplate").made["id"]
    assert group["subnetIds"] == ["private-a", "private-b"]
    assert group["clusterName"] == "nexus"


def test_nodes_keep_their_ways_to_aws_for_as_long_as_they_are_there() -> None:
    """Nodes that cannot reach AWS while they drain are waited for until the time is up."""
    nodes = record(lambda: NodeGroups("nodes", replace(ARGS, after=(given("way"),))))
    for own in ("nodes", "nodes-gpu"):
        assert "ConfigMap given-way" in nodes.waits("NodeGroup", own)


@pytest.mark.parametrize("addon", POD_ADDONS)
def test_what_runs_in_pods_waits_for_a_node(addon: str) -> None:
    """An add-on without a node is reported as degraded, and fails the deployment."""
    assert "NodeGroup nodes" in made().waits("Addon", f"nodes-{addon}")


@pytest.mark.parametrize("addon", NETWORK_ADDONS)
def test_what_nodes_need_waits_for_none(addon: str) -> None:
    """Each would wait for the other, for ever."""
    assert made().waits("Addon", f"nodes-{addon}") == frozenset()


def test_handle_comes_after_the_nodes() -> None:
    """A workload that comes before DNS fails its first lookup."""
    nodes = made()
    kind, _, name = nodes.outputs["handle"].partition(" ")
    assert "NodeGroup nodes" in nodes.waits(kind, name)
    assert nodes.outputs["gpu"] == "NodeGroup nodes-gpu"


def test_policies_are_enforced() -> None:
    """Without the setting, network policies are accepted and hold nobody back."""
    settings = made().one("Addon", "nodes-vpc-cni").inputs["configurationValues"]
    assert '"enableNetworkPolicy": "true"' in settings


def test_gpu_nodes_take_only_what_asks_for_a_gpu() -> None:
    """Other pods would keep expensive nodes running, and leave no room on them."""
    nodes = made()
    gpu, general = (nodes.one("NodeGroup", name).inputs for name in ("nodes-gpu", "nodes"))
    assert gpu["taints"] == [{"key": GPU, "value": "true", "effect": "NO_SCHEDULE"}]
    assert (gpu["amiType"], gpu["instanceTypes"]) == (GPU_AMI, ["g6.xlarge"])
    assert gpu["scalingConfig"]["maxSize"] == 2
    assert "taints" not in general
    assert general["instanceTypes"] == ["m7i.large"]


def test_autoscaler_knows_that_a_gpu_is_to_come() -> None:
    """It would start node after node, until the first one's device plugin runs."""
    labels = made().one("NodeGroup", "nodes-gpu").inputs["labels"]
    assert set(labels) == {GPU_LABEL[0], "k8s.amazonaws.com/accelerator"}
    scaling = made(gpu_least=2, gpu_limit=7).one("NodeGroup", "nodes-gpu").inputs["scalingConfig"]
    assert scaling == {"minSize": 2, "maxSize": 7, "desiredSize": 2}


def test_without_gpus_there_is_no_such_group() -> None:
    """A group of no instance types is refused by AWS."""
    nodes = made(gpu_types=())
    assert [each.name for each in nodes.all("NodeGroup")] == ["nodes"]
    assert nodes.outputs["gpu"] is None


def test_number_of_nodes_is_the_autoscalers() -> None:
    """A deployment that sets the number takes away nodes under load."""
    group = made(least=2, most=5).one("NodeGroup", "nodes")
    assert group.inputs["scalingConfig"] == {"minSize": 2, "maxSize": 5, "desiredSize": 2}
    assert group.options["ignoreChanges"] == ["scalingConfig.desiredSize"]


def test_nodes_are_replaced_one_at_a_time_and_when_they_are_broken() -> None:
    """An upgrade of all nodes at once is an outage; a broken node is one until somebody looks."""
    for each in made().all("NodeGroup"):
        assert each.inputs["updateConfig"] == {"maxUnavailable": 1}
        assert each.inputs["nodeRepairConfig"] == {"enabled": True}


def test_disks_are_encrypted_and_pods_cannot_be_their_node() -> None:
    """Whoever reaches the metadata service from a pod has the rights of the node."""
    template = made().one("LaunchTemplate").inputs
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    [disk] = template["blockDeviceMappings"]
    assert disk["ebs"]["encrypted"] == "true"
    assert disk["ebs"]["volumeSize"] == DISK_GB
