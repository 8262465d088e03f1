"""PostgreSQL in the cluster, for environments without a managed one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, ProbeArgsDict, Secret

from components.component import Component
from components.context import DATA, Context
from components.kubernetes.pod import (
    Size,
    config_volume,
    mount,
    physical_name,
    scratch_volume,
    secret_volume,
)
from components.servers.servers import password
from components.servers.stateful_server import StatefulServer, StatefulServerArgs

IMAGE = "docker.io/library/postgres:17.5"
"""Official image; its major version is also that of `psql` in the bootstrap Jobs."""

PORT = 5432

MASTER = "nexus_master"
"""Role of the bootstrap Jobs: creates databases and roles, and is no superuser, as on Aurora."""

DATA_PATH = "/var/lib/postgresql/data"
SECRETS = "/var/run/secrets/nexus"
INIT = (Path(__file__).parent / "bootstrap" / "postgres-init.sql", "10-master.sql")


@dataclass(frozen=True, kw_only=True)
class InClusterPostgresArgs:
    """What the server is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        storage: size of the volume, a Kubernetes quantity.
        size: requests and limits.
        max_connections: connections of all services together.
    """

    context: Context
    namespace: pulumi.Input[str]
    storage: str
    size: Size
    max_connections: int


class InClusterPostgres(Component[InClusterPostgresArgs]):
    """One PostgreSQL server; a `PostgresServer`.

    Stateful: renaming it deletes every database.

    Makes:
        `{name}-superuser-password`, `{name}-master-password`: passwords.
        `{name}-superuser`, `{name}-master`: Secrets with user name and password.
        `{name}-init`: ConfigMap with the SQL that makes the master.
        `{name}`: StatefulServer.

    Outputs:
        handle: the StatefulSet.
        host: DNS name inside the cluster.
        master: name of the Secret with the master's user name and password.
    """

    TOKEN = "nexus:data:InClusterPostgres"

    port = PORT
    tls_mode = "disable"
    client_image = IMAGE

    handle: pulumi.Resource
    host: str
    master: pulumi.Output[str]

    def _make(self, name: str, args: InClusterPostgresArgs) -> None:
        labels = args.context.labels(name, "server")

        def credentials(role: str, username: str) -> pulumi.Output[str]:
            secret = Secret(
                f"{name}-{role}",
                metadata={"namespace": args.namespace, "labels": labels},
                string_data={
                    "username": username,
                    "password": password(f"{name}-{role}-password", opts=self.child).result,
                },
                opts=self.child,
            )
            return physical_name(secret)

        superuser = credentials("superuser", "postgres")
        self.master = credentials("master", MASTER)
        self.host = args.context.host(name, DATA)
        init = ConfigMap(
            f"{name}-init",
            metadata={"namespace": args.namespace, "labels": labels},
            data={INIT[1]: INIT[0].read_text(encoding="utf-8")},
            opts=self.child,
        )
        server = StatefulServer(
            name,
            StatefulServerArgs(
                context=args.context,
                namespace=args.namespace,
                image=IMAGE,
                # The image's entry point makes the data directory at the first start.
                command=(
                    "docker-entrypoint.sh",
                    "postgres",
                    "-c",
                    f"max_connections={args.max_connections}",
                ),
                ports={"postgres": PORT},
                data_path=DATA_PATH,
                storage=args.storage,
                size=args.size,
                env={
                    # A folder inside the volume: its root holds lost+found on some storage.
                    "PGDATA": f"{DATA_PATH}/pgdata",
                    "POSTGRES_PASSWORD_FILE": f"{SECRETS}/superuser/password",
                    "POSTGRES_INITDB_ARGS": "--auth-local=scram-sha-256 --auth-host=scram-sha-256",
                },
                volumes=(
                    scratch_volume("run", "8Mi"),
                    config_volume("init", physical_name(init)),
                    secret_volume("superuser", superuser),
                    secret_volume("master", self.master),
                ),
                mounts=(
                    mount("run", "/var/run/postgresql", writable=True),
                    mount("init", "/docker-entrypoint-initdb.d"),
                    mount("superuser", f"{SECRETS}/superuser"),
                    mount("master", f"{SECRETS}/master"),
                ),
                # While the image sets the server up, it listens on its socket alone.
                startup=_pg_isready(period=2, failures=150),
                readiness=_pg_isready(period=5, failures=3),
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


def _pg_isready(*, period: int, failures: int) -> ProbeArgsDict:
    return {
        "exec_": {"command": ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": 5,
    }
