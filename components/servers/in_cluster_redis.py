"""Valkey in the cluster, for environments without a managed Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ProbeArgsDict, Secret

from components.component import Component
from components.context import DATA, Context
from components.kubernetes.pod import Size, config_volume, mount, physical_name, secret_volume
from components.servers.acl import acl_file
from components.servers.servers import Grant, password
from components.servers.stateful_server import StatefulServer, StatefulServerArgs

IMAGE = "docker.io/valkey/valkey:8.1.3"
PORT = 6379
CONFIG = "/etc/nexus"
ACL = "/var/run/secrets/nexus/acl"


@dataclass(frozen=True, kw_only=True)
class InClusterRedisArgs:
    """What the server is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        services: names of the services that get a user, sorted.
        rotations: password rotation counter by service; 0 where none is given.
        storage: size of the volume, a Kubernetes quantity.
        size: requests and limits.
        max_memory: most memory for data, in Valkey's words, such as `96mb`.
    """

    context: Context
    namespace: pulumi.Input[str]
    services: tuple[str, ...]
    rotations: Mapping[str, int]
    storage: str
    size: Size
    max_memory: str


class InClusterRedis(Component[InClusterRedisArgs]):
    """One Valkey server with a user and key prefix per service; a `RedisServer`.

    It never evicts: sessions and tokens live here, and losing one signs a user
    out. The users stand in a file, so a new user or password restarts the server.

    Stateful: renaming it deletes every key.

    Makes:
        `{name}-{service}-password`: password of each user.
        `{name}-acl`: Secret with the ACL file; it holds hashes, no passwords.
        `{name}-config`: ConfigMap with the server's configuration.
        `{name}`: StatefulServer.

    Outputs:
        handle: the StatefulSet.
    """

    TOKEN = "nexus:data:InClusterRedis"

    handle: pulumi.Resource

    def _make(self, name: str, args: InClusterRedisArgs) -> None:
        labels = args.context.labels(name, "server")
        self._host = args.context.host(name, DATA)
        self._passwords = {
            service: password(
                f"{name}-{service}-password",
                rotation=args.rotations.get(service, 0),
                opts=self.child,
            ).result
            for service in args.services
        }
        acl = Secret(
            f"{name}-acl",
            metadata={"namespace": args.namespace, "labels": labels},
            string_data={
                "users.acl": pulumi.Output.all(**self._passwords).apply(
                    # All outputs of none are a list.
                    lambda passwords: _acl(dict(passwords))
                )
            },
            opts=self.child,
        )
        config = ConfigMap(
            f"{name}-config",
            metadata={"namespace": args.namespace, "labels": labels},
            data={"valkey.conf": _configuration(args.max_memory)},
            opts=self.child,
        )
        server = StatefulServer(
            name,
            StatefulServerArgs(
                context=args.context,
                namespace=args.namespace,
                image=IMAGE,
                command=("valkey-server", f"{CONFIG}/valkey.conf"),
                ports={"redis": PORT},
                data_path="/data",
                storage=args.storage,
                size=args.size,
                env={},
                volumes=(
                    config_volume("config", physical_name(config)),
                    secret_volume("acl", physical_name(acl)),
                ),
                mounts=(mount("config", CONFIG), mount("acl", ACL)),
                startup=_ping(period=2, failures=60),
                readiness=_ping(period=5, failures=3),
                liveness={
                    "tcp_socket": {"port": PORT},
                    "period_seconds": 10,
                    "failure_threshold": 6,
                    "timeout_seconds": 5,
                },
            ),
            self.child,
        )
        self.handle = server.handle

    def add_user(self, service: str) -> Grant:
        """The user of `service`, which the ACL file already holds.

        Raises:
            KeyError: if the server was made without a user for `service`.
        """
        return Grant(
            resource="redis",
            service=service,
            handle=self.handle,
            endpoint={"host": self._host, "port": str(PORT), "prefix": f"{service}:"},
            credentials={"username": service, "password": self._passwords[service]},
        )


def _acl(passwords: Mapping[str, str]) -> str:
    hashes = {
        service: hashlib.sha256(secret.encode()).hexdigest()
        for service, secret in passwords.items()
    }
    return acl_file(hashes)


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


def _ping(*, period: int, failures: int) -> ProbeArgsDict:
    """Asks as the user `probe`, who needs no password and may do nothing else."""
    command = ["valkey-cli", "-e", "-h", "127.0.0.1", "--user", "probe", "--pass", "probe", "ping"]
    return {
        "exec_": {"command": command},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": 5,
    }
