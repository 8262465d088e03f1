"""Who may write access logs into the bucket of logs."""

from __future__ import annotations

import pulumi

from components.aws.aws_context import AwsContext
from components.aws.cloud_front import log_writer
from components.aws.iam_policy import Statement
from components.aws.load_balancer import LOG_PREFIX
from components.aws.s3_bucket import S3Bucket
from stacks.setting_types import Edge

SITE, MEDIA = "site-cdn", "media-cdn"
"""The distributions of CloudFront."""


def cdns(edge: Edge | None) -> tuple[str, ...]:
    """The distributions that an edge has."""
    return () if edge == "cloudflare" else (SITE, MEDIA)


def allow_access_logs(
    logs: S3Bucket, aws: AwsContext, distributions: tuple[str, ...]
) -> pulumi.Resource:
    """Makes the policy of the bucket: load balancers, S3 and CloudFront of this account write."""
    own = {"StringEquals": {"aws:SourceAccount": aws.account}}

    def writer(sid: str, service: str, path: str) -> Statement:
        return Statement(
            sid=sid,
            actions=("s3:PutObject",),
            resources=(logs.arn.apply(lambda arn: f"{arn}/{path}*"),),
            principals={"Service": service},
            conditions=own,
        )

    return logs.allow(
        writer(
            "LoadBalancers",
            "logdelivery.elasticloadbalancing.amazonaws.com",
            f"{LOG_PREFIX}/AWSLogs/{aws.account}/",
        ),
        writer("Buckets", "logging.s3.amazonaws.com", "s3/"),
        *(log_writer(name, aws, logs.arn) for name in distributions),
    )
