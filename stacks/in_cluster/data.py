"""Data layer inside of the cluster: one server of each kind, each with a volume."""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from components.servers.in_cluster_postgres import InClusterPostgres, InClusterPostgresArgs
from components.servers.in_cluster_queue import InClusterQueue, InClusterQueueArgs
from components.servers.in_cluster_redis import InClusterRedis, InClusterRedisArgs
from components.servers.in_cluster_storage import InClusterStorage, InClusterStorageArgs
from components.servers.parts import Bucket, BucketArgs
from components.servers.servers import Grant
from stacks.capacity import postgres_connections
from stacks.data import Data, Ground, every_server, lay_ground
from stacks.foundation import Foundation
from stacks.inputs import ClusterProgram

ClusterGround: TypeAlias = Ground[ClusterProgram, Foundation]


def build_data(program: ClusterProgram, foundation: Foundation) -> Data:
    """Makes the servers that somebody needs, and everybody's part of them."""
    ground = lay_ground(program, foundation)
    return every_server(
        program.catalog,
        {
            "postgres": partial(_postgres, ground),
            "redis": partial(_redis, ground),
            "queue": partial(_queue, ground),
            "storage": partial(_storage, ground),
        },
    )


def _postgres(ground: ClusterGround, name: str) -> Data:
    program = ground.program
    server = InClusterPostgres(
        name,
        InClusterPostgresArgs(
            context=program.context,
            namespace=ground.bootstrap.namespace,
            storage=program.platform.postgres.storage,
            size=program.platform.postgres.size,
            max_connections=postgres_connections(program.environment, program.catalog, name),
        ),
        ground.foundation.options(),
    )
    return ground.databases(name, server)


def _redis(ground: ClusterGround, name: str) -> Data:
    program = ground.program
    server = InClusterRedis(
        name,
        InClusterRedisArgs(
            context=program.context,
            namespace=ground.bootstrap.namespace,
            services=tuple(each.name for each in program.logins(name)),
            keys=ground.keys(name),
            rotations={each.name: program.rotation(each) for each in program.logins(name)},
            storage=program.platform.redis.storage,
            size=program.platform.redis.size,
            max_memory=program.platform.max_memory,
        ),
        ground.foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.granted(name, server.grants))


def _queue(ground: ClusterGround, name: str) -> Data:
    program = ground.program
    server = InClusterQueue(
        name,
        InClusterQueueArgs(
            context=program.context,
            namespace=ground.bootstrap.namespace,
            storage=program.platform.queue.storage,
            size=program.platform.queue.size,
        ),
        ground.foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.vhosts(name, server))


def _storage(ground: ClusterGround, name: str) -> Data:
    program, buckets = ground.program, ground.program.catalog.buckets.values()
    owners = program.owners(name)
    server = InClusterStorage(
        name,
        InClusterStorageArgs(
            context=program.context,
            namespace=ground.bootstrap.namespace,
            buckets={
                own: tuple(b.name for b in buckets if service in b.writers)
                for own, service in owners.items()
            },
            readable={
                own: tuple(b.name for b in buckets if service in b.readers)
                for own, service in owners.items()
            },
            owned={
                own: tuple(b.name for b in buckets if b.owner == service)
                for own, service in owners.items()
            },
            rotations=program.rotations,
            storage=program.platform.storage.storage,
            size=program.platform.storage.size,
        ),
        ground.foundation.options(),
    )
    grants: list[Grant] = []
    for bucket in buckets:
        made = Bucket(
            f"{bucket.name}-bucket",
            BucketArgs(
                bootstrap=ground.bootstrap,
                bucket=bucket.name,
                services=tuple(
                    own
                    for own, service in owners.items()
                    if service in (*bucket.writers, *bucket.readers)
                ),
                store=server,
            ),
            ground.foundation.options(),
        )
        grants += made.grants
    # What a service owns is what it is told of first.
    grants.sort(
        key=lambda grant: program.catalog.buckets[grant.part or ""].owner != owners[grant.service]
    )
    return Data(servers={name: server.handle}, grants=tuple(grants))
