"""Nodes whose failure alone takes others down, the worst first."""

from __future__ import annotations

from dataclasses import dataclass

from catalog import Catalog, NodeKind
from graph.impact import State, impact


@dataclass(frozen=True, kw_only=True)
class WeakPoint:
    """What the failure of one node alone does.

    Args:
        name: the node.
        kind: what it is.
        down: other services that are down then, sorted.
        degraded: services that are degraded then, sorted.
        flows: critical flows that are broken then, sorted.
    """

    name: str
    kind: NodeKind
    down: tuple[str, ...]
    degraded: tuple[str, ...]
    flows: tuple[str, ...]


def weak_points(catalog: Catalog) -> tuple[WeakPoint, ...]:
    """Every node whose failure takes another service or a flow down.

    Most broken flows first, then most services down, most degraded, and by name.
    """
    points: list[WeakPoint] = []
    for name in (*catalog.services, *catalog.resources, *catalog.external):
        found, kind = impact(catalog, [name]), catalog.kind(name)
        down = tuple(other for other in found.named(State.DOWN) if other != name)
        flows = tuple(flow for flow, each in found.flows.items() if each.state is State.DOWN)
        if kind is not None and (down or flows):
            points.append(
                WeakPoint(
                    name=name,
                    kind=kind,
                    down=down,
                    degraded=found.named(State.DEGRADED),
                    flows=flows,
                )
            )
    return tuple(
        sorted(
            points,
            key=lambda each: (
                -len(each.flows),
                -len(each.down),
                -len(each.degraded),
                each.name,
            ),
        )
    )
