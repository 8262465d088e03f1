"""S3-compatible object storage in the cluster, for environments without a managed one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.context import DATA
from components.kubernetes.pod import mount, secret_volume
from components.servers.servers import MASTER, passwords
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/chrislusf/seaweedfs:4.22"
PORT = 8333
IDENTITIES = "/var/run/secrets/nexus/identities"

STATUS: ProbeArgsDict = {"http_get": {"path": "/status", "port": PORT}}


@dataclass(frozen=True, kw_only=True)
class InClusterStorageArgs(ServerArgs):
    """What the store is made from.

    Args:
        buckets: names of the buckets each service may read and write, by service.
        readable: names of those that it may read alone, by service.
        owned: name of the bucket each owner administers, by service.
        rotations: password rotation counter by service; 0 where none is given.
    """

    buckets: Mapping[str, tuple[str, ...]]
    owned: Mapping[str, tuple[str, ...]]
    rotations: Mapping[str, int]
    readable: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


class InClusterStorage(InClusterServer[InClusterStorageArgs]):
    """One SeaweedFS server with a user per service.

    The users and what each may do stand in a file, so a new user or password
    restarts the server. Everything but the S3 API listens on loopback only.

    Stateful: renaming it deletes every object.

    Makes:
        `{name}-master-password`, `{name}-{service}-password`: secret access keys.
        `{name}-master`: Secret with the administrator's keys.
        `{name}-identities`: Secret with all users.
        `{name}`: StatefulServer.

    Outputs:
        master: name of the Secret with the administrator's credentials.
    """

    TOKEN = "nexus:data:InClusterStorage"

    region = "us-east-1"

    url: str
    master: pulumi.Output[str]

    def _make(self, name: str, args: InClusterStorageArgs) -> None:
        secret, self.master = self._login(name, args, "master", MASTER)
        self.passwords = passwords(name, sorted(args.buckets), args.rotations, self.child)
        users = pulumi.Output.all(**{MASTER: secret}, **self.passwords).apply(
            lambda secrets: _identities(secrets, args.buckets, args.readable, args.owned)
        )
        identities = self._secret(name, args, "identities", {"identities.json": users})
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
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
                volumes=(secret_volume("identities", identities),),
                mounts=(mount("identities", IDENTITIES),),
                startup=probe(STATUS, period=2, failures=150, timeout=None),
                readiness=probe(STATUS, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle
        self.url = f"http://{args.context.host(name, DATA)}:{PORT}"


def _identities(
    passwords: Mapping[str, str],
    buckets: Mapping[str, tuple[str, ...]],
    readable: Mapping[str, tuple[str, ...]],
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
        actions += [
            f"{action}:{bucket}"
            for bucket in readable.get(service, ())
            for action in ("Read", "List")
        ]
        actions += [f"Admin:{bucket}" for bucket in owned.get(service, ())]
        users.append(_identity(service, passwords[service], tuple(actions)))
    return json.dumps({"identities": users}, indent=1)


def _identity(name: str, secret: str, actions: tuple[str, ...]) -> dict[str, object]:
    credentials = [{"accessKey": name, "secretKey": secret}]
    return {"name": name, "credentials": credentials, "actions": list(actions)}
