"""The way in that survives a CDN."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import route53

from components.aws.aws_context import AwsContext
from components.component import Component

FAILURES = 3
INTERVAL_SECONDS = 30

TTL = 300


def route53_cname(
    zone: str,
    name: str,
    record: pulumi.Input[str],
    target: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """A `Cname` in the hosted zone of the id `zone`, which is made outside of this program."""
    return route53.Record(
        name, zone_id=zone, name=record, type="CNAME", ttl=TTL, records=[target], opts=opts
    ).fqdn


@dataclass(frozen=True, kw_only=True)
class AliasTarget:
    """Something in AWS that a record may point to.

    Args:
        zone: id of the Route 53 zone of that name.
    """

    host: pulumi.Input[str]
    zone: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Route53FailoverArgs:
    """What the records are made from.

    Args:
        domain: name of the records.
        origin: the load balancer.
        cdn: CloudFront in front of it; None for the balancer alone.
        health: path that a healthy gateway answers.
    """

    aws: AwsContext
    zone: str
    domain: str
    origin: AliasTarget
    cdn: AliasTarget | None
    health: str


class Route53Failover(Component[Route53FailoverArgs]):
    """Records in Route 53: the CDN first, the load balancer while the CDN does not answer.

    Nothing here goes through Cloudflare.

    Makes:
        `{name}-origin`: `origin.{domain}`, always the balancer; CDNs fetch from it.
        `{name}-health`: with a CDN, asks it every 30 seconds, from all over the world.
        `{name}-first`, `{name}-second`: failover records of the domain; without a CDN
            `{name}-first` alone.

    Outputs:
        handle: the record that the domain's first answer comes from.
        origin: DNS name of the balancer that its certificate is valid for.
    """

    TOKEN = "nexus:edge:Route53Failover"

    handle: pulumi.Resource
    origin: str

    def _make(self, name: str, args: Route53FailoverArgs) -> None:
        self.origin = origin_host(args.domain)
        self._alias(f"{name}-origin", args, self.origin, args.origin)
        if args.cdn is None:
            self.handle = self._alias(f"{name}-first", args, args.domain, args.origin)
        else:
            check = route53.HealthCheck(
                f"{name}-health",
                type="HTTPS",
                fqdn=args.cdn.host,
                port=443,
                resource_path=args.health,
                failure_threshold=FAILURES,
                request_interval=INTERVAL_SECONDS,
                tags=args.aws.tags(f"{name}-health", "edge"),
                opts=self.child,
            )
            self.handle = self._alias(
                f"{name}-first", args, args.domain, args.cdn, role="PRIMARY", check=check
            )
            self._alias(f"{name}-second", args, args.domain, args.origin, role="SECONDARY")

    def _alias(
        self,
        name: str,
        args: Route53FailoverArgs,
        record: str,
        target: AliasTarget,
        *,
        role: str | None = None,
        check: route53.HealthCheck | None = None,
    ) -> route53.Record:
        return route53.Record(
            name,
            zone_id=args.zone,
            name=record,
            type="A",
            aliases=[
                {
                    "name": target.host,
                    "zone_id": target.zone,
                    # A distribution has no health of its own; a balancer's is its targets'.
                    "evaluate_target_health": target is args.origin,
                }
            ],
            set_identifier=None if role is None else role.lower(),
            failover_routing_policies=None if role is None else [{"type": role}],
            health_check_id=None if check is None else check.id,
            opts=self.child,
        )


def origin_host(domain: str) -> str:
    """Name of the load balancer under `domain`."""
    return f"origin.{domain}"
