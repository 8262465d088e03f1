"""Rules of Cloudflare's, each for the names of one stack alone."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.cdn_mark import HEADER

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


def mark(ours: str, value: pulumi.Input[str]) -> cloudflare.RulesetRuleArgsDict:
    """Tells the firewalls behind that the visitor was counted here."""
    return {
        "ref": "passed-on",
        "description": "Requests that Cloudflare passed on",
        "expression": ours,
        "action": "rewrite",
        "action_parameters": {"headers": {HEADER: {"operation": "set", "value": value}}},
        "enabled": True,
    }
