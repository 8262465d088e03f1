"""The part of a catalog around one node."""

from __future__ import annotations

import dataclasses

from catalog import Catalog


def neighbourhood(catalog: Catalog, name: str) -> Catalog:
    """The catalog cut down to `name`, what it needs, what needs it, and the edges to and from it.

    `name` is a service, platform resource or external API. Windows stay; flows
    and buckets, which reach further, do not.
    """
    edges = tuple(edge for edge in catalog.edges if name in (edge.source, edge.target))
    near = {name, *(edge.source for edge in edges), *(edge.target for edge in edges)}
    return dataclasses.replace(
        catalog,
        services={key: value for key, value in catalog.services.items() if key in near},
        resources={key: value for key, value in catalog.resources.items() if key in near},
        external={key: value for key, value in catalog.external.items() if key in near},
        edges=edges,
        buckets={},
        flows=(),
    )
