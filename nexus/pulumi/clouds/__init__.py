"""What AWS and Cloudflare would answer, in shape: ids, ARNs, endpoints, validation records.

Pure, and shared by the plan and the rehearsal, so that both see the same world.
"""

from __future__ import annotations

from collections.abc import Mapping

from nexus.pulumi.clouds.answer import Answer, Made, Values
from nexus.pulumi.clouds.aws import AWS_PLATFORM
from nexus.pulumi.clouds.aws_edge import AWS_EDGE


def _numbered(made: Made) -> Values:
    return {"id": made.hexadecimal(32)}


AWS: Mapping[str, Answer] = {**AWS_PLATFORM, **AWS_EDGE}

CLOUDFLARE: Mapping[str, Answer] = {
    "cloudflare:index/certificatePack:CertificatePack": Answer(
        lambda made: {**_numbered(made), "status": "active"}
    ),
    "cloudflare:index/dnsRecord:DnsRecord": Answer(_numbered),
    "cloudflare:index/loadBalancer:LoadBalancer": Answer(_numbered),
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": Answer(_numbered),
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": Answer(_numbered),
    "cloudflare:index/ruleset:Ruleset": Answer(_numbered),
    "cloudflare:index/zoneSetting:ZoneSetting": Answer(
        lambda made: {"id": made.text("settingId"), "editable": True}, repeatable=True
    ),
}

CLOUDS: Mapping[str, Mapping[str, Answer]] = {"aws": AWS, "cloudflare": CLOUDFLARE}
"""Simulated types by provider package."""

TYPES: Mapping[str, Answer] = {**AWS, **CLOUDFLARE}
