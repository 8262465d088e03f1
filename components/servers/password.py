"""Passwords, made by the random provider and secret from the moment they exist."""

from __future__ import annotations

import pulumi
from pulumi_random import RandomPassword

LENGTH = 32
"""Characters of a password: 32 letters and digits carry 190 bits."""


def password(name: str, *, rotation: int = 0, opts: pulumi.ResourceOptions) -> RandomPassword:
    """A password of letters and digits, safe in any file, URL or connection string.

    Args:
        name: logical name.
        rotation: a higher number makes a new password.
        opts: resource options; its parent owns the password.
    """
    return RandomPassword(
        name, length=LENGTH, special=False, keepers={"rotation": str(rotation)}, opts=opts
    )
