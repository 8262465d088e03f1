"""What a killed run made in AWS is found by its name, or asked for; nothing is made twice."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pytest

from nexus.rehearsal.run import Rehearsal
from nexus.repair.examine import examine, mend
from nexus.repair.findings import NOWHERE, Diagnosis, Verdict, questions
from tests.nexus.repair.killed import entries, killable
from tests.nexus.repair.killed import pulumi as cli

PROJECT = "shop"
VPC = "aws:ec2/vpc:Vpc"
DATABASE = "aws:rds/cluster:Cluster"
TAGS = {"Name": "shop-dev", "stack": "dev"}


def program() -> None:
    """A network, a role, a bucket, a log group and a database, each a kind of its own to find."""
    inside = pulumi.ResourceOptions(
        provider=aws.Provider("aws", region="eu-central-1", skip_credentials_validation=True)
    )
    network = aws.ec2.Vpc("network", cidr_block="10.0.0.0/16", tags=TAGS, opts=inside)
    role = aws.iam.Role("role", assume_role_policy="{}", tags=TAGS, opts=inside)
    aws.iam.RolePolicy("rights", role=role.name, policy="{}", opts=inside)
    bucket = aws.s3.Bucket("media", tags=TAGS, opts=inside)
    aws.s3.BucketVersioning(
        "media", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=inside
    )
    aws.cloudwatch.LogGroup("logs", name="/shop/logs", tags=TAGS, opts=inside)
    aws.rds.Cluster(
        "ledger",
        cluster_identifier="shop-ledger",
        engine="aurora-postgresql",
        master_username="root",
        manage_master_user_password=True,
        skip_final_snapshot=True,
        tags=TAGS,
        opts=pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[network])),
    )


KILLS = (
    (VPC, "create", False),
    (VPC, "create", True),
    # A network that was taken into the state is updated by the next run.
    (VPC, "update", True),
    (DATABASE, "create", True),
)
"""What the engine dies over, in an order in which each waits for the one before it, and whether
the provider still does it."""

KINDS = (
    VPC,
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:cloudwatch/logGroup:LogGroup",
    DATABASE,
)


def _in_cloud(session: Rehearsal) -> dict[str, int]:
    return {kind: len(session.clouds["aws"].ids(kind)) for kind in KINDS}


@pytest.mark.xdist_group("repair-clouds")
def test_killed_in_aws() -> None:
    """A second database or network costs money, and its twin holds the data."""
    with killable(program, PROJECT, time_scale=4000.0) as (session, killer):
        for kind, op, made in KILLS:
            killer.arm(1, made=made, op=op, kind=kind)
            outcome = session.up()
            assert not outcome.succeeded
            assert killer.killed, outcome.error
            diagnosis = examine(cli(session, PROJECT), {})
            # The id of a network is AWS' own: nothing is done before somebody has looked.
            undecided = [each.urn for each in diagnosis.unanswered]
            assert bool(undecided) == ((kind, op) == (VPC, "create"))
            if undecided:
                diagnosis = examine(cli(session, PROJECT), _answers(session, diagnosis))
            assert not diagnosis.unanswered
            mend(cli(session, PROJECT), diagnosis)
        killer.arm(0, made=False)
        outcome = session.up()
        assert outcome.succeeded, outcome.error
        assert not session.export().get("pending_operations")
        assert _in_cloud(session) == dict.fromkeys(KINDS, 1)
        known = {urn for urn, _ in entries(session)}
        assert len([urn for urn in known if "::aws:" in urn]) == len(KINDS)
        assert session.destroy().succeeded
        assert _in_cloud(session) == dict.fromkeys(KINDS, 0)


def _answers(session: Rehearsal, diagnosis: Diagnosis) -> Mapping[str, str]:
    """What a user says who was asked for a network, and has looked."""
    assert [each.verdict for each in diagnosis.unanswered] == [Verdict.UNDECIDED]
    words = "\n".join(questions(diagnosis))
    assert "Key=Name,Values=shop-dev" in words
    [urn] = [each.urn for each in diagnosis.unanswered]
    assert f"--id '{urn}=" in words
    return {urn: next(iter(session.clouds["aws"].ids(VPC)), NOWHERE)}
