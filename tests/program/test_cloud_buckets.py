"""Buckets of another catalog in AWS: other names, and more than one."""

from __future__ import annotations

import json

import pytest
import yaml

from plan.plan import Plan, make_plan
from tests.program.cloud_resources import of_type, one
from tests.projects import copy_project

pytestmark = pytest.mark.xdist_group("clouds")

BUCKETS = {
    "films": {"owner": "content-management", "served": True},
    "uploads": {"owner": "puabo-dsp-upload-mgr"},
}
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Staging with two buckets, neither of them called media."""
    project = copy_project(tmp_path_factory.mktemp("buckets") / "project")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**platform, "buckets": BUCKETS}), encoding="utf-8")
    return make_plan(project, "staging")


def test_every_bucket_refuses_what_is_not_encrypted(plan: Plan) -> None:
    """Objects of a bucket without a policy may be read over plain HTTP."""
    policies = of_type(plan, POLICY)
    wanted = {"films-bucket", "uploads-bucket", "models-bucket", "logs-bucket"}
    assert set(of_type(plan, "aws:s3/bucket:Bucket")) == wanted
    assert set(policies) == {f"{name}-policy" for name in wanted}
    for each in policies.values():
        statements = json.loads(each.inputs["policy"])["Statement"]
        assert "TlsOnly" in {statement["Sid"] for statement in statements}


def test_the_cdn_serves_the_bucket_that_the_catalog_says(plan: Plan) -> None:
    """Uploads that nobody has looked at must not be on the web."""
    cdn = one(plan, "aws:cloudfront/distribution:Distribution", "media-cdn")
    origins = {each["originId"]: each["domainName"] for each in cdn.inputs["origins"]}
    assert origins["bucket"].startswith("films-bucket-")
    readers = {
        name
        for name, each in of_type(plan, POLICY).items()
        if "cloudfront.amazonaws.com" in each.inputs["policy"]
    }
    assert readers == {"films-bucket-policy"}
