"""What a service may do with a part of a server that is another service's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from catalog.names import DNS_LABEL, ServiceName
from catalog.validation import Entry

Shared = Literal["postgres", "redis", "queue"]
"""Platform resources of which a service can have another one's part."""

SHARED: tuple[Shared, ...] = get_args(Shared)


class Access(StrEnum):
    """Whether the content is read or changed, or messages are sent or heard; never its shape."""

    READ = "read"
    READ_WRITE = "read-write"
    PUBLISH = "publish"
    CONSUME = "consume"


ACCESS: Mapping[Shared, tuple[Access, ...]] = {
    "postgres": (Access.READ, Access.READ_WRITE),
    "redis": (Access.READ, Access.READ_WRITE),
    "queue": (Access.PUBLISH, Access.CONSUME),
}
"""What there is to do with another one's part."""

NAMED: tuple[Shared, ...] = ("postgres", "queue")
"""Those of which a service has several by name: databases and vhosts. Keys have one prefix, below
which there is room for all, and buckets have names of their own in the platform's file."""

PartName = Annotated[str, StringConstraints(pattern=DNS_LABEL, max_length=20)]

ExchangeName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
]
RoutingKey = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_-]+|\*|#)(\.([A-Za-z0-9_-]+|\*|#))*$", max_length=255),
]
RoutingKeys = Annotated[list[RoutingKey], Field(min_length=1, max_length=50)]
"""Patterns as in a binding of RabbitMQ: words between dots, `*` for one and `#` for any number."""


def usual(target: str | None, access: Access | None) -> Access | None:
    """What is done with another one's part, where it is not said: to read it."""
    return Access.READ if access is None and target != "queue" else access


class GrantEntry(Entry, title="Grant"):
    """Another service that may use this one's part of a server."""

    target: Shared = Field(description="Which part: its database, keys or vhost")
    part: PartName | None = Field(
        default=None, description="Which of them, where the service has several"
    )
    to: ServiceName = Field(description="Service that may use it")
    access: Access | None = Field(
        default=None,
        strict=False,
        description="What it may do at most: read (if none is given) or read-write in a database "
        "and of keys; "
        "publish or consume in a vhost",
    )
    exchange: ExchangeName | None = Field(
        default=None, description="Of a vhost: the topic exchange that it may use"
    )
    routing_keys: RoutingKeys | None = Field(
        default=None, description="With which routing keys at most, as in a binding"
    )


def covers(granted: Sequence[str], key: str) -> bool:
    """Whether every message that routing key `key` stands for is one that `granted` allow."""
    return any(_covers(each.split("."), key.split(".")) for each in granted)


def _covers(granted: Sequence[str], words: Sequence[str]) -> bool:
    if not granted:
        return not words
    if granted[0] == "#":
        return _covers(granted[1:], words) or (bool(words) and _covers(granted, words[1:]))
    if not words or words[0] == "#":
        return False
    return granted[0] in ("*", words[0]) and _covers(granted[1:], words[1:])
