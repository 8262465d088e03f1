"""Log groups of CloudWatch for what the platform's containers print, one per domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, iam

from components.aws.aws_context import AwsContext
from components.aws.iam import Statement, policy
from components.component import Component

STREAM = "collector"
"""The one stream of each group: what a record is from, it says itself."""

READS = (
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogGroupFields",
    "logs:StartLiveTail",
    "logs:StartQuery",
)
"""What a reader of a group may do with it. Source: the page on CloudWatch Logs of
https://docs.aws.amazon.com/service-authorization/latest/reference/"""

ANSWERS = ("logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery")
"""AWS lets nobody limit these: the list that the console begins with, and what a query found,
which `logs:StartQuery` has limited. Source: as above."""


@dataclass(frozen=True, kw_only=True)
class DomainLogsArgs:
    """What the groups are made from.

    Args:
        days: for how long records are kept, by domain.
        key: ARN of the key that they are encrypted with, which CloudWatch may use.
    """

    aws: AwsContext
    days: Mapping[str, int]
    key: pulumi.Input[str]


class DomainLogs(Component[DomainLogsArgs]):
    """A log group per domain, and a role that reads it alone.

    `groups` are their names by domain, and `writing` is what a collector may do.

    Stateful: a group that is renamed is an empty one.

    Makes:
        `{name}-{domain}`: LogGroup.
        `{name}-{domain}-stream`: LogStream, which the collector writes to.
        `{name}-{domain}-reader`, `{name}-{domain}-reader-policy`: role that reads the group and no
            other, for those whom the account's policies let take it on.

    Outputs:
        handles: the streams; a collector waits for them.
    """

    TOKEN = "nexus:monitoring:DomainLogs"

    handles: tuple[pulumi.Resource, ...]

    @staticmethod
    def group(aws: AwsContext, domain: str) -> str:
        """Name of a domain's log group."""
        return f"/{aws.prefix}/services/{domain}"

    def _make(self, name: str, args: DomainLogsArgs) -> None:
        aws = args.aws
        self.groups = {domain: self.group(aws, domain) for domain in args.days}
        handles: list[pulumi.Resource] = []
        for domain, group in self.groups.items():
            own = f"{name}-{domain}"
            made = aws.log_group(
                own,
                group,
                "data",
                key=args.key,
                opts=aws.durable(self),
                days=args.days[domain],
            )
            handles.append(
                cloudwatch.LogStream(
                    f"{own}-stream", name=STREAM, log_group_name=made.name, opts=aws.durable(self)
                )
            )
            self._reader(f"{own}-reader", aws, group)
        self.handles = tuple(handles)
        self.writing = Statement(
            sid="Write",
            actions=("logs:PutLogEvents",),
            resources=tuple(
                f"{self._arn(aws, group)}:log-stream:{STREAM}" for group in self.groups.values()
            ),
        )

    def _reader(self, name: str, aws: AwsContext, group: str) -> None:
        role = iam.Role(
            name,
            name=aws.role_name(name),
            assume_role_policy=policy(
                Statement(
                    sid="Assume",
                    actions=("sts:AssumeRole",),
                    principals={"AWS": f"arn:aws:iam::{aws.account}:root"},
                )
            ),
            tags=aws.tags(name, "data"),
            opts=self.child,
        )
        own = self._arn(aws, group)
        iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=policy(
                Statement(sid="Read", actions=READS, resources=(own, f"{own}:*")),
                Statement(sid="Answers", actions=ANSWERS, resources=("*",)),
            ),
            opts=self.child,
        )

    @staticmethod
    def _arn(aws: AwsContext, group: str) -> str:
        return aws.arn("logs", f"log-group:{group}")
