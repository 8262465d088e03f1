"""Zones of the domain name system, whoever serves them."""

from __future__ import annotations

from typing import Protocol

import pulumi


class DnsZone(Protocol):
    """A zone that records can be put into."""

    def alias(
        self,
        name: str,
        record: pulumi.Input[str],
        target: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> pulumi.Output[str]:
        """Makes a CNAME record and returns its name, known when it is there.

        Args:
            name: logical name.
            record: full name of the record.
            target: name it points to.
            opts: resource options.
        """
        ...
