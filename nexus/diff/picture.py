"""The changed neighbourhood of the graph, for Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Edge, Order
from nexus.diff.catalog_diff import CatalogDiff
from nexus.pictures.mermaid import MOST_EDGES

MOST_NODES = 60
"""Nodes of a picture; more cannot be read."""

_SHAPES = {"service": '["{}"]', "resource": '[("{}")]', "external": '(["{}"])'}
_STYLES = (
    "classDef added fill:#d8f5d8,stroke:#1a7f37,color:#0b3d17",
    "classDef removed fill:#ffe0de,stroke:#cf222e,color:#5c0f14,stroke-dasharray:4 3",
    "classDef moved fill:#fff3c4,stroke:#9a6700,color:#4d3400",
)
_LINKS = {
    "+": "stroke:#1a7f37,stroke-width:3px",
    "-": "stroke:#cf222e,stroke-width:3px",
    "~": "stroke:#9a6700,stroke-width:3px",
}


def picture(base: Catalog, head: Catalog, diff: CatalogDiff) -> str | None:
    """A Mermaid flowchart of what changed and what it touches; None if nothing did.

    Every name is a DNS label (`nexus.diff.snapshot`), so none can leave its box. It is None too
    where there would be too much to see.

    Args:
        base: the catalog as it was.
        head: the catalog as it is wanted.
        diff: what differs between them.
    """
    edges = [*_edges(head, diff)]
    nodes = {name for edge, _ in edges for name in (edge.source, edge.target)}
    nodes |= {*diff.added, *diff.removed, *_moved(diff)}
    if not nodes or len(nodes) > MOST_NODES or len(edges) > MOST_EDGES:
        return None
    return "\n".join(_lines(base, head, diff, sorted(nodes), edges))


def _edges(head: Catalog, diff: CatalogDiff) -> Iterator[tuple[Edge, str]]:
    """Changed edges, and all edges of services that come, go or move, each with its mark."""
    yield from ((edge, "+") for edge in diff.edges_added)
    yield from ((edge, "-") for edge in diff.edges_removed)
    yield from ((change.after, "~") for change in diff.edges_changed)
    told = {(e.source, e.target) for e in (*diff.edges_added, *diff.edges_removed)}
    told |= {(change.after.source, change.after.target) for change in diff.edges_changed}
    moved = _moved(diff)
    for edge in head.edges:
        if (edge.source, edge.target) not in told and moved & {edge.source, edge.target}:
            yield edge, " "


def _moved(diff: CatalogDiff) -> set[str]:
    """Services that stay, in another place or under another name."""
    return {each.name for each in (*diff.tiers, *diff.domains, *diff.renamed)}


def _lines(
    base: Catalog, head: Catalog, diff: CatalogDiff, nodes: list[str], edges: list[tuple[Edge, str]]
) -> Iterator[str]:
    ids = {name: f"n{number}" for number, name in enumerate(nodes)}
    moved = _moved(diff)
    was = {each.name: f" (was {each.former})" for each in diff.renamed}
    yield "flowchart BT"
    for name in nodes:
        kind = str(head.kind(name) or base.kind(name))
        shape = _SHAPES[kind].format(name + was.get(name, ""))
        mark = next(
            (
                f":::{word}"
                for word, found in (
                    ("added", diff.added),
                    ("removed", diff.removed),
                    ("moved", moved),
                )
                if name in found
            ),
            "",
        )
        yield f"  {ids[name]}{shape}{mark}"
    for edge, mark in edges:
        arrow = "-->" if edge.order is Order.STARTUP else "-.->"
        label = {"+": '|"new"|', "-": '|"gone"|', "~": '|"changed"|'}.get(mark, "")
        yield f"  {ids[edge.source]} {arrow}{label} {ids[edge.target]}"
    for mark, style in _LINKS.items():
        numbers = [str(number) for number, (_, own) in enumerate(edges) if own == mark]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} {style}"
    yield from (f"  {style}" for style in _STYLES)
