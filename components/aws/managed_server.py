"""What the managed servers of the data layer have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import pulumi
from pulumi_aws import ec2

from components.aws.aws_context import AwsContext
from components.component import Component, known_with


@dataclass(frozen=True, kw_only=True)
class DataAccessArgs:
    """What the security group is made from.

    Args:
        cluster: id of the security group of the cluster's nodes.
        ports: TCP ports by what they are for.
    """

    aws: AwsContext
    vpc: pulumi.Input[str]
    cluster: pulumi.Input[str]
    ports: tuple[tuple[str, int], ...]


class DataAccess(Component[DataAccessArgs]):
    """A security group that admits the cluster's nodes on given ports, and lets nothing out.

    Some services cannot change their groups, so the group stays and its rules change.

    Makes:
        `{name}`: security group.
        `{name}-{port's name}`: rule for each port.

    Outputs:
        group: id of the group, known when its rules are there.
    """

    TOKEN = "nexus:data:DataAccess"

    group: pulumi.Output[str]

    def _make(self, name: str, args: DataAccessArgs) -> None:
        group = ec2.SecurityGroup(
            name,
            description=f"{name}, from the cluster only",
            vpc_id=args.vpc,
            tags=args.aws.tags(name, "data"),
            opts=args.aws.durable(self),
        )
        rules = [
            args.aws.admit(
                f"{name}-{purpose}",
                "data",
                group=group.id,
                ports=(port, port),
                description=f"{purpose} from the cluster",
                opts=self.child,
                source=args.cluster,
            )
            for purpose, port in args.ports
        ]
        self.group = known_with(group.id, *rules)


@dataclass(frozen=True, kw_only=True)
class ManagedServerArgs:
    """What any managed server is made from."""

    aws: AwsContext
    vpc: pulumi.Input[str]
    subnets: tuple[pulumi.Input[str], ...]
    cluster_group: pulumi.Input[str]
    key: pulumi.Input[str]


ManagedServerArgsT = TypeVar("ManagedServerArgsT", bound=ManagedServerArgs)


class ManagedServer(Component[ManagedServerArgsT]):
    """A server that AWS runs, and whose ports the cluster's nodes reach."""

    handle: pulumi.Resource
    host: pulumi.Output[str]

    def _access(
        self, name: str, args: ManagedServerArgsT, *ports: tuple[str, int]
    ) -> pulumi.Output[str]:
        """Makes `{name}-access`, which opens `ports`, and returns the id of its group."""
        return DataAccess(
            f"{name}-access",
            DataAccessArgs(aws=args.aws, vpc=args.vpc, cluster=args.cluster_group, ports=ports),
            self.child,
        ).group
