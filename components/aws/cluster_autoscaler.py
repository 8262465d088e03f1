"""What changes the number of managed nodes with the pods that wait for one."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.aws.aws_context import AwsContext
from components.aws.iam_policy import Statement
from components.aws.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from components.component import Component
from components.kubernetes.chart import SYSTEM_NAMESPACE, Chart, release

CHART = Chart(
    name="cluster-autoscaler",
    repository="https://kubernetes.github.io/autoscaler",
    version="9.54.0",
)
"""Its autoscaler is of the cluster's own Kubernetes version, 1.35; they go up together. Charts
before 9.47.0 lack a right in the cluster, without which the pod is ready and scales nothing.
Source: https://github.com/kubernetes/autoscaler/issues/7663"""

ACCOUNT = "cluster-autoscaler"
"""Name of the service account, which the chart makes."""

READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
)
"""AWS lets nobody limit these to single resources. Source:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
and list_amazonec2.html there."""

WRITES = (
    "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
)
"""Together with `READS` and the look at node groups the rights that its makers publish. Source:
https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md"""

USER = 65534
"""User and group that it runs as, nobody: as in its makers' example for AWS. Source:
cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml of
https://github.com/kubernetes/autoscaler"""


@dataclass(frozen=True, kw_only=True)
class ClusterAutoscalerArgs:
    """What the autoscaler is made from.

    Args:
        aws: source of names and tags.
        cluster: name of the cluster.
    """

    aws: AwsContext
    cluster: pulumi.Input[str]


class ClusterAutoscaler(Component[ClusterAutoscalerArgs]):
    """The Cluster Autoscaler: a node more while a pod finds no room, one less when one is idle.

    It finds the node groups by tags that EKS puts on their Auto Scaling groups, and stays
    between the least and the most that the groups say. Source of the tags:
    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html

    Makes:
        `{name}-role`: PodIdentityRole of its pod: it may change this cluster's groups alone.
        `{name}`: release of its chart, in kube-system.

    Outputs:
        handle: the release; when it is done, the autoscaler runs.
    """

    TOKEN = "nexus:foundation:ClusterAutoscaler"

    handle: pulumi.Resource

    def _make(self, name: str, args: ClusterAutoscalerArgs) -> None:
        role = PodIdentityRole(
            f"{name}-role",
            PodIdentityRoleArgs(
                aws=args.aws,
                layer="foundation",
                cluster=args.cluster,
                namespace=SYSTEM_NAMESPACE,
                service_account=ACCOUNT,
                service=None,
                statements=_rights(args),
            ),
            self.child,
        )
        self.handle = release(
            name,
            CHART,
            namespace=SYSTEM_NAMESPACE,
            values={
                "cloudProvider": "aws",
                # Nodes answer no pod that asks where it is: their hop limit is 1.
                "awsRegion": args.aws.region,
                "autoDiscovery": {"clusterName": args.cluster},
                "rbac": {"serviceAccount": {"create": True, "name": ACCOUNT}},
                "extraArgs": {
                    # Every pod of a service has scratch space, which would hold its node for ever.
                    "skip-nodes-with-local-storage": False,
                    "skip-nodes-with-system-pods": False,
                    "expander": "least-waste",
                },
                "priorityClassName": "system-cluster-critical",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": USER,
                    "runAsGroup": USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containerSecurityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "resources": {
                    "requests": {"cpu": "100m", "memory": "300Mi"},
                    "limits": {"cpu": "500m", "memory": "600Mi"},
                },
            },
            # A pod gets its role when it starts, or not at all.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.handle]),
        )


def _rights(args: ClusterAutoscalerArgs) -> tuple[Statement, ...]:
    own = pulumi.Output.concat("nodegroup/", args.cluster, "/*")
    return (
        Statement(sid="NodeGroupRead", actions=READS, resources=("*",)),
        # Labels and taints of a group that has no node to look at.
        Statement(
            sid="NodeGroupLook",
            actions=("eks:DescribeNodegroup",),
            resources=(own.apply(lambda group: args.aws.arn("eks", group)),),
        ),
        Statement(
            sid="NodeGroupScale",
            actions=WRITES,
            # EKS names and tags the Auto Scaling groups of its node groups.
            resources=(
                args.aws.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*"),
            ),
            conditions={"StringEquals": {"aws:ResourceTag/eks:cluster-name": args.cluster}},
        ),
    )
