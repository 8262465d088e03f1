"""What a service may do with a part of a server that is another service's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field

from catalog.names import ServiceName
from catalog.validation import Entry

Shared = Literal["postgres"]
"""Platform resources of which a service can have another one's part."""

SHARED: tuple[Shared, ...] = get_args(Shared)


class Access(StrEnum):
    """Whether the content is only read, or changed, too; its shape stays the owner's."""

    READ = "read"
    READ_WRITE = "read-write"


@dataclass(frozen=True, kw_only=True)
class PartOf:
    """Another service's part, as an edge leads to it."""

    service: str
    access: Access

    def __str__(self) -> str:
        return f"that of {self.service}, to {self.access}"


class GrantEntry(Entry, title="Grant"):
    """Another service that may use this one's part of a server."""

    target: Shared = Field(description="Which part: its database")
    to: ServiceName = Field(description="Service that may use it")
    access: Access = Field(
        default=Access.READ, strict=False, description="What it may do at most: read or read-write"
    )
