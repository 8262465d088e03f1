"""The managed servers of the data layer: shared ones, and those that one service has alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pulumi

from catalog.names import ResourceName
from components.aws.amazon_mq import AmazonMq, AmazonMqArgs
from components.aws.aurora_postgres import AuroraPostgres, AuroraPostgresArgs, RestoreArgs
from components.aws.elasti_cache import ElastiCache, ElastiCacheArgs
from stacks.aws.foundation import AwsFoundation
from stacks.data import Data, Ground, together
from stacks.inputs import AwsProgram
from stacks.settings import Settings

AwsGround: TypeAlias = Ground[AwsProgram, AwsFoundation]


def make_servers(ground: AwsGround, key: pulumi.Output[str]) -> Data:
    """Makes every server, and each service's part of it; a dedicated one is as the shared one.

    Args:
        ground: what the servers are made from.
        key: ARN of the key that encrypts data.
    """
    makers: Mapping[ResourceName, Callable[[AwsGround, pulumi.Output[str], str], Data]] = {
        "postgres": _postgres,
        "redis": _redis,
        "queue": _queue,
    }
    return together(
        *(
            make(ground, key, name)
            for resource, make in makers.items()
            for name in ground.program.catalog.servers(resource)
        )
    )


def _postgres(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    sizes, cluster = program.platform.postgres, foundation.cluster
    server = AuroraPostgres(
        name,
        AuroraPostgresArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster=cluster.name,
            cluster_group=cluster.security_group,
            namespace=ground.bootstrap.namespace,
            key=key,
            logs_key=foundation.logs_key,
            instance_class=sizes.instance_class,
            instances=sizes.instances,
            backup_days=sizes.backup_days,
            insights_days=sizes.insights_days,
            server=program.settings.database_servers.get(name),
            restore=_restore(program.settings, name),
        ),
        foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.databases(name, server))


def _restore(settings: Settings, name: str) -> RestoreArgs | None:
    """What the server's data comes from, if it is this one that is made anew."""
    restore = settings.restore
    if restore is None or restore.server != name:
        return None
    return RestoreArgs(**restore.model_dump(exclude={"server"}))


def _redis(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    sizes, cluster = program.platform.redis, foundation.cluster
    server = ElastiCache(
        name,
        ElastiCacheArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            key=key,
            logs_key=foundation.logs_key,
            services=tuple(program.owners(name)),
            rotations=program.rotations,
            node_type=sizes.node_type,
            nodes=sizes.nodes,
            snapshot_days=sizes.snapshot_days,
        ),
        foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=server.grants)


def _queue(ground: AwsGround, key: pulumi.Output[str], name: str) -> Data:
    program, foundation = ground.program, ground.foundation
    sizes, cluster = program.platform.queue, foundation.cluster
    server = AmazonMq(
        name,
        AmazonMqArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            namespace=ground.bootstrap.namespace,
            key=key,
            instance_type=sizes.instance_type,
            deployment=sizes.deployment,
        ),
        foundation.options(),
    )
    return Data(servers={name: server.handle}, grants=ground.vhosts(name, server))
