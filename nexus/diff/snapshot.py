"""A snapshot: all that one revision says of itself, in one document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, Literal, TypeVar

import networkx as nx
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from catalog import Catalog, Edge, External, Fallback, NodeKind, Order, Service, Tier
from catalog import Resource as PlatformResource
from catalog.access import Access
from catalog.api import Api, ApiVersionName, Day
from catalog.errors import counted
from catalog.files import MAX_TIERS
from catalog.flow import Flow, Objective
from catalog.part import Part
from catalog.run import Kind, Run
from graph.dependencies import startup_graph
from nexus.diff.bounded_json import SOURCE, BoundedJson, UnreadableError
from nexus.diff.wording import sentences
from nexus.pulumi.resource import Resource

MOST_STACKS = 20
MOST_RESOURCES = 20_000
MOST_NODES = 5_000
MOST_EDGES = 50_000

_STACK = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"

StackName = Annotated[str, StringConstraints(pattern=_STACK)]
"""As Pulumi restricts them; so a stack's name can stand anywhere in a report."""

NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A DNS label, as the catalog demands; so a name can stand anywhere in a report and picture."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class GraphApi(_Entry):
    """A version of a service's API."""

    name: ApiVersionName
    path: Annotated[str, StringConstraints(max_length=200)] | None = None
    deprecated: Day | None = None
    sunset: Day | None = None
    guide: Annotated[str, StringConstraints(max_length=500)] | None = None

    def api(self) -> Api:
        """The same as the catalog has it; what it says was held against the rules there."""
        return Api.model_construct(**self.model_dump(exclude={"name"}))


class GraphNode(_Entry):
    """A service, platform resource or external API; older revisions tell less of it."""

    name: NodeName
    kind: Literal["service", "resource", "external"]
    tier: NodeName | None
    domain: NodeName | None
    stands_for: NodeName | None = None
    dedicated_to: NodeName | None = None
    summary: Annotated[str, StringConstraints(max_length=2_000)] = ""
    renamed_from: NodeName | None = None
    runs: Literal["worker", "scheduled"] | None = None
    apis: Annotated[list[GraphApi], Field(max_length=100)] = []


class GraphPart(_Entry):
    """A part of a server, the source's own or another service's."""

    of: NodeName | None = None
    part: NodeName | None = None
    access: (
        Annotated[Literal["read", "read-write", "publish", "consume"], AfterValidator(Access)]
        | None
    ) = None
    exchange: Annotated[str, StringConstraints(max_length=100)] | None = None
    routing_keys: Annotated[
        list[Annotated[str, StringConstraints(max_length=255)]], Field(max_length=50)
    ] = []

    def resolved(self) -> Part:
        """The same as the catalog has it."""
        access = self.access or (None if self.of is None else Access.READ)
        return Part(
            of=self.of,
            name=self.part,
            access=None if access is None else Access(access),
            exchange=self.exchange,
            routing_keys=tuple(self.routing_keys),
        )


class GraphEdge(GraphPart):
    """`source` needs `target`, or the part of it that is told; of several, `parts`."""

    source: NodeName
    target: NodeName
    order: Annotated[Literal["startup", "runtime"], AfterValidator(Order)]
    criticality: Literal["hard", "degradable"]
    fallback: Annotated[Literal["database", "rules", "origin"], AfterValidator(Fallback)] | None
    reason: Annotated[str, StringConstraints(max_length=2_000)] | None
    port: NodeName | None = None
    api: ApiVersionName | None = None
    ports: Annotated[list[NodeName], Field(max_length=20)] = []
    parts: Annotated[list[GraphPart], Field(max_length=100)] = []


class GraphFlow(_Entry):
    """A critical path through the nodes; `objective` is what differs from the usual one."""

    name: NodeName
    steps: Annotated[list[NodeName], Field(max_length=200)]
    objective: dict[Literal["available_percent", "fast_percent", "fast_ms"], float] = {}

    def flow(self) -> Flow:
        """The same as the catalog has it."""
        objective = Objective.model_construct(**self.objective)
        return Flow(name=self.name, steps=tuple(self.steps), objective=objective)


class GraphTier(_Entry):
    """A tier of the startup sequence."""

    name: NodeName
    starts_at: int = 0
    ends_at: int = 0


FORMER_TIERS = ("infrastructure", "core", "platform", "domain", "frontend")
"""Tiers of every catalog whose revision does not tell them."""


class GraphDocument(_Entry):
    """Every tier, node, edge and flow, as `nexus graph --format json` writes them."""

    tiers: Annotated[list[GraphTier], Field(min_length=1, max_length=MAX_TIERS)] = [
        GraphTier(name=name) for name in FORMER_TIERS
    ]
    nodes: Annotated[list[GraphNode], Field(max_length=MOST_NODES)]
    edges: Annotated[list[GraphEdge], Field(max_length=MOST_EDGES)]
    flows: Annotated[list[GraphFlow], Field(max_length=200)]

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
        if {node.tier for node in self.nodes} - {None, *(tier.name for tier in self.tiers)}:
            raise ValueError("has a node in a tier that it does not list")
        return self


class PlannedStack(BaseModel):
    """Every resource that a stack would register. Unknown keys are left alone: plans may grow."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    resources: Annotated[list[Resource], Field(max_length=MOST_RESOURCES)]

    @model_validator(mode="after")
    def _urns_are_unique(self) -> PlannedStack:
        if len({resource.urn for resource in self.resources}) < len(self.resources):
            # The first or the last of two would hide the other from the reviewer.
            raise ValueError("names a URN twice")
        return self


class UnplannedStack(_Entry):
    """What the program said of a stack that it could not plan."""

    error: str


class SnapshotDocument(_Entry):
    """What `nexus snapshot` writes; without a graph if the catalog is wrong."""

    graph: GraphDocument | None
    stacks: Annotated[
        dict[StackName, PlannedStack | UnplannedStack],
        Field(max_length=MOST_STACKS, json_schema_extra={"additionalProperties": False}),
    ]


@dataclass(frozen=True, kw_only=True)
class StackSnapshot:
    """What a snapshot says of one stack: its resources, or why there are none.

    Args:
        said: what its program said if it could not be planned, in lines: foreign words.
        fault: why its part of the document cannot be read, in a sentence.
    """

    resources: tuple[Resource, ...] = ()
    said: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What one revision says of itself; whatever of it can be read.

    Args:
        label: what the user calls it: a revision, folder or file.
        graph: its graph: what the document does not tell (ports) is empty; None if it has none.
        graph_fault: why the graph cannot be read, in a sentence.
        fault: why nothing of it can be read, in a sentence.
    """

    label: str
    graph: Catalog | None = None
    graph_fault: str = ""
    stacks: Mapping[str, StackSnapshot] = field(default_factory=dict[str, StackSnapshot])
    fault: str = ""
    notes: tuple[str, ...] = ()

    @property
    def has_program(self) -> bool:
        """Whether there was anything to plan."""
        return bool(self.stacks or self.graph or self.graph_fault or self.fault)


def open_snapshot(file: Path, label: str, name: str) -> Snapshot:
    """The snapshot in a regular file: among a stranger's files may be a link to anything.

    Raises:
        UnreadableError: it does not exist, is no regular file, or cannot be opened.
    """
    if file.is_symlink() or not file.is_file():
        what = "is no regular file" if file.is_symlink() or file.exists() else "does not exist"
        raise UnreadableError(f"{file} {what}; name a snapshot.")
    try:
        with file.open("rb") as stream:
            return read_snapshot(stream, label, name)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read ({error.strerror}).") from error


def read_snapshot(stream: IO[bytes], label: str, name: str) -> Snapshot:
    """The snapshot in `stream`, from anybody. What does not fit is a fault in it, no error.

    `label` is what the user calls it, `name` what its side is called in a fault: `the base`.
    """
    document = BoundedJson(stream, f"The snapshot of {name}")
    graph: Catalog | None = None
    graph_fault = ""
    stacks: dict[str, StackSnapshot] = {}
    missing = {"graph", "stacks"}
    try:
        for key in document.entries():
            missing.discard(key)
            if key == "stacks":
                for stack in document.entries():
                    if len(stacks) == MOST_STACKS or not re.fullmatch(_STACK, stack):
                        raise document.refused(
                            f"has more than {MOST_STACKS} stacks, or one with a name that is none"
                        )
                    stacks[stack] = _stack(document.value(), f"The plan of {stack} at {name}")
            elif key == "graph":
                graph, graph_fault = _graph(document.value(), f"The graph of {name}")
            else:
                document.value()
        document.end()
        if missing:
            raise document.refused(f"has no `{min(missing)}`, so it is no snapshot")
    except UnreadableError as error:
        # Half of what somebody says is not what they say.
        return Snapshot(label=label, fault=str(error))
    return Snapshot(label=label, graph=graph, graph_fault=graph_fault, stacks=stacks)


def _stack(data: Any, name: str) -> StackSnapshot:
    try:
        if isinstance(data, dict) and "error" in data:
            said = _shaped(UnplannedStack, data, name).error
            return StackSnapshot(said=sentences(said))
        planned = _shaped(PlannedStack, data, name)
    except UnreadableError as error:
        return StackSnapshot(fault=str(error))
    return StackSnapshot(resources=tuple(planned.resources))


def _graph(data: Any, name: str) -> tuple[Catalog | None, str]:
    """The graph in `data`, if there is one; or why it cannot be read."""
    if data is None:
        return None, ""
    try:
        catalog = _catalog(_shaped(GraphDocument, data, name))
    except UnreadableError as error:
        return None, str(error)
    if not nx.is_directed_acyclic_graph(startup_graph(catalog)):
        return None, (
            f"{name} has a cycle of startup edges, so nothing has an order; "
            "run `nexus check` there, which names it."
        )
    return catalog, ""


_Model = TypeVar("_Model", bound=BaseModel)

_MODELS = (GraphDocument, GraphNode, GraphApi, GraphEdge, GraphFlow, PlannedStack, UnplannedStack)

_KNOWN = {key for model in _MODELS for key in model.model_fields} | {*Resource.__dataclass_fields__}
"""Keys that an error may name: others may be hostile."""


def _shaped(model: type[_Model], data: Any, name: str) -> _Model:
    """`data` as `model`.

    Raises:
        UnreadableError: where it does not fit first, by position.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
    first = details[0]
    place = ".".join(
        str(step) if isinstance(step, int) or step in _KNOWN else "…" for step in first["loc"]
    )
    if not place:
        # 'Value error' is pydantic's word in front of a sentence of this project.
        told = f"{name} {first['msg'].removeprefix('Value error, ')}"
    else:
        more = f" and {counted(len(details) - 1, 'more place')}" if len(details) > 1 else ""
        told = f"{name} does not fit at `{place}`{more} (`{first['type']}`)"
    raise UnreadableError(f"{told}; make it again with `{SOURCE}`.")


def _catalog(document: GraphDocument) -> Catalog:
    nodes = sorted(document.nodes, key=lambda node: node.name)
    by_kind = {kind: [n for n in nodes if n.kind == kind] for kind in NodeKind}

    def facts(node: GraphNode, *others: str) -> dict[str, Any]:
        return node.model_dump(include={"name", "summary", *others})

    return Catalog(
        services={
            node.name: Service(
                **facts(node, "domain", "tier", "renamed_from"),
                start_seconds=0,
                file="",
                run=Run(kind=Kind(node.runs or Kind.WEB)),
                apis={each.name: each.api() for each in node.apis},
            )
            for node in by_kind[NodeKind.SERVICE]
        },
        resources={
            node.name: PlatformResource(
                **facts(node, "stands_for", "dedicated_to"), providers=(), gate=False
            )
            for node in by_kind[NodeKind.RESOURCE]
        },
        external={
            node.name: External(**facts(node), providers=()) for node in by_kind[NodeKind.EXTERNAL]
        },
        edges=tuple(
            Edge(
                **edge.model_dump(
                    exclude={
                        *("criticality", "port", "ports", "parts"),
                        *GraphPart.model_fields,
                    }
                ),
                ports=tuple(edge.ports or ([] if edge.port is None else [edge.port])),
                file="",
                parts=tuple(each.resolved() for each in edge.parts or [edge]),
            )
            for edge in sorted(document.edges, key=lambda edge: (edge.source, edge.target))
        ),
        tiers=tuple(Tier(**tier.model_dump(), priority=0) for tier in document.tiers),
        buckets={},
        flows=tuple(flow.flow() for flow in document.flows),
        platform_file="",
    )
