"""A service's own database."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.context import Context
from components.servers.bootstrap import script
from components.servers.bootstrap_job import BootstrapJob, BootstrapJobArgs
from components.servers.servers import Grant, PostgresServer, password

CONNECTION_LIMIT = 20
"""Connections a service may hold: one service cannot use up the server's."""


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What a database is made from.

    Args:
        context: source of names and labels.
        namespace: the data namespace, from the resource that makes it.
        service: name of the database and login role: the service's, or its former one.
        server: server it is on.
        script_map: ConfigMap with the bootstrap scripts.
        rotation: a higher number gives the service a new password.
    """

    context: Context
    namespace: pulumi.Input[str]
    service: str
    server: PostgresServer
    script_map: pulumi.Input[str]
    rotation: int


class Database(Component[DatabaseArgs]):
    """A database, its owner role without login, and the login role of one service.

    Makes:
        `{name}-password`: password of the login role.
        `{name}`: BootstrapJob. Deleting it leaves the database: data is never
            dropped by a deployment.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:Database"

    handle: pulumi.Resource

    def _make(self, name: str, args: DatabaseArgs) -> None:
        secret = password(f"{name}-password", rotation=args.rotation, opts=self.child).result
        server, service = args.server, args.service
        job = BootstrapJob(
            name,
            BootstrapJobArgs(
                context=args.context,
                namespace=args.namespace,
                image=server.client_image,
                interpreter="/bin/sh",
                script=("postgres.sh", script("postgres.sh")),
                script_map=args.script_map,
                env={
                    "PGHOST": server.host,
                    "PGPORT": str(server.port),
                    "PGSSLMODE": server.tls_mode,
                    "DATABASE": service,
                    "OWNER_ROLE": f"{service}_owner",
                    "LOGIN_ROLE": service,
                    "CONNECTION_LIMIT": str(CONNECTION_LIMIT),
                },
                master=server.master,
                username=service,
                password=secret,
                rotation=args.rotation,
                server=server.handle,
            ),
            self.child,
        )
        self.handle = job.handle
        self.grant = Grant(
            resource="postgres",
            service=service,
            handle=job.handle,
            endpoint={
                "host": server.host,
                "port": str(server.port),
                "database": service,
                "sslmode": server.tls_mode,
            },
            credentials={"username": service, "password": secret},
        )
