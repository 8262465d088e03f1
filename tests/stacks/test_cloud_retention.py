"""What outlives a `destroy` in prod, resource by resource, and that nothing does in staging."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from nexus.plan.recorder import Registration
from tests.stacks.cloud_resources import STACKS, of_type, one

pytestmark = pytest.mark.xdist_group("clouds")

RETAINED = {
    # Data, and the keys and passwords that open it.
    "aws:ecr/repository:Repository": 43,
    "aws:elasticache/replicationGroup:ReplicationGroup": 1,
    "aws:kms/alias:Alias": 6,
    "aws:kms/key:Key": 6,
    "aws:mq/broker:Broker": 1,
    "aws:rds/cluster:Cluster": 1,
    "aws:rds/clusterInstance:ClusterInstance": 3,
    "aws:s3/bucket:Bucket": 3,
    "random:index/randomPassword:RandomPassword": 1,  # the broker's administrator
    # What keeps a bucket closed, encrypted and versioned for as long as it is there.
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 3,
    "aws:s3/bucketLogging:BucketLogging": 2,  # the bucket of logs logs nowhere
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 3,
    "aws:s3/bucketPolicy:BucketPolicy": 3,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 3,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 3,
    "aws:s3/bucketVersioning:BucketVersioning": 3,
    # What AWS refuses to delete while something of the above is in it.
    "aws:ec2/securityGroup:SecurityGroup": 3,  # of PostgreSQL, Redis and the queue
    "aws:ec2/subnet:Subnet": 3,  # the data subnets
    "aws:ec2/vpc:Vpc": 1,
    "aws:elasticache/parameterGroup:ParameterGroup": 1,
    "aws:elasticache/subnetGroup:SubnetGroup": 1,
    "aws:elasticache/userGroup:UserGroup": 1,
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": 1,
    "aws:rds/subnetGroup:SubnetGroup": 1,
    # PostgreSQL's: AWS would make it again, without key and without end.
    "aws:cloudwatch/logGroup:LogGroup": 1,
}
"""Protected and kept in AWS in prod: how many of each type."""

PROTECTED = {"aws:eks/cluster:Cluster": 1, "aws:lb/loadBalancer:LoadBalancer": 1}
"""Protected in prod, and gone once somebody has taken the protection away."""


def option(resource: Registration, name: str) -> bool:
    return resource.options.get(name, False) is True


def counted(plan: Plan, *, protect: bool, retain: bool) -> Mapping[str, int]:
    """How many resources of each type have exactly these options."""
    return Counter(
        r.type
        for r in plan.resources
        if (option(r, "protect"), option(r, "retainOnDelete")) == (protect, retain)
    )


def test_what_holds_data_outlives_a_destroy_in_prod(clouds: Mapping[str, Plan]) -> None:
    """A `destroy` in the wrong terminal must not be the end of every customer's data."""
    plan = clouds["prod"]
    assert counted(plan, protect=True, retain=True) == RETAINED
    assert counted(plan, protect=True, retain=False) == PROTECTED
    assert counted(plan, protect=False, retain=True) == {}
    kept = {r.name for r in plan.resources if option(r, "retainOnDelete")}
    zones = [f"eu-central-1{letter}" for letter in "abc"]
    assert kept >= {f"network-data-{zone}" for zone in zones}
    assert kept >= {"postgres-access", "redis-access", "queue-access"}
    assert kept >= {"postgres-logs", "queue-master-password"}


def test_a_destroy_of_staging_leaves_nothing(clouds: Mapping[str, Plan]) -> None:
    """What stays behind unseen is paid for until somebody looks."""
    for resource in clouds["staging"].resources:
        assert not option(resource, "protect"), resource.urn
        assert not option(resource, "retainOnDelete"), resource.urn


def test_keys_in_modules_outlive_a_destroy(other_clouds: Mapping[str, Plan]) -> None:
    """A key that lives in the modules alone is gone with them."""
    modules = [r for r in other_clouds["cloudfront"].resources if r.type.startswith("aws:cloudhsm")]
    assert len(modules) == 3
    for resource in modules:
        assert option(resource, "protect"), resource.urn
        assert option(resource, "retainOnDelete"), resource.urn


@pytest.mark.parametrize("stack", STACKS)
def test_whoever_deletes_by_hand_leaves_a_way_back(clouds: Mapping[str, Plan], stack: str) -> None:
    """A console knows nothing of Pulumi's protection: AWS has to refuse, or to keep a copy."""
    plan, kept = clouds[stack], stack == "prod"
    database = one(plan, "aws:rds/cluster:Cluster", "postgres").inputs
    assert database["deletionProtection"] is kept
    assert database["skipFinalSnapshot"] is not kept
    assert database["deleteAutomatedBackups"] is not kept
    assert database["backupRetentionPeriod"] == (35 if kept else 7)
    final = database.get("finalSnapshotIdentifier")
    assert final == (f"nexus-cos-{stack}-postgres-final" if kept else None)
    cache = one(plan, "aws:elasticache/replicationGroup:ReplicationGroup", "redis").inputs
    final = cache.get("finalSnapshotIdentifier")
    assert final == (f"nexus-cos-{stack}-redis-final" if kept else None)
    assert cache["snapshotRetentionLimit"] == (7 if kept else 1)
    for key in of_type(plan, "aws:kms/key:Key").values():
        assert key.inputs["deletionWindowInDays"] == 30
    for bucket in of_type(plan, "aws:s3/bucket:Bucket").values():
        assert bucket.inputs["forceDestroy"] is False
    for bucket in of_type(plan, "aws:s3/bucketVersioning:BucketVersioning").values():
        assert bucket.inputs["versioningConfiguration"] == {"status": "Enabled"}
    for repository in of_type(plan, "aws:ecr/repository:Repository").values():
        assert repository.inputs["forceDelete"] is not kept
