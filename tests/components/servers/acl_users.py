"""The services that have a Redis user, with passwords for a test server."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from components.servers.acl import acl_file
from tests.servers.valkey import ADMIN_PASSWORD

SERVICES = (
    "key-service",
    "puabo-nexus-fleet-manager",
    "puabo-nuki-inventory-mgr",
    "scheduler",
    "session-mgr",
    "token-mgr",
)


def password_of(service: str) -> str:
    """The password that a service has in these tests."""
    return f"{service} password"


def hash_of(password: str) -> str:
    """What stands in the ACL file instead of the password."""
    return hashlib.sha256(password.encode()).hexdigest()


def acl_of(services: Sequence[str]) -> str:
    """The ACL file for these services and the operators."""
    hashes = {service: hash_of(password_of(service)) for service in services}
    return acl_file(hashes, admin=hash_of(ADMIN_PASSWORD))
