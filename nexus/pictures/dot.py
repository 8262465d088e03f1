"""The graph in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog, Edge, NodeKind, Order
from nexus.pictures.groups import groups

_SHAPES = {
    NodeKind.SERVICE: "box",
    NodeKind.RESOURCE: "cylinder",
    NodeKind.EXTERNAL: "ellipse",
}


def as_dot(catalog: Catalog) -> str:
    """A digraph of all nodes, one cluster per tier, and all edges.

    An arrow points from a service to what it needs: solid for startup, dashed
    for runtime, with an open head and its fallback as label when it is
    degradable. Reasons are tooltips.
    """
    return "\n".join(_lines(catalog)) + "\n"


def _lines(catalog: Catalog) -> Iterator[str]:
    yield 'digraph "nexus-cos" {'
    yield "  rankdir=BT; compound=true; newrank=true;"
    yield '  node [fontname="Helvetica", fontsize=11, style=filled, fillcolor=white];'
    yield '  edge [fontname="Helvetica", fontsize=9, color="#64748b"];'
    for group in groups(catalog):
        yield f"  subgraph {_quoted('cluster_' + group.key)} {{"
        yield f"    label={_quoted(group.title)}; style=rounded; bgcolor={_quoted('#f8fafc')};"
        for name in group.names:
            yield f"    {_quoted(name)} [shape={_SHAPES[group.kind]}];"
        yield "  }"
    for edge in catalog.edges:
        arrow = f"{_quoted(edge.source)} -> {_quoted(edge.target)}"
        attributes = ", ".join(_attributes(edge))
        yield f"  {arrow} [{attributes}];" if attributes else f"  {arrow};"
    yield "}"


def _attributes(edge: Edge) -> Iterator[str]:
    if edge.order is Order.RUNTIME:
        yield "style=dashed"
        # A call made after both are up says nothing about who is drawn above whom.
        yield "constraint=false"
    if edge.fallback is not None:
        yield "arrowhead=empty"
        yield f"label={_quoted(f'or {edge.fallback}')}"
    if edge.reason is not None:
        yield f"tooltip={_quoted(edge.reason)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
