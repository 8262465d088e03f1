"""The resource types of Cloudflare that the program uses, by Pulumi's type token."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.pulumi.clouds.answer import Answer, Made, Values

_HEX_DIGITS = 32


def _numbered(made: Made) -> Values:
    return {"id": made.hexadecimal(_HEX_DIGITS)}


def _setting(made: Made) -> Values:
    return {"id": made.text("settingId"), "editable": True}


CLOUDFLARE: Mapping[str, Answer] = {
    "cloudflare:index/certificatePack:CertificatePack": Answer(
        outputs=lambda made: {**_numbered(made), "status": "active"},
        computed=("status",),
    ),
    "cloudflare:index/dnsRecord:DnsRecord": Answer(outputs=_numbered),
    "cloudflare:index/loadBalancer:LoadBalancer": Answer(outputs=_numbered),
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": Answer(outputs=_numbered),
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": Answer(outputs=_numbered),
    "cloudflare:index/ruleset:Ruleset": Answer(outputs=_numbered),
    "cloudflare:index/zoneSetting:ZoneSetting": Answer(
        outputs=_setting,
        computed=("editable",),
        repeatable=True,
    ),
}
