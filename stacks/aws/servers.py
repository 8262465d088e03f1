"""The managed servers of the data layer: shared ones, and those that one service has alone."""

from __future__ import annotations

import pulumi

from components.aws.amazon_mq import AmazonMq, AmazonMqArgs
from components.aws.aurora_postgres import AuroraPostgres, AuroraPostgresArgs
from components.aws.elasti_cache import ElastiCache, ElastiCacheArgs
from components.aws.restore import RestoreArgs
from stacks.aws.foundation import AwsFoundation
from stacks.data import DataPlans, Part
from stacks.environment import Managed
from stacks.settings import Settings


def server_parts(
    plans: DataPlans, foundation: AwsFoundation, platform: Managed, key: pulumi.Output[str]
) -> list[Part]:
    """Makes every server, and each service's part of it.

    Args:
        plans: what the servers are made from.
        foundation: the network and the cluster.
        platform: sizes; a dedicated server has that of the shared one.
        key: ARN of the key that encrypts data.
    """
    makers = {"postgres": _postgres, "redis": _redis, "queue": _queue}
    return [
        make(plans, foundation, platform, key, name)
        for resource, make in makers.items()
        for name in plans.catalog.servers(resource)
    ]


def _postgres(
    plans: DataPlans,
    foundation: AwsFoundation,
    platform: Managed,
    key: pulumi.Output[str],
    name: str,
) -> Part:
    sizes, cluster = platform.postgres, foundation.cluster
    server = AuroraPostgres(
        name,
        AuroraPostgresArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster=cluster.name,
            cluster_group=cluster.security_group,
            namespace=plans.namespace,
            key=key,
            logs_key=foundation.logs_key,
            instance_class=sizes.instance_class,
            instances=sizes.instances,
            backup_days=sizes.backup_days,
            insights_days=sizes.insights_days,
            server=plans.settings.database_servers.get(name),
            restore=_restore(plans.settings, name),
        ),
        foundation.options(),
    )
    return Part(resource=name, handle=server.handle, grants=plans.databases(name, server))


def _restore(settings: Settings, name: str) -> RestoreArgs | None:
    """What the server's data comes from, if it is this one that is made anew."""
    restore = settings.restore
    if restore is None or restore.server != name:
        return None
    return RestoreArgs(**restore.model_dump(exclude={"server"}))


def _redis(
    plans: DataPlans,
    foundation: AwsFoundation,
    platform: Managed,
    key: pulumi.Output[str],
    name: str,
) -> Part:
    sizes, cluster, owners = platform.redis, foundation.cluster, plans.owners(name)
    server = ElastiCache(
        name,
        ElastiCacheArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            key=key,
            logs_key=foundation.logs_key,
            services=tuple(owners),
            rotations=plans.rotations,
            node_type=sizes.node_type,
            nodes=sizes.nodes,
            snapshot_days=sizes.snapshot_days,
        ),
        foundation.options(),
    )
    grants = {service: server.add_user(own) for own, service in owners.items()}
    return Part(resource=name, handle=server.handle, grants=grants)


def _queue(
    plans: DataPlans,
    foundation: AwsFoundation,
    platform: Managed,
    key: pulumi.Output[str],
    name: str,
) -> Part:
    cluster = foundation.cluster
    server = AmazonMq(
        name,
        AmazonMqArgs(
            aws=foundation.aws,
            vpc=cluster.vpc,
            subnets=cluster.data,
            cluster_group=cluster.security_group,
            namespace=plans.namespace,
            key=key,
            instance_type=platform.queue.instance_type,
            deployment=platform.queue.deployment,
        ),
        foundation.options(),
    )
    return Part(resource=name, handle=server.handle, grants=plans.vhosts(name, server))
