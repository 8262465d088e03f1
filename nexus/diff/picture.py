"""The changed neighbourhood of the graph, for Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Edge, NodeKind, Order
from nexus.diff.catalog_diff import CatalogDiff
from nexus.pictures.flowchart import MOST_EDGES, SHAPES, arrow

MOST_NODES = 60
"""Nodes of a picture; more cannot be read."""

_STYLES = (
    "classDef added fill:#d8f5d8,stroke:#1a7f37,color:#0b3d17",
    "classDef removed fill:#ffe0de,stroke:#cf222e,color:#5c0f14,stroke-dasharray:4 3",
    "classDef moved fill:#fff3c4,stroke:#9a6700,color:#4d3400",
)
_LINKS = {
    "new": "stroke:#1a7f37,stroke-width:3px",
    "gone": "stroke:#cf222e,stroke-width:3px",
    "changed": "stroke:#9a6700,stroke-width:3px",
}
"""How an edge is drawn, by what stands on it."""


def picture(base: Catalog, head: Catalog, diff: CatalogDiff) -> str | None:
    """A Mermaid flowchart of what changed and what it touches; None if nothing did.

    Every name is a DNS label (`nexus.diff.snapshot`), so none can leave its box. It is None too
    where there would be too much to see.
    """
    marks = {each.name: "moved" for each in (*diff.tiers, *diff.domains, *diff.renamed)}
    edges = [*_edges(head, diff, moved={*marks})]
    marks |= dict.fromkeys(diff.removed, "removed") | dict.fromkeys(diff.added, "added")
    nodes = {*marks, *(name for edge, _ in edges for name in (edge.source, edge.target))}
    if not nodes or len(nodes) > MOST_NODES or len(edges) > MOST_EDGES:
        return None
    ids = {name: f"n{number}" for number, name in enumerate(sorted(nodes))}
    was = {each.name: f" (was {each.former})" for each in diff.renamed}
    lines = ["flowchart BT"]
    for name, own_id in ids.items():
        shape = SHAPES[head.kind(name) or base.kind(name) or NodeKind.SERVICE]
        mark = f":::{marks[name]}" if name in marks else ""
        lines.append(f"  {own_id}{shape.format(name + was.get(name, ''))}{mark}")
    for edge, label in edges:
        line = arrow(label, dashed=edge.order is Order.RUNTIME)
        lines.append(f"  {ids[edge.source]} {line} {ids[edge.target]}")
    for label, style in _LINKS.items():
        numbers = [str(number) for number, (_, own) in enumerate(edges) if own == label]
        if numbers:
            lines.append(f"  linkStyle {','.join(numbers)} {style}")
    return "\n".join((*lines, *(f"  {style}" for style in _STYLES)))


def _edges(head: Catalog, diff: CatalogDiff, moved: set[str]) -> Iterator[tuple[Edge, str | None]]:
    """Changed edges, each with its label, and all other edges of services that moved."""
    yield from ((edge, "new") for edge in diff.edges_added)
    yield from ((edge, "gone") for edge in diff.edges_removed)
    yield from ((after, "changed") for _, after in diff.edges_changed)
    told = {(e.source, e.target) for e in (*diff.edges_added, *diff.edges_removed)}
    told |= {(after.source, after.target) for _, after in diff.edges_changed}
    for edge in head.edges:
        if (edge.source, edge.target) not in told and moved & {edge.source, edge.target}:
            yield edge, None
