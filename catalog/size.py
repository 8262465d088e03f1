"""How large services are, and how many pods they have, in each environment: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.document import Location
from catalog.size_entry import NodeEntry, ScaleOnEntry, SizeEntry


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """A service in one environment.

    Args:
        least, most: number of pods.
        scale_on: what the number between them follows.
        size_at, replicas_at, scale_at: where that is said.
    """

    size: SizeEntry
    least: int
    most: int
    scale_on: ScaleOnEntry
    size_at: Location
    replicas_at: Location
    scale_at: Location


@dataclass(frozen=True, kw_only=True)
class EnvironmentSizes:
    """What an environment says of services that say nothing themselves, and what it has.

    Args:
        usual: a service that says nothing.
        node: its largest node; None where nodes are made as large as pods ask.
        queue_metric: external metric with the length of a queue; None where nothing serves it.
        metrics: other external metrics that something in the cluster serves.
    """

    usual: Sizing
    node: NodeEntry | None
    queue_metric: str | None
    metrics: tuple[str, ...]
