"""Larger catalogs of the same shape as the platform's."""

from __future__ import annotations

from dataclasses import replace

from catalog import Catalog
from catalog.names import MAX_SERVICE_NAME


def multiplied(catalog: Catalog, copies: int, *, long_names: bool = False) -> Catalog:
    """The catalog with every service, domain and edge between services `copies` times.

    With `long_names` every service has the longest name that is allowed.
    """

    def name(service: str, copy: int) -> str:
        if service not in catalog.services:
            return service
        end = f"-{copy}" if copies > 1 else ""
        if long_names:
            filler = "-with-a-name-as-long-as-names-may-be-or-so"
            return (service + filler)[: MAX_SERVICE_NAME - len(end)].rstrip("-") + end
        return service + end

    services = {
        name(key, copy): replace(
            service, name=name(key, copy), domain=f"{service.domain}{copy or ''}"
        )
        for copy in range(copies)
        for key, service in catalog.services.items()
    }
    edges = [
        replace(edge, source=name(edge.source, copy), target=name(edge.target, copy))
        for copy in range(copies)
        for edge in catalog.edges
    ]
    return replace(
        catalog,
        services=services,
        edges=tuple(edges),
        buckets={},
        flows=(),
    )
