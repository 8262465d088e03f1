"""A record of who talked to whom in a network."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, ec2

from components.aws.aws_context import AwsContext
from components.aws.iam_policy import Statement
from components.aws.service_role import ServiceRole, ServiceRoleArgs
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """What flow logs are made from.

    Args:
        aws: source of names and tags.
        vpc: id of the network.
        key: ARN of the key that encrypts logs.
    """

    aws: AwsContext
    vpc: pulumi.Input[str]
    key: pulumi.Input[str]


class FlowLogs(Component[FlowLogsArgs]):
    """Flow logs of a VPC in CloudWatch.

    Makes:
        `{name}-group`: log group, encrypted.
        `{name}-role`: ServiceRole that writes into it.
        `{name}`: flow log of all traffic, accepted and rejected.

    Outputs:
        group: name of the log group.
    """

    TOKEN = "nexus:foundation:FlowLogs"

    group: pulumi.Output[str]

    def _make(self, name: str, args: FlowLogsArgs) -> None:
        aws = args.aws
        group = cloudwatch.LogGroup(
            f"{name}-group",
            name=f"/{aws.prefix}/{name}",
            retention_in_days=aws.log_days,
            kms_key_id=args.key,
            tags=aws.tags(f"{name}-group", "foundation"),
            opts=self.child,
        )
        role = ServiceRole(
            f"{name}-role",
            ServiceRoleArgs(
                aws=aws,
                layer="foundation",
                service="vpc-flow-logs.amazonaws.com",
                source_account=True,
                statements=(
                    Statement(
                        sid="Write",
                        actions=(
                            "logs:CreateLogStream",
                            "logs:PutLogEvents",
                            "logs:DescribeLogStreams",
                        ),
                        resources=(group.arn.apply(lambda arn: f"{arn}:*"),),
                    ),
                ),
            ),
            self.child,
        )
        ec2.FlowLog(
            name,
            vpc_id=args.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=aws.tags(name, "foundation"),
            opts=self.child,
        )
        self.group = group.name
