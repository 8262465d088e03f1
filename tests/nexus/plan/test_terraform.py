"""The plan as Terraform configuration: a translation, held against Pulumi's own inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

import networkx as nx
import pytest

from nexus.plan.plan import Plan
from nexus.plan.terraform import (
    HIDDEN,
    address,
    argument_name,
    configuration,
    snake,
    type_name,
)
from tests.stacks.cloud_resources import STACKS

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


@pytest.mark.parametrize("stack", STACKS)
def test_references_follow_the_plans_dependencies(clouds: Mapping[str, Plan], stack: str) -> None:
    """A text that happens to be another's output closed cycles, and checks went along them."""
    plan = clouds[stack]
    translated = {
        address(each): each
        for each in plan.resources
        if each.type.startswith(("aws:", "cloudflare:"))
    }
    graph: nx.DiGraph[str] = nx.DiGraph()
    for block in configuration(plan).split("\nresource ")[0:]:
        kind, name = re.findall(r'"([^"]+)"', block)[:2]
        own = translated[f"{kind}.{name}"]
        pattern = r"\b((?:aws|cloudflare)_[a-z0-9_]+\.[\w-]+)\.[a-z_0-9]+\b"
        for other in re.findall(pattern, block):
            assert translated[other].urn in own.dependencies, (own.name, other)
            graph.add_edge(address(own), other)
    assert graph.number_of_edges() > 100
    assert nx.is_directed_acyclic_graph(graph)


def test_names_that_pulumi_makes_are_written(clouds: Mapping[str, Plan]) -> None:
    """Without one Terraform makes a name of its own, or refuses a resource that must have one."""
    plan = clouds["prod"]
    text = configuration(plan)
    made = [each for each in plan.resources if each.type == "aws:iam/role:Role"]
    assert made
    for role in made:
        assert f'name = "{role.made["name"]}"' in text


def test_keys_of_maps_are_the_users_own(clouds: Mapping[str, Plan]) -> None:
    """Cloudflare asks under another host, and drops what it does not know without a word."""
    text = configuration(clouds["prod"])
    assert re.search(r'header = \{"Host" = \[', text)
    assert re.search(r'"header" = \{"host" = \[', text)
    assert '"hosts"' not in text


def test_secrets_stay_hidden(clouds: Mapping[str, Plan]) -> None:
    """A configuration is written to a disk and read by other tools."""
    text = configuration(clouds["prod"])
    assert HIDDEN in text
    assert "[secret]" not in text
    assert 16 <= len(HIDDEN) <= 128, "ElastiCache's provider takes no other password"
    assert "result of urn" not in text
