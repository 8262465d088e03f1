"""The graph as JSON, for scripts. Its shape is a promise; add keys, never change any."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from catalog import Catalog, Edge
from catalog.job import migration_name, task_name
from catalog.part import documents
from catalog.run import Kind


def as_json(catalog: Catalog) -> str:
    """The graph's document as text."""
    return json.dumps(graph_document(catalog), indent=2) + "\n"


def graph_document(catalog: Catalog) -> dict[str, Any]:
    """Every tier in startup order, node and edge, sorted, and every critical flow.

    `tier` is null for external APIs, `domain` for all but services, which alone have a
    `summary` and, if they were renamed, `renamed_from`; dedicated servers alone have
    `stands_for` and `dedicated_to`; all edges are there, not only the reduced ones.
    """
    return {
        "tiers": [
            {"name": tier.name, "starts_at": tier.starts_at, "ends_at": tier.ends_at}
            for tier in catalog.tiers
        ],
        "nodes": list(_nodes(catalog)),
        "edges": [
            {
                "source": edge.source,
                "target": edge.target,
                "order": edge.order,
                "criticality": edge.criticality,
                "fallback": edge.fallback,
                "reason": edge.reason,
                **_ports(edge),
                **({} if edge.api is None else {"api": edge.api}),
                **documents(edge.parts),
            }
            for edge in catalog.edges
        ],
        "flows": [
            {
                "name": flow.name,
                "steps": list(flow.steps),
                **({"objective": objective} if objective else {}),
            }
            for flow in catalog.flows
            for objective in [flow.objective.model_dump(exclude_defaults=True)]
        ],
    }


def _ports(edge: Edge) -> dict[str, object]:
    if len(edge.ports) > 1:
        return {"ports": list(edge.ports)}
    return {"port": edge.ports[0]} if edge.ports else {}


def _nodes(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for name in sorted((*catalog.services, *catalog.resources, *catalog.external)):
        service, resource = catalog.services.get(name), catalog.resources.get(name)
        node: dict[str, Any] = {
            "name": name,
            "kind": catalog.kind(name),
            "tier": catalog.tier_of(name),
            "domain": None if service is None else service.domain,
        }
        if service is not None:
            node["summary"] = service.summary
            if service.run.kind is not Kind.WEB:
                node["runs"] = service.run.kind
            if service.migration is not None:
                node["migration"] = migration_name(name)
            if service.tasks:
                node["tasks"] = [task_name(name, task) for task in service.tasks]
            if service.apis:
                node["apis"] = [
                    {"name": version, **api.document()} for version, api in service.apis.items()
                ]
            if service.renamed_from is not None:
                node["renamed_from"] = service.renamed_from
        if resource is not None and resource.dedicated_to is not None:
            node |= {"stands_for": resource.stands_for, "dedicated_to": resource.dedicated_to}
        yield node
