"""A role that one AWS service takes on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from components.aws.aws_context import AwsContext, Layer
from components.aws.iam_policy import Statement, policy, trust
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class ServiceRoleArgs:
    """What a role is made from.

    Args:
        aws: source of names and tags.
        layer: layer it belongs to.
        service: AWS service that takes it on, such as `eks.amazonaws.com`.
        actions: how; EKS passes session tags too.
        managed: names of AWS' own policies, such as `AmazonEKSClusterPolicy`.
        statements: rules of a policy of its own.
        source_account: whether the service has to act for this account.
    """

    aws: AwsContext
    layer: Layer
    service: str
    actions: tuple[str, ...] = ("sts:AssumeRole",)
    managed: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    source_account: bool = False


class ServiceRole(Component[ServiceRoleArgs]):
    """An IAM role of an AWS service.

    Makes:
        `{name}`: the role.
        `{name}-{policy}`: attachment of each of AWS' own policies.
        `{name}-policy`: its own policy, if it has one.

    Outputs:
        arn: the role's ARN, known when it may do everything it is for.
        name: the role's name.
    """

    TOKEN = "nexus:foundation:ServiceRole"

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def _make(self, name: str, args: ServiceRoleArgs) -> None:
        aws = args.aws
        role = iam.Role(
            name,
            name=aws.role_name(name),
            assume_role_policy=trust(
                args.service,
                *args.actions,
                source_account=aws.account if args.source_account else None,
            ),
            tags=aws.tags(name, args.layer),
            opts=self.child,
        )
        rights: list[pulumi.Resource] = [
            iam.RolePolicyAttachment(
                f"{name}-{managed.rpartition('/')[2]}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{managed}",
                opts=self.child,
            )
            for managed in args.managed
        ]
        if args.statements:
            rights.append(
                iam.RolePolicy(
                    f"{name}-policy",
                    role=role.name,
                    policy=policy(*args.statements),
                    opts=self.child,
                )
            )
        # Whoever uses the role waits for its rights as well.
        ready = pulumi.Output.all(role.arn, *(right.urn for right in rights))
        self.arn = ready.apply(lambda values: str(values[0]))
        self.name = role.name
