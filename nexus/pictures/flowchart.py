"""The graph as a flowchart in the languages of Mermaid, which GitHub draws, and of Graphviz.

A chart cannot raise the limits that Mermaid holds it to, so a large graph is drawn with less.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from catalog import Catalog, Edge, NodeKind, Order
from catalog.errors import counted
from catalog.job import migration_name
from catalog.names import EXTERNAL_TIER
from graph.order import starts_after

OUTSIDE = "Outside the platform"
"""Title of the group of external APIs."""

SHAPES = {
    NodeKind.SERVICE: '["{}"]',
    NodeKind.RESOURCE: '[("{}")]',
    NodeKind.EXTERNAL: '(["{}"])',
}
"""How Mermaid draws each kind of node."""

_DOT_SHAPES = {
    NodeKind.SERVICE: "box",
    NodeKind.RESOURCE: "cylinder",
    NodeKind.EXTERNAL: "ellipse",
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
class _Group:
    """A tier, or the external APIs: nodes of one kind, sorted by name."""

    key: str
    title: str
    kind: NodeKind
    names: tuple[str, ...]


def _groups(catalog: Catalog) -> Iterator[_Group]:
    """Every group that has nodes, tiers in startup order and then the external APIs."""
    for tier in catalog.tiers:
        if tier.name == catalog.first_tier:
            kind, names = NodeKind.RESOURCE, tuple(catalog.resources)
        else:
            kind = NodeKind.SERVICE
            names = tuple(service.name for service in catalog.in_tier(tier.name))
        if names:
            title = f"{tier.name} · {tier.starts_at}–{tier.ends_at} s"
            yield _Group(tier.name, title, kind, names)
    if catalog.external:
        yield _Group(EXTERNAL_TIER, OUTSIDE, NodeKind.EXTERNAL, tuple(catalog.external))


JOB_SHAPE = '{{{{"{}"}}}}'
"""How Mermaid draws a migration or a task of each release."""


def _jobs(catalog: Catalog, names: Iterable[str]) -> Iterator[str]:
    """The Jobs that the pods of services wait for; nothing of what is no service."""
    for name in names:
        if name in catalog.services:
            yield from catalog.services[name].jobs


def _job_pairs(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Who waits for a Job, and what a migration waits for itself; tasks wait for that."""
    for service in catalog.services.values():
        database, migration = catalog.migrates(service.name), migration_name(service.name)
        for job in service.jobs:
            yield service.name, job
            if database is not None:
                yield job, database.target if job == migration else migration


@dataclass(frozen=True)
class Chart:
    """A flowchart of Mermaid's, so many of its lines edges; without a title it shows all."""

    lines: tuple[str, ...]
    edges: int
    title: str = ""

    @property
    def text(self) -> str:
        """What Mermaid reads."""
        front = ("---", f"title: {json.dumps(self.title, ensure_ascii=False)}", "---")
        return "\n".join((*(front if self.title else ()), *self.lines)) + "\n"


def first_drawn(charts: Iterable[Chart]) -> str:
    """The first chart that Mermaid draws, of several that show less and less; else the last."""
    text = ""
    for chart in charts:
        text = chart.text
        if chart.edges <= MOST_EDGES and len(text) <= MOST_TEXT:
            break
    return text


def node_id(name: str) -> str:
    """A name that is no keyword of Mermaid; hyphens would be read as parts of arrows."""
    return f"n_{name.replace('-', '_')}"


def arrow(label: object = None, *, dashed: bool) -> str:
    """An arrow of Mermaid's, with what stands on it."""
    line = "-.->" if dashed else "-->"
    return line if label is None else f'{line}|"{label}"|'


def as_mermaid(catalog: Catalog) -> str:
    """A flowchart of all nodes, one subgraph per tier, and all edges.

    An arrow points from a service to what it needs: solid for startup, dashed
    for runtime; the label of a degradable edge is its fallback. A hexagon is a
    migration or a task of each release, which its service waits for.

    A catalog with more edges than Mermaid draws loses the startup edges that follow from
    others; where that is not enough, a box stands for a domain, and at last for a tier.
    The title then says so.
    """
    return first_drawn(_charts(catalog))


def _charts(catalog: Catalog) -> Iterator[Chart]:
    jobs = len(tuple(_job_pairs(catalog)))
    yield Chart(tuple(_lines(catalog, catalog.edges)), len(catalog.edges) + jobs)
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
    yield Chart(tuple(_lines(catalog, kept)), len(kept) + jobs, title)
    yield _summary(catalog, "domain", lambda name: _domain(catalog, name))
    yield _summary(catalog, "tier", lambda name: catalog.tier_of(name) or EXTERNAL_TIER)


def _domain(catalog: Catalog, name: str) -> str:
    """The domain of a service; what else there is stands for itself."""
    return catalog.services[name].domain if name in catalog.services else catalog.base(name)


def _lines(catalog: Catalog, edges: Iterable[Edge]) -> Iterator[str]:
    yield "flowchart BT"
    for group in _groups(catalog):
        yield f'  subgraph {group.key}["{group.title}"]'
        for name in group.names:
            yield f"    {node_id(name)}{SHAPES[group.kind].format(name)}"
        for job in _jobs(catalog, group.names):
            yield f"    {node_id(job)}{JOB_SHAPE.format(job)}"
        yield "  end"
    for edge in edges:
        line = arrow(_instead(edge), dashed=edge.order is Order.RUNTIME)
        yield f"  {node_id(edge.source)} {line} {node_id(edge.target)}"
    for source, target in _job_pairs(catalog):
        yield f"  {node_id(source)} --> {node_id(target)}"


def _instead(edge: Edge) -> str | None:
    """What stands on an edge in any language."""
    return None if edge.fallback is None else f"or {edge.fallback}"


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
        lines.append(f"  b_{node_id(box)}{SHAPES[kind].format(box + what + among)}")
    for (source, target, order), number in sorted(between.items()):
        line = arrow(number, dashed=order is Order.RUNTIME)
        lines.append(f"  b_{node_id(source)} {line} b_{node_id(target)}")
    title = f"One box per {word}, with the number of edges: there are more than Mermaid draws"
    return Chart(tuple(lines), len(between), title)


def as_dot(catalog: Catalog) -> str:
    """A digraph of all nodes, one cluster per tier, and all edges.

    An arrow points from a service to what it needs: solid for startup, dashed
    for runtime, with an open head and its fallback as label when it is
    degradable. Reasons are tooltips.
    """
    return "\n".join(_dot_lines(catalog)) + "\n"


def _dot_lines(catalog: Catalog) -> Iterator[str]:
    yield 'digraph "nexus-cos" {'
    yield "  rankdir=BT; compound=true; newrank=true;"
    yield '  node [fontname="Helvetica", fontsize=11, style=filled, fillcolor=white];'
    yield '  edge [fontname="Helvetica", fontsize=9, color="#64748b"];'
    for group in _groups(catalog):
        yield f"  subgraph {_quoted('cluster_' + group.key)} {{"
        yield f"    label={_quoted(group.title)}; style=rounded; bgcolor={_quoted('#f8fafc')};"
        for name in group.names:
            yield f"    {_quoted(name)} [shape={_DOT_SHAPES[group.kind]}];"
        for job in _jobs(catalog, group.names):
            yield f"    {_quoted(job)} [shape=hexagon];"
        yield "  }"
    for edge in catalog.edges:
        line = f"{_quoted(edge.source)} -> {_quoted(edge.target)}"
        attributes = ", ".join(_attributes(edge))
        yield f"  {line} [{attributes}];" if attributes else f"  {line};"
    for source, target in _job_pairs(catalog):
        yield f"  {_quoted(source)} -> {_quoted(target)};"
    yield "}"


def _attributes(edge: Edge) -> Iterator[str]:
    if edge.order is Order.RUNTIME:
        yield "style=dashed"
        # A call made after both are up says nothing about who is drawn above whom.
        yield "constraint=false"
    if instead := _instead(edge):
        yield "arrowhead=empty"
        yield f"label={_quoted(instead)}"
    if edge.reason is not None:
        yield f"tooltip={_quoted(edge.reason)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
