"""S3-compatible object storage in the cluster, for environments without a managed one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.component import Component
from components.context import DATA, Context
from components.kubernetes.pod import Size, mount, physical_name, secret_volume
from components.servers.servers import password
from components.servers.stateful_server import StatefulServer, StatefulServerArgs

IMAGE = "docker.io/chrislusf/seaweedfs:4.22"
PORT = 8333
MASTER = "nexus_master"
IDENTITIES = "/var/run/secrets/nexus/identities"


@dataclass(frozen=True, kw_only=True)
class InClusterStorageArgs:
    """What the store is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        buckets: names of the buckets each service may read and write, by service.
        owned: name of the bucket each owner administers, by service.
        rotations: password rotation counter by service; 0 where none is given.
        storage: size of the volume, a Kubernetes quantity.
        size: requests and limits.
    """

    context: Context
    namespace: pulumi.Input[str]
    buckets: Mapping[str, tuple[str, ...]]
    owned: Mapping[str, tuple[str, ...]]
    rotations: Mapping[str, int]
    storage: str
    size: Size


class InClusterStorage(Component[InClusterStorageArgs]):
    """One SeaweedFS server with a user per service; an `ObjectStore`.

    The users and what each may do stand in a file, so a new user or password
    restarts the server. Everything but the S3 API listens on loopback only.

    Stateful: renaming it deletes every object.

    Makes:
        `{name}-master-password`, `{name}-{service}-password`: secret access keys.
        `{name}-master`: Secret with the administrator's keys.
        `{name}-identities`: Secret with all users.
        `{name}`: StatefulServer.

    Outputs:
        handle: the StatefulSet.
        url: base URL of the S3 API.
        master: name of the Secret with the administrator's credentials.
    """

    TOKEN = "nexus:data:InClusterStorage"

    region = "us-east-1"

    handle: pulumi.Resource
    url: str
    master: pulumi.Output[str]

    def _make(self, name: str, args: InClusterStorageArgs) -> None:
        labels = args.context.labels(name, "server")
        master_password = password(f"{name}-master-password", opts=self.child).result
        self._passwords = {
            service: password(
                f"{name}-{service}-password",
                rotation=args.rotations.get(service, 0),
                opts=self.child,
            ).result
            for service in sorted(args.buckets)
        }
        master = Secret(
            f"{name}-master",
            metadata={"namespace": args.namespace, "labels": labels},
            string_data={"username": MASTER, "password": master_password},
            opts=self.child,
        )
        identities = Secret(
            f"{name}-identities",
            metadata={"namespace": args.namespace, "labels": labels},
            string_data={
                "identities.json": pulumi.Output.all(
                    **{MASTER: master_password}, **self._passwords
                ).apply(lambda passwords: _identities(passwords, args.buckets, args.owned))
            },
            opts=self.child,
        )
        server = StatefulServer(
            name,
            StatefulServerArgs(
                context=args.context,
                namespace=args.namespace,
                image=IMAGE,
                command=(
                    "weed",
                    "server",
                    "-dir=/data",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    "-master.volumeSizeLimitMB=256",
                    # Each bucket takes seven volumes at once; they grow as they are filled.
                    "-volume.max=100",
                    "-filer",
                    "-s3",
                    "-s3.ip.bind=0.0.0.0",
                    f"-s3.port={PORT}",
                    f"-s3.config={IDENTITIES}/identities.json",
                ),
                ports={"s3": PORT},
                data_path="/data",
                storage=args.storage,
                size=args.size,
                env={},
                volumes=(secret_volume("identities", physical_name(identities)),),
                mounts=(mount("identities", IDENTITIES),),
                startup={
                    "http_get": {"path": "/status", "port": PORT},
                    "period_seconds": 2,
                    "failure_threshold": 150,
                },
                readiness={
                    "http_get": {"path": "/status", "port": PORT},
                    "period_seconds": 5,
                    "failure_threshold": 3,
                    "timeout_seconds": 5,
                },
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
        self.url = f"http://{args.context.host(name, DATA)}:{PORT}"
        self.master = physical_name(master)

    def password(self, service: str) -> pulumi.Output[str]:
        """Secret access key of `service`.

        Raises:
            KeyError: if the store was made without a user for `service`.
        """
        return self._passwords[service]


def _identities(
    passwords: Mapping[str, str],
    buckets: Mapping[str, tuple[str, ...]],
    owned: Mapping[str, tuple[str, ...]],
) -> str:
    """SeaweedFS' file of users: the administrator, and each service with its buckets' actions."""
    users = [_identity(MASTER, passwords[MASTER], ("Admin",))]
    for service in sorted(buckets):
        actions = [
            f"{action}:{bucket}"
            for bucket in buckets[service]
            for action in ("Read", "Write", "List", "Tagging")
        ]
        actions += [f"Admin:{bucket}" for bucket in owned.get(service, ())]
        users.append(_identity(service, passwords[service], tuple(actions)))
    return json.dumps({"identities": users}, indent=1)


def _identity(name: str, secret: str, actions: tuple[str, ...]) -> dict[str, object]:
    credentials = [{"accessKey": name, "secretKey": secret}]
    return {"name": name, "credentials": credentials, "actions": list(actions)}
