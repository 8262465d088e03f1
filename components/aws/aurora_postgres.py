"""PostgreSQL as a managed service of AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import rds
from pulumi_kubernetes.core.v1 import ServiceAccount

from components.aws.iam import (
    PodIdentityRole,
    PodIdentityRoleArgs,
    ServiceRole,
    ServiceRoleArgs,
    Statement,
)
from components.aws.managed_server import ManagedServer, ManagedServerArgs
from components.aws.sizes import AuroraSize
from components.aws.versions import POSTGRES
from components.servers.bootstrap_job import SecretsManagerMaster
from components.servers.in_cluster_postgres import IMAGE
from components.servers.servers import MASTER

FAMILY = "aurora-postgresql17"
PORT = 5432
MONITORING_SECONDS = 60

SOURCES = ("restoreToPointInTime", "snapshotIdentifier")
"""Inputs of a cluster that say so. AWS reads them when it makes the cluster, never again; the
AWS provider answers a change of them, and the removal of the first, with a new cluster
(`ForceNew` in `aws_rds_cluster` of the provider for Terraform)."""


@dataclass(frozen=True, kw_only=True)
class RestoreArgs:
    """What a new server's data comes from: a snapshot, or a moment of a cluster.

    Args:
        snapshot: ARN or name of a cluster snapshot; or
        cluster, time: identifier of a cluster that is there, and a moment in UTC.
        version: of the engine, of a snapshot whose server was newer than the program says;
            RDS does not go back. A moment comes with its cluster's version.
    """

    snapshot: str | None = None
    cluster: str | None = None
    time: str | None = None
    version: str | None = None

    @property
    def moment(self) -> rds.ClusterRestoreToPointInTimeArgsDict | None:
        """The moment as the cluster takes it; None for a snapshot.

        A full copy, not a clone: a clone shares its storage with its source.
        """
        if self.cluster is None or self.time is None:
            return None
        return {
            "source_cluster_identifier": self.cluster,
            "restore_to_time": self.time,
            "restore_type": "full-copy",
        }


@dataclass(frozen=True, kw_only=True)
class AuroraPostgresArgs(ManagedServerArgs):
    """What the server is made from.

    Args:
        server: tells this server from the one before a restore; None for the first.
        restore: what the data comes from when the server is made; None for an empty one.
    """

    cluster: pulumi.Input[str]
    namespace: pulumi.Input[str]
    logs_key: pulumi.Input[str]
    size: AuroraSize
    server: str | None = None
    restore: RestoreArgs | None = None


class AuroraPostgres(ManagedServer[AuroraPostgresArgs]):
    """An Aurora PostgreSQL cluster; a `PostgresServer`.

    Stateful: renaming it, or a new `server`, makes another server with other data. What it
    was restored from may be taken away afterwards: it stays. AWS makes the master's password
    and keeps it, for every server another one; this program never sees it.

    Makes:
        `{name}-access`: DataAccess on PostgreSQL's port.
        `{name}-subnets`, `{name}-parameters`: subnet group; parameters that force TLS.
        `{name}-monitoring`: ServiceRole of enhanced monitoring.
        `{name}`: the cluster, `{name}-{server}` after a restore; its instances `…-{n}`.
        `…-logs`: its log group, made before AWS makes its own and kept with it.
        `{name}-bootstrap-account`, `{name}-bootstrap`: service account of the bootstrap
            Jobs, and PodIdentityRole that may read the master's secret.

    Outputs:
        handle: the writer; the cluster answers when it is there.
    """

    TOKEN = "nexus:data:AuroraPostgres"

    port = PORT
    # Encrypted and not only preferred; the server refuses anything else. To verify the
    # server's name too, a client needs the authority's certificates of RDS.
    tls_mode = "require"
    client_image = IMAGE

    def _make(self, name: str, args: AuroraPostgresArgs) -> None:
        durable = args.aws.durable(self)
        aws = args.aws
        group = self._access(name, args, ("postgres", PORT))
        subnets = rds.SubnetGroup(
            f"{name}-subnets",
            subnet_ids=list(args.subnets),
            tags=aws.tags(f"{name}-subnets", "data"),
            opts=durable,
        )
        parameters = rds.ClusterParameterGroup(
            f"{name}-parameters",
            family=FAMILY,
            description="TLS only; slow statements and connections are logged",
            parameters=[
                {"name": "rds.force_ssl", "value": "1"},
                {"name": "log_min_duration_statement", "value": "1000"},
                {"name": "log_connections", "value": "1"},
                {"name": "log_disconnections", "value": "1"},
                # The text of changes to roles and tables, never of other statements.
                {"name": "log_statement", "value": "ddl"},
            ],
            tags=aws.tags(f"{name}-parameters", "data"),
            opts=durable,
        )
        monitoring = ServiceRole(
            f"{name}-monitoring",
            ServiceRoleArgs(
                aws=aws,
                layer="data",
                service="monitoring.rds.amazonaws.com",
                managed=("service-role/AmazonRDSEnhancedMonitoringRole",),
            ),
            self.child,
        )
        restore = args.restore
        own = name if args.server is None else f"{name}-{args.server}"
        identifier = aws.fixed(own, 50)
        logs = aws.log_group(
            f"{own}-logs",
            f"/aws/rds/cluster/{identifier}/postgresql",
            "data",
            key=args.logs_key,
            opts=durable,
        )
        cluster = rds.Cluster(
            own,
            cluster_identifier=identifier,
            engine=rds.EngineType.AURORA_POSTGRESQL,
            engine_version=(None if restore is None else restore.version) or POSTGRES.version,
            port=PORT,
            # Member of rds_superuser, which is no superuser: creates databases and roles.
            master_username=MASTER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.key,
            storage_encrypted=True,
            kms_key_id=args.key,
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[group],
            iam_database_authentication_enabled=True,
            backup_retention_period=args.size.backup_days,
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="sun:03:30-sun:04:30",
            copy_tags_to_snapshot=True,
            deletion_protection=aws.retained,
            skip_final_snapshot=not aws.retained,
            final_snapshot_identifier=f"{identifier}-final" if aws.retained else None,
            delete_automated_backups=not aws.retained,
            enabled_cloudwatch_logs_exports=["postgresql"],
            apply_immediately=False,
            tags=aws.tags(own, "data"),
            opts=args.aws.durable(
                self,
                pulumi.ResourceOptions(
                    depends_on=[logs],
                    # Minor versions are AWS' to choose, in the maintenance window. Without
                    # `restore` the data stays, wherever it once came from.
                    ignore_changes=["engineVersion", *(() if restore else SOURCES)],
                    custom_timeouts=pulumi.CustomTimeouts(create="90m", delete="60m"),
                ),
            ),
            snapshot_identifier=None if restore is None else restore.snapshot,
            restore_to_point_in_time=None if restore is None else restore.moment,
        )
        instances = [
            rds.ClusterInstance(
                f"{own}-{number}",
                cluster_identifier=cluster.cluster_identifier,
                identifier=f"{identifier}-{number}",
                engine=rds.EngineType.AURORA_POSTGRESQL,
                instance_class=args.size.instance_class,
                availability_zone=aws.zones[number % len(aws.zones)],
                promotion_tier=min(number, 15),
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=args.key,
                performance_insights_retention_period=args.size.insights_days,
                monitoring_interval=MONITORING_SECONDS,
                monitoring_role_arn=monitoring.arn,
                tags=aws.tags(f"{own}-{number}", "data"),
                opts=durable,
            )
            for number in range(args.size.instances)
        ]
        self.handle = instances[0]
        self.host = cluster.endpoint
        self.master = self._master(name, args, cluster)

    def _master(
        self, name: str, args: AuroraPostgresArgs, cluster: rds.Cluster
    ) -> SecretsManagerMaster:
        """Who may read the master's secret: the bootstrap Jobs, and nobody else."""
        account = f"{name}-bootstrap"
        secret = cluster.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))
        made = ServiceAccount(
            f"{account}-account",
            metadata={
                "name": account,
                "namespace": args.namespace,
                "labels": args.aws.context.labels(account, "bootstrap"),
            },
            automount_service_account_token=False,
            opts=self.child,
        )
        role = PodIdentityRole(
            account,
            PodIdentityRoleArgs(
                aws=args.aws,
                layer="data",
                cluster=args.cluster,
                namespace=args.namespace,
                service_account=account,
                statements=(
                    Statement(
                        sid="ReadMaster",
                        actions=("secretsmanager:GetSecretValue",),
                        resources=(secret,),
                    ),
                    Statement(
                        sid="DecryptMaster",
                        actions=("kms:Decrypt",),
                        resources=(args.key,),
                        conditions={
                            "StringEquals": {
                                "kms:ViaService": f"secretsmanager.{args.aws.region}.amazonaws.com"
                            }
                        },
                    ),
                ),
            ),
            self.child,
        )
        # A pod that starts before the association gets no credentials.
        ready = pulumi.Output.all(made.metadata, role.handle.urn)
        return SecretsManagerMaster(
            secret=secret,
            region=args.aws.region,
            service_account=ready.apply(lambda _: account),
        )
