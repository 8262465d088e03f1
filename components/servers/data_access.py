"""Which ports of a data service the cluster may reach."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2
from pulumi_aws import vpc as vpc_rules

from components.aws.aws_context import AwsContext
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class DataAccessArgs:
    """What the security group is made from.

    Args:
        aws: source of names and tags.
        vpc: id of the network.
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
            vpc_rules.SecurityGroupIngressRule(
                f"{name}-{purpose}",
                security_group_id=group.id,
                referenced_security_group_id=args.cluster,
                description=f"{purpose} from the cluster",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                tags=args.aws.tags(f"{name}-{purpose}", "data"),
                opts=self.child,
            )
            for purpose, port in args.ports
        ]
        ready = pulumi.Output.all(group.id, *(rule.urn for rule in rules))
        self.group = ready.apply(lambda values: str(values[0]))
