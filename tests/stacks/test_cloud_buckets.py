"""Buckets of another catalog in AWS: other names, and more than one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from components.servers.in_cluster_storage import InClusterStorageArgs
from nexus.plan.plan import Plan, make_plan
from tests.projects import ROOT, copy_project
from tests.stacks.cloud_resources import of_type, one, policies

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


def test_the_log_bucket_allows_cloudfront_as_aws_writes_it(plan: Plan) -> None:
    """AWS appends its own statement where it misses one, and each look for drift reports it."""
    text = one(plan, POLICY, "logs-bucket-policy").inputs["policy"]
    statements = [
        each
        for each in json.loads(text)["Statement"]
        if each["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    ]
    sources = of_type(plan, "aws:cloudwatch/logDeliverySource:LogDeliverySource").values()
    targets = of_type(plan, "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination")
    assert len(statements) == len(sources) == len(targets) == 2
    for statement in statements:
        condition = statement["Condition"]
        assert condition["StringEquals"] == {
            "aws:SourceAccount": "123456789012",
            "s3:x-amz-acl": "bucket-owner-full-control",
        }
        assert statement["Action"] == ["s3:PutObject"]
        assert statement["Sid"].startswith("AWSLogDeliveryWrite")
    assert {each["Condition"]["ArnLike"]["aws:SourceArn"] for each in statements} == {
        f"arn:aws:logs:us-east-1:123456789012:delivery-source:{each.inputs['name']}"
        for each in sources
    }
    assert {each["Resource"][0] for each in statements} == {
        f"{each.inputs['deliveryDestinationConfiguration']['destinationResourceArn']}/*"
        for each in targets.values()
    }


def test_whatever_logs_waits_until_it_may(plan: Plan) -> None:
    """What S3 or a balancer may not write yet is refused, or lost without a word."""
    allowed = one(plan, POLICY, "logs-bucket-policy").urn
    kinds = (
        "aws:s3/bucketLogging:BucketLogging",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    )
    for kind in kinds:
        found = of_type(plan, kind)
        assert found
        for each in found.values():
            assert allowed in each.dependencies, each.name


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


def test_a_reader_of_a_bucket_changes_nothing(tmp_path: Path) -> None:
    """Whoever may show uploads could replace or delete them, in one environment and not another."""
    project = copy_project(tmp_path / "project")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    media = {"owner": "content-management", "readers": ["puabo-dsp-upload-mgr"], "served": True}
    path.write_text(yaml.safe_dump({**platform, "buckets": {"media": media}}), encoding="utf-8")
    assert allowed(make_plan(project, "staging"), "puabo-dsp-upload-mgr") == {
        "s3:GetObject",
        "s3:ListBucket",
        "kms:Decrypt",
    }
    dev = make_plan(project, "dev")
    assert [each.name for each in dev.named() if each.name == "media-bucket"]


def test_a_service_uses_several_buckets_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one's address would take the place of the first, or be nobody's to know."""
    project = copy_project(tmp_path / "project")
    path = project / "catalog" / "platform.yaml"
    platform = yaml.safe_load(path.read_text(encoding="utf-8"))
    user = "puabo-dsp-upload-mgr"
    platform["buckets"] = {
        "archive": {"owner": "content-management", "readers": [user]},
        "media": {"owner": "content-management", "granted": [user], "served": True},
        "uploads": {"owner": user},
    }
    path.write_text(yaml.safe_dump(platform), encoding="utf-8")
    rights: dict[str, Any] = {}

    def args(**given: Any) -> InClusterStorageArgs:
        rights.update(given)
        return InClusterStorageArgs(**given)

    # The users' file is secret, so a plan does not show what it allows.
    monkeypatch.setattr("stacks.in_cluster.data.InClusterStorageArgs", args)
    dev = make_plan(project, "dev")
    assert {name: rights[name] for name in ("buckets", "readable", "owned")} == {
        "buckets": {"content-management": ("archive", "media"), user: ("media", "uploads")},
        "readable": {"content-management": (), user: ("archive",)},
        "owned": {"content-management": ("archive", "media"), user: ("uploads",)},
    }
    [config] = [each for each in dev.resources if each.name == f"{user}-config"]
    told = json.loads(config.inputs["data"]["dependencies.json"])["dependencies"]["storage"]
    assert told["endpoint"]["bucket"] == "uploads"
    assert {name: each["bucket"] for name, each in told["parts"].items()} == {
        name: name for name in ("uploads", "archive", "media")
    }
    schema = json.loads((ROOT / "docs/dependencies.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(json.loads(config.inputs["data"]["dependencies.json"]))
    jobs = {each.urn for each in dev.resources if each.type.endswith(":Job")}
    [pods] = [
        each for each in dev.resources if each.type.endswith(":Deployment") and each.name == user
    ]
    waits = {each.rpartition("::")[2] for each in jobs & {*pods.dependencies}}
    assert {"uploads-bucket", "archive-bucket", "media-bucket"} <= waits
    rules = {
        statement["Sid"]: statement["Action"]
        for resource, _, statement in policies(make_plan(project, "staging"))
        if resource.name.startswith(f"{user}-identity") and "Resource" in statement
    }
    objects = {sid: actions for sid, actions in rules.items() if sid.endswith("Objects")}
    assert {sid: len(actions) for sid, actions in objects.items()} == {
        "StorageObjects": 4,
        "Storage2Objects": 1,
        "Storage3Objects": 4,
    }


def allowed(plan: Plan, service: str) -> set[str]:
    """The actions of all policies of a service's role."""
    return {
        action
        for resource, _, statement in policies(plan)
        if resource.name.startswith(f"{service}-identity") and "Resource" in statement
        for action in statement["Action"]
    }
