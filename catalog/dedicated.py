"""Servers that one service has to itself, so that nobody shares its fate on them.

`dedicated: true` on a dependency makes a node of its own: the edge leads to it and to nothing
else, so order, network and impact follow from the graph as they do for any other node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog.model import Edge, Resource, Service

DEDICABLE = ("postgres", "redis", "queue")
"""Resources of which this program makes further servers. Buckets are apart already, and what
else there is comes once per platform."""


def dedicated_name(data_name: str, resource: str) -> str:
    """Name of the server of `resource` that a service has to itself, by what its data is called."""
    return f"{data_name}-{resource}"


def dedicated_resources(
    shared: Mapping[str, Resource], pairs: Iterable[tuple[Service, str]]
) -> Mapping[str, Resource]:
    """The dedicated servers of all (service, resource) `pairs`, by name.

    No tier waits for one: only its own service does, or it would hold up everybody else.
    """
    return {
        dedicated_name(service.data_name, resource): Resource(
            name=dedicated_name(service.data_name, resource),
            summary=f"Server of '{resource}' that only {service.name} uses",
            providers=shared[resource].providers,
            gate=False,
            stands_for=resource,
            dedicated_to=service.name,
        )
        for service, resource in pairs
    }


def flow_steps(
    steps: Sequence[str], resources: Mapping[str, Resource], edges: Iterable[Edge]
) -> tuple[str, ...]:
    """The steps, with the servers in the place of `postgres` that the steps before really use."""
    used: list[str] = []
    for position, step in enumerate(steps):
        before = set(steps[:position])
        own = {
            edge.target
            for edge in edges
            if edge.source in before
            and edge.target in resources
            and step in (edge.target, resources[edge.target].stands_for)
        }
        used.extend(sorted(own) or [step])
    return tuple(used)
