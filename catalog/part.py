"""A part of a server: a database, keys or a vhost, one's own or another service's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.access import Access
from catalog.errors import listed


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a server, as an edge leads to it.

    Args:
        of: the other service whose it is; None for one of the user's own.
        name: which of them, where that service has several; None for its usual one.
        access: what is done there; None with one's own, where everything is.
        exchange: of an event bus: what is published to or consumed from.
        routing_keys: with which patterns of keys.
    """

    of: str | None = None
    name: str | None = None
    access: Access | None = None
    exchange: str | None = None
    routing_keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        which = "" if self.name is None else f"'{self.name}' "
        if self.of is None:
            return f"{which or 'one '}of its own"
        at = "" if self.exchange is None else f" at {self.exchange}: {', '.join(self.routing_keys)}"
        return f"{which or 'that '}of {self.of}, to {self.access}{at}"

    def document(self) -> dict[str, object]:
        """The same as plain data, of which only what is said stands there."""
        bus: dict[str, object] = {
            "exchange": self.exchange,
            "routing_keys": list(self.routing_keys),
        }
        said: dict[str, object] = {"of": self.of, "part": self.name, "access": self.access}
        return {
            **{key: value for key, value in said.items() if value is not None},
            **({} if self.exchange is None else bus),
        }


OWN = (Part(),)
"""What a service has of a server that says no more: one part, its own."""


def in_words(parts: Sequence[Part]) -> str:
    """All of them, as the object of a sentence."""
    return str(parts[0]) if len(parts) == 1 else listed([str(each) for each in parts])


def documents(parts: Sequence[Part]) -> dict[str, object]:
    """What graphs and snapshots tell of the parts that an edge leads to; nothing of the usual."""
    if len(parts) == 1:
        return parts[0].document()
    return {"parts": [{"of": None, **each.document()} for each in parts]}
