"""What the bootstrap Jobs know of a server, and what services get of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
from pulumi_random import RandomPassword

from components.servers.acl import KeysOf
from components.servers.bootstrap_job import MasterSource

MASTER = "nexus_master"
"""User of the bootstrap Jobs on every server: makes databases, roles, vhosts and buckets, and is no
superuser of PostgreSQL, as on Aurora."""

PASSWORD_LENGTH = 32
"""Characters of a password: 32 letters and digits carry 190 bits."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A service's own part of a platform resource.

    Args:
        resource: name of the platform resource in the catalog, such as `postgres`.
        service: who gets it, by the name that its data has, or that of a further login.
        handle: the one resource that is ready when the service can use its part; None
            where there is nothing to wait for, as with an external API.
        endpoint: plain facts about where it is: host, port, database and the like.
        credentials: secret values, mounted as one file each; empty if there are none.
        part: what this part is called where a service may have several, such as a bucket.
        others: further parts of the same resource that the service has.
        folder: of its credentials, where that is not called after the resource.
    """

    resource: str
    service: str
    handle: pulumi.Resource | None
    endpoint: Mapping[str, pulumi.Input[str]]
    credentials: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, str])
    part: str | None = None
    others: tuple[Grant, ...] = ()
    folder: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", self.folder or self.resource)


def password(name: str, *, rotation: int = 0, opts: pulumi.ResourceOptions) -> RandomPassword:
    """A password of letters and digits, safe in any file, URL or connection string.

    Made by the random provider, and secret from the moment it exists.

    Args:
        rotation: a higher number makes a new password.
        opts: resource options; its parent owns the password.
    """
    return RandomPassword(
        name, length=PASSWORD_LENGTH, special=False, keepers={"rotation": str(rotation)}, opts=opts
    )


def passwords(
    name: str,
    services: Iterable[str],
    rotations: Mapping[str, int],
    opts: pulumi.ResourceOptions,
) -> dict[str, pulumi.Output[str]]:
    """Makes the passwords of a server's users, one for each service.

    Args:
        rotations: rotation counter by service; 0 where none is given.
    """
    return {
        service: password(
            f"{name}-{service}-password", rotation=rotations.get(service, 0), opts=opts
        ).result
        for service in services
    }


def redis_grants(
    handle: pulumi.Resource,
    endpoint: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[str, pulumi.Output[str]],
    *,
    keys: Mapping[str, KeysOf],
    tls: bool = False,
) -> tuple[Grant, ...]:
    """The users of a Redis or Valkey server, each confined to the prefix that it is told.

    Args:
        handle: the server; it is ready when all users are.
        keys: which keys a service has, if not its own alone.
    """
    more = {"tls": "required"} if tls else {}
    return tuple(
        Grant(
            resource="redis",
            service=service,
            handle=handle,
            endpoint={
                **endpoint,
                "prefix": keys[service].prefix if service in keys else f"{service}:",
                **more,
            },
            credentials={"username": service, "password": secret},
        )
        for service, secret in secrets.items()
    )


class Server(Protocol):
    """A server that services reach by name and port, and bootstrap Jobs as its master."""

    @property
    def handle(self) -> pulumi.Resource:
        """The one resource that is ready when the server is."""
        ...

    @property
    def host(self) -> pulumi.Input[str]:
        """DNS name."""
        ...

    @property
    def port(self) -> int:
        """TCP port."""
        ...

    @property
    def master(self) -> MasterSource:
        """Where the user name and password of the master come from, who is no superuser."""
        ...


class PostgresServer(Server, Protocol):
    """A PostgreSQL server, in the cluster or managed."""

    @property
    def tls_mode(self) -> str:
        """`sslmode` of a client, such as `disable` or `verify-full`."""
        ...

    @property
    def client_image(self) -> str:
        """Image with a `psql` of the server's major version."""
        ...


class QueueServer(Server, Protocol):
    """A RabbitMQ server, in the cluster or managed."""

    @property
    def tls(self) -> bool:
        """Whether AMQP needs TLS."""
        ...

    @property
    def management_url(self) -> pulumi.Input[str]:
        """Base URL of the management API."""
        ...
