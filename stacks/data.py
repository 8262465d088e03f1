"""Data layer: the servers that hold state, and each service's own part of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from catalog import Catalog
from components.bootstrap import Script, script
from components.bucket import Bucket, BucketArgs
from components.context import DATA
from components.database import Database, DatabaseArgs
from components.grant import Grant
from components.in_cluster_postgres import InClusterPostgres, InClusterPostgresArgs
from components.in_cluster_queue import InClusterQueue, InClusterQueueArgs
from components.in_cluster_redis import InClusterRedis, InClusterRedisArgs
from components.in_cluster_storage import InClusterStorage, InClusterStorageArgs
from components.physical_name import physical_name
from components.vhost import Vhost, VhostArgs
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
class _Part:
    """One server and the grants it gives, by service."""

    resource: str
    handle: pulumi.Resource
    grants: Mapping[str, Grant]


@dataclass(frozen=True, kw_only=True)
class _Plans:
    """What every server of this layer is made from."""

    settings: Settings
    environment: Environment
    catalog: Catalog
    foundation: Foundation
    namespace: pulumi.Output[str]
    script_map: pulumi.Output[str]

    def users(self, resource: str) -> tuple[str, ...]:
        """Services that need `resource`, sorted."""
        return tuple(edge.source for edge in self.catalog.edges if edge.target == resource)

    def rotation(self, service: str) -> int:
        return self.settings.rotations.get(service, 0)


def build_data(
    settings: Settings, environment: Environment, catalog: Catalog, foundation: Foundation
) -> Data:
    """Makes the servers, databases, users, vhosts and buckets."""
    context, namespace = foundation.context, foundation.namespaces[DATA]
    scripts = ConfigMap(
        "bootstrap-scripts",
        metadata={"namespace": namespace, "labels": context.labels("bootstrap", "scripts")},
        data={name: script(name) for name in get_args(Script)},
        opts=pulumi.ResourceOptions(provider=foundation.providers[0]),
    )
    plans = _Plans(
        settings=settings,
        environment=environment,
        catalog=catalog,
        foundation=foundation,
        namespace=namespace,
        script_map=physical_name(scripts),
    )
    parts = (_postgres(plans), _redis(plans), _queue(plans), _storage(plans))
    return Data(
        servers={part.resource: part.handle for part in parts},
        grants={
            service: {
                part.resource: part.grants[service] for part in parts if service in part.grants
            }
            for service in catalog.services
        },
    )


def _postgres(plans: _Plans) -> _Part:
    sizes, context = plans.environment.postgres, plans.foundation.context
    server = InClusterPostgres(
        "postgres",
        InClusterPostgresArgs(
            context=context,
            namespace=plans.namespace,
            storage=sizes.storage,
            size=sizes.size,
            max_connections=plans.environment.max_connections,
        ),
        plans.foundation.options(),
    )
    grants = {
        service: Database(
            f"{service}-database",
            DatabaseArgs(
                context=context,
                namespace=plans.namespace,
                service=service,
                server=server,
                script_map=plans.script_map,
                rotation=plans.rotation(service),
            ),
            plans.foundation.options(),
        ).grant
        for service in plans.users("postgres")
    }
    return _Part(resource="postgres", handle=server.handle, grants=grants)


def _redis(plans: _Plans) -> _Part:
    sizes, services = plans.environment.redis, plans.users("redis")
    server = InClusterRedis(
        "redis",
        InClusterRedisArgs(
            context=plans.foundation.context,
            namespace=plans.namespace,
            services=services,
            rotations=plans.settings.rotations,
            storage=sizes.storage,
            size=sizes.size,
            max_memory=plans.environment.max_memory,
        ),
        plans.foundation.options(),
    )
    grants = {service: server.add_user(service) for service in services}
    return _Part(resource="redis", handle=server.handle, grants=grants)


def _queue(plans: _Plans) -> _Part:
    sizes, context = plans.environment.queue, plans.foundation.context
    server = InClusterQueue(
        "queue",
        InClusterQueueArgs(
            context=context,
            namespace=plans.namespace,
            storage=sizes.storage,
            size=sizes.size,
        ),
        plans.foundation.options(),
    )
    grants = {
        service: Vhost(
            f"{service}-vhost",
            VhostArgs(
                context=context,
                namespace=plans.namespace,
                service=service,
                server=server,
                script_map=plans.script_map,
                rotation=plans.rotation(service),
            ),
            plans.foundation.options(),
        ).grant
        for service in plans.users("queue")
    }
    return _Part(resource="queue", handle=server.handle, grants=grants)


def _storage(plans: _Plans) -> _Part:
    sizes, context = plans.environment.storage, plans.foundation.context
    buckets = plans.catalog.buckets.values()
    users = {
        service: tuple(b.name for b in buckets if service in (b.owner, *b.granted))
        for service in plans.users("storage")
    }
    server = InClusterStorage(
        "storage",
        InClusterStorageArgs(
            context=context,
            namespace=plans.namespace,
            buckets=users,
            owned={
                service: tuple(b.name for b in buckets if b.owner == service) for service in users
            },
            rotations=plans.settings.rotations,
            storage=sizes.storage,
            size=sizes.size,
        ),
        plans.foundation.options(),
    )
    grants: dict[str, Grant] = {}
    for bucket in buckets:
        made = Bucket(
            f"{bucket.name}-bucket",
            BucketArgs(
                context=context,
                namespace=plans.namespace,
                bucket=bucket.name,
                services=(bucket.owner, *bucket.granted),
                store=server,
                script_map=plans.script_map,
            ),
            plans.foundation.options(),
        )
        grants |= made.grants
    return _Part(resource="storage", handle=server.handle, grants=grants)
