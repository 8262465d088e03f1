"""Cloudflare's part of the edge, made alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from components.aws.web_acl import HEADER
from components.cloudflare.cloudflare_edge import (
    CHECK_SECONDS,
    DOWN_AFTER,
    MANAGED_RULESET,
    REQUESTS,
    SETTINGS,
    UP_AFTER,
    CloudflareEdge,
    CloudflareEdgeArgs,
    Site,
)
from tests.components.recording import Recording, assert_makes_what_it_says, record

SITE = Site(host="example.com", cdn="d1.cloudfront.net", cached=False)
MEDIA = Site(host="media.example.com", cdn="d2.cloudfront.net", cached=True)
ARGS = CloudflareEdgeArgs(
    prefix="nexus-cos-staging",
    account="cf-account",
    zone="cf-zone",
    domain="example.com",
    sites=(("site", SITE), ("media", MEDIA)),
    origin="origin.example.com",
    health="/health/ready",
    headers={HEADER: "0123456789"},
    lets_encrypt=True,
)


def made(**changes: Any) -> Recording:
    return record(lambda: CloudflareEdge("edge", replace(ARGS, **changes)))


def rules(edge: Recording, name: str) -> list[dict[str, Any]]:
    return edge.one("Ruleset", f"edge-{name}").inputs["rules"]


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(CloudflareEdge, made())


def test_the_cdn_is_asked_first_and_then_the_origin() -> None:
    """While the CDN is down, visitors must be served from the origin."""
    edge = made()
    for key, site in ARGS.sites:
        balancer = edge.one("LoadBalancer", f"edge-{key}").inputs
        pools = {
            kind: edge.one("LoadBalancerPool", f"edge-{kind}-{key}") for kind in ("cdn", "origin")
        }
        assert balancer["name"] == site.host
        assert balancer["defaultPools"] == [pools["cdn"].made["id"]]
        assert balancer["fallbackPool"] == pools["origin"].made["id"]
        # Any steering would spread visitors over both.
        assert (balancer["steeringPolicy"], balancer["proxied"]) == ("off", True)
        assert pools["cdn"].inputs["origins"][0]["address"] == site.cdn
        assert pools["origin"].inputs["origins"][0]["address"] == ARGS.origin
    assert edge.outputs["handles"] == {
        "site": "LoadBalancer edge-site",
        "media": "LoadBalancer edge-media",
    }


def test_without_a_cdn_the_origin_alone_answers() -> None:
    """A pool for a CDN that is not there is always down, and alarms somebody."""
    edge = made(sites=(("site", replace(SITE, cdn=None)),))
    [pool] = edge.all("LoadBalancerPool")
    assert pool.name == "edge-origin-site"
    balancer = edge.one("LoadBalancer").inputs
    assert balancer["defaultPools"] == [balancer["fallbackPool"]] == [pool.made["id"]]


def test_pools_are_checked_as_visitors_see_them() -> None:
    """A check without the site's name is answered by no site, and takes out a healthy pool."""
    edge = made()
    for key, site in ARGS.sites:
        monitor = edge.one("LoadBalancerMonitor", f"edge-monitor-{key}")
        assert monitor.inputs["header"] == {"Host": [site.host]}
        assert (monitor.inputs["path"], monitor.inputs["port"]) == (ARGS.health, 443)
        assert monitor.inputs["allowInsecure"] is False
        assert monitor.inputs["interval"] == CHECK_SECONDS
        assert monitor.inputs["consecutiveDown"] == DOWN_AFTER == 5
        assert monitor.inputs["consecutiveUp"] == UP_AFTER == 3
        for kind in ("cdn", "origin"):
            pool = edge.one("LoadBalancerPool", f"edge-{kind}-{key}").inputs
            assert pool["monitor"] == monitor.made["id"]
            [origin] = pool["origins"]
            assert origin["header"] == {"hosts": [site.host]}
            assert origin["enabled"] is pool["enabled"] is True
            assert pool["accountId"] == "cf-account"


def test_names_of_the_account_are_this_stacks_own() -> None:
    """Pools belong to the account: two stacks with one name would take each other's down."""
    pools = made().all("LoadBalancerPool")
    assert len({each.inputs["name"] for each in pools}) == 4
    assert all(each.inputs["name"].startswith("nexus-cos-staging-") for each in pools)


def test_only_media_are_kept() -> None:
    """A cached answer of an API is somebody else's account."""
    everything, media = rules(made(), "cache")
    # Of other names in the zone nothing is decided here.
    assert everything["expression"] == '(http.host in {"example.com"})'
    assert everything["actionParameters"]["cache"] is False
    assert media["expression"] == '(http.host in {"media.example.com"})'
    assert media["actionParameters"]["cache"] is True
    both = (("site", replace(SITE, cached=True)), ("media", MEDIA))
    [media] = rules(made(sites=both), "cache")
    assert media["expression"] == '(http.host in {"example.com" "media.example.com"})'


def test_firewall_and_rate_limit_stand_in_front() -> None:
    """Without a rate limit one visitor can use up the platform."""
    edge = made()
    [managed], [rate] = rules(edge, "firewall"), rules(edge, "rate")
    assert (managed["action"], managed["enabled"]) == ("execute", True)
    assert managed["actionParameters"] == {"id": MANAGED_RULESET}
    assert (rate["action"], rate["enabled"]) == ("block", True)
    assert rate["ratelimit"]["requestsPerPeriod"] == REQUESTS
    assert "ip.src" in rate["ratelimit"]["characteristics"]
    phases = {each.inputs["phase"] for each in edge.all("Ruleset")}
    assert phases == {
        "http_request_cache_settings",
        "http_request_firewall_managed",
        "http_ratelimit",
        "http_request_late_transform",
    }


def test_rules_touch_the_names_of_this_stack_alone() -> None:
    """Another name in the zone would be blocked, or never kept, and nobody knew by whom."""
    for each in made().all("Ruleset"):
        for rule in each.inputs["rules"]:
            only = re.fullmatch(r"\(http\.host in \{(.+)\}\)", rule["expression"])
            assert only
            assert set(only[1].split()) <= {'"example.com"', '"media.example.com"'}
    for name in ("firewall", "rate", "mark"):
        [rule] = rules(made(), name)
        assert rule["expression"] == '(http.host in {"example.com" "media.example.com"})'


def test_what_is_passed_on_says_so() -> None:
    """Without the mark, the firewalls behind count all visitors as Cloudflare."""
    [mark] = rules(made(), "mark")
    assert (mark["action"], mark["enabled"]) == ("rewrite", True)
    # `set` takes the place of what a visitor sent under that name.
    headers = mark["actionParameters"]["headers"]
    assert headers == {HEADER: {"operation": "set", "value": "0123456789"}}


def test_tls_is_strict_from_visitor_to_origin() -> None:
    """With less than `strict`, anybody can stand in for the origin."""
    settings = {
        each.inputs["settingId"]: each.inputs["value"] for each in made().all("ZoneSetting")
    }
    assert settings == dict(SETTINGS)
    assert (settings["ssl"], settings["always_use_https"]) == ("strict", "on")


@pytest.mark.parametrize("lets_encrypt", [True, False])
def test_lets_encrypt_signs_where_it_is_chosen(lets_encrypt: bool) -> None:
    """A pack that nobody asked for is paid for."""
    packs = made(lets_encrypt=lets_encrypt).all("CertificatePack")
    assert len(packs) == int(lets_encrypt)
    for pack in packs:
        assert pack.inputs["hosts"] == ["example.com", "*.example.com"]
        assert pack.inputs["certificateAuthority"] == "lets_encrypt"


def test_everything_is_in_the_zone() -> None:
    """Rules in another zone protect another domain."""
    edge = made()
    for kind in ("LoadBalancer", "Ruleset", "ZoneSetting", "CertificatePack"):
        assert {each.inputs["zoneId"] for each in edge.all(kind)} == {"cf-zone"}
