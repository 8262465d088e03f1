"""What happens to one resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nexus.diff.phrase import Phrase
from nexus.diff.property_change import PropertyChange
from nexus.pulumi.resource import Resource


class Danger(StrEnum):
    """Why a change can cost data or service."""

    REMOVED = "removed"
    RENAMED = "renamed"
    REPLACED = "replaced"
    REPOINTED = "repointed"
    UPGRADED = "upgraded"
    UNPROTECTED = "unprotected"
    PROTECTED = "protected"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A dangerous change: which resource, in which way, and what it costs."""

    urn: str
    danger: Danger
    reason: Phrase


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A resource of both sides whose inputs or options differ.

    Args:
        before, after: the resource on both sides.
        properties: what differs in its inputs.
        options: what differs in its options.
        replacing: paths of the properties that may replace it; empty if it is changed in place.
        harmless: whether a replacement costs nothing: the new object has another name and
            is there before the old one goes.
        because: names of ConfigMaps and Secrets whose new content is all that this resource's
            change is about; empty if there is more to it.
    """

    before: Resource
    after: Resource
    properties: tuple[PropertyChange, ...]
    options: tuple[PropertyChange, ...] = ()
    replacing: tuple[str, ...] = ()
    harmless: bool = False
    because: tuple[str, ...] = ()

    @property
    def is_routine(self) -> bool:
        """Whether it is new content of a ConfigMap or Secret, or what follows from that."""
        return bool(self.because) or (bool(self.replacing) and self.harmless)


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A resource with another URN.

    Args:
        old, new: its URNs.
        alias: whether Pulumi knows that it is the same.
        data_name: where that is a guess, what the data of the service that it seems to belong
            to is called; None for what belongs to none.
    """

    old: str
    new: str
    alias: bool
    data_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reordered:
    """Dependencies that a resource of both sides gets or loses, by URN.

    Those on resources that come or go themselves are left out: they are no news.
    """

    urn: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
