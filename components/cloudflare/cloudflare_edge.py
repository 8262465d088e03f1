"""Cloudflare in front of the platform, for the names of one stack alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.component import Component

REQUESTS, PERIOD_SECONDS = 400, 60
"""Requests that one address may make in one period."""

MANAGED_RULESET = "efb7b8c949ac4650a09736fc376e9aee"
"""Cloudflare's managed rules; the id is the same in every zone (Cloudflare's documentation
of its WAF, "Managed rulesets reference")."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A name that visitors use, and what answers.

    Args:
        cdn: DNS name of a CDN to ask first; None for the origin alone.
        cached: whether Cloudflare keeps answers.
    """

    host: str
    cdn: pulumi.Input[str] | None
    cached: bool


def among(sites: list[Site]) -> str:
    """What matches requests to these sites, and to no other name of the zone."""
    listed = " ".join(f'"{site.host}"' for site in sites)
    return f"(http.host in {{{listed}}})"


def cache(sites: list[Site]) -> list[cloudflare.RulesetRuleArgsDict]:
    """Keeps what the hosts of media serve, and nothing else: answers of an API are private.

    Where the origin says nothing Cloudflare keeps an answer of 200 for 120 minutes. Source:
    https://developers.cloudflare.com/cache/concepts/default-cache-behavior/
    """
    kept = [site for site in sites if site.cached]
    others = [site for site in sites if not site.cached]
    rules: list[cloudflare.RulesetRuleArgsDict] = [
        {
            "ref": "everything-else",
            "description": "Answers of the API are not kept",
            "expression": among(others),
            "action": "set_cache_settings",
            "action_parameters": {"cache": False},
            "enabled": True,
        },
        {
            "ref": "media",
            "description": "Media are kept for as long as the origin says",
            "expression": among(kept),
            "action": "set_cache_settings",
            "action_parameters": {
                "cache": True,
                "edge_ttl": {"mode": "respect_origin"},
                "browser_ttl": {"mode": "respect_origin"},
                "serve_stale": {"disable_stale_while_updating": False},
            },
            "enabled": True,
        },
    ]
    # An empty list of names is no expression.
    return [rule for rule, found in zip(rules, (others, kept), strict=True) if found]


def managed(ours: str) -> cloudflare.RulesetRuleArgsDict:
    """Cloudflare's managed rules on what `ours` matches."""
    return {
        "ref": "managed",
        "description": "Cloudflare's managed rules",
        "expression": ours,
        "action": "execute",
        "action_parameters": {"id": MANAGED_RULESET},
        "enabled": True,
    }


def rate(ours: str) -> cloudflare.RulesetRuleArgsDict:
    """A limit per address on what `ours` matches; per place of Cloudflare's, as it must be."""
    return {
        "ref": "per-address",
        "description": f"{REQUESTS} requests in {PERIOD_SECONDS} seconds from one address",
        "expression": ours,
        "action": "block",
        "ratelimit": {
            "characteristics": ["ip.src", "cf.colo.id"],
            "period": PERIOD_SECONDS,
            "requests_per_period": REQUESTS,
            "mitigation_timeout": PERIOD_SECONDS,
        },
        "enabled": True,
    }


def mark(ours: str, headers: Mapping[str, pulumi.Input[str]]) -> cloudflare.RulesetRuleArgsDict:
    """Tells the firewalls behind that the visitor was counted here."""
    return {
        "ref": "passed-on",
        "description": "Requests that Cloudflare passed on",
        "expression": ours,
        "action": "rewrite",
        "action_parameters": {
            "headers": {
                name: {"operation": "set", "value": value} for name, value in headers.items()
            }
        },
        "enabled": True,
    }


DOWN_AFTER, UP_AFTER = 5, 3
"""Health checks in a row after which a pool is taken out, and put back."""

CHECK_SECONDS = 60

SETTINGS = {
    "always_use_https": "on",
    "automatic_https_rewrites": "on",
    "min_tls_version": "1.2",
    "ssl": "strict",
    "tls_1_3": "on",
}
"""TLS from visitor to origin; the origin's certificate is checked."""

AUTOMATIC_TTL = 1


def cloudflare_cname(
    zone: str,
    name: str,
    record: pulumi.Input[str],
    target: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """A `Cname` in the zone of the id `zone`, answered as it is, without Cloudflare in between."""
    return cloudflare.DnsRecord(
        name,
        zone_id=zone,
        name=record,
        type="CNAME",
        content=target,
        ttl=AUTOMATIC_TTL,
        proxied=False,
        opts=opts,
    ).name


@dataclass(frozen=True, kw_only=True)
class CloudflareEdgeArgs:
    """What Cloudflare's part is made from.

    Args:
        prefix: start of names, which are shared by an account.
        domain: the zone's name. Cloudflare's own certificate covers it and one level
            below, and a pack of certificates must hold it.
        origin: DNS name of the load balancer that its certificate is valid for.
        headers: what the origin is told in headers of every request that is passed on.
        lets_encrypt: whether Let's Encrypt signs the certificate that visitors see.
    """

    prefix: str
    account: str
    zone: str
    domain: str
    sites: tuple[tuple[str, Site], ...]
    origin: str
    health: str
    headers: Mapping[str, pulumi.Input[str]]
    lets_encrypt: bool


class CloudflareEdge(Component[CloudflareEdgeArgs]):
    """Load balancing with a fallback to the origin, caching, a firewall and TLS.

    A zone belongs to one of these: a phase has one ruleset in a zone, which a second stack
    is refused (cloudflare/terraform-provider-cloudflare#2588, #5599), and the settings hold
    for the whole zone. The rules themselves touch the names of `sites` alone.

    Makes:
        `{name}-monitor-{site}`, `{name}-cdn-{site}`, `{name}-origin-{site}`: health check
            and pools of each site.
        `{name}-{site}`: load balancer of each site: the CDN, else the origin.
        `{name}-{setting}`: settings of the zone.
        `{name}-cache`, `{name}-firewall`, `{name}-rate`, `{name}-mark`: rulesets.
        `{name}-certificate`: certificate pack, if Let's Encrypt signs.

    Outputs:
        handles: by site, what answers for it.
    """

    TOKEN = "nexus:edge:CloudflareEdge"

    handles: dict[str, pulumi.Resource]

    def _make(self, name: str, args: CloudflareEdgeArgs) -> None:
        for setting, value in SETTINGS.items():
            cloudflare.ZoneSetting(
                f"{name}-{setting.replace('_', '-')}",
                zone_id=args.zone,
                setting_id=setting,
                value=value,
                opts=self.child,
            )
        self.handles = {key: self._site(name, key, site, args) for key, site in args.sites}
        sites = [site for _, site in args.sites]
        ours = among(sites)
        self._rules(f"{name}-cache", args, "http_request_cache_settings", cache(sites))
        self._rules(f"{name}-firewall", args, "http_request_firewall_managed", [managed(ours)])
        self._rules(f"{name}-rate", args, "http_ratelimit", [rate(ours)])
        self._rules(f"{name}-mark", args, "http_request_late_transform", [mark(ours, args.headers)])
        if args.lets_encrypt:
            cloudflare.CertificatePack(
                f"{name}-certificate",
                zone_id=args.zone,
                type="advanced",
                hosts=[args.domain, f"*.{args.domain}"],
                validation_method="txt",
                validity_days=90,
                certificate_authority="lets_encrypt",
                opts=self.child,
            )

    def _site(
        self, name: str, key: str, site: Site, args: CloudflareEdgeArgs
    ) -> cloudflare.LoadBalancer:
        monitor = cloudflare.LoadBalancerMonitor(
            f"{name}-monitor-{key}",
            account_id=args.account,
            description=f"{args.prefix} {key}",
            type="https",
            method="GET",
            path=args.health,
            port=443,
            expected_codes="200",
            interval=CHECK_SECONDS,
            timeout=5,
            retries=0,
            consecutive_down=DOWN_AFTER,
            consecutive_up=UP_AFTER,
            allow_insecure=False,
            header={"Host": [site.host]},
            opts=self.child,
        )

        def pool(kind: str, address: pulumi.Input[str]) -> cloudflare.LoadBalancerPool:
            return cloudflare.LoadBalancerPool(
                f"{name}-{kind}-{key}",
                account_id=args.account,
                name=f"{args.prefix}-{key}-{kind}",
                description=f"{kind} of {site.host}",
                enabled=True,
                minimum_origins=1,
                monitor=monitor.id,
                origins=[
                    {
                        "name": kind,
                        "address": address,
                        "enabled": True,
                        "weight": 1,
                        "header": {"hosts": [site.host]},
                    }
                ],
                opts=self.child,
            )

        origin = pool("origin", args.origin)
        first = origin if site.cdn is None else pool("cdn", site.cdn)
        return cloudflare.LoadBalancer(
            f"{name}-{key}",
            zone_id=args.zone,
            name=site.host,
            description=f"{args.prefix} {key}",
            enabled=True,
            proxied=True,
            steering_policy="off",
            default_pools=[first.id],
            fallback_pool=origin.id,
            opts=self.child,
        )

    def _rules(
        self,
        name: str,
        args: CloudflareEdgeArgs,
        phase: str,
        rules: list[cloudflare.RulesetRuleArgsDict],
    ) -> None:
        cloudflare.Ruleset(
            name,
            zone_id=args.zone,
            name=f"{args.prefix} {phase}",
            kind="zone",
            phase=phase,
            rules=rules,
            opts=self.child,
        )
