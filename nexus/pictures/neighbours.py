"""One node and its neighbours as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import Catalog, Edge, NodeKind
from catalog.wording import counted
from graph.order import starts_after


def neighbours_as_text(catalog: Catalog, name: str) -> str:
    """One node, what it needs and what needs it.

    Args:
        catalog: the whole catalog.
        name: a service, platform resource or external API of it.
    """
    return "\n".join(_neighbours(catalog, name)) + "\n"


def _neighbours(catalog: Catalog, name: str) -> Iterator[str]:
    yield f"{name}: {_description(catalog, name)}"
    if name in catalog.services:
        yield ""
        yield f"rolled out after {', '.join(starts_after(catalog)[name]) or 'no other service'}"
        yield from _section("needs", {edge.target: edge for edge in catalog.needs(name)})
    users = {edge.source: edge for edge in catalog.edges if edge.target == name}
    yield from _section("needed by", users)


def _section(title: str, edges: Mapping[str, Edge]) -> Iterator[str]:
    """The edges to or from the other nodes, under a title."""
    yield ""
    yield f"{title} {counted(len(edges), 'node')}"
    width = max(map(len, edges), default=0)
    for other, edge in edges.items():
        fallback = "" if edge.fallback is None else f", or {edge.fallback}"
        yield f"  {other:<{width}}  {edge.order}, {edge.criticality}{fallback}"
        if edge.reason is not None:
            yield f"  {'':<{width}}  {edge.reason}"


def _description(catalog: Catalog, name: str) -> str:
    kind = catalog.kind(name)
    if kind is NodeKind.SERVICE:
        service = catalog.services[name]
        return f"{service.summary} (domain {service.domain}, tier {service.tier})"
    node = catalog.resources[name] if kind is NodeKind.RESOURCE else catalog.external[name]
    providers = f"; provided by {', '.join(node.providers)}" if node.providers else ""
    what = "platform resource" if kind is NodeKind.RESOURCE else "external API"
    return f"{node.summary} ({what}{providers})"
