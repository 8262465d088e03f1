"""Data layer inside of the cluster: one server of each kind, each with a volume."""

from __future__ import annotations

from components.servers.bucket import Bucket, BucketArgs
from components.servers.grant import Grant
from components.servers.in_cluster_postgres import InClusterPostgres, InClusterPostgresArgs
from components.servers.in_cluster_queue import InClusterQueue, InClusterQueueArgs
from components.servers.in_cluster_redis import InClusterRedis, InClusterRedisArgs
from components.servers.in_cluster_storage import InClusterStorage, InClusterStorageArgs
from stacks.capacity import postgres_connections
from stacks.data import Data, DataPlans, Part, collected
from stacks.environment import InCluster


def build_data(plans: DataPlans, platform: InCluster) -> Data:
    """Makes the servers that somebody needs, and everybody's part of them."""
    servers = plans.catalog.servers
    return collected(
        plans.catalog,
        *(_postgres(plans, platform, name) for name in servers("postgres")),
        *(_redis(plans, platform, name) for name in servers("redis")),
        *(_queue(plans, platform, name) for name in servers("queue")),
        *(_storage(plans, platform, name) for name in servers("storage")),
    )


def _postgres(plans: DataPlans, platform: InCluster, name: str) -> Part:
    server = InClusterPostgres(
        name,
        InClusterPostgresArgs(
            context=plans.foundation.context,
            namespace=plans.namespace,
            storage=platform.postgres.storage,
            size=platform.postgres.size,
            max_connections=postgres_connections(plans.catalog, name),
        ),
        plans.foundation.options(),
    )
    return Part(resource=name, handle=server.handle, grants=plans.databases(name, server))


def _redis(plans: DataPlans, platform: InCluster, name: str) -> Part:
    owners = plans.owners(name)
    server = InClusterRedis(
        name,
        InClusterRedisArgs(
            context=plans.foundation.context,
            namespace=plans.namespace,
            services=tuple(owners),
            rotations=plans.rotations,
            storage=platform.redis.storage,
            size=platform.redis.size,
            max_memory=platform.max_memory,
        ),
        plans.foundation.options(),
    )
    grants = {service: server.add_user(own) for own, service in owners.items()}
    return Part(resource=name, handle=server.handle, grants=grants)


def _queue(plans: DataPlans, platform: InCluster, name: str) -> Part:
    server = InClusterQueue(
        name,
        InClusterQueueArgs(
            context=plans.foundation.context,
            namespace=plans.namespace,
            storage=platform.queue.storage,
            size=platform.queue.size,
        ),
        plans.foundation.options(),
    )
    return Part(resource=name, handle=server.handle, grants=plans.vhosts(name, server))


def _storage(plans: DataPlans, platform: InCluster, name: str) -> Part:
    context = plans.foundation.context
    buckets, owners = plans.catalog.buckets.values(), plans.owners(name)
    server = InClusterStorage(
        name,
        InClusterStorageArgs(
            context=context,
            namespace=plans.namespace,
            buckets={
                own: tuple(b.name for b in buckets if service in (b.owner, *b.granted))
                for own, service in owners.items()
            },
            owned={
                own: tuple(b.name for b in buckets if b.owner == service)
                for own, service in owners.items()
            },
            rotations=plans.rotations,
            storage=platform.storage.storage,
            size=platform.storage.size,
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
                services=tuple(
                    own for own, name in owners.items() if name in (bucket.owner, *bucket.granted)
                ),
                store=server,
                script_map=plans.script_map,
            ),
            plans.foundation.options(),
        )
        grants |= {owners[own]: grant for own, grant in made.grants.items()}
    return Part(resource=name, handle=server.handle, grants=grants)
