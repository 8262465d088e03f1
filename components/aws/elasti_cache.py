"""Redis as a managed service of AWS, with Valkey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import elasticache

from components.aws.managed_server import ManagedServer, ManagedServerArgs
from components.aws.sizes import ElastiCacheSize
from components.aws.versions import VALKEY
from components.servers.acl import KeysOf, access
from components.servers.servers import password, passwords, redis_grants

ENGINE, FAMILY = "valkey", "valkey8"
PORT = 6379
LONGEST_ID = 40
"""Longest id of a user, user group or replication group, in characters."""

NOBODY = "off resetchannels -@all"
"""Rights of the user `default`, as whom a client without a user name logs in."""


@dataclass(frozen=True, kw_only=True)
class ElastiCacheArgs(ManagedServerArgs):
    """What the server is made from.

    Args:
        services: names of the services that get a user, sorted.
        keys: which keys a service has, if not its own alone.
        rotations: password rotation counter by service; 0 where none is given.
    """

    logs_key: pulumi.Input[str]
    services: tuple[str, ...]
    rotations: Mapping[str, int]
    size: ElastiCacheSize
    keys: Mapping[str, KeysOf] = field(default_factory=dict[str, KeysOf])


class ElastiCache(ManagedServer[ElastiCacheArgs]):
    """A replication group with failover, and a user per service.

    It never evicts: sessions and tokens live here, and losing one signs a user out.

    Stateful: renaming it deletes every key.

    Makes:
        `{name}-access`: DataAccess on Redis' port.
        `{name}-subnets`, `{name}-parameters`: subnet group; parameters: no eviction.
        `{name}-default-password`, `{name}-default`: the user `default`, without rights.
        `{name}-{service}-password`, `{name}-{service}`: each service's user.
        `{name}-users`: the one user group.
        `{name}-slow-log`, `{name}-engine-log`: log groups.
        `{name}`: the replication group.

    Outputs:
        handle: the replication group; it exists when all users do.
        host: DNS name of the primary.
    """

    TOKEN = "nexus:data:ElastiCache"

    def _make(self, name: str, args: ElastiCacheArgs) -> None:
        durable = args.aws.durable(self)
        aws = args.aws
        group = self._access(name, args, ("redis", PORT))
        subnets = elasticache.SubnetGroup(
            f"{name}-subnets",
            subnet_ids=list(args.subnets),
            description=f"{aws.prefix} {name}",
            tags=aws.tags(f"{name}-subnets", "data"),
            opts=durable,
        )
        parameters = elasticache.ParameterGroup(
            f"{name}-parameters",
            family=FAMILY,
            description="Nothing is evicted",
            parameters=[{"name": "maxmemory-policy", "value": "noeviction"}],
            tags=aws.tags(f"{name}-parameters", "data"),
            opts=durable,
        )
        secrets = passwords(name, args.services, args.rotations, self.child)
        nobody = password(f"{name}-default-password", opts=self.child).result
        logins = {
            "default": (NOBODY, nobody),
            **{
                service: (access(service, args.keys.get(service)), secret)
                for service, secret in secrets.items()
            },
        }
        users = [
            elasticache.User(
                f"{name}-{user}",
                user_id=aws.fixed(f"{name}-{user}", LONGEST_ID),
                user_name=user,
                engine=ENGINE,
                access_string=rights,
                authentication_mode={"type": "password", "passwords": [secret]},
                tags=aws.tags(f"{name}-{user}", "data", None if user == "default" else user),
                opts=self.child,
            )
            for user, (rights, secret) in logins.items()
        ]
        user_group = elasticache.UserGroup(
            f"{name}-users",
            engine=ENGINE,
            user_group_id=aws.fixed(f"{name}-users", LONGEST_ID),
            user_ids=[user.user_id for user in users],
            tags=aws.tags(f"{name}-users", "data"),
            opts=durable,
        )
        self.handle = server = elasticache.ReplicationGroup(
            name,
            replication_group_id=aws.fixed(name, LONGEST_ID),
            description=f"{aws.prefix}: sessions, tokens and caches of the services",
            engine=ENGINE,
            engine_version=VALKEY.version,
            node_type=args.size.node_type,
            num_cache_clusters=args.size.nodes,
            port=PORT,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[group],
            user_group_ids=[user_group.user_group_id],
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            at_rest_encryption_enabled=True,
            kms_key_id=args.key,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            snapshot_retention_limit=args.size.snapshot_days,
            snapshot_window="02:00-03:00",
            maintenance_window="sun:03:30-sun:04:30",
            final_snapshot_identifier=(
                aws.fixed(f"{name}-final", LONGEST_ID) if aws.retained else None
            ),
            auto_minor_version_upgrade=True,
            apply_immediately=False,
            log_delivery_configurations=[
                {
                    "destination": aws.log_group(
                        f"{name}-{kind}",
                        f"/aws/elasticache/{aws.fixed(f'{name}-{kind}', 100)}",
                        "data",
                        key=args.logs_key,
                        opts=self.child,
                    ).name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": kind,
                }
                for kind in ("slow-log", "engine-log")
            ],
            tags=aws.tags(name, "data"),
            opts=args.aws.durable(
                self,
                pulumi.ResourceOptions(
                    # Minor versions are AWS' to choose, in the maintenance window.
                    ignore_changes=["engineVersion"],
                    custom_timeouts=pulumi.CustomTimeouts(create="60m", delete="60m"),
                ),
            ),
        )
        self.host = server.primary_endpoint_address
        endpoint = {"host": self.host, "port": str(PORT)}
        self.grants = redis_grants(self.handle, endpoint, secrets, keys=args.keys, tls=True)
