"""A zone that Route 53 serves."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import route53

TTL = 300


@dataclass(frozen=True, kw_only=True)
class Route53Zone:
    """A hosted zone, made outside of this program; a `DnsZone`.

    Args:
        id: id of the zone.
    """

    id: str

    def alias(
        self,
        name: str,
        record: pulumi.Input[str],
        target: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> pulumi.Output[str]:
        """Makes a CNAME record."""
        made = route53.Record(
            name,
            zone_id=self.id,
            name=record,
            type="CNAME",
            ttl=TTL,
            records=[target],
            opts=opts,
        )
        return made.fqdn
