"""Who may do what in AWS."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nexus.plan.plan import Plan
from tests.stacks.cloud_resources import STACKS, of_type, one, policies

pytestmark = pytest.mark.xdist_group("clouds")

KEY = "aws:kms/key:Key"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"

WILDCARDS = {
    # A key's own policy: `*` is the key itself, and without this rule nobody could change it.
    (KEY, "AccountDelegatesToIam"): "account root",
    # Denies everything without TLS.
    (BUCKET_POLICY, "TlsOnly"): "deny",
    # Calls that only look, which AWS lets nobody limit to single resources.
    ("aws:iam/rolePolicy:RolePolicy", "TargetGroupRead"): "describe",
    ("aws:iam/rolePolicy:RolePolicy", "NodeGroupRead"): "describe",
}


def unexplained_wildcards(plan: Plan) -> list[str]:
    """URNs of policies with a wildcard that no exception explains."""
    found: list[str] = []
    for resource, key, statement in policies(plan):
        if (resource.type, statement["Sid"]) in WILDCARDS:
            continue
        resources = statement["Resource"] if key == "policy" and resource.type != KEY else ["arn"]
        if (
            any("*" in action for action in statement["Action"])
            or not resources
            or "*" in resources
            or "*" in str(statement.get("Principal", ""))
        ):
            found.append(resource.urn)
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_no_wildcard_in_actions_or_resources(clouds: Mapping[str, Plan], stack: str) -> None:
    """A role that may do everything to everything is one leaked token away from losing it all."""
    assert len(list(policies(clouds[stack]))) > 30
    assert unexplained_wildcards(clouds[stack]) == []


@pytest.mark.parametrize("stack", STACKS)
def test_exceptions_are_what_they_say(clouds: Mapping[str, Plan], stack: str) -> None:
    """An exception that is wider than its reason hides what it was not meant for."""
    for resource, _, statement in policies(clouds[stack]):
        if (resource.type, statement["Sid"]) == (KEY, "AccountDelegatesToIam"):
            assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
        if (resource.type, statement["Sid"]) == (BUCKET_POLICY, "TlsOnly"):
            assert statement["Effect"] == "Deny"
        # Those of the add-ons are looked at in test_managed_nodes.
        assert statement["Sid"] not in {"TargetGroupRead", "NodeGroupRead"}


SERVICES = {
    "ai-service": {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"},
    "content-management": {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListBucket",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    },
    "pv-keys": {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"},
}
SERVICES["puabo-dsp-upload-mgr"] = SERVICES["content-management"]


@pytest.mark.parametrize("stack", STACKS)
def test_services_may_do_exactly_this(clouds: Mapping[str, Plan], stack: str) -> None:
    """A service that may write models can poison every answer of the platform."""
    allowed: dict[str, set[str]] = {}
    for resource, key, statement in policies(clouds[stack]):
        if key == "policy" and resource.name.endswith("-identity-policy"):
            service = resource.name.removesuffix("-identity-policy")
            allowed.setdefault(service, set()).update(statement["Action"])
    assert allowed == SERVICES


@pytest.mark.parametrize("stack", STACKS)
def test_roles_are_bound_to_the_service_alone(clouds: Mapping[str, Plan], stack: str) -> None:
    """A role bound to the wrong account gives one service the rights of another."""
    plan = clouds[stack]
    bindings = of_type(plan, "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert set(bindings) == {f"{service}-identity-association" for service in SERVICES} | {
        "postgres-bootstrap-association"
    }
    accounts = {
        (r.inputs["metadata"]["namespace"], r.inputs["metadata"]["name"])
        for r in plan.resources
        if r.type == "kubernetes:core/v1:ServiceAccount"
    }
    for name, binding in bindings.items():
        account = (binding.inputs["namespace"], binding.inputs["serviceAccount"])
        assert account in accounts
        expected = name.removesuffix("-association").removesuffix("-identity")
        assert account[1] == expected


@pytest.mark.parametrize("stack", STACKS)
def test_resources_of_policies_exist(clouds: Mapping[str, Plan], stack: str) -> None:
    """A policy on a bucket that is called otherwise denies everything."""
    plan = clouds[stack]
    media = one(plan, BUCKET_POLICY, "media-bucket-policy").inputs["bucket"]
    models = one(plan, BUCKET_POLICY, "models-bucket-policy").inputs["bucket"]
    for resource, _, statement in policies(plan):
        if not resource.name.endswith("-identity-policy"):
            continue
        bucket = models if resource.name.startswith("ai-service") else media
        for arn in statement["Resource"]:
            if arn.startswith("arn:aws:s3:::"):
                assert arn.removeprefix("arn:aws:s3:::").removesuffix("/*") == bucket


@pytest.mark.parametrize("stack", STACKS)
def test_master_secret_is_read_by_the_bootstrap_jobs_alone(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """Whoever reads the master's secret reads every database."""
    readers = [
        resource.name
        for resource, _, statement in policies(clouds[stack])
        if any("secretsmanager" in action for action in statement["Action"])
    ]
    assert readers == ["postgres-bootstrap-policy"]
    jobs = [
        r
        for r in clouds[stack].resources
        if r.type == "kubernetes:batch/v1:Job" and r.name.endswith("-database")
    ]
    assert len(jobs) == 20
    for job in jobs:
        spec = job.inputs["spec"]["template"]["spec"]
        assert spec["serviceAccountName"] == "postgres-bootstrap"
        master = next(v for v in spec["volumes"] if v["name"] == "master")
        assert master["emptyDir"]["medium"] == "Memory"
        fetch = spec["initContainers"][0]
        secret = next(e["value"] for e in fetch["env"] if e["name"] == "MASTER_ARN")
        assert secret.startswith("arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!")
    held = {r.name for r in clouds[stack].resources if r.type == "kubernetes:core/v1:Secret"}
    assert not any(name.startswith("postgres") for name in held)
