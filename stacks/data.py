"""Data layer: the servers that hold state, and each service's own part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from catalog import Catalog
from catalog.access import Access
from catalog.names import ResourceName
from components.context import DATA
from components.kubernetes.pod import physical_name
from components.kubernetes.workload import CREDENTIALS
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
        owners: how migrations sign in to the databases that they change.
        monitors: monitoring's password on each server where it has a login, by platform resource.
    """

    servers: Mapping[str, pulumi.Resource]
    grants: tuple[Grant, ...] = ()
    owners: tuple[Grant, ...] = ()
    monitors: Mapping[str, pulumi.Output[str]] = field(
        default_factory=dict[str, pulumi.Output[str]]
    )

    def of(self, service: str) -> Mapping[str, Grant]:
        """The parts of a service, by what it knows their server as."""
        return _together(grant for grant in self.grants if grant.service == service)

    def owned_by(self, service: str) -> Mapping[str, Grant]:
        """What migrations of a service get, by the same."""
        return _together(grant for grant in self.owners if grant.service == service)


def _together(grants: Iterable[Grant]) -> Mapping[str, Grant]:
    parts: dict[str, list[Grant]] = {}
    for grant in grants:
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
        owners=tuple(grant for part in parts for grant in part.owners),
        monitors={name: each for part in parts for name, each in part.monitors.items()},
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
        """Makes a database on `server` for every part of one's own that services have there.

        Who uses another one's gets a login of its own into that.
        """
        program, logins = self.program, self.program.logins(resource)
        own = {
            each.name: Database(
                f"{each.name}-database",
                DatabaseArgs(
                    bootstrap=self.bootstrap,
                    service=each.name,
                    server=server,
                    rotation=program.rotation(each),
                    connections=database_connections(*program.connecting(each.service)),
                    migration_connections=migration_connections(
                        program.catalog.services[each.service]
                    ),
                ),
                self.foundation.options(),
            )
            for each in logins
            if each.part.of is None
        }
        lent = [
            DatabaseAccess(
                f"{each.name}-database",
                DatabaseAccessArgs(
                    bootstrap=self.bootstrap,
                    service=each.name,
                    server=server,
                    rotation=program.rotation(each),
                    connections=database_connections(*program.connecting(each.service)),
                    database=each.content,
                    access="read" if each.part.access is Access.READ else "read-write",
                    after=own[each.content].handle,
                ),
                self.foundation.options(),
            )
            for each in logins
            if each.part.of is not None
        ]
        owners = [each.owner for each in own.values() if each.owner is not None]
        return Data(
            servers={resource: server.handle},
            grants=self.granted(resource, [each.grant for each in (*own.values(), *lent)]),
            owners=self.granted(resource, owners),
        )

    def vhosts(self, resource: str, server: QueueServer) -> tuple[Grant, ...]:
        """Makes a virtual host on `server` for every part of one's own that services have there.

        Who uses another one's gets a user of its own there.
        """
        program, logins = self.program, self.program.logins(resource)
        connections = {
            each.name: broker_connections(*program.connecting(each.service)) for each in logins
        }
        own = {
            each.name: Vhost(
                f"{each.name}-vhost",
                VhostArgs(
                    bootstrap=self.bootstrap,
                    service=each.name,
                    server=server,
                    rotation=program.rotation(each),
                    # Those of its users count as those of the vhost.
                    connections=sum(
                        connections[user.name] for user in logins if user.content == each.content
                    ),
                ),
                self.foundation.options(),
            )
            for each in logins
            if each.part.of is None
        }
        lent = [
            VhostAccess(
                f"{each.name}-vhost",
                VhostAccessArgs(
                    bootstrap=self.bootstrap,
                    service=each.name,
                    server=server,
                    rotation=program.rotation(each),
                    connections=connections[each.name],
                    vhost=each.content,
                    access="publish" if each.part.access is Access.PUBLISH else "consume",
                    exchange=each.part.exchange or "",
                    routing_keys=each.part.routing_keys,
                    after=own[each.content].handle,
                ),
                self.foundation.options(),
            )
            for each in logins
            if each.part.of is not None
        ]
        return self.granted(resource, [each.grant for each in (*own.values(), *lent)])

    def keys(self, resource: str) -> Mapping[str, KeysOf]:
        """Which keys a login has on `resource` that has not those of its own name alone."""
        any_key = self.program.catalog.resources[resource].any_key
        return {
            each.name: KeysOf(
                service=None if any_key else each.content,
                writes=each.part.access is not Access.READ,
            )
            for each in self.program.logins(resource)
            if any_key or each.part.of is not None
        }

    def granted(self, resource: str, grants: Iterable[Grant]) -> tuple[Grant, ...]:
        """What logins get of the server `resource`, as services are told of it."""
        program, given = self.program, {each.service: each for each in grants}
        return tuple(
            replace(
                given[each.name],
                resource=each.told_as,
                service=program.catalog.services[each.service].data_name,
                part=each.key,
                folder=each.folder,
            )
            for each in sorted(program.logins(resource), key=lambda login: login.place)
            if each.name in given
        )


def told_parts(grant: Grant) -> Mapping[str, Mapping[str, pulumi.Input[str]]]:
    """Where each part is that a service has of a server, by name; none where it has one.

    With the folder of the login into it, where it needs one.
    """
    if not grant.others:
        return {}
    return {
        each.part or "": {
            **each.endpoint,
            **({"credentials": f"{CREDENTIALS}/{each.folder}"} if each.credentials else {}),
        }
        for each in (grant, *grant.others)
    }


def scripts_of(catalog: Catalog) -> Iterator[Script]:
    """The scripts that some bootstrap Job of this catalog runs or may run."""
    yield from ALWAYS
    migrated = any(service.migration is not None for service in catalog.services.values())
    lent = {
        catalog.base(edge.target)
        for edge in catalog.edges
        if any(part.of is not None for part in edge.parts)
    }
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
