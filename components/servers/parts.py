"""A service's own part of a server: a database or a bucket; `vhosts` has the virtual hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import pulumi

from components.component import Component
from components.servers.bootstrap import AWS_CLI_IMAGE, Script
from components.servers.bootstrap_job import Bootstrap, BootstrapJob, BootstrapJobArgs
from components.servers.in_cluster_storage import InClusterStorage
from components.servers.servers import Grant, PostgresServer, Server, password


@dataclass(frozen=True, kw_only=True)
class PartArgs:
    """What a service's part of any server is made from.

    Args:
        service: name of the part and of its user: the service's, or its former one.
        rotation: a higher number gives the service a new password.
        connections: how many the service may hold: one cannot use up the server's.
    """

    bootstrap: Bootstrap
    service: str
    rotation: int
    connections: int


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs(PartArgs):
    """What a database is made from.

    Args:
        server: where it is.
        migration_connections: how many a migration may hold, where one changes the tables; the
            service itself then changes rows alone. None where the service does it.
    """

    server: PostgresServer
    migration_connections: int | None = None


Access = Literal["read", "read-write"]
"""What a login may do with the rows of a database that is another role's."""

PartArgsT = TypeVar("PartArgsT", bound=PartArgs)


class Part(Component[PartArgsT]):
    """One service's part of a server, made by a Job; deleting that leaves it, with its data."""

    handle: pulumi.Resource

    def _give(
        self,
        name: str,
        args: PartArgsT,
        server: Server,
        *,
        resource: str,
        image: str,
        script: Script,
        env: Mapping[str, pulumi.Input[str]],
        endpoint: Mapping[str, pulumi.Input[str]],
        after: pulumi.Resource | None = None,
        secret_name: str | None = None,
    ) -> None:
        """Makes the password and the Job, and sets `handle` and `grant`.

        Args:
            name: of the component.
            args: of the component.
            server: where the part is.
            resource: name of the platform resource.
            image: that the script runs in.
            script: that makes the part.
            env: what the script is told of it.
            endpoint: what the service is told of it, besides host and port.
            after: what the Job waits for; the server itself if it is None.
            secret_name: start of the password's name, where that is not `name`.
        """
        stem = secret_name or name
        secret = password(f"{stem}-password", rotation=args.rotation, opts=self.child).result
        self.handle = BootstrapJob(
            name,
            BootstrapJobArgs(
                bootstrap=args.bootstrap,
                image=image,
                script=script,
                env=env,
                master=server.master,
                username=args.service,
                password=secret,
                rotation=args.rotation,
                server=server.handle if after is None else after,
            ),
            self.child,
        ).handle
        self.grant = Grant(
            resource=resource,
            service=args.service,
            handle=self.handle,
            endpoint={"host": server.host, "port": str(server.port), **endpoint},
            credentials={"username": args.service, "password": secret},
        )


def migration_login(login: str) -> str:
    """What migrations sign in as, where a service does as `login`."""
    return f"{login}_migration"


class Database(Part[DatabaseArgs]):
    """A database, its owner role without login, and the login role of one service.

    Makes:
        `{name}-password`: password of the service's login role.
        `{name}`: BootstrapJob. Deleting it leaves the database: data is never
            dropped by a deployment.
        `{name}-migration-password`: password of the login that acts as the owner, and
        `{name}-access`: BootstrapJob that gives the service's login its rows alone; both
            where migrations change the tables.

    Sets `grant`, what the service gets, and `owner`, what its migrations get.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:Database"

    def _make(self, name: str, args: DatabaseArgs) -> None:
        self.owner: Grant | None = None
        if args.migration_connections is None:
            self._login(name, args, args, "postgres.sh")
            return
        migration = replace(
            args,
            service=migration_login(args.service),
            connections=args.migration_connections,
        )
        self._login(name, args, migration, "postgres.sh", secret_name=f"{name}-migration")
        owner, database = self.grant, self.handle
        # The service keeps the password that it had when it changed the tables itself.
        self._login(
            f"{name}-access",
            args,
            args,
            "postgres-access.sh",
            more={"ACCESS": "read-write"},
            after=database,
            secret_name=name,
        )
        # Whatever a migration makes has to be covered by then.
        self.owner = replace(owner, service=args.service, handle=self.handle)

    def _login(
        self,
        name: str,
        args: DatabaseArgs,
        login: DatabaseArgs,
        script: Script,
        *,
        more: Mapping[str, str] | None = None,
        after: pulumi.Resource | None = None,
        secret_name: str | None = None,
    ) -> None:
        """Gives `login` the database that `args` names."""
        self._give(
            name,
            login,
            args.server,
            resource="postgres",
            image=args.server.client_image,
            script=script,
            env={**_postgres_env(login, args.server, args.service), **(more or {})},
            endpoint={"database": args.service, "sslmode": args.server.tls_mode},
            after=after,
            secret_name=secret_name,
        )


def _postgres_env(
    args: PartArgs, server: PostgresServer, database: str
) -> dict[str, pulumi.Input[str]]:
    """What both scripts of PostgreSQL are told: which login gets at which database."""
    return {
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGSSLMODE": server.tls_mode,
        "DATABASE": database,
        "OWNER_ROLE": f"{database}_owner",
        "LOGIN_ROLE": args.service,
        "CONNECTION_LIMIT": str(args.connections),
    }


@dataclass(frozen=True, kw_only=True)
class DatabaseAccessArgs(PartArgs):
    """What access to a database is made from.

    Args:
        server: where the database is.
        database: whose tables they are: the name of a `Database` there.
        access: whether rows are only read, or written, too.
        after: handle of that database.
    """

    server: PostgresServer
    database: str
    access: Access
    after: pulumi.Resource


class DatabaseAccess(Part[DatabaseAccessArgs]):
    """The login role of a service that uses a database without any right over its schema.

    Makes:
        `{name}-password`: password of the login role.
        `{name}`: BootstrapJob. Deleting it leaves the login and what it may do.

    Outputs:
        handle: the Job; done means that the service can connect.
    """

    TOKEN = "nexus:data:DatabaseAccess"

    def _make(self, name: str, args: DatabaseAccessArgs) -> None:
        self._give(
            name,
            args,
            args.server,
            resource="postgres",
            image=args.server.client_image,
            script="postgres-access.sh",
            env={**_postgres_env(args, args.server, args.database), "ACCESS": args.access},
            endpoint={"database": args.database, "sslmode": args.server.tls_mode},
            after=args.after,
        )


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """What a bucket is made from.

    Args:
        bucket: name of the bucket in the store.
        services: services that may use it, the owner among them.
        store: store it is in; what each service may do is the store's to enforce.
    """

    bootstrap: Bootstrap
    bucket: str
    services: tuple[str, ...]
    store: InClusterStorage


class Bucket(Component[BucketArgs]):
    """A bucket in the cluster's object storage, whose users the store has already.

    Makes:
        `{name}`: BootstrapJob. Deleting it leaves the bucket and its objects.

    Outputs:
        handle: the Job; done means that the bucket is there.
    """

    TOKEN = "nexus:data:Bucket"

    handle: pulumi.Resource

    def _make(self, name: str, args: BucketArgs) -> None:
        store = args.store
        self.handle = BootstrapJob(
            name,
            BootstrapJobArgs(
                bootstrap=args.bootstrap,
                image=AWS_CLI_IMAGE,
                script="bucket.sh",
                env={
                    "AWS_ENDPOINT_URL_S3": store.url,
                    "AWS_DEFAULT_REGION": store.region,
                    "BUCKET": args.bucket,
                },
                master=store.master,
                server=store.handle,
            ),
            self.child,
        ).handle
        self.grants = tuple(
            Grant(
                resource="storage",
                service=service,
                handle=self.handle,
                endpoint={"url": store.url, "region": store.region, "bucket": args.bucket},
                credentials={"username": service, "password": store.passwords[service]},
                part=args.bucket,
            )
            for service in args.services
        )
