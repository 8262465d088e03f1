"""What a service gets from a platform resource, the same everywhere, and passwords for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_random import RandomPassword

PASSWORD_LENGTH = 32
"""Characters of a password: 32 letters and digits carry 190 bits."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A service's own part of a platform resource.

    Args:
        resource: name of the platform resource in the catalog, such as `postgres`.
        service: who gets it, by the name that its data has.
        handle: the one resource that is ready when the service can use its part; None
            where there is nothing to wait for, as with an external API.
        endpoint: plain facts about where it is: host, port, database and the like.
        credentials: secret values, mounted as one file each; empty if there are none.
    """

    resource: str
    service: str
    handle: pulumi.Resource | None
    endpoint: Mapping[str, pulumi.Input[str]]
    credentials: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, str])


def password(name: str, *, rotation: int = 0, opts: pulumi.ResourceOptions) -> RandomPassword:
    """A password of letters and digits, safe in any file, URL or connection string.

    Made by the random provider, and secret from the moment it exists.

    Args:
        name: logical name.
        rotation: a higher number makes a new password.
        opts: resource options; its parent owns the password.
    """
    return RandomPassword(
        name, length=PASSWORD_LENGTH, special=False, keepers={"rotation": str(rotation)}, opts=opts
    )
