"""Cloudflare in front of the platform."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

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

REQUESTS, PERIOD_SECONDS = 400, 60
"""Requests that one address may make in one period."""

MANAGED_RULESET = "efb7b8c949ac4650a09736fc376e9aee"
"""Cloudflare's managed rules; the id is the same in every zone (Cloudflare's documentation
of its WAF, "Managed rulesets reference")."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A name that visitors use, and what answers.

    Args:
        host: the name.
        cdn: DNS name of a CDN to ask first; None for the origin alone.
        cached: whether Cloudflare keeps answers.
    """

    host: str
    cdn: pulumi.Input[str] | None
    cached: bool


@dataclass(frozen=True, kw_only=True)
class CloudflareEdgeArgs:
    """What Cloudflare's part is made from.

    Args:
        prefix: start of names, which are shared by an account.
        account, zone: ids.
        domain: the zone's domain, or one below it.
        sites: by a short name.
        origin: DNS name of the load balancer that its certificate is valid for.
        health: path that a healthy gateway answers.
        lets_encrypt: whether Let's Encrypt signs the certificate that visitors see.
    """

    prefix: str
    account: str
    zone: str
    domain: str
    sites: tuple[tuple[str, Site], ...]
    origin: str
    health: str
    lets_encrypt: bool


class CloudflareEdge(pulumi.ComponentResource):
    """Load balancing with a fallback to the origin, caching, a firewall and TLS.

    Makes:
        `{name}-monitor-{site}`, `{name}-cdn-{site}`, `{name}-origin-{site}`: health check
            and pools of each site.
        `{name}-{site}`: load balancer of each site: the CDN, else the origin.
        `{name}-{setting}`: settings of the zone.
        `{name}-cache`, `{name}-firewall`, `{name}-rate`: rulesets.
        `{name}-certificate`: certificate pack, if Let's Encrypt signs.

    Outputs:
        handles: by site, what answers for it.
    """

    TOKEN = "nexus:edge:CloudflareEdge"

    handles: dict[str, pulumi.Resource]

    def __init__(
        self, name: str, args: CloudflareEdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for setting, value in SETTINGS.items():
            cloudflare.ZoneSetting(
                f"{name}-{setting.replace('_', '-')}",
                zone_id=args.zone,
                setting_id=setting,
                value=value,
                opts=child,
            )
        self.handles = {key: self._site(name, key, site, args) for key, site in args.sites}
        cached = [site.host for _, site in args.sites if site.cached]
        self._rules(f"{name}-cache", args, "http_request_cache_settings", _cache(cached))
        self._rules(f"{name}-firewall", args, "http_request_firewall_managed", [_managed()])
        self._rules(f"{name}-rate", args, "http_ratelimit", [_rate()])
        if args.lets_encrypt:
            cloudflare.CertificatePack(
                f"{name}-certificate",
                zone_id=args.zone,
                type="advanced",
                hosts=[args.domain, f"*.{args.domain}"],
                validation_method="txt",
                validity_days=90,
                certificate_authority="lets_encrypt",
                opts=child,
            )
        self.register_outputs({"handles": {key: each.urn for key, each in self.handles.items()}})

    def _site(
        self, name: str, key: str, site: Site, args: CloudflareEdgeArgs
    ) -> cloudflare.LoadBalancer:
        child = pulumi.ResourceOptions(parent=self)
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
            opts=child,
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
                opts=child,
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
            opts=child,
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
            opts=pulumi.ResourceOptions(parent=self),
        )


def _cache(hosts: list[str]) -> list[cloudflare.RulesetRuleArgsDict]:
    """Keep what the hosts of media serve, and nothing else: answers of an API are private."""
    listed = " ".join(f'"{host}"' for host in hosts)
    return [
        {
            "ref": "everything-else",
            "description": "Answers of the API are not kept",
            "expression": f"(not http.host in {{{listed}}})",
            "action": "set_cache_settings",
            "action_parameters": {"cache": False},
            "enabled": True,
        },
        {
            "ref": "media",
            "description": "Media are kept for as long as the origin says, else a day",
            "expression": f"(http.host in {{{listed}}})",
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


def _managed() -> cloudflare.RulesetRuleArgsDict:
    return {
        "ref": "managed",
        "description": "Cloudflare's managed rules",
        "expression": "true",
        "action": "execute",
        "action_parameters": {"id": MANAGED_RULESET},
        "enabled": True,
    }


def _rate() -> cloudflare.RulesetRuleArgsDict:
    return {
        "ref": "per-address",
        "description": f"{REQUESTS} requests in {PERIOD_SECONDS} seconds from one address",
        "expression": "true",
        "action": "block",
        "ratelimit": {
            "characteristics": ["ip.src", "cf.colo.id"],
            "period": PERIOD_SECONDS,
            "requests_per_period": REQUESTS,
            "mitigation_timeout": PERIOD_SECONDS,
        },
        "enabled": True,
    }
