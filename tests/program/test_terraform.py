"""The plan as Terraform configuration: a translation, held against Pulumi's own inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from plan.plan import Plan
from terraform.configuration import configuration
from terraform.names import argument_name, snake, type_name
from tests.program.cloud_resources import STACKS

pytestmark = pytest.mark.xdist_group("clouds")


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:rds/cluster:Cluster", "aws_rds_cluster"),
        ("aws:rds/subnetGroup:SubnetGroup", "aws_db_subnet_group"),
        ("aws:s3/bucketPolicy:BucketPolicy", "aws_s3_bucket_policy"),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws_vpc_security_group_ingress_rule",
        ),
        ("aws:wafv2/webAcl:WebAcl", "aws_wafv2_web_acl"),
        ("cloudflare:index/dnsRecord:DnsRecord", "cloudflare_dns_record"),
    ],
)
def test_type_names(token: str, name: str) -> None:
    """A type that no tool knows is a type that no tool checks."""
    assert type_name(token) == name


def test_argument_names() -> None:
    """An argument under another name is missing for every check of it."""
    assert snake("cidrIpv4") == "cidr_ipv4"
    assert snake("enableKeyRotation") == "enable_key_rotation"
    assert argument_name("defaultActions", block=True) == "default_action"
    # CloudFront's aliases are texts, Route 53's are blocks.
    assert argument_name("aliases", block=False) == "aliases"
    assert argument_name("aliases", block=True) == "alias"


@pytest.mark.parametrize("stack", STACKS)
def test_every_cloud_resource_is_written_once(clouds: Mapping[str, Plan], stack: str) -> None:
    """What is left out is not checked."""
    text = configuration(clouds[stack])
    written = re.findall(r'^resource "([^"]+)" "([^"]+)" \{$', text, re.MULTILINE)
    meant = [r for r in clouds[stack].resources if r.type.startswith(("aws:", "cloudflare:"))]
    assert len(written) == len(set(written)) == len(meant)
    assert text.count("\n}\n") == len(meant)


@pytest.mark.parametrize("stack", STACKS)
def test_references_are_written_as_such(clouds: Mapping[str, Plan], stack: str) -> None:
    """A check of what belongs to a bucket finds nothing if they are only called alike."""
    text = configuration(clouds[stack])
    block = text[text.index('resource "aws_s3_bucket_versioning" "media-bucket-versions"') :]
    assert "bucket = aws_s3_bucket.media-bucket." in block.partition("\n}\n")[0]
    assert "vpc_id = aws_vpc.network." in text
    assert '"${aws_s3_bucket.models-bucket.arn}/*' in text.replace('\\"', '"')
    addresses = {
        f"{kind}.{name}"
        for kind, name in re.findall(r'^resource "([^"]+)" "([^"]+)"', text, re.MULTILINE)
    }
    used = re.findall(r"\b((?:aws|cloudflare)_[a-z0-9_]+\.[\w-]+)\.[a-z_0-9]+\b", text)
    assert used
    assert set(used) <= addresses


def test_secrets_stay_hidden(clouds: Mapping[str, Plan]) -> None:
    """A configuration is written to a disk and read by other tools."""
    text = configuration(clouds["prod"])
    assert "[secret]" in text
    assert "result of urn" not in text
