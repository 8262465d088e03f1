"""The graph as a Mermaid flowchart, which GitHub draws in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Edge, NodeKind, Order
from graph.render.groups import groups

_SHAPES = {
    NodeKind.SERVICE: '["{}"]',
    NodeKind.RESOURCE: '[("{}")]',
    NodeKind.EXTERNAL: '(["{}"])',
}


def as_mermaid(catalog: Catalog) -> str:
    """A flowchart of all nodes, one subgraph per tier, and all edges.

    An arrow points from a service to what it needs: solid for startup, dashed
    for runtime; the label of a degradable edge is its fallback.
    """
    return "\n".join(_lines(catalog)) + "\n"


def _lines(catalog: Catalog) -> Iterator[str]:
    yield "---"
    yield "config:"
    yield f"  maxEdges: {max(500, len(catalog.edges))}"
    yield "---"
    yield "flowchart BT"
    for group in groups(catalog):
        yield f'  subgraph {group.key}["{group.title}"]'
        for name in group.names:
            yield f"    {_id(name)}{_SHAPES[group.kind].format(name)}"
        yield "  end"
    for edge in catalog.edges:
        yield f"  {_id(edge.source)} {_arrow(edge)} {_id(edge.target)}"


def _id(name: str) -> str:
    """A name that is no keyword of Mermaid; hyphens would be read as parts of arrows."""
    return f"n_{name.replace('-', '_')}"


def _arrow(edge: Edge) -> str:
    arrow = "-->" if edge.order is Order.STARTUP else "-.->"
    return arrow if edge.fallback is None else f'{arrow}|"or {edge.fallback}"|'
