"""Log groups of CloudWatch for what the platform's containers print, one per domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
)
"""What a reader of a group may do with it. Source: the page on CloudWatch Logs of
https://docs.aws.amazon.com/service-authorization/latest/reference/"""

LOOKS = ("logs:DescribeLogGroups", "logs:StopQuery")
"""AWS lets nobody limit these: the list that the console begins with, and the end of a query.
Source: as above."""


def reading(aws: AwsContext, group: str) -> tuple[Statement, ...]:
    """What a reader of a log group may do: with it, and with the list of all."""
    own = aws.arn("logs", f"log-group:{group}")
    return (
        Statement(sid="ReadLogs", actions=READS, resources=(own, f"{own}:*")),
        Statement(sid="LookForLogs", actions=LOOKS, resources=("*",)),
    )


@dataclass(frozen=True, kw_only=True)
class DomainLogsArgs:
    """What the groups are made from.

    Args:
        days: for how long records are kept, by domain.
        key: ARN of the key that they are encrypted with, which CloudWatch may use.
        readers: ARNs of the roles and users that may take on a domain's reader, by domain.
    """

    aws: AwsContext
    days: Mapping[str, int]
    key: pulumi.Input[str]
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


class DomainLogs(Component[DomainLogsArgs]):
    """A log group per domain, and for those that somebody may read a role that reads it alone.

    `groups` are their names by domain, and `writing` is what a collector may do.

    Stateful: a group that is renamed is an empty one.

    Makes:
        `{name}-{domain}`: LogGroup.
        `{name}-{domain}-stream`: LogStream, which the collector writes to.
        `{name}-{domain}-reader`, `{name}-{domain}-reader-policy`: role that reads the group and no
            other, where somebody may.

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
            if domain in args.readers:
                self._reader(f"{own}-reader", aws, group, args.readers[domain])
        self.handles = tuple(handles)
        self.writing = Statement(
            sid="Write",
            actions=("logs:PutLogEvents",),
            resources=tuple(
                aws.arn("logs", f"log-group:{group}:log-stream:{STREAM}")
                for group in self.groups.values()
            ),
        )

    def _reader(self, name: str, aws: AwsContext, group: str, readers: Sequence[str]) -> None:
        role = iam.Role(
            name,
            name=aws.role_name(name),
            assume_role_policy=policy(
                Statement(
                    sid="Assume",
                    actions=("sts:AssumeRole",),
                    principals={"AWS": sorted(readers)},
                )
            ),
            tags=aws.tags(name, "data"),
            opts=self.child,
        )
        iam.RolePolicy(
            f"{name}-policy", role=role.name, policy=policy(*reading(aws, group)), opts=self.child
        )
