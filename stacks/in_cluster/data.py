"""Data layer inside of the cluster: one server of each kind, each with a volume."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final, Literal, TypeAlias

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from components.kubernetes.pod import physical_name
from components.servers.acl import MONITOR
from components.servers.bootstrap import READS, script
from components.servers.bootstrap_job import BootstrapJob, BootstrapJobArgs
from components.servers.in_cluster_postgres import InClusterPostgres, InClusterPostgresArgs
from components.servers.in_cluster_queue import InClusterQueue, InClusterQueueArgs
from components.servers.in_cluster_redis import InClusterRedis, InClusterRedisArgs
from components.servers.in_cluster_storage import InClusterStorage, InClusterStorageArgs
from components.servers.parts import Bucket, BucketArgs
from components.servers.servers import Grant, password
from stacks.capacity import postgres_connections
from stacks.data import Data, Ground, every_server, lay_ground
from stacks.foundation import Foundation
from stacks.inputs import ClusterProgram

ClusterGround: TypeAlias = Ground[ClusterProgram, Foundation]

MONITOR_SCRIPT: Final[Literal["postgres-monitor.sh"]] = "postgres-monitor.sh"

MONITOR_CONNECTIONS = 5
"""Connections of the exporter to a database server, of those that are for Jobs and people."""


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
    data = ground.databases(name, server)
    if program.settings.monitoring is None:
        return data
    return replace(data, monitors={name: _monitor(ground, name, server)})


def _monitor(ground: ClusterGround, name: str, server: InClusterPostgres) -> pulumi.Output[str]:
    """Makes monitoring's login on a database server; returns its password.

    Its script has a ConfigMap of its own: another one for all would make every Job run again.
    """
    options = ground.foundation.options()
    login = f"{name}-monitor"
    secret = password(f"{login}-password", opts=options).result
    scripts = ConfigMap(
        f"{login}-scripts",
        metadata={
            "namespace": ground.bootstrap.namespace,
            "labels": ground.program.context.labels(login, "scripts"),
        },
        data={each: script(each) for each in (MONITOR_SCRIPT, READS[MONITOR_SCRIPT])},
        opts=pulumi.ResourceOptions(provider=ground.foundation.providers[0]),
    )
    BootstrapJob(
        login,
        BootstrapJobArgs(
            bootstrap=replace(ground.bootstrap, script_map=physical_name(scripts)),
            image=server.client_image,
            script=MONITOR_SCRIPT,
            env={
                "PGHOST": server.host,
                "PGPORT": str(server.port),
                "PGSSLMODE": server.tls_mode,
                "DATABASE": login,
                "OWNER_ROLE": "pg_monitor",
                "LOGIN_ROLE": MONITOR,
                "CONNECTION_LIMIT": str(MONITOR_CONNECTIONS),
            },
            # Whom the Jobs of services sign in as may give nobody this.
            master=server.superuser,
            username=MONITOR,
            password=secret,
            server=server.handle,
        ),
        options,
    )
    return secret


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
            monitored=program.settings.monitoring is not None,
        ),
        ground.foundation.options(),
    )
    return Data(
        servers={name: server.handle},
        grants=ground.granted(name, server.grants),
        monitors={} if server.monitor is None else {name: server.monitor},
    )


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
