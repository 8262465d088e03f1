"""The autoscaler of managed nodes, made alone."""

from __future__ import annotations

import re

from components.aws.controllers import NODE_GROUP_READS, ClusterAutoscaler, ClusterAutoscalerArgs
from components.aws.versions import KUBERNETES
from tests.components.recording import (
    AWS,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)


def made() -> Recording:
    return record(
        lambda: ClusterAutoscaler("scaler", ClusterAutoscalerArgs(aws=AWS, cluster="nexus"))
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(ClusterAutoscaler, made())


def test_it_starts_with_its_role() -> None:
    """A pod that starts before it has its role never gets it, and scales nothing."""
    scaler = made()
    assert scaler.outputs["handle"] == "Release scaler"
    assert "PodIdentityAssociation scaler-role-association" in scaler.waits("Release")
    values = scaler.one("Release").inputs["values"]
    bound = scaler.one("PodIdentityAssociation").inputs
    assert values["rbac"]["serviceAccount"] == {"create": True, "name": bound["serviceAccount"]}
    assert scaler.one("Release").inputs["namespace"] == bound["namespace"]


def test_it_finds_the_groups_of_this_cluster() -> None:
    """Nodes tell no pod where it is, so an autoscaler without a region ends at once."""
    values = made().one("Release").inputs["values"]
    assert values["awsRegion"] == "eu-central-1"
    assert values["autoDiscovery"] == {"clusterName": "nexus"}


def test_scratch_space_holds_no_node() -> None:
    """Every pod of the platform has some, so no node would ever go: the default is to keep it."""
    arguments = made().one("Release").inputs["values"]["extraArgs"]
    assert arguments["skip-nodes-with-local-storage"] is False
    assert arguments["skip-nodes-with-system-pods"] is False


def test_it_may_change_the_groups_of_this_cluster_alone() -> None:
    """The rights that one finds written down end every instance of every group of the account."""
    rights = statements(made().one("RolePolicy").inputs["policy"])
    assert set(rights) == {"NodeGroupRead", "NodeGroupLook", "NodeGroupScale"}
    scale = rights["NodeGroupScale"]
    assert set(scale["Action"]) == {
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    }
    assert scale["Condition"] == {"StringEquals": {"aws:ResourceTag/eks:cluster-name": "nexus"}}
    [groups] = scale["Resource"]
    assert groups.startswith("arn:aws:autoscaling:eu-central-1:000000000000:autoScalingGroup:")
    assert rights["NodeGroupLook"]["Resource"] == [
        "arn:aws:eks:eu-central-1:000000000000:nodegroup/nexus/*"
    ]
    assert rights["NodeGroupRead"]["Action"] == list(NODE_GROUP_READS)
    assert all(re.search(":(Describe|Get)", action) for action in NODE_GROUP_READS)


def test_chart_goes_up_with_the_cluster() -> None:
    """An autoscaler of another version of Kubernetes schedules by other rules than the cluster."""
    chart = made().one("Release").inputs
    pinned = {"1.34": "9.52.1", "1.35": "9.54.0"}
    assert chart["version"] == pinned[KUBERNETES.version]
