"""What works in AWS from inside of a cluster without Auto Mode, by charts of its makers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pulumi

from components.aws.aws_context import AwsContext, Layer
from components.aws.iam import PodIdentityRole, PodIdentityRoleArgs, Statement
from components.component import Component
from components.kubernetes.charts import SYSTEM_NAMESPACE, Chart, release

AUTOSCALER = Chart(
    name="cluster-autoscaler",
    repository="https://kubernetes.github.io/autoscaler",
    version="9.54.0",
)
"""Its autoscaler is of the cluster's own Kubernetes version, 1.35; they go up together. Charts
before 9.47.0 lack a right in the cluster, without which the pod is ready and scales nothing.
Source: https://github.com/kubernetes/autoscaler/issues/7663"""

NODE_GROUP_READS = (
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

NODE_GROUP_WRITES = (
    "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
)
"""Together with the reads and the look at node groups the rights that its makers publish. Source:
https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md"""

USER = 65534
"""User and group that it runs as, nobody: as in its makers' example for AWS. Source:
cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml of
https://github.com/kubernetes/autoscaler"""

BALANCER_CONTROLLER = Chart(
    name="aws-load-balancer-controller",
    repository="https://aws.github.io/eks-charts",
    version="3.4.2",
)

TARGET_GROUP_READS = (
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""AWS lets nobody limit these to single resources. Source:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_elasticloadbalancingv2.html
and list_amazonec2.html there."""

TARGET_GROUP_WRITES = (
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
)
"""Together with the reads the controller's published rights for those who use a TargetGroupBinding
only and keep its hands off security groups. Source: "IAM permission subset" of
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/"""


@dataclass(frozen=True, kw_only=True)
class ControllerArgs:
    """What any of them is made from."""

    aws: AwsContext
    cluster: pulumi.Input[str]


ControllerArgsT = TypeVar("ControllerArgsT", bound=ControllerArgs)


class Controller(Component[ControllerArgsT]):
    """A chart in kube-system whose pods have a role in AWS; the chart makes their account."""

    handle: pulumi.Resource

    def _install(
        self,
        name: str,
        args: ControllerArgsT,
        chart: Chart,
        *,
        layer: Layer,
        statements: tuple[Statement, ...],
        values: Mapping[str, Any],
    ) -> None:
        """Makes the role `{name}-role` and then the release, which is the handle."""
        role = PodIdentityRole(
            f"{name}-role",
            PodIdentityRoleArgs(
                aws=args.aws,
                layer=layer,
                cluster=args.cluster,
                namespace=SYSTEM_NAMESPACE,
                service_account=chart.name,
                statements=statements,
            ),
            self.child,
        )
        self.handle = release(
            name,
            chart,
            namespace=SYSTEM_NAMESPACE,
            values={"priorityClassName": "system-cluster-critical", **values},
            # A pod gets its role when it starts, or not at all.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.handle]),
        )


@dataclass(frozen=True, kw_only=True)
class ClusterAutoscalerArgs(ControllerArgs):
    """What the autoscaler is made from."""


class ClusterAutoscaler(Controller[ClusterAutoscalerArgs]):
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

    def _make(self, name: str, args: ClusterAutoscalerArgs) -> None:
        self._install(
            name,
            args,
            AUTOSCALER,
            layer="foundation",
            statements=_scaling(args),
            values={
                "cloudProvider": "aws",
                # Nodes answer no pod that asks where it is: their hop limit is 1.
                "awsRegion": args.aws.region,
                "autoDiscovery": {"clusterName": args.cluster},
                "rbac": {"serviceAccount": {"create": True, "name": AUTOSCALER.name}},
                "extraArgs": {
                    # Every pod of a service has scratch space, which would hold its node for ever.
                    "skip-nodes-with-local-storage": False,
                    "skip-nodes-with-system-pods": False,
                    "expander": "least-waste",
                },
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
        )


def _scaling(args: ClusterAutoscalerArgs) -> tuple[Statement, ...]:
    own = pulumi.Output.concat("nodegroup/", args.cluster, "/*")
    return (
        Statement(sid="NodeGroupRead", actions=NODE_GROUP_READS, resources=("*",)),
        # Labels and taints of a group that has no node to look at.
        Statement(
            sid="NodeGroupLook",
            actions=("eks:DescribeNodegroup",),
            resources=(own.apply(lambda group: args.aws.arn("eks", group)),),
        ),
        Statement(
            sid="NodeGroupScale",
            actions=NODE_GROUP_WRITES,
            # EKS names and tags the Auto Scaling groups of its node groups.
            resources=(
                args.aws.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*"),
            ),
            conditions={"StringEquals": {"aws:ResourceTag/eks:cluster-name": args.cluster}},
        ),
    )


@dataclass(frozen=True, kw_only=True)
class LoadBalancerControllerArgs(ControllerArgs):
    """What the controller is made from.

    Args:
        targets: ARN of the one target group that it may fill.
    """

    vpc: pulumi.Input[str]
    targets: pulumi.Input[str]


class LoadBalancerController(Controller[LoadBalancerControllerArgs]):
    """The AWS Load Balancer Controller, with rights for one target group, which it keeps filled.

    It could make balancers of its own, for Ingresses and Services; here it may not: the
    platform's balancer is the program's. There is one such controller in a cluster.

    Makes:
        `{name}-role`: PodIdentityRole of its pods.
        `{name}`: release of its chart, with the CRDs, in kube-system.

    Outputs:
        handle: the release; when it is done, a TargetGroupBinding is known and admitted.
    """

    TOKEN = "nexus:edge:LoadBalancerController"

    def _make(self, name: str, args: LoadBalancerControllerArgs) -> None:
        self._install(
            name,
            args,
            BALANCER_CONTROLLER,
            layer="edge",
            statements=(
                Statement(sid="TargetGroupRead", actions=TARGET_GROUP_READS, resources=("*",)),
                Statement(
                    sid="TargetGroupFill", actions=TARGET_GROUP_WRITES, resources=(args.targets,)
                ),
            ),
            values={
                "clusterName": args.cluster,
                # Nodes answer no pod that asks where it is: their hop limit is 1.
                "region": args.aws.region,
                "vpcId": args.vpc,
                "serviceAccount": {"create": True, "name": BALANCER_CONTROLLER.name},
                "replicaCount": 2,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"cpu": "200m", "memory": "256Mi"},
                },
                # Only for what it may not make. The webhooks for Services and Ingresses would
                # have a say in all of them in the cluster and refuse them while they are down.
                # Source: templates/webhook.yaml of the chart.
                "createIngressClassResource": False,
                "ingressClassParams": {"create": False},
                "enableServiceMutatorWebhook": False,
                "webhookConfig": {"disableIngressValidation": True},
                "enableBackendSecurityGroup": False,
                "enableShield": False,
                "enableWaf": False,
                "enableWafv2": False,
            },
        )
