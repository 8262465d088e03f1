"""A key for one purpose."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import kms

from components.aws.aws_context import AwsContext, Layer
from components.aws.iam import Statement, policy
from components.component import Component

DELETION_DAYS = 30
"""Days in which a deletion can be taken back; what the key encrypts is lost afterwards."""


@dataclass(frozen=True, kw_only=True)
class KmsKeyArgs:
    """What a key is made from.

    Args:
        log_groups: start of the names of the log groups that CloudWatch may encrypt with it.
        distributions: whether CloudFront may decrypt with it, for this account's distributions.
    """

    aws: AwsContext
    layer: Layer
    purpose: str
    log_groups: str | None = None
    distributions: bool = False
    service: str | None = None


class KmsKey(Component[KmsKeyArgs]):
    """A symmetric KMS key that AWS rotates every year.

    Stateful: without it, nothing it encrypted can be read. Access is given by
    IAM policies; the key's own policy only lets the account do so.

    Makes:
        `{name}`: the key.
        `{name}-alias`: its name for people.
    """

    TOKEN = "nexus:foundation:KmsKey"

    arn: pulumi.Output[str]

    def _make(self, name: str, args: KmsKeyArgs) -> None:
        aws = args.aws
        statements = [
            Statement(
                sid="AccountDelegatesToIam",
                actions=("kms:*",),
                resources=("*",),
                principals={"AWS": f"arn:aws:iam::{aws.account}:root"},
            )
        ]
        if args.log_groups is not None:
            groups = aws.arn("logs", f"log-group:{args.log_groups}*")
            statements.append(
                Statement(
                    sid="CloudWatchLogs",
                    actions=(
                        "kms:Encrypt",
                        "kms:Decrypt",
                        "kms:ReEncryptFrom",
                        "kms:ReEncryptTo",
                        "kms:GenerateDataKey",
                        "kms:DescribeKey",
                    ),
                    resources=("*",),
                    principals={"Service": f"logs.{aws.region}.amazonaws.com"},
                    conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
                )
            )
        if args.distributions:
            own = f"arn:aws:cloudfront::{aws.account}:distribution/*"
            statements.append(
                Statement(
                    sid="Distributions",
                    actions=("kms:Decrypt",),
                    resources=("*",),
                    principals={"Service": "cloudfront.amazonaws.com"},
                    conditions={"ArnLike": {"aws:SourceArn": own}},
                )
            )
        key = kms.Key(
            name,
            description=f"{aws.prefix}: {args.purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_DAYS,
            policy=policy(*statements),
            tags=aws.tags(name, args.layer, args.service),
            opts=aws.durable(self),
        )
        kms.Alias(
            f"{name}-alias",
            name=f"alias/{aws.fixed(name, 250)}",
            target_key_id=key.key_id,
            opts=aws.durable(self),
        )
        self.arn = key.arn
