"""PostgreSQL in the cluster, for environments without a managed one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.context import DATA
from components.kubernetes.pod import config_volume, mount, scratch_volume, secret_volume
from components.servers.servers import MASTER
from components.servers.stateful_server import (
    InClusterServer,
    ServerArgs,
    StatefulServer,
    StatefulServerArgs,
    probe,
)

IMAGE = "docker.io/library/postgres:17.5"
"""Official image; its major version is also that of `psql` in the bootstrap Jobs."""

PORT = 5432

DATA_PATH = "/var/lib/postgresql/data"
SECRETS = "/var/run/secrets/nexus"
INIT = (Path(__file__).parent / "bootstrap" / "postgres-init.sql", "10-master.sql")


PG_ISREADY: ProbeArgsDict = {
    "exec_": {"command": ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]}
}


@dataclass(frozen=True, kw_only=True)
class InClusterPostgresArgs(ServerArgs):
    """What the server is made from.

    Args:
        max_connections: connections of all services together.
    """

    max_connections: int


class InClusterPostgres(InClusterServer[InClusterPostgresArgs]):
    """One PostgreSQL server; a `PostgresServer`.

    Stateful: renaming it deletes every database.

    Makes:
        `{name}-superuser-password`, `{name}-master-password`: passwords.
        `{name}-superuser`, `{name}-master`: Secrets with user name and password.
        `{name}-init`: ConfigMap with the SQL that makes the master.
        `{name}`: StatefulServer.

    Outputs:
        master: name of the Secret with the master's user name and password.
        superuser: the same of the superuser.
    """

    TOKEN = "nexus:data:InClusterPostgres"

    port = PORT
    tls_mode = "disable"
    client_image = IMAGE

    host: str
    master: pulumi.Output[str]
    superuser: pulumi.Output[str]

    def _make(self, name: str, args: InClusterPostgresArgs) -> None:
        _, self.superuser = self._login(name, args, "superuser", "postgres")
        _, self.master = self._login(name, args, "master", MASTER)
        self.host = args.context.host(name, DATA)
        init = self._config(name, args, "init", {INIT[1]: INIT[0].read_text(encoding="utf-8")})
        self.handle = StatefulServer(
            name,
            StatefulServerArgs(
                server=args,
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
                env={
                    # A folder inside the volume: its root holds lost+found on some storage.
                    "PGDATA": f"{DATA_PATH}/pgdata",
                    "POSTGRES_PASSWORD_FILE": f"{SECRETS}/superuser/password",
                    "POSTGRES_INITDB_ARGS": "--auth-local=scram-sha-256 --auth-host=scram-sha-256",
                },
                volumes=(
                    scratch_volume("run", "8Mi"),
                    config_volume("init", init),
                    secret_volume("superuser", self.superuser),
                    secret_volume("master", self.master),
                ),
                mounts=(
                    mount("run", "/var/run/postgresql", writable=True),
                    mount("init", "/docker-entrypoint-initdb.d"),
                    mount("superuser", f"{SECRETS}/superuser"),
                    mount("master", f"{SECRETS}/master"),
                ),
                # While the image sets the server up, it listens on its socket alone.
                startup=probe(PG_ISREADY, period=2, failures=150),
                readiness=probe(PG_ISREADY, period=5, failures=3),
                alive=PORT,
            ),
            self.child,
        ).handle
