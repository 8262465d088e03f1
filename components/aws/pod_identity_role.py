"""What the pods of one service account may do in AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import eks, iam

from components.aws.aws_context import AwsContext, Layer
from components.aws.iam_policy import Statement, policy, trust
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class PodIdentityRoleArgs:
    """What the role is made from.

    Args:
        aws: source of names and tags.
        layer: layer it belongs to.
        cluster: name of the cluster.
        namespace: namespace of the service account.
        service_account: name of the service account; it need not exist yet.
        service: the one service it belongs to, if it does.
        statements: everything the pods may do.
    """

    aws: AwsContext
    layer: Layer
    cluster: pulumi.Input[str]
    namespace: pulumi.Input[str]
    service_account: str
    service: str | None
    statements: tuple[Statement, ...]


class PodIdentityRole(Component[PodIdentityRoleArgs]):
    """An IAM role for one Kubernetes service account, through EKS Pod Identity.

    Pods get short-lived credentials from an agent on their node; there is no secret.

    Makes:
        `{name}`: role.
        `{name}-policy`: its rights.
        `{name}-association`: binds it to the service account, when it has its rights.

    Outputs:
        handle: the association; done means that a pod started now has the rights.
        arn: the role's ARN.
    """

    TOKEN = "nexus:foundation:PodIdentityRole"

    handle: pulumi.Resource
    arn: pulumi.Output[str]

    def _make(self, name: str, args: PodIdentityRoleArgs) -> None:
        role = iam.Role(
            name,
            name=args.aws.role_name(name),
            assume_role_policy=trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
            tags=args.aws.tags(name, args.layer, args.service),
            opts=self.child,
        )
        rights = iam.RolePolicy(
            f"{name}-policy", role=role.name, policy=policy(*args.statements), opts=self.child
        )
        self.handle = eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=args.cluster,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=role.arn,
            tags=args.aws.tags(f"{name}-association", args.layer, args.service),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.arn = role.arn
