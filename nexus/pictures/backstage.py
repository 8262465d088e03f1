"""The graph as entities of Backstage's catalog, one YAML document each.

Source of their shape: the JSON Schemas of Backstage's package @backstage/catalog-model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from catalog import Catalog, Order, Service
from catalog.job import migration_name
from catalog.run import Kind

PLATFORM = "nexus-cos"
"""Domain in Backstage's sense, of all the catalog's domains, which are systems there."""

UNKNOWN = "unknown"
"""Owner of what nobody owns, which Backstage demands and shows as a team that is missing."""

LIFECYCLE = "production"


def as_backstage(catalog: Catalog) -> str:
    """Domains, services, their APIs, platform resources and external APIs: a catalog-info.yaml."""
    return yaml.safe_dump_all(entities(catalog), sort_keys=False, allow_unicode=True, width=100)


def entities(catalog: Catalog) -> list[dict[str, Any]]:
    """The entities, in the order domain, systems, resources, and each service with its API."""
    return [
        _entity("Domain", PLATFORM, "All services of the platform", {"owner": UNKNOWN}),
        *_systems(catalog),
        *_resources(catalog),
        *(entity for service in catalog.services.values() for entity in _service(catalog, service)),
    ]


def _entity(
    kind: str, name: str, description: str, spec: Mapping[str, Any], **metadata: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "description": description, **metadata},
        "spec": dict(spec),
    }


def _systems(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for domain in catalog.domains:
        owners = {each.who.owner for each in catalog.services.values() if each.domain == domain} - {
            None
        }
        owner = owners.pop() if len(owners) == 1 else UNKNOWN
        yield _entity("System", domain, f"Domain {domain}", {"owner": owner, "domain": PLATFORM})


def _resources(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for resource in catalog.resources.values():
        owner = UNKNOWN
        if resource.dedicated_to is not None:
            owner = catalog.services[resource.dedicated_to].who.owner or UNKNOWN
        kind = catalog.base(resource.name)
        yield _entity("Resource", resource.name, resource.summary, {"type": kind, "owner": owner})
    for external in catalog.external.values():
        spec = {"type": "external-api", "owner": UNKNOWN}
        yield _entity("Resource", external.name, external.summary, spec)


def _service(catalog: Catalog, service: Service) -> Iterator[dict[str, Any]]:
    who, owner = service.who, service.who.owner or UNKNOWN
    needs = catalog.needs(service.name)
    called = [edge.target for edge in needs if catalog.called(edge)]
    spec: dict[str, Any] = {
        "type": {Kind.WEB: "service"}.get(service.run.kind, str(service.run.kind)),
        "lifecycle": LIFECYCLE,
        "owner": owner,
        "system": service.domain,
    }
    web = service.run.kind is Kind.WEB
    if web:
        spec["providesApis"] = [service.name]
    if called:
        spec["consumesApis"] = called
    # A call that nothing waits for is no dependency of a service on another in Backstage's sense:
    # the two would depend on each other in a circle.
    depends = [
        f"component:{edge.target}" if edge.target in catalog.services else f"resource:{edge.target}"
        for edge in needs
        if edge.target not in catalog.services or edge.order is Order.STARTUP
    ]
    depends += [f"component:{job}" for job in service.jobs]
    if depends:
        spec["dependsOn"] = depends
    links = [
        {"url": url, "title": title}
        for url, title in ((who.repository, "Repository"), (who.runbook, "Runbook"))
        if url is not None
    ]
    annotations = dict(who.annotations())
    if who.repository is not None:
        annotations["backstage.io/source-location"] = f"url:{who.repository}"
    extra: dict[str, Any] = {"labels": {"nexus-cos/tier": service.tier}}
    if annotations:
        extra["annotations"] = annotations
    if links:
        extra["links"] = links
    yield _entity("Component", service.name, service.summary, spec, **extra)
    yield from _jobs(catalog, service, {key: spec[key] for key in ("lifecycle", "owner", "system")})
    if web:
        ports = "\n".join(
            f"{port.name}: {port.protocol} on TCP port {port.number}" for port in service.run.ports
        )
        yield _entity(
            "API",
            service.name,
            f"What {service.name} answers",
            {
                "type": str(service.run.ports[0].protocol),
                "lifecycle": LIFECYCLE,
                "owner": owner,
                "system": service.domain,
                "definition": ports,
            },
        )


def _jobs(
    catalog: Catalog, service: Service, common: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The Jobs that the service's pods wait for."""
    database, migration = catalog.migrates(service.name), migration_name(service.name)
    for job in service.jobs:
        kind = "migration" if job == migration else "task"
        spec = {"type": kind, **common}
        if database is not None and job == migration:
            spec["dependsOn"] = [f"resource:{database.target}"]
        elif database is not None and service.migration is not None:
            spec["dependsOn"] = [f"component:{migration}"]
        yield _entity("Component", job, f"{kind.capitalize()} of {service.name}", spec)
