"""Who signs in to a server, and to which part of it: each part of a service has a login of its own.

One login for all of them would need rights in several databases, vhosts or prefixes, of which the
scripts and access strings that give them know one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.edge import Edge
from catalog.model import Catalog
from catalog.names import part_name
from catalog.part import Part


@dataclass(frozen=True, kw_only=True)
class Login:
    """A part of a server that a service has, and what it signs in as.

    Args:
        service: whose it is.
        name: of the login: that of the service's data, for all parts but one followed by `key`.
        key: what the part is called beside the service's others.
        content: name of the database or vhost, and what keys begin with.
        plain: whether it is called as the service's data is.
        told_as: what the service knows the server as: `postgres`, whichever that is.
        place: among the service's logins at that server, from 0.
    """

    service: str
    part: Part
    name: str
    key: str
    content: str
    plain: bool
    told_as: str
    place: int

    @property
    def folder(self) -> str:
        """What the folder with the login is called; the first one's is that of the server."""
        return f"{self.told_as}.{self.key}" if self.place else self.told_as


def logins_of(catalog: Catalog, service: str, resource: str) -> tuple[Login, ...]:
    """All logins of `service` at servers of `resource`, the usual part of its own first."""
    found: list[Login] = []
    own = catalog.services[service].data_name
    for edge in _edges(catalog, service, resource):
        for place, part in enumerate(edge.parts):
            owner = own if part.of is None else catalog.services[part.of].data_name
            content = part_name(owner, part.name)
            key = part.name if part.of is None and part.name else content
            plain = part.name is None if part.of is None else not found
            found.append(
                Login(
                    service=service,
                    part=part,
                    name=own if plain else part_name(own, key),
                    key=key,
                    content=content,
                    plain=plain,
                    told_as=told_as(catalog, edge),
                    place=place,
                )
            )
    return tuple(found)


def logins(catalog: Catalog, server: str) -> tuple[Login, ...]:
    """All logins at `server`, sorted by name."""
    resource = catalog.base(server)
    found: list[Login] = []
    for edge in catalog.edges:
        if edge.target == server:
            name = told_as(catalog, edge)
            found += (
                each for each in logins_of(catalog, edge.source, resource) if each.told_as == name
            )
    return tuple(sorted(found, key=lambda login: login.name))


def told_as(catalog: Catalog, edge: Edge) -> str:
    """What the source of `edge` knows the target as.

    That is the resource, whichever server of it. Where it uses a second server of it, that is the
    server's name, or says that it is the shared one.
    """
    if edge.target not in catalog.resources:
        return edge.target
    resource = catalog.base(edge.target)
    first = next(_edges(catalog, edge.source, resource), edge)
    if first.target == edge.target:
        return resource
    return f"shared-{resource}" if edge.target == resource else edge.target


def _edges(catalog: Catalog, service: str, resource: str) -> Iterator[Edge]:
    """The edges to servers of `resource`: to that with parts of its own, the shared one, others."""
    edges = (each for each in catalog.needs(service) if catalog.base(each.target) == resource)
    return iter(
        sorted(
            edges,
            key=lambda edge: (
                all(part.of is not None for part in edge.parts),
                edge.target != resource,
                edge.target,
            ),
        )
    )
