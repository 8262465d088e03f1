"""The managed PostgreSQL, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.aurora_postgres import (
    MASTER,
    PORT,
    AuroraPostgres,
    AuroraPostgresArgs,
    RestoreArgs,
)
from components.aws.sizes import AuroraSize
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    record,
    statements,
)

SIZE = AuroraSize(instance_class="db.r8g.large", instances=2, backup_days=35, insights_days=7)
ARGS = AuroraPostgresArgs(
    aws=AWS,
    vpc="vpc-1",
    subnets=("data-a", "data-b", "data-c"),
    cluster="nexus",
    cluster_group="sg-nodes",
    namespace="nexus-data",
    key="arn:key",
    logs_key="arn:logs-key",
    size=SIZE,
)
SNAPSHOT = RestoreArgs(snapshot="arn:snapshot")
NEWER = RestoreArgs(snapshot="arn:snapshot", version="17.9")
MOMENT = RestoreArgs(cluster="old", time="2026-01-31T09:00:00Z")


def made(**changes: Any) -> Recording:
    return record(lambda: AuroraPostgres("postgres", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(AuroraPostgres, made(), made(server="r1", restore=SNAPSHOT))


def test_handle_is_the_writer() -> None:
    """A cluster without an instance answers nobody: who waits for it alone starts too early."""
    server = made()
    assert server.outputs["handle"] == "ClusterInstance postgres-0"
    assert server.outputs["host"].startswith("nexus-cos-staging-postgres.cluster-")
    assert AuroraPostgres.tls_mode == "require"
    assert AuroraPostgres.port == server.one("Cluster").inputs["port"] == PORT


@pytest.mark.parametrize("instances", [1, 2, 4])
def test_instances_are_spread_over_the_zones(instances: int) -> None:
    """A reader in the writer's zone goes down with it."""
    found = made(size=replace(SIZE, instances=instances)).all("ClusterInstance")
    zones = [each.inputs["availabilityZone"] for each in found]
    assert zones == [AWS.zones[number % 3] for number in range(instances)]
    assert [each.inputs["promotionTier"] for each in found] == list(range(instances))
    for each in found:
        assert each.inputs["publiclyAccessible"] is False
        assert each.inputs["performanceInsightsEnabled"] is True
        assert each.inputs["performanceInsightsKmsKeyId"] == "arn:key"


def test_instances_start_when_monitoring_may_write() -> None:
    """RDS refuses an instance whose monitoring role has no rights yet."""
    rights = "RolePolicyAttachment postgres-monitoring-AmazonRDSEnhancedMonitoringRole"
    assert rights in made().waits("ClusterInstance", "postgres-1")


def test_logs_are_ours_before_aws_makes_them() -> None:
    """A log group that AWS made first is unencrypted, kept for ever, and in our way."""
    server = made()
    cluster = server.one("Cluster")
    assert "LogGroup postgres-logs" in server.waits("Cluster")
    logs = server.one("LogGroup").inputs
    assert logs["name"] == f"/aws/rds/cluster/{cluster.inputs['clusterIdentifier']}/postgresql"
    assert logs["kmsKeyId"] == "arn:logs-key"
    assert cluster.inputs["enabledCloudwatchLogsExports"] == ["postgresql"]


def test_tls_is_forced_and_everything_is_encrypted() -> None:
    """Without TLS a password goes over the network as text; a plain copy is readable by all."""
    server = made()
    parameters = server.one("ClusterParameterGroup").inputs["parameters"]
    assert {"name": "rds.force_ssl", "value": "1"} in parameters
    cluster = server.one("Cluster").inputs
    assert cluster["storageEncrypted"] is True
    assert cluster["kmsKeyId"] == cluster["masterUserSecretKmsKeyId"] == "arn:key"
    assert "ClusterParameterGroup postgres-parameters" in server.waits("Cluster")
    assert "SecurityGroupIngressRule postgres-access-postgres" in server.waits("Cluster")


def test_aws_keeps_the_masters_password() -> None:
    """A password that this program knows is in its state."""
    cluster = made().one("Cluster")
    assert cluster.inputs["manageMasterUserPassword"] is True
    assert cluster.inputs["masterUsername"] == MASTER
    assert "masterPassword" not in cluster.inputs
    assert cluster.secrets == ()


def test_minor_versions_are_aws_to_choose() -> None:
    """A deployment after a maintenance window would try to go back to an older version."""
    options = made().one("Cluster").options
    assert "engineVersion" in options["ignoreChanges"]
    assert options["customTimeouts"]["create"] == "90m"


def test_retained_data_outlives_a_destroy() -> None:
    """Instances without subnets, or a cluster without its final snapshot, bring nothing back."""
    server = made()
    assert server.kept() >= {
        "Cluster postgres",
        "ClusterInstance postgres-0",
        "ClusterInstance postgres-1",
        "ClusterParameterGroup postgres-parameters",
        "SecurityGroup postgres-access",
        "SubnetGroup postgres-subnets",
    }
    cluster = server.one("Cluster").inputs
    assert (cluster["deletionProtection"], cluster["skipFinalSnapshot"]) == (True, False)
    assert cluster["deleteAutomatedBackups"] is False
    assert cluster["finalSnapshotIdentifier"] == f"{cluster['clusterIdentifier']}-final"
    assert cluster["backupRetentionPeriod"] == 35


def test_what_is_not_retained_goes_without_a_hand() -> None:
    """A staging server that refuses to go blocks its stack, and is paid for."""
    server = made(aws=FREE)
    assert server.kept() == set()
    cluster = server.one("Cluster").inputs
    assert (cluster["deletionProtection"], cluster["skipFinalSnapshot"]) == (False, True)
    assert cluster["deleteAutomatedBackups"] is True
    assert "finalSnapshotIdentifier" not in cluster


@pytest.mark.parametrize("restore", [SNAPSHOT, NEWER, MOMENT, None])
def test_server_after_a_restore_is_another_one(restore: RestoreArgs | None) -> None:
    """A restore under the old name would replace the server it is to be compared with."""
    server = made(server="r1", restore=restore)
    cluster = server.one("Cluster", "postgres-r1").inputs
    assert cluster["clusterIdentifier"] == "nexus-cos-staging-postgres-r1"
    assert cluster["finalSnapshotIdentifier"] == "nexus-cos-staging-postgres-r1-final"
    assert server.outputs["handle"] == "ClusterInstance postgres-r1-0"
    assert server.waits("Cluster") >= {"LogGroup postgres-r1-logs"}
    assert cluster.get("snapshotIdentifier") == (None if restore is None else restore.snapshot)
    newer = restore is NEWER
    assert (cluster["engineVersion"] == "17.9") is newer
    assert cluster.get("restoreToPointInTime") == (
        {
            "sourceClusterIdentifier": "old",
            "restoreType": "full-copy",
            "restoreToTime": "2026-01-31T09:00:00Z",
        }
        if restore is MOMENT
        else None
    )


def test_where_data_came_from_may_be_forgotten() -> None:
    """The provider answers a source that is taken away with a new, empty cluster."""
    ignored = {
        restore: made(server="r1", restore=restore).one("Cluster").options["ignoreChanges"]
        for restore in (None, SNAPSHOT)
    }
    assert ignored == {
        None: ["engineVersion", "restoreToPointInTime", "snapshotIdentifier"],
        # A second restore under the same name must be seen, and refused.
        SNAPSHOT: ["engineVersion"],
    }


def test_bootstrap_jobs_alone_read_the_masters_secret() -> None:
    """Whoever reads the master's secret reads every database."""
    server = made()
    [policy] = [each for each in server.all("RolePolicy") if "bootstrap" in each.name]
    rights = statements(policy.inputs["policy"])
    assert set(rights) == {"ReadMaster", "DecryptMaster"}
    assert rights["ReadMaster"]["Action"] == ["secretsmanager:GetSecretValue"]
    [secret] = rights["ReadMaster"]["Resource"]
    assert ":secretsmanager:" in secret
    assert rights["DecryptMaster"]["Action"] == ["kms:Decrypt"]
    assert rights["DecryptMaster"]["Resource"] == ["arn:key"]
    assert rights["DecryptMaster"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}
    }
    account = server.one("ServiceAccount").inputs
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["name"] == "postgres-bootstrap"
    bound = server.one("PodIdentityAssociation").inputs
    assert (bound["namespace"], bound["serviceAccount"]) == ("nexus-data", "postgres-bootstrap")


def test_bootstrap_jobs_start_when_their_account_has_its_rights() -> None:
    """A pod that starts before the association gets no credentials, and never asks again."""
    jobs = record(lambda: {"master": AuroraPostgres("postgres", ARGS).master})
    assert jobs.outputs["master"]["service_account"] == "postgres-bootstrap"
    assert ":secret:" in jobs.outputs["master"]["secret"]
    assert jobs.after["master"] >= {
        "Cluster postgres",
        "PodIdentityAssociation postgres-bootstrap-association",
        "ServiceAccount postgres-bootstrap-account",
    }
