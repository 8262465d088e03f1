"""Checks of checkov that do not hold here, each with the resources and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EVERY_STACK: Final[Mapping[tuple[str, str], str]] = {
    ("CKV2_AWS_62", "aws_s3_bucket.*"): "no service asks to be told of new objects",
    ("CKV2_AWS_8", "aws_rds_cluster.*"): "Aurora's own backups reach back 7 or 35 days; "
    "AWS Backup would keep the same snapshots twice",
    ("CKV_AWS_144", "aws_s3_bucket.*"): "one region is the design; objects are versioned, and a "
    "second region is a decision about data protection that is not taken here",
    ("CKV_AWS_145", "aws_s3_bucket.logs-bucket"): "AWS delivers access logs only into buckets "
    "with S3's own key",
    ("CKV_AWS_150", "aws_lb.balancer"): "it holds no data; Pulumi's protect keeps it in prod",
    ("CKV_AWS_158", "aws_cloudwatch_log_group.cdn-firewall-logs"): "CloudFront's firewall logs in "
    "us-east-1, where this stack has no key; CloudWatch's own encrypts it",
    ("CKV_AWS_259", "aws_cloudfront_response_headers_policy.*"): "preloading binds the whole "
    "domain in every browser for months; that is its owner's decision",
    ("CKV_AWS_305", "aws_cloudfront_distribution.*"): "an API and a store of media have no index",
    ("CKV_AWS_310", "aws_cloudfront_distribution.site-cdn"): "its one origin is the balancer in "
    "three zones; Route 53 and Cloudflare fail over in front of it",
    ("CKV_AWS_374", "aws_cloudfront_distribution.*"): "the platform serves every country",
    ("CKV_AWS_86", "aws_cloudfront_distribution.*"): "logs go through CloudWatch's log delivery, "
    "which this check does not know; the old way needs a bucket with access lists",
}

STAGING: Final[Mapping[tuple[str, str], str]] = {
    ("CKV_AWS_139", "aws_rds_cluster.postgres"): "staging must be destroyed without a hand",
    ("CKV_AWS_39", "aws_eks_cluster.cluster"): "open to the networks that `apiCidrs` lists, so "
    "that a developer without a VPN can look",
}

SKIPS: Final[Mapping[str, Mapping[tuple[str, str], str]]] = {
    "staging": {**EVERY_STACK, **STAGING},
    "prod": EVERY_STACK,
}
