"""A database server made from a moment or a snapshot, and what is left of that afterwards."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from tests.stacks.cloud_resources import STACKS, of_type, one

pytestmark = pytest.mark.xdist_group("clouds")

CLUSTER = "aws:rds/cluster:Cluster"
SOURCES = {"restoreToPointInTime", "snapshotIdentifier"}


def test_a_moment_comes_back_beside_the_server(
    other_clouds: Mapping[str, Plan], clouds: Mapping[str, Plan]
) -> None:
    """A restore that overwrites the server leaves nothing to go back to."""
    restored = one(other_clouds["cloudfront"], CLUSTER, "postgres-r1").inputs
    assert restored["restoreToPointInTime"] == {
        "restoreToTime": "2026-01-31T09:00:00Z",
        "restoreType": "full-copy",
        "sourceClusterIdentifier": "old",
    }
    assert "snapshotIdentifier" not in restored
    before = one(clouds["prod"], CLUSTER, "postgres").inputs
    assert restored["clusterIdentifier"] != before["clusterIdentifier"]
    assert restored["engineVersion"] == before["engineVersion"]


def test_a_snapshot_comes_back_in_its_own_version(other_clouds: Mapping[str, Plan]) -> None:
    """RDS refuses to restore a snapshot into an older version than wrote it."""
    restored = one(other_clouds["cloudflare"], CLUSTER, "postgres-r2").inputs
    assert restored["snapshotIdentifier"] == "before"
    assert restored["engineVersion"] == "17.7"
    assert "restoreToPointInTime" not in restored
    assert restored["clusterIdentifier"] == "nexus-cos-staging-postgres-r2"


@pytest.mark.parametrize(("edge", "server"), [("cloudfront", "r1"), ("cloudflare", "r2")])
def test_a_restored_server_is_kept_like_the_first(
    other_clouds: Mapping[str, Plan], clouds: Mapping[str, Plan], edge: str, server: str
) -> None:
    """What is lost in a restore is missed the next time that one is needed."""
    stack = {"cloudfront": "prod", "cloudflare": "staging"}[edge]
    first, second = clouds[stack], other_clouds[edge]
    own = {"clusterIdentifier", "engineVersion", "finalSnapshotIdentifier", "tags", *SOURCES}
    for kind, suffix in (
        (CLUSTER, ""),
        ("aws:rds/clusterInstance:ClusterInstance", "-0"),
        ("aws:cloudwatch/logGroup:LogGroup", "-logs"),
    ):
        before = one(first, kind, f"postgres{suffix}")
        after = one(second, kind, f"postgres-{server}{suffix}")
        assert after.options.get("protect") == before.options.get("protect")
        assert after.options.get("retainOnDelete") == before.options.get("retainOnDelete")
        assert {k for k in after.inputs if k not in own} == {
            k for k in before.inputs if k not in own
        }
    cluster = one(second, CLUSTER, f"postgres-{server}").inputs
    for guard in ("deletionProtection", "skipFinalSnapshot", "manageMasterUserPassword"):
        assert cluster[guard] == one(first, CLUSTER, "postgres").inputs[guard]


@pytest.mark.parametrize(("edge", "server"), [("cloudfront", "r1"), ("cloudflare", "r2")])
def test_every_database_is_set_up_on_the_new_server(
    other_clouds: Mapping[str, Plan], clouds: Mapping[str, Plan], edge: str, server: str
) -> None:
    """The roles of that moment have the passwords of that moment, and nobody gets in."""
    job = "kubernetes:batch/v1:Job"
    before, after = of_type(clouds["prod"], job), of_type(other_clouds[edge], job)
    databases = {name for name in after if name.endswith("-database")}
    assert len(databases) == 20
    for name in databases:
        pod = after[name].inputs["spec"]["template"]["spec"]
        assert pod != before[name].inputs["spec"]["template"]["spec"]
        told = {v["name"]: v.get("value") for v in pod["containers"][0]["env"]}
        assert f"-postgres-{server}.cluster-" in told["PGHOST"]
        assert any(urn.endswith(f"::postgres-{server}-0") for urn in after[name].dependencies)


@pytest.mark.parametrize("stack", STACKS)
def test_where_data_came_from_may_be_forgotten(
    clouds: Mapping[str, Plan], other_clouds: Mapping[str, Plan], stack: str
) -> None:
    """Whoever tidies up the settings after a restore must not get an empty server for it."""
    ignored = one(clouds[stack], CLUSTER, "postgres").options["ignoreChanges"]
    assert set(ignored) == {"engineVersion", *SOURCES}
    # While they are there they count: another restore under the same name has to be refused.
    for edge, server in (("cloudfront", "r1"), ("cloudflare", "r2")):
        restoring = one(other_clouds[edge], CLUSTER, f"postgres-{server}").options
        assert restoring["ignoreChanges"] == ["engineVersion"]
