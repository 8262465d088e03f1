"""Edge layer in AWS and at Cloudflare: certificates, firewall, load balancer, CDNs, names."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from catalog import Catalog
from components.aws.certificate import Certificate, CertificateArgs
from components.aws.cloud_front import REGION
from components.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from components.aws.route53_failover import (
    AliasTarget,
    Route53Failover,
    Route53FailoverArgs,
    origin_host,
)
from components.aws.route53_zone import Route53Zone
from components.aws.s3_bucket import Reader
from components.aws.web_acl import WebAcl, WebAclArgs
from components.cdn_mark import CdnMark, CdnMarkArgs
from components.dns_zone import DnsZone
from components.kubernetes.gateway_route import GatewayRoute, GatewayRouteArgs
from components.servers.grant import Grant
from stacks.aws.cdns import HEALTH, build_cdns, build_names, media_host
from stacks.aws.data import AwsData
from stacks.aws.foundation import AwsFoundation
from stacks.data import Part
from stacks.requirements import AwsSettings
from stacks.services import Services
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The way in, before anything runs behind it.

    Args:
        parts: what services get of it: the CDN and the load balancer.
        balancer: the load balancer.
        gateway: service that it routes to; None if the catalog has none.
    """

    parts: tuple[Part, ...]
    balancer: LoadBalancer
    gateway: str


def build_entry(
    settings: Settings,
    managed: AwsSettings,
    catalog: Catalog,
    foundation: AwsFoundation,
    data: AwsData,
) -> Entry | None:
    """Makes everything of the edge that needs no service; None without a gateway."""
    gateway = catalog.gateway
    if gateway is None:
        if data.served is not None:
            data.served.allow()
        return None
    certificate = _certificate(managed, foundation)
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
            health=HEALTH,
            certificate=certificate.arns[managed.region],
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
    cdns = build_cdns(
        managed,
        foundation,
        data,
        certificate=certificate,
        mark=mark,
    )
    readers = (
        ()
        if cdns.media is None
        else (Reader(service="cloudfront.amazonaws.com", resource=cdns.media.arn),)
    )
    if data.served is not None:
        data.served.allow(readers=readers)
    origin = AliasTarget(host=balancer.host, zone=balancer.zone)
    failover = Route53Failover(
        "failover",
        Route53FailoverArgs(
            aws=foundation.aws,
            zone=managed.route53_zone,
            domain=managed.failover_domain,
            origin=origin,
            cdn=None
            if cdns.site is None
            else AliasTarget(host=cdns.site.host, zone=cdns.site.zone),
            health=HEALTH,
        ),
        foundation.options(),
    )
    handle = build_names(settings, managed, foundation, cdns, mark)
    return Entry(
        parts=_parts(catalog, managed, balancer, failover.origin, handle),
        balancer=balancer,
        gateway=gateway,
    )


def build_edge(
    settings: Settings,
    managed: AwsSettings,
    catalog: Catalog,
    foundation: AwsFoundation,
    *,
    services: Services,
    entry: Entry | None,
) -> str | None:
    """Makes the route to the gateway, once it runs; returns the platform's URL."""
    if entry is None:
        return None
    domain = catalog.services[entry.gateway].domain
    after: list[pulumi.Resource] = [services.workloads[entry.gateway].handle]
    if settings.nodes == "managed" and managed.existing_cluster is None:
        # Only here, because the SDK's part for Helm takes a while to load.
        from components.aws.load_balancer_controller import (
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
            context=foundation.context,
            namespace=foundation.namespaces[domain],
            service=entry.gateway,
            port=catalog.services[entry.gateway].port,
            targets=entry.balancer.targets,
            auto=settings.nodes == "auto",
            after=tuple(after),
        ),
        foundation.options(),
    )
    return f"https://{managed.domain}/"


def _certificate(managed: AwsSettings, foundation: AwsFoundation) -> Certificate:
    route53: DnsZone = Route53Zone(id=managed.route53_zone)
    zone = route53
    if managed.cloudflare is not None:
        from components.cloudflare.cloudflare_zone import CloudflareZone

        zone = CloudflareZone(id=managed.cloudflare.zone)
    # Each name that the balancer or a CDN answers for, and no wildcard: what is not listed
    # cannot be impersonated with this certificate.
    names = {
        managed.domain: zone,
        media_host(managed): zone,
        managed.failover_domain: route53,
        origin_host(managed.failover_domain): route53,
    }
    regions = [managed.region]
    if managed.edge != "cloudflare":
        regions.append(REGION)
    return Certificate(
        "certificate",
        CertificateArgs(
            aws=foundation.aws,
            names=tuple(names.items()),
            regions=tuple(dict.fromkeys(regions)),
        ),
        foundation.options(),
    )


def _parts(
    catalog: Catalog,
    managed: AwsSettings,
    balancer: LoadBalancer,
    origin: str,
    media: pulumi.Resource,
) -> tuple[Part, ...]:
    def part(resource: str, handle: pulumi.Resource, endpoint: dict[str, str]) -> Part:
        grants = {
            edge.source: Grant(resource=resource, handle=handle, endpoint=endpoint)
            for edge in catalog.edges
            if edge.target == resource
        }
        return Part(resource=resource, handle=handle, grants=grants)

    return (
        part(
            "cdn",
            media,
            {"url": f"https://{media_host(managed)}", "origin": f"https://{origin}"},
        ),
        part("load-balancer", balancer.handle, {"url": f"https://{managed.domain}"}),
    )
