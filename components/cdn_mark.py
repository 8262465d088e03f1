"""How a firewall knows a request that one of our own CDNs passed on."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.servers.servers import password

HEADER = "x-nexus-passed-on"
"""Request header that CDNs set, in place of whatever a visitor sent under that name. CloudFront
refuses names that start with X-Amz- or X-Edge- (CloudFront Developer Guide, "Add custom headers to
origin requests"); Cloudflare those with cf- (its "Request Header Transform Rules")."""


@dataclass(frozen=True, kw_only=True)
class CdnMarkArgs:
    """What a mark is made from.

    Args:
        rotation: a higher number makes a new value.
    """

    rotation: int = 0


class CdnMark(Component[CdnMarkArgs]):
    """A value of the header `HEADER` that only our CDNs and firewalls know.

    Behind a CDN the address of a request is the CDN's, and a header with the visitor's own
    can be forged by who goes past the CDN. So each visitor is counted where the address is
    the visitor's, and what carries the mark has been counted already. Who learns it escapes the
    rate limit and the lists of bad addresses, and nothing else.

    Makes:
        `{name}-value`: the value.

    Outputs:
        value: the value, secret.
    """

    TOKEN = "nexus:edge:CdnMark"

    value: pulumi.Output[str]

    def _make(self, name: str, args: CdnMarkArgs) -> None:
        self.value = password(
            f"{name}-value",
            rotation=args.rotation,
            opts=self.child,
        ).result
