"""The graph as `nexus graph --format json` writes it, read back into a catalog."""

from __future__ import annotations

from typing import Annotated, Literal

import networkx as nx
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from catalog import Catalog, Edge, External, Fallback, Flow, Order, Resource, Service, Tier
from graph.dependencies import startup_graph
from nexus.diff.errors import UnreadableError
from nexus.diff.untrusted import read_json, shaped

MOST_NODES = 5_000
MOST_EDGES = 50_000
SOURCE = "nexus graph --format json"

NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A DNS label, as the catalog demands; so a name can stand anywhere in a report and picture."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class GraphNode(_Part):
    """A service, platform resource or external API; older revisions tell less of it."""

    name: NodeName
    kind: Literal["service", "resource", "external"]
    tier: Literal["infrastructure", "core", "platform", "domain", "frontend"] | None
    domain: NodeName | None
    stands_for: NodeName | None = None
    dedicated_to: NodeName | None = None
    summary: Annotated[str, StringConstraints(max_length=2_000)] = ""
    renamed_from: NodeName | None = None


class GraphEdge(_Part):
    """`source` needs `target`."""

    source: NodeName
    target: NodeName
    order: Literal["startup", "runtime"]
    criticality: Literal["hard", "degradable"]
    fallback: Literal["database", "rules", "origin"] | None
    reason: Annotated[str, StringConstraints(max_length=2_000)] | None


class GraphFlow(_Part):
    """A critical path through the nodes."""

    name: NodeName
    steps: Annotated[list[NodeName], Field(max_length=200)]


class GraphDocument(_Part):
    """Every node and edge; the flows are missing in documents of older revisions."""

    nodes: Annotated[list[GraphNode], Field(max_length=MOST_NODES)]
    edges: Annotated[list[GraphEdge], Field(max_length=MOST_EDGES)]
    flows: Annotated[list[GraphFlow], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _holds_together(self) -> GraphDocument:
        names = {node.name for node in self.nodes}
        if len(names) < len(self.nodes):
            raise ValueError("names a node twice")
        if len({(edge.source, edge.target) for edge in self.edges}) < len(self.edges):
            raise ValueError("names an edge twice")
        services = {node.name for node in self.nodes if node.kind == "service"}
        if any(edge.source not in services or edge.target not in names for edge in self.edges):
            raise ValueError("has an edge from or to a node that it does not list")
        if any(n.kind == "service" and (n.tier is None or n.domain is None) for n in self.nodes):
            raise ValueError("has a service without tier or domain")
        return self


def read_graph(content: bytes, name: str) -> Catalog:
    """The graph in `content` as a catalog: what a document does not tell (ports) is empty.

    Args:
        content: the file's bytes.
        name: what to call it in an error.

    Raises:
        UnreadableError: it is too large, no JSON, not of the documented shape, or its
            startup edges have a cycle.
    """
    document = shaped(GraphDocument, read_json(content, name, SOURCE), name, SOURCE)
    catalog = _catalog(document)
    if not nx.is_directed_acyclic_graph(startup_graph(catalog)):
        raise UnreadableError(
            f"{name} has a cycle of startup edges, so nothing has an order; "
            "run `nexus check` there, which names it."
        )
    return catalog


def _catalog(document: GraphDocument) -> Catalog:
    nodes = sorted(document.nodes, key=lambda node: node.name)
    return Catalog(
        services={
            node.name: Service(
                name=node.name,
                domain=node.domain or "",
                tier=Tier(node.tier or Tier.FRONTEND),
                summary=node.summary,
                port=0,
                start_seconds=0,
                file="",
                renamed_from=node.renamed_from,
            )
            for node in nodes
            if node.kind == "service"
        },
        resources={
            node.name: Resource(
                name=node.name,
                summary="",
                providers=(),
                gate=False,
                stands_for=node.stands_for,
                dedicated_to=node.dedicated_to,
            )
            for node in nodes
            if node.kind == "resource"
        },
        external={
            node.name: External(name=node.name, summary="", providers=())
            for node in nodes
            if node.kind == "external"
        },
        edges=tuple(
            Edge(
                source=edge.source,
                target=edge.target,
                order=Order(edge.order),
                fallback=None if edge.fallback is None else Fallback(edge.fallback),
                reason=edge.reason,
                file="",
            )
            for edge in sorted(document.edges, key=lambda edge: (edge.source, edge.target))
        ),
        windows=(),
        buckets={},
        flows=tuple(Flow(name=flow.name, steps=tuple(flow.steps)) for flow in document.flows),
        platform_file="",
    )
