"""Edge layer in AWS and at Cloudflare: certificates, firewall, load balancer, CDNs, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pulumi

from components.aws.certificate import Certificate, CertificateArgs, Cname
from components.aws.cloud_front import REGION, CloudFront, CloudFrontArgs
from components.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from components.aws.route53_failover import (
    AliasTarget,
    Route53Failover,
    Route53FailoverArgs,
    origin_host,
    route53_cname,
)
from components.aws.web_acl import HEADER, CdnMark, CdnMarkArgs, WebAcl, WebAclArgs
from components.kubernetes.gateway_route import GatewayRoute, GatewayRouteArgs
from components.kubernetes.workload import Workload
from components.servers.servers import Grant
from stacks.aws.data import MEDIA, SITE, AwsData, distributions
from stacks.aws.foundation import AwsFoundation
from stacks.data import Data, together
from stacks.inputs import AwsProgram
from stacks.settings import AwsSettings, CloudflareSettings
from stacks.shape import health_path


def build_cdns(
    settings: AwsSettings,
    foundation: AwsFoundation,
    data: AwsData,
    *,
    certificate: Certificate,
    mark: pulumi.Output[str],
) -> Mapping[str, CloudFront]:
    """Makes CloudFront's distributions and their firewall, where the edge has them.

    Args:
        mark: value that tells the balancer's firewall what was counted before it.
    """
    if not distributions(settings):
        return {}
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

    def distribution(
        name: str, aliases: tuple[str, ...], media: pulumi.Output[str] | None
    ) -> CloudFront:
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

    media = None if data.served is None else data.served.domain
    return {
        SITE: distribution(SITE, (settings.domain, settings.direct_domain), None),
        MEDIA: distribution(MEDIA, (settings.media_host,), media),
    }


def build_names(
    settings: AwsSettings,
    foundation: AwsFoundation,
    cdns: Mapping[str, CloudFront],
    mark: pulumi.Output[str],
    health: str,
) -> pulumi.Resource:
    """Makes the names that visitors use, and returns what answers for media."""
    options = foundation.options()
    if not isinstance(settings, CloudflareSettings):
        route53_cname(
            settings.route53_zone, "media-name", settings.media_host, cdns[MEDIA].host, options
        )
        return cdns[MEDIA].handle
    from components.cloudflare.cloudflare_edge import CloudflareEdge, CloudflareEdgeArgs, Site

    def site(host: str, cdn: CloudFront | None, *, cached: bool) -> Site:
        return Site(host=host, cdn=None if cdn is None else cdn.host, cached=cached)

    edge = CloudflareEdge(
        "cloudflare-edge",
        CloudflareEdgeArgs(
            prefix=foundation.aws.prefix,
            account=settings.cloudflare_account,
            zone=settings.cloudflare_zone,
            domain=settings.domain,
            sites=(
                ("site", site(settings.domain, cdns.get(SITE), cached=False)),
                ("media", site(settings.media_host, cdns.get(MEDIA), cached=True)),
            ),
            origin=origin_host(settings.direct_domain),
            health=health,
            headers={HEADER: mark},
            lets_encrypt=settings.certificates == "letsEncrypt",
        ),
        options,
    )
    return edge.handles["media"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The way in, before anything runs behind it.

    Args:
        data: what services get of it: the CDN and the load balancer.
        gateway: service that it routes to.
    """

    data: Data
    balancer: LoadBalancer
    gateway: str


def build_entry(program: AwsProgram, foundation: AwsFoundation, data: AwsData) -> Entry | None:
    """Makes everything of the edge that needs no service; None without a gateway."""
    settings, catalog = program.settings, program.catalog
    gateway = catalog.gateway
    if gateway is None:
        if data.served is not None:
            data.served.allow()
        return None
    health = health_path(catalog.services[gateway])
    certificate = _certificate(settings, foundation)
    mark = CdnMark("cdn-mark", CdnMarkArgs(), foundation.options()).value
    balancer = LoadBalancer(
        "balancer",
        LoadBalancerArgs(
            aws=foundation.aws,
            vpc=foundation.cluster.vpc,
            subnets=foundation.cluster.public,
            cluster_group=foundation.cluster.security_group,
            cluster=foundation.cluster.name,
            port=catalog.services[gateway].port,
            health=health,
            certificate=certificate.arns[settings.aws_region],
            firewall=WebAcl(
                "balancer-firewall",
                WebAclArgs(
                    aws=foundation.aws, scope="REGIONAL", logs_key=foundation.logs_key, mark=mark
                ),
                foundation.options(),
            ).arn,
            logs=data.logs.bucket,
            logs_allowed=data.logs_allowed,
        ),
        foundation.options(),
    )
    cdns = build_cdns(settings, foundation, data, certificate=certificate, mark=mark)
    site, media = cdns.get(SITE), cdns.get(MEDIA)
    if data.served is not None:
        data.served.allow(*(() if media is None else (media.reads(data.served.objects),)))
    origin = AliasTarget(host=balancer.host, zone=balancer.zone)
    failover = Route53Failover(
        "failover",
        Route53FailoverArgs(
            aws=foundation.aws,
            zone=settings.route53_zone,
            domain=settings.direct_domain,
            origin=origin,
            cdn=None if site is None else AliasTarget(host=site.host, zone=site.zone),
            health=health,
        ),
        foundation.options(),
    )
    handle = build_names(settings, foundation, cdns, mark, health)
    return Entry(
        data=_given(program, balancer, failover.origin, handle),
        balancer=balancer,
        gateway=gateway,
    )


def build_edge(
    program: AwsProgram,
    foundation: AwsFoundation,
    services: Mapping[str, Workload],
    entry: Entry | None,
) -> str | None:
    """Makes the route to the gateway, once it runs; returns the platform's URL."""
    if entry is None:
        return None
    settings, gateway = program.settings, program.catalog.services[entry.gateway]
    after: list[pulumi.Resource] = [services[gateway.name].handle]
    if settings.nodes == "managed" and settings.existing_cluster is None:
        # Only here, because the SDK's part for Helm takes a while to load.
        from components.aws.controllers import (
            LoadBalancerController,
            LoadBalancerControllerArgs,
        )

        # A cluster has one such controller; that of an existing one is its owners'.
        controller = LoadBalancerController(
            "load-balancer-controller",
            LoadBalancerControllerArgs(
                aws=foundation.aws,
                cluster=foundation.cluster.name,
                vpc=foundation.cluster.vpc,
                targets=entry.balancer.targets,
            ),
            foundation.options(),
        )
        after.append(controller.handle)
    GatewayRoute(
        "gateway",
        GatewayRouteArgs(
            context=program.context,
            namespace=foundation.namespaces[gateway.domain],
            service=gateway.name,
            port=gateway.port,
            targets=entry.balancer.targets,
            auto=settings.nodes == "auto",
            after=tuple(after),
        ),
        foundation.options(),
    )
    return f"https://{settings.domain}/"


def _certificate(settings: AwsSettings, foundation: AwsFoundation) -> Certificate:
    direct: Cname = partial(route53_cname, settings.route53_zone)
    visited = direct
    if isinstance(settings, CloudflareSettings):
        from components.cloudflare.cloudflare_edge import cloudflare_cname

        visited = partial(cloudflare_cname, settings.cloudflare_zone)
    # Each name that the balancer or a CDN answers for, and no wildcard: what is not listed
    # cannot be impersonated with this certificate.
    names = {
        settings.domain: visited,
        settings.media_host: visited,
        settings.direct_domain: direct,
        origin_host(settings.direct_domain): direct,
    }
    regions = (settings.aws_region, *((REGION,) if distributions(settings) else ()))
    return Certificate(
        "certificate",
        CertificateArgs(
            aws=foundation.aws,
            names=tuple(names.items()),
            regions=tuple(dict.fromkeys(regions)),
        ),
        foundation.options(),
    )


def _given(
    program: AwsProgram, balancer: LoadBalancer, origin: str, media: pulumi.Resource
) -> Data:
    """What services get of the edge."""
    settings, services = program.settings, program.catalog.services

    def granted(resource: str, handle: pulumi.Resource, endpoint: dict[str, str]) -> Data:
        return Data(
            servers={resource: handle},
            grants=tuple(
                Grant(
                    resource=resource,
                    service=services[user].data_name,
                    handle=handle,
                    endpoint=endpoint,
                )
                for user in program.users(resource)
            ),
        )

    media_urls = {"url": f"https://{settings.media_host}", "origin": f"https://{origin}"}
    return together(
        granted("cdn", media, media_urls),
        granted("load-balancer", balancer.handle, {"url": f"https://{settings.domain}"}),
    )
