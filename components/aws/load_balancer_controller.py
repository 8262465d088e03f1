"""What keeps a target group filled on a cluster without Auto Mode."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.aws.aws_context import AwsContext
from components.aws.iam_policy import Statement
from components.aws.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from components.component import Component
from components.kubernetes.chart import SYSTEM_NAMESPACE, Chart, release

CHART = Chart(
    name="aws-load-balancer-controller",
    repository="https://aws.github.io/eks-charts",
    version="3.4.2",
)

ACCOUNT = "aws-load-balancer-controller"
"""Name of the service account, which the chart makes."""

READS = (
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""AWS lets nobody limit these to single resources. Source:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_elasticloadbalancingv2.html
and list_amazonec2.html there."""

WRITES = (
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
)
"""Together with `READS` the controller's published rights for those who use a TargetGroupBinding
only and keep its hands off security groups. Source: "IAM permission subset" of
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/"""


@dataclass(frozen=True, kw_only=True)
class LoadBalancerControllerArgs:
    """What the controller is made from.

    Args:
        aws: source of names and tags.
        cluster: name of the cluster.
        vpc: id of its network.
        targets: ARN of the one target group that it may fill.
    """

    aws: AwsContext
    cluster: pulumi.Input[str]
    vpc: pulumi.Input[str]
    targets: pulumi.Input[str]


class LoadBalancerController(Component[LoadBalancerControllerArgs]):
    """The AWS Load Balancer Controller, with rights for one target group.

    It could make balancers of its own, for Ingresses and Services; here it may not: the
    platform's balancer is the program's. There is one such controller in a cluster.

    Makes:
        `{name}-role`: PodIdentityRole of its pods.
        `{name}`: release of its chart, with the CRDs, in kube-system.

    Outputs:
        handle: the release; when it is done, a TargetGroupBinding is known and admitted.
    """

    TOKEN = "nexus:edge:LoadBalancerController"

    handle: pulumi.Resource

    def _make(self, name: str, args: LoadBalancerControllerArgs) -> None:
        role = PodIdentityRole(
            f"{name}-role",
            PodIdentityRoleArgs(
                aws=args.aws,
                layer="edge",
                cluster=args.cluster,
                namespace=SYSTEM_NAMESPACE,
                service_account=ACCOUNT,
                service=None,
                statements=(
                    Statement(sid="TargetGroupRead", actions=READS, resources=("*",)),
                    Statement(sid="TargetGroupFill", actions=WRITES, resources=(args.targets,)),
                ),
            ),
            self.child,
        )
        self.handle = release(
            name,
            CHART,
            namespace=SYSTEM_NAMESPACE,
            values={
                "clusterName": args.cluster,
                # Nodes answer no pod that asks where it is: their hop limit is 1.
                "region": args.aws.region,
                "vpcId": args.vpc,
                "serviceAccount": {"create": True, "name": ACCOUNT},
                "replicaCount": 2,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "priorityClassName": "system-cluster-critical",
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
            # A pod gets its role when it starts, or not at all.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.handle]),
        )
