"""The servers that services get a part of, and what they get.

Each protocol has one implementation per environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
from pulumi_random import RandomPassword

from components.servers.master_source import MasterSource

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


class Server(Protocol):
    """A server of any kind."""

    @property
    def handle(self) -> pulumi.Resource:
        """The one resource that is ready when the server, and its users, are."""
        ...


class SocketServer(Server, Protocol):
    """A server that services reach by name and port."""

    @property
    def host(self) -> pulumi.Input[str]:
        """DNS name."""
        ...

    @property
    def port(self) -> int:
        """TCP port."""
        ...


class HttpServer(Server, Protocol):
    """A server that bootstrap Jobs administer over HTTP."""

    @property
    def master(self) -> pulumi.Input[str]:
        """Secret in the data namespace with an administrator's `username` and `password`."""
        ...


class PostgresServer(SocketServer, Protocol):
    """A PostgreSQL server that bootstrap Jobs reach as a master without superuser rights."""

    @property
    def tls_mode(self) -> str:
        """`sslmode` of a client, such as `disable` or `verify-full`."""
        ...

    @property
    def client_image(self) -> str:
        """Image with a `psql` of the server's major version."""
        ...

    @property
    def master(self) -> MasterSource:
        """Where the master's user name and password come from."""
        ...


class RedisServer(Server, Protocol):
    """A Redis or Valkey server with a user and key prefix per service."""

    def add_user(self, service: str) -> Grant:
        """The user of `service`, confined to keys and channels that start with `{service}:`.

        Raises:
            KeyError: if the server was made without a user for `service`.
        """
        ...


class QueueServer(SocketServer, HttpServer, Protocol):
    """A RabbitMQ server that bootstrap Jobs reach through its management API."""

    @property
    def tls(self) -> bool:
        """Whether AMQP needs TLS."""
        ...

    @property
    def management_url(self) -> pulumi.Input[str]:
        """Base URL of the management API."""
        ...


class ObjectStore(HttpServer, Protocol):
    """An S3-compatible store with a user per service, each confined to its buckets."""

    @property
    def url(self) -> pulumi.Input[str]:
        """Base URL of the S3 API."""
        ...

    @property
    def region(self) -> str:
        """Region that requests are signed for."""
        ...

    def password(self, service: str) -> pulumi.Input[str]:
        """Secret access key of `service`, whose access key is its name.

        Raises:
            KeyError: if the store was made without a user for `service`.
        """
        ...
