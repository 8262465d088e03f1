"""Data layer: the servers that hold state, and each service's own part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from catalog import Catalog
from catalog.access import Access, PartOf
from catalog.names import ResourceName
from components.context import DATA
from components.kubernetes.pod import physical_name
from components.servers.acl import KeysOf
from components.servers.bootstrap import ALWAYS, Script, script
from components.servers.bootstrap_job import Bootstrap
from components.servers.parts import (
    Database,
    DatabaseAccess,
    DatabaseAccessArgs,
    DatabaseArgs,
)
from components.servers.servers import Grant, PostgresServer, QueueServer
from components.servers.vhosts import Vhost, VhostAccess, VhostAccessArgs, VhostArgs
from stacks.foundation import Foundation
from stacks.inputs import Program
from stacks.sizes import broker_connections, database_connections, migration_connections


@dataclass(frozen=True, kw_only=True)
class Data:
    """What the servers give.

    Args:
        servers: handle of each server, by platform resource.
        grants: the services' own parts of them.
        owners: how migrations sign in to the databases that they change, by the name that a
            service's data has.
    """

    servers: Mapping[str, pulumi.Resource]
    grants: tuple[Grant, ...] = ()
    owners: Mapping[str, Grant] = field(default_factory=dict[str, Grant])

    def of(self, service: str) -> Mapping[str, Grant]:
        """The parts of a service, by the resource: whichever server that is on."""
        parts: dict[str, list[Grant]] = {}
        for grant in self.grants:
            if grant.service == service:
                parts.setdefault(grant.resource, []).append(grant)
        return {
            resource: replace(first, others=tuple(others))
            for resource, (first, *others) in parts.items()
        }


def together(*parts: Data) -> Data:
    """All of them as one."""
    return Data(
        servers={name: handle for part in parts for name, handle in part.servers.items()},
        grants=tuple(grant for part in parts for grant in part.grants),
        owners={name: grant for part in parts for name, grant in part.owners.items()},
    )


def every_server(catalog: Catalog, makers: Mapping[ResourceName, Callable[[str], Data]]) -> Data:
    """Makes every server of the catalog, the dedicated ones as the shared ones.

    Args:
        makers: makes one, by its name, with every service's part of it; by the kind of server.
    """
    return together(
        *(make(name) for kind, make in makers.items() for name in catalog.servers(kind))
    )


ProgramT_co = TypeVar("ProgramT_co", bound=Program, covariant=True)
FoundationT_co = TypeVar("FoundationT_co", bound=Foundation, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Ground(Generic[ProgramT_co, FoundationT_co]):
    """What every server of this layer is made from."""

    program: ProgramT_co
    foundation: FoundationT_co
    bootstrap: Bootstrap

    def databases(self, resource: str, server: PostgresServer) -> Data:
        """Makes a database on `server` for every service that needs `resource`.

        Who uses another one's gets a login of its own into that.
        """
        program, parts = self.program, self._parts(resource)
        made = {
            service: Database(
                f"{service}-database",
                DatabaseArgs(
                    bootstrap=self.bootstrap,
                    service=service,
                    server=server,
                    rotation=program.rotations.get(service, 0),
                    connections=database_connections(*program.connecting(name)),
                    migration_connections=migration_connections(program.catalog.services[name]),
                ),
                self.foundation.options(),
            )
            for service, name in program.owners(resource).items()
            if name not in parts
        }
        lent: list[Grant] = []
        for service, name in program.owners(resource).items():
            if name in parts:
                database = program.catalog.services[parts[name].service].data_name
                access = DatabaseAccess(
                    f"{service}-database",
                    DatabaseAccessArgs(
                        bootstrap=self.bootstrap,
                        service=service,
                        server=server,
                        rotation=program.rotations.get(service, 0),
                        connections=database_connections(*program.connecting(name)),
                        database=database,
                        access="read" if parts[name].access is Access.READ else "read-write",
                        after=made[database].handle,
                    ),
                    self.foundation.options(),
                )
                lent.append(access.grant)
        return Data(
            servers={resource: server.handle},
            grants=(*(each.grant for each in made.values()), *lent),
            owners={name: each.owner for name, each in made.items() if each.owner is not None},
        )

    def vhosts(self, resource: str, server: QueueServer) -> tuple[Grant, ...]:
        """Makes a virtual host on `server` for every service that needs `resource`.

        Who uses another one's gets a user of its own there.
        """
        program, parts = self.program, self._parts(resource)
        connections = {
            name: broker_connections(*program.connecting(name)) for name in program.users(resource)
        }
        made: dict[str, Vhost] = {}
        for service, name in program.owners(resource).items():
            if name not in parts:
                # Those of its users count as those of the vhost.
                users = [user for user, part in parts.items() if part.service == name]
                made[service] = Vhost(
                    f"{service}-vhost",
                    VhostArgs(
                        bootstrap=self.bootstrap,
                        service=service,
                        server=server,
                        rotation=program.rotations.get(service, 0),
                        connections=sum(connections[each] for each in (name, *users)),
                    ),
                    self.foundation.options(),
                )
        lent: list[Grant] = []
        for service, name in program.owners(resource).items():
            if name in parts:
                part = parts[name]
                vhost = program.catalog.services[part.service].data_name
                access = VhostAccess(
                    f"{service}-vhost",
                    VhostAccessArgs(
                        bootstrap=self.bootstrap,
                        service=service,
                        server=server,
                        rotation=program.rotations.get(service, 0),
                        connections=connections[name],
                        vhost=vhost,
                        access="publish" if part.access is Access.PUBLISH else "consume",
                        exchange=part.exchange or "",
                        routing_keys=part.routing_keys,
                        after=made[vhost].handle,
                    ),
                    self.foundation.options(),
                )
                lent.append(access.grant)
        return (*(each.grant for each in made.values()), *lent)

    def keys(self, resource: str) -> Mapping[str, KeysOf]:
        """Which keys a service has on `resource` that has not its own alone, by its data's name."""
        services, server = self.program.catalog.services, self.program.catalog.resources[resource]
        found = {
            user: KeysOf(
                service=None if server.any_key else services[part.service].data_name,
                writes=part.access is Access.READ_WRITE,
            )
            for user, part in self._parts(resource).items()
        }
        if server.any_key and server.dedicated_to is not None:
            found[server.dedicated_to] = KeysOf(service=None, writes=True)
        return {services[user].data_name: keys for user, keys in found.items()}

    def _parts(self, resource: str) -> Mapping[str, PartOf]:
        """The services that use another one's part of `resource`, and which."""
        return {
            edge.source: edge.part_of
            for edge in self.program.catalog.edges
            if edge.target == resource and edge.part_of is not None
        }


def scripts_of(catalog: Catalog) -> Iterator[Script]:
    """The scripts that some bootstrap Job of this catalog runs or may run."""
    yield from ALWAYS
    migrated = any(service.migration is not None for service in catalog.services.values())
    lent = {catalog.base(edge.target) for edge in catalog.edges if edge.part_of is not None}
    if migrated or "postgres" in lent:
        yield "postgres-access.sh"
    if "queue" in lent:
        yield "rabbitmq_access.py"


def lay_ground(
    program: ProgramT_co, foundation: FoundationT_co
) -> Ground[ProgramT_co, FoundationT_co]:
    """Makes what the bootstrap Jobs share."""
    context, namespace = program.context, foundation.namespaces[DATA]
    scripts = ConfigMap(
        "bootstrap-scripts",
        metadata={"namespace": namespace, "labels": context.labels("bootstrap", "scripts")},
        data={name: script(name) for name in scripts_of(program.catalog)},
        opts=pulumi.ResourceOptions(provider=foundation.providers[0]),
    )
    bootstrap = Bootstrap(context=context, namespace=namespace, script_map=physical_name(scripts))
    return Ground(program=program, foundation=foundation, bootstrap=bootstrap)
