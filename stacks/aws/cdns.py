"""The CDNs of the edge in AWS, and the names that visitors use."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.aws.certificate import Certificate
from components.aws.cloud_front import REGION, CloudFront, CloudFrontArgs, Media
from components.aws.route53_failover import Route53Zone, origin_host
from components.aws.web_acl import WebAcl, WebAclArgs
from components.kubernetes.workload_container import PROBE_PATHS
from stacks.aws.data import MEDIA, SITE, AwsData, distributions
from stacks.aws.foundation import AwsFoundation
from stacks.settings import AwsSettings, CloudflareSettings

HEALTH = PROBE_PATHS["readiness"]
"""What the balancer and the CDNs ask for the gateway's health."""


@dataclass(frozen=True, kw_only=True)
class Cdns:
    """CloudFront's distributions, where the edge has them."""

    site: CloudFront | None
    media: CloudFront | None


def build_cdns(
    settings: AwsSettings,
    foundation: AwsFoundation,
    data: AwsData,
    *,
    certificate: Certificate,
    mark: pulumi.Output[str],
) -> Cdns:
    """Makes CloudFront's distributions and their firewall, where the edge has them.

    Args:
        settings: of the stack.
        foundation: where everything is made.
        data: with the bucket that is served, and that of logs.
        certificate: for all names.
        mark: value that tells the balancer's firewall what was counted before it.
    """
    if not distributions(settings):
        return Cdns(site=None, media=None)
    firewall = WebAcl(
        "cdn-firewall",
        WebAclArgs(
            aws=foundation.aws,
            scope="CLOUDFRONT",
            logs_key=None,
            # Without Cloudflare every visitor comes here first.
            mark=mark if isinstance(settings, CloudflareSettings) else None,
        ),
        foundation.options(),
    ).arn

    def distribution(name: str, aliases: tuple[str, ...], media: Media | None) -> CloudFront:
        return CloudFront(
            name,
            CloudFrontArgs(
                aws=foundation.aws,
                aliases=tuple(dict.fromkeys(aliases)),
                origin=origin_host(settings.direct_domain),
                media=media,
                certificate=certificate.arns[REGION],
                firewall=firewall,
                mark=mark,
                logs=data.logs.arn,
                logs_allowed=data.logs_allowed,
            ),
            foundation.options(),
        )

    media = None if data.served is None else Media(domain=data.served.domain)
    return Cdns(
        site=distribution(SITE, (settings.domain, settings.direct_domain), None),
        media=distribution(MEDIA, (settings.media_host,), media),
    )


def build_names(
    settings: AwsSettings,
    foundation: AwsFoundation,
    cdns: Cdns,
    mark: pulumi.Output[str],
) -> pulumi.Resource:
    """Makes the names that visitors use, and returns what answers for media."""
    options = foundation.options()
    if not isinstance(settings, CloudflareSettings):
        if cdns.media is None:
            raise ValueError("An edge without Cloudflare has CloudFront; correct the settings.")
        Route53Zone(id=settings.route53_zone).alias(
            "media-name", settings.media_host, cdns.media.host, options
        )
        return cdns.media.handle
    from components.cloudflare.cloudflare_edge import CloudflareEdge, CloudflareEdgeArgs
    from components.cloudflare.cloudflare_rules import Site

    edge = CloudflareEdge(
        "cloudflare-edge",
        CloudflareEdgeArgs(
            prefix=foundation.aws.prefix,
            account=settings.cloudflare_account,
            zone=settings.cloudflare_zone,
            domain=settings.domain,
            sites=(
                (
                    "site",
                    Site(
                        host=settings.domain,
                        cdn=None if cdns.site is None else cdns.site.host,
                        cached=False,
                    ),
                ),
                (
                    "media",
                    Site(
                        host=settings.media_host,
                        cdn=None if cdns.media is None else cdns.media.host,
                        cached=True,
                    ),
                ),
            ),
            origin=origin_host(settings.direct_domain),
            health=HEALTH,
            mark=mark,
            lets_encrypt=settings.certificates == "letsEncrypt",
        ),
        options,
    )
    return edge.handles["media"]
