"""Roles of IAM, and who may do what: without wildcards where one can do without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import eks, iam

from components.aws.aws_context import AwsContext, Layer
from components.component import Component, known_with

VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One rule of a policy.

    Args:
        sid: name of the rule, letters and digits.
        actions: what it is about, such as `s3:GetObject`.
        resources: ARNs it is about; empty in a trust policy.
        principals: who it is about, by kind (`AWS`, `Service`); empty in a role's policy.
        conditions: operator to key to values.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...] = ()
    principals: Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]] = field(
        default_factory=dict[str, str]
    )
    conditions: Mapping[str, Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]]] = field(
        default_factory=dict[str, dict[str, str]]
    )
    allow: bool = True

    def document(self) -> dict[str, object]:
        """The rule as plain data."""
        rule: dict[str, object] = {
            "Sid": self.sid,
            "Effect": "Allow" if self.allow else "Deny",
            "Action": list(self.actions),
        }
        if self.resources:
            rule["Resource"] = list(self.resources)
        if self.principals:
            everybody = self.principals.get("*") == "*"
            rule["Principal"] = "*" if everybody else dict(self.principals)
        if self.conditions:
            rule["Condition"] = {key: dict(value) for key, value in self.conditions.items()}
        return rule


def policy(*statements: Statement) -> pulumi.Output[str]:
    """The policy that consists of `statements`, as JSON."""
    return pulumi.Output.json_dumps(
        {"Version": VERSION, "Statement": [each.document() for each in statements]}
    )


def trust(service: str, *actions: str, source_account: str | None = None) -> pulumi.Output[str]:
    """Policy of a role that an AWS service takes on.

    Args:
        service: such as `eks.amazonaws.com`.
        actions: `sts:AssumeRole`, and more for services that pass session tags.
        source_account: the account that the service must act for, where it says so.
    """
    conditions = (
        {} if source_account is None else {"StringEquals": {"aws:SourceAccount": source_account}}
    )
    return policy(
        Statement(
            sid="Assume",
            actions=actions or ("sts:AssumeRole",),
            principals={"Service": service},
            conditions=conditions,
        )
    )


@dataclass(frozen=True, kw_only=True)
class ServiceRoleArgs:
    """What a role is made from.

    Args:
        service: AWS service that takes it on, such as `eks.amazonaws.com`.
        actions: how; EKS passes session tags too.
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
    """

    TOKEN = "nexus:foundation:ServiceRole"

    arn: pulumi.Output[str]

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
        self.arn = known_with(role.arn, *rights)


@dataclass(frozen=True, kw_only=True)
class PodIdentityRoleArgs:
    """What the role is made from.

    Args:
        service_account: name of the service account; it need not exist yet.
        statements: everything the pods may do.
    """

    aws: AwsContext
    layer: Layer
    cluster: pulumi.Input[str]
    namespace: pulumi.Input[str]
    service_account: str
    statements: tuple[Statement, ...]
    service: str | None = None


class PodIdentityRole(Component[PodIdentityRoleArgs]):
    """An IAM role for one Kubernetes service account, through EKS Pod Identity.

    Pods get short-lived credentials from an agent on their node; there is no secret.

    Makes:
        `{name}`: role.
        `{name}-policy`: its rights.
        `{name}-association`: binds it to the service account, when it has its rights.

    Outputs:
        handle: the association; done means that a pod started now has the rights.
    """

    TOKEN = "nexus:foundation:PodIdentityRole"

    handle: pulumi.Resource

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
