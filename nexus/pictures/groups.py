"""The nodes of a catalog in the groups that pictures draw: tiers, then what is outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog import Catalog, NodeKind
from catalog.names import EXTERNAL_TIER

OUTSIDE = "Outside the platform"
"""Title of the group of external APIs."""


@dataclass(frozen=True)
class Group:
    """A tier, or the external APIs.

    Args:
        key: identifier of the group.
        title: name and window, for people.
        kind: what all its nodes are.
        names: its nodes, sorted by name.
    """

    key: str
    title: str
    kind: NodeKind
    names: tuple[str, ...]


def groups(catalog: Catalog) -> Iterator[Group]:
    """Every group that has nodes, tiers in startup order and then the external APIs."""
    for tier in catalog.tiers:
        if tier.name == catalog.first_tier:
            kind, names = NodeKind.RESOURCE, tuple(catalog.resources)
        else:
            kind = NodeKind.SERVICE
            names = tuple(service.name for service in catalog.in_tier(tier.name))
        if names:
            title = f"{tier.name} · {tier.starts_at}–{tier.ends_at} s"
            yield Group(tier.name, title, kind, names)
    if catalog.external:
        yield Group(EXTERNAL_TIER, OUTSIDE, NodeKind.EXTERNAL, tuple(catalog.external))
