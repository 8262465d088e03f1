"""Names, tags and options of everything made in AWS, in one place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import cloudwatch, vpc

from components.context import PROJECT, Context

LONGEST_ROLE = 64
"""Longest name of an IAM role, in characters. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

Layer = Literal["foundation", "data", "services", "edge"]


@dataclass(frozen=True, kw_only=True)
class AwsContext:
    """What every name, tag and ARN in AWS is derived from.

    Args:
        account: id of the account, 12 digits.
        zones: names of the availability zones, such as `eu-central-1a`.
        retained: whether what holds data is protected and outlives a `destroy`.
    """

    context: Context
    account: str
    region: str
    zones: tuple[str, ...]
    owner: str
    retained: bool
    log_days: int

    @property
    def prefix(self) -> str:
        """Start of every fixed name: what belongs to this stack alone."""
        return f"{PROJECT}-{self.context.stack}"

    def tags(self, name: str, layer: Layer, service: str | None = None) -> dict[str, str]:
        """Tags of a resource.

        Args:
            name: its name, shown by AWS' console.
        """
        tags = {
            "Name": f"{self.prefix}-{name}",
            "project": PROJECT,
            "environment": self.context.environment,
            "stack": self.context.stack,
            "owner": self.owner,
            "layer": layer,
        }
        return tags if service is None else {**tags, "service": service}

    def arn(self, service: str, resource: str) -> str:
        """ARN of a resource in this account and region, such as `("rds", "db:x")`."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def fixed(self, name: str, longest: int) -> str:
        """A name for what cannot be auto-named: readable, and never longer than `longest`.

        A name that is too long keeps its start and ends in a hash of the whole.
        """
        full = f"{self.prefix}-{name}"
        if len(full) <= longest:
            return full
        digest = hashlib.sha256(full.encode()).hexdigest()[:8]
        return f"{full[: longest - 9].rstrip('-')}-{digest}"

    def role_name(self, name: str) -> str | None:
        """Name of an IAM role; None for the automatic one, unless that would be too long.

        Pulumi appends a hyphen and 7 digits, and refuses what then has more than 64 characters.
        """
        return None if len(name) + 8 <= LONGEST_ROLE else self.fixed(name, LONGEST_ROLE)

    def log_group(
        self,
        name: str,
        group: str,
        layer: Layer,
        *,
        key: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
        region: str | None = None,
        days: int | None = None,
    ) -> cloudwatch.LogGroup:
        """Makes a log group of CloudWatch, called `group`, encrypted with the key of the ARN `key`.

        Without one it has CloudWatch's own, without `region` it is in the stack's, and without
        `days` records stay as long as other logs of the stack.
        """
        return cloudwatch.LogGroup(
            name,
            name=group,
            retention_in_days=self.log_days if days is None else days,
            kms_key_id=key,
            region=region,
            tags=self.tags(name, layer),
            opts=opts,
        )

    def admit(
        self,
        name: str,
        layer: Layer,
        *,
        group: pulumi.Input[str],
        ports: tuple[int, int],
        description: str,
        opts: pulumi.ResourceOptions,
        source: pulumi.Input[str] | None = None,
        cidr: str | None = None,
        service: str | None = None,
    ) -> vpc.SecurityGroupIngressRule:
        """Makes the rule that lets the members of group `source`, or the addresses of `cidr`, in.

        Source and target `group` are ids; `ports` are the first and the last TCP port.
        """
        first, last = ports
        return vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group,
            referenced_security_group_id=source,
            cidr_ipv4=cidr,
            description=description,
            ip_protocol="tcp",
            from_port=first,
            to_port=last,
            tags=self.tags(name, layer, service),
            opts=opts,
        )

    def durable(
        self, parent: pulumi.Resource, more: pulumi.ResourceOptions | None = None
    ) -> pulumi.ResourceOptions:
        """Options of what holds data, and of what that cannot exist without, and `more`.

        Where data is retained, a `destroy` refuses, and after `pulumi state
        unprotect` it forgets the resource but leaves it in AWS.
        """
        kept = self.retained or None
        options = pulumi.ResourceOptions(parent=parent, protect=kept, retain_on_delete=kept)
        return pulumi.ResourceOptions.merge(options, more)
