"""Data layer: the servers that hold state, and each service's own part of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from catalog import Catalog
from components.context import DATA
from components.kubernetes.physical_name import physical_name
from components.servers.bootstrap import Script, script
from components.servers.database import Database, DatabaseArgs
from components.servers.grant import Grant
from components.servers.servers import PostgresServer, QueueServer
from components.servers.vhost import Vhost, VhostArgs
from stacks.environment import Environment
from stacks.foundation import Foundation
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Data:
    """What the servers give.

    Args:
        servers: handle of each server, by platform resource.
        grants: each service's own parts, by service and platform resource.
    """

    servers: Mapping[str, pulumi.Resource]
    grants: Mapping[str, Mapping[str, Grant]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One server and the grants it gives, by service."""

    resource: str
    handle: pulumi.Resource
    grants: Mapping[str, Grant]


def collected(catalog: Catalog, *parts: Part) -> Data:
    """The parts as one, by service."""
    return Data(
        servers={part.resource: part.handle for part in parts},
        grants={
            service: {
                part.resource: part.grants[service] for part in parts if service in part.grants
            }
            for service in catalog.services
        },
    )


def with_parts(data: Data, *parts: Part) -> Data:
    """`data` with further parts."""
    return Data(
        servers={**data.servers, **{part.resource: part.handle for part in parts}},
        grants={
            service: {
                **own,
                **{part.resource: part.grants[service] for part in parts if service in part.grants},
            }
            for service, own in data.grants.items()
        },
    )


@dataclass(frozen=True, kw_only=True)
class DataPlans:
    """What every server of this layer is made from."""

    settings: Settings
    environment: Environment
    catalog: Catalog
    foundation: Foundation
    namespace: pulumi.Output[str]
    script_map: pulumi.Output[str]

    def users(self, resource: str) -> tuple[str, ...]:
        """Services that need `resource`, a shared one or a dedicated server, sorted."""
        return tuple(edge.source for edge in self.catalog.edges if edge.target == resource)

    def owners(self, resource: str) -> Mapping[str, str]:
        """Services that need `resource`, by what their part of it is called, which sorts them."""
        services = self.catalog.services
        return dict(sorted((services[name].data_name, name) for name in self.users(resource)))

    @property
    def rotations(self) -> Mapping[str, int]:
        """Counters that change when passwords do, by what a service's data is called."""
        return {
            self.catalog.services[name].data_name: number
            for name, number in self.settings.rotations.items()
        }

    def databases(self, resource: str, server: PostgresServer) -> Mapping[str, Grant]:
        """Makes a database on `server` for every service that needs `resource`."""
        return {
            service: Database(
                f"{name}-database",
                DatabaseArgs(
                    context=self.foundation.context,
                    namespace=self.namespace,
                    service=name,
                    server=server,
                    script_map=self.script_map,
                    rotation=self.rotations.get(name, 0),
                ),
                self.foundation.options(),
            ).grant
            for name, service in self.owners(resource).items()
        }

    def vhosts(self, resource: str, server: QueueServer) -> Mapping[str, Grant]:
        """Makes a virtual host on `server` for every service that needs `resource`."""
        return {
            service: Vhost(
                f"{name}-vhost",
                VhostArgs(
                    context=self.foundation.context,
                    namespace=self.namespace,
                    service=name,
                    server=server,
                    script_map=self.script_map,
                    rotation=self.rotations.get(name, 0),
                ),
                self.foundation.options(),
            ).grant
            for name, service in self.owners(resource).items()
        }


def plan_data(
    settings: Settings, environment: Environment, catalog: Catalog, foundation: Foundation
) -> DataPlans:
    """Makes what the bootstrap Jobs share and collects what the servers are made from."""
    context, namespace = foundation.context, foundation.namespaces[DATA]
    scripts = ConfigMap(
        "bootstrap-scripts",
        metadata={"namespace": namespace, "labels": context.labels("bootstrap", "scripts")},
        data={name: script(name) for name in get_args(Script)},
        opts=pulumi.ResourceOptions(provider=foundation.providers[0]),
    )
    return DataPlans(
        settings=settings,
        environment=environment,
        catalog=catalog,
        foundation=foundation,
        namespace=namespace,
        script_map=physical_name(scripts),
    )
