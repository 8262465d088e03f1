"""The graph as a Mermaid flowchart, which GitHub draws in Markdown.

A chart cannot raise the limits that Mermaid holds it to, so a large graph is drawn with less.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from catalog import Catalog, Edge, NodeKind, Order
from catalog.errors import counted
from catalog.names import EXTERNAL_TIER
from graph.order import starts_after
from nexus.pictures.groups import groups

_SHAPES = {
    NodeKind.SERVICE: '["{}"]',
    NodeKind.RESOURCE: '[("{}")]',
    NodeKind.EXTERNAL: '(["{}"])',
}


_NOUNS = {
    NodeKind.SERVICE: "service",
    NodeKind.RESOURCE: "resource",
    NodeKind.EXTERNAL: "external API",
}


MOST_EDGES = 500
MOST_TEXT = 50_000
"""Edges and characters of a chart; of a larger one Mermaid shows an error. Whoever embeds Mermaid
may raise both, a chart may not: `maxEdges` and `maxTextSize` are secure keys. GitHub leaves them
as they are. Source: `secure` in packages/mermaid/src/schemas/config.schema.yaml of
https://github.com/mermaid-js/mermaid, version 11."""


@dataclass(frozen=True)
class Chart:
    """A flowchart.

    Args:
        lines: all of it.
        edges: how many of the lines are edges.
        title: what a reader has to know of it; empty if it shows all there is.
    """

    lines: tuple[str, ...]
    edges: int
    title: str = ""

    @property
    def text(self) -> str:
        """What Mermaid reads."""
        front = ("---", f"title: {json.dumps(self.title, ensure_ascii=False)}", "---")
        return "\n".join((*(front if self.title else ()), *self.lines)) + "\n"

    @property
    def is_drawn(self) -> bool:
        """Whether Mermaid draws it."""
        return self.edges <= MOST_EDGES and len(self.text) <= MOST_TEXT


def first_drawn(charts: Iterable[Chart]) -> str:
    """The first chart that Mermaid draws, of several that show less and less; else the last."""
    return next(_until_drawn(charts))


def _until_drawn(charts: Iterable[Chart]) -> Iterator[str]:
    last = ""
    for chart in charts:
        last = chart.text
        if chart.is_drawn:
            yield last
    yield last


def node_id(name: str) -> str:
    """A name that is no keyword of Mermaid; hyphens would be read as parts of arrows."""
    return f"n_{name.replace('-', '_')}"


def as_mermaid(catalog: Catalog) -> str:
    """A flowchart of all nodes, one subgraph per tier, and all edges.

    An arrow points from a service to what it needs: solid for startup, dashed
    for runtime; the label of a degradable edge is its fallback.

    A catalog with more edges than Mermaid draws loses the startup edges that follow from
    others; where that is not enough, a box stands for a domain, and at last for a tier.
    The title then says so.
    """
    return first_drawn(_charts(catalog))


def _charts(catalog: Catalog) -> Iterator[Chart]:
    yield Chart(tuple(_lines(catalog, catalog.edges)), len(catalog.edges))
    after = starts_after(catalog)
    kept = [
        edge
        for edge in catalog.edges
        if edge.order is not Order.STARTUP
        or edge.target not in catalog.services
        or edge.target in after[edge.source]
    ]
    left_out = counted(len(catalog.edges) - len(kept), "startup edge")
    title = f"Without {left_out} that others imply"
    yield Chart(tuple(_lines(catalog, kept)), len(kept), title)
    yield _summary(catalog, "domain", lambda name: _domain(catalog, name))
    yield _summary(catalog, "tier", lambda name: catalog.tier_of(name) or EXTERNAL_TIER)


def _domain(catalog: Catalog, name: str) -> str:
    """The domain of a service; what else there is stands for itself."""
    return catalog.services[name].domain if name in catalog.services else catalog.base(name)


def _lines(catalog: Catalog, edges: Iterable[Edge]) -> Iterator[str]:
    yield "flowchart BT"
    for group in groups(catalog):
        yield f'  subgraph {group.key}["{group.title}"]'
        for name in group.names:
            yield f"    {node_id(name)}{_SHAPES[group.kind].format(name)}"
        yield "  end"
    for edge in edges:
        yield f"  {node_id(edge.source)} {_arrow(edge)} {node_id(edge.target)}"


def _arrow(edge: Edge) -> str:
    arrow = "-->" if edge.order is Order.STARTUP else "-.->"
    return arrow if edge.fallback is None else f'{arrow}|"or {edge.fallback}"|'


def _summary(catalog: Catalog, word: str, box_of: Callable[[str], str]) -> Chart:
    """One box for all nodes that `box_of` gives the same name, and counted edges between boxes."""
    between: Counter[tuple[str, str, Order]] = Counter()
    inside: Counter[str] = Counter()
    for edge in catalog.edges:
        source, target = box_of(edge.source), box_of(edge.target)
        if source == target:
            inside[source] += 1
        else:
            between[source, target, edge.order] += 1
    lines = ["flowchart BT"]
    members: dict[str, list[str]] = {}
    for name in (*catalog.services, *catalog.resources, *catalog.external):
        members.setdefault(box_of(name), []).append(name)
    for box, names in sorted(members.items()):
        kind = catalog.kind(names[0]) or NodeKind.SERVICE
        what = f": {counted(len(names), _NOUNS[kind])}" if names != [box] else ""
        among = f", {counted(inside[box], 'edge')} among them" if inside[box] else ""
        lines.append(f"  {_box_id(box)}{_SHAPES[kind].format(box + what + among)}")
    for (source, target, order), number in sorted(between.items()):
        arrow = "-->" if order is Order.STARTUP else "-.->"
        lines.append(f'  {_box_id(source)} {arrow}|"{number}"| {_box_id(target)}')
    title = f"One box per {word}, with the number of edges: there are more than Mermaid draws"
    return Chart(tuple(lines), len(between), title)


def _box_id(box: str) -> str:
    return f"b_{node_id(box)}"
