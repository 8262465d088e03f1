"""Who may write access logs into the bucket of logs."""

from __future__ import annotations

import pulumi

from components.aws_context import AwsContext
from components.iam_policy import Statement
from components.load_balancer import LOG_PREFIX
from components.s3_bucket import S3Bucket


def allow_access_logs(logs: S3Bucket, aws: AwsContext) -> pulumi.Resource:
    """Makes the policy of the bucket: load balancers, S3 and CloudFront of this account write."""
    own = {"StringEquals": {"aws:SourceAccount": aws.account}}

    def below(path: str) -> pulumi.Output[str]:
        return logs.arn.apply(lambda arn: f"{arn}/{path}*")

    def writer(sid: str, service: str, path: str) -> Statement:
        return Statement(
            sid=sid,
            actions=("s3:PutObject",),
            resources=(below(path),),
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
        writer("Distributions", "delivery.logs.amazonaws.com", "cdn/"),
    )
