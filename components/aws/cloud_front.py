"""A CloudFront distribution: what the site's and the media's have in common."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudfront, cloudwatch

from components.aws.aws_context import AwsContext
from components.aws.iam import Statement
from components.aws.web_acl import HEADER
from components.component import Component

REGION = "us-east-1"
"""Region of everything that CloudFront takes certificates, firewalls and logs from."""

# AWS' own policies; their ids are the same in every account
# (CloudFront Developer Guide, "Use managed cache policies" and its neighbours).
NO_CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHE = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_OF_THE_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

LONGEST_NAME = 60
"""Longest name of a source or destination of logs, in characters."""

LOG_PREFIX = "cdn"
"""Where the logs go in their bucket; each distribution has a folder of its name there."""

ORIGIN, BUCKET, GROUP = "origin", "bucket", "bucket-then-origin"

FAILOVER_CODES = (403, 404, 500, 502, 503, 504)
"""Answers of the bucket after which the origin is asked."""

ORIGIN_GROUP: cloudfront.DistributionOriginGroupArgsDict = {
    "origin_id": GROUP,
    "failover_criteria": {"status_codes": list(FAILOVER_CODES)},
    "members": [{"origin_id": BUCKET}, {"origin_id": ORIGIN}],
}


@dataclass(frozen=True, kw_only=True)
class CloudFrontArgs:
    """What a distribution is made from.

    Args:
        aliases: names that visitors use.
        origin: DNS name of the load balancer, in its certificate.
        media: DNS name of the bucket to read first; None passes every request on, uncached.
        certificate: ARN of the certificate, in us-east-1.
        firewall: ARN of the web application firewall, of scope CLOUDFRONT.
        mark: value of the header `HEADER` on what is passed on to the load balancer.
        logs: ARN of the bucket that gets the access log.
    """

    aws: AwsContext
    aliases: tuple[str, ...]
    origin: str
    media: pulumi.Input[str] | None
    certificate: pulumi.Input[str]
    firewall: pulumi.Input[str]
    mark: pulumi.Input[str]
    logs: pulumi.Input[str]
    logs_allowed: pulumi.Resource


def log_writer(name: str, aws: AwsContext, logs: pulumi.Output[str]) -> Statement:
    """What the log bucket must allow for the log of the distribution `name`, as AWS writes it.

    CloudWatch appends such a statement to the bucket's policy when it is not there, and every later
    look for drift reports that. Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html

    Args:
        logs: ARN of the bucket.
    """
    source = f"arn:aws:logs:{REGION}:{aws.account}:delivery-source:{aws.fixed(name, LONGEST_NAME)}"
    return Statement(
        sid=f"AWSLogDeliveryWrite{name.title().replace('-', '')}",
        actions=("s3:PutObject",),
        resources=(pulumi.Output.concat(logs, f"/{LOG_PREFIX}/{name}/*"),),
        principals={"Service": "delivery.logs.amazonaws.com"},
        conditions={
            "StringEquals": {
                "s3:x-amz-acl": "bucket-owner-full-control",
                "aws:SourceAccount": aws.account,
            },
            "ArnLike": {"aws:SourceArn": source},
        },
    )


class CloudFront(Component[CloudFrontArgs]):
    """A distribution in front of the load balancer, or of the media bucket and then of it.

    Makes:
        `{name}-access`: origin access control, with a bucket: requests to it are signed.
        `{name}-headers`: security headers of every answer.
        `{name}`: the distribution.
        `{name}-log-source`, `{name}-log-bucket`, `{name}-log`: its access log.

    Outputs:
        zone: id of the Route 53 zone of that name, for aliases.
    """

    TOKEN = "nexus:edge:CloudFront"

    handle: pulumi.Resource
    arn: pulumi.Output[str]
    host: pulumi.Output[str]
    zone: pulumi.Output[str]

    def _make(self, name: str, args: CloudFrontArgs) -> None:
        self.handle = made = cloudfront.Distribution(
            name,
            comment=f"{args.aws.prefix} {name}",
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_All",
            aliases=list(args.aliases),
            origins=self._origins(name, args),
            origin_groups=None if args.media is None else [ORIGIN_GROUP],
            default_cache_behavior=_behavior(args, self._headers(name, args)),
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": args.certificate,
                "minimum_protocol_version": "TLSv1.2_2021",
                "ssl_support_method": "sni-only",
            },
            web_acl_id=args.firewall,
            tags=args.aws.tags(name, "edge"),
            opts=self.child,
        )
        source = cloudwatch.LogDeliverySource(
            f"{name}-log-source",
            name=args.aws.fixed(name, LONGEST_NAME),
            log_type="ACCESS_LOGS",
            resource_arn=made.arn,
            region=REGION,
            tags=args.aws.tags(f"{name}-log-source", "edge"),
            opts=self.child,
        )
        bucket = cloudwatch.LogDeliveryDestination(
            f"{name}-log-bucket",
            name=args.aws.fixed(f"{name}-bucket", LONGEST_NAME),
            output_format="json",
            delivery_destination_configuration={
                "destination_resource_arn": pulumi.Output.concat(args.logs, f"/{LOG_PREFIX}/{name}")
            },
            region=REGION,
            tags=args.aws.tags(f"{name}-log-bucket", "edge"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.logs_allowed]),
        )
        cloudwatch.LogDelivery(
            f"{name}-log",
            delivery_source_name=source.name,
            delivery_destination_arn=bucket.arn,
            region=REGION,
            tags=args.aws.tags(f"{name}-log", "edge"),
            opts=self.child,
        )
        self.arn = made.arn
        self.host = made.domain_name
        self.zone = made.hosted_zone_id

    def reads(self, objects: pulumi.Output[str]) -> Statement:
        """What a bucket must allow, whose `objects` this distribution alone may read."""
        return Statement(
            sid="Reader0",
            actions=("s3:GetObject",),
            resources=(objects,),
            principals={"Service": "cloudfront.amazonaws.com"},
            conditions={"StringEquals": {"AWS:SourceArn": self.arn}},
        )

    def _headers(self, name: str, args: CloudFrontArgs) -> pulumi.Output[str]:
        """Makes the policy of headers and returns its id."""
        return cloudfront.ResponseHeadersPolicy(
            f"{name}-headers",
            comment=f"{args.aws.prefix} {name}",
            security_headers_config={
                "strict_transport_security": {
                    "access_control_max_age_sec": 31536000,
                    "include_subdomains": True,
                    "override": True,
                },
                "content_type_options": {"override": True},
                # What an application says of frames and referrers goes first.
                "frame_options": {"frame_option": "SAMEORIGIN", "override": False},
                "referrer_policy": {
                    "referrer_policy": "strict-origin-when-cross-origin",
                    "override": False,
                },
            },
            opts=self.child,
        ).id

    def _origins(
        self, name: str, args: CloudFrontArgs
    ) -> list[cloudfront.DistributionOriginArgsDict]:
        origin: cloudfront.DistributionOriginArgsDict = {
            "origin_id": ORIGIN,
            "domain_name": args.origin,
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
            },
            # The bucket gets none: it would be in its log.
            "custom_headers": [{"name": HEADER, "value": args.mark}],
        }
        if args.media is None:
            return [origin]
        access = cloudfront.OriginAccessControl(
            f"{name}-access",
            description=f"{args.aws.prefix}: reads the media bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self.child,
        )
        bucket: cloudfront.DistributionOriginArgsDict = {
            "origin_id": BUCKET,
            "domain_name": args.media,
            "origin_access_control_id": access.id,
        }
        return [bucket, origin]


def _behavior(
    args: CloudFrontArgs, headers: pulumi.Output[str]
) -> cloudfront.DistributionDefaultCacheBehaviorArgsDict:
    reads = ["GET", "HEAD", "OPTIONS"]
    behavior: cloudfront.DistributionDefaultCacheBehaviorArgsDict = {
        "target_origin_id": GROUP,
        # A group of origins takes requests that only read.
        "allowed_methods": reads,
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": CACHE,
        "compress": True,
        "response_headers_policy_id": headers,
        "viewer_protocol_policy": "redirect-to-https",
    }
    if args.media is not None:
        return behavior
    return {
        **behavior,
        "target_origin_id": ORIGIN,
        "allowed_methods": ["DELETE", *reads, "PATCH", "POST", "PUT"],
        "cache_policy_id": NO_CACHE,
        "origin_request_policy_id": ALL_OF_THE_VIEWER,
    }
