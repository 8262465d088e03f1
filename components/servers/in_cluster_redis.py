"""Valkey in the cluster, for environments without a managed Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.context import DATA
from components.kubernetes.pod import config_volume, mount, secret_volume
from components.servers.acl import MONITOR, PROBE, KeysOf, acl_file
from components.servers.servers import password, passwords, redis_grants
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/valkey/valkey:8.1.3"
PORT = 6379
CONFIG = "/etc/nexus"
ACL = "/var/run/secrets/nexus/acl"

PING: ProbeArgsDict = {
    "exec_": {
        "command": [
            *("valkey-cli", "-e", "-h", "127.0.0.1"),
            *("--user", PROBE, "--pass", PROBE, "ping"),
        ]
    }
}
"""Asks as the user `probe`, who needs no password and may do nothing else."""


@dataclass(frozen=True, kw_only=True)
class InClusterRedisArgs(ServerArgs):
    """What the server is made from.

    Args:
        services: names of the services that get a user, sorted.
        keys: which keys a service has, if not its own alone.
        rotations: password rotation counter by service; 0 where none is given.
        max_memory: most memory for data, in Valkey's words, such as `96mb`.
        monitored: whether there is a user for monitoring.
    """

    services: tuple[str, ...]
    rotations: Mapping[str, int]
    max_memory: str
    keys: Mapping[str, KeysOf] = field(default_factory=dict[str, KeysOf])
    monitored: bool = False


class InClusterRedis(InClusterServer[InClusterRedisArgs]):
    """One Valkey server with a user and key prefix per service.

    It never evicts: sessions and tokens live here, and losing one signs a user
    out. The users stand in a file, so a new user or password restarts the server.

    Stateful: renaming it deletes every key.

    Makes:
        `{name}-{service}-password`: password of each user, and of monitoring's, if there is one.
        `{name}-acl`: Secret with the ACL file; it holds hashes, no passwords.
        `{name}-config`: ConfigMap with the server's configuration.
        `{name}`: StatefulServer.
    """

    TOKEN = "nexus:data:InClusterRedis"

    def _make(self, name: str, args: InClusterRedisArgs) -> None:
        secrets = passwords(name, args.services, args.rotations, self.child)
        self.monitor = (
            password(f"{name}-monitor-password", opts=self.child).result if args.monitored else None
        )
        every = secrets if self.monitor is None else {**secrets, MONITOR: self.monitor}
        # All outputs of none are a list.
        users = pulumi.Output.all(**every).apply(lambda each: _acl(dict(each), args.keys))
        acl = self._secret(name, args, "acl", {"users.acl": users})
        config = self._config(
            name, args, "config", {"valkey.conf": _configuration(args.max_memory)}
        )
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
                image=IMAGE,
                command=("valkey-server", f"{CONFIG}/valkey.conf"),
                ports={"redis": PORT},
                data_path="/data",
                volumes=(
                    config_volume("config", config),
                    secret_volume("acl", acl),
                ),
                mounts=(mount("config", CONFIG), mount("acl", ACL)),
                startup=probe(PING, period=2, failures=60),
                readiness=probe(PING, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle
        endpoint = {"host": args.context.host(name, DATA), "port": str(PORT)}
        self.grants = redis_grants(self.handle, endpoint, secrets, keys=args.keys)


def _acl(passwords: Mapping[str, str], keys: Mapping[str, KeysOf]) -> str:
    hashes = {
        service: hashlib.sha256(secret.encode()).hexdigest()
        for service, secret in passwords.items()
    }
    monitor = hashes.pop(MONITOR, None)
    return acl_file(hashes, keys=keys, monitor=monitor)


def _configuration(max_memory: str) -> str:
    return "\n".join(
        (
            f"port {PORT}",
            # Pods reach it by their own addresses; the ACL file keeps strangers out.
            "protected-mode no",
            f"aclfile {ACL}/users.acl",
            "dir /data",
            "appendonly yes",
            "appendfsync everysec",
            f"maxmemory {max_memory}",
            "maxmemory-policy noeviction",
            "",
        )
    )
