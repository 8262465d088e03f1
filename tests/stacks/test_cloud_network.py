"""What can reach what in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

import pytest

from components.aws.vpc import address_plan
from nexus.plan.plan import Plan
from tests.stacks.cloud_resources import STACKS, of_type, one

pytestmark = pytest.mark.xdist_group("clouds")

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
EVERYWHERE = "0.0.0.0/0"


@pytest.mark.parametrize("stack", STACKS)
def test_rules_are_exactly_these(clouds: Mapping[str, Plan], stack: str) -> None:
    """One rule too many opens a database; one too few is an outage at the first connection."""
    plan = clouds[stack]
    rules = {
        name: (r.inputs["ipProtocol"], r.inputs["fromPort"], r.inputs["toPort"])
        for kind in (INGRESS, EGRESS)
        for name, r in of_type(plan, kind).items()
    }
    assert rules == {
        "postgres-access-postgres": ("tcp", 5432, 5432),
        "redis-access-redis": ("tcp", 6379, 6379),
        "queue-access-amqps": ("tcp", 5671, 5671),
        "queue-access-management": ("tcp", 443, 443),
        "endpoints-https": ("tcp", 443, 443),
        "balancer-https": ("tcp", 443, 443),
        "balancer-pods": ("tcp", 8080, 8080),
        "balancer-from": ("tcp", 8080, 8080),
        # Staging's API is public; that of prod answers the runners of its settings alone.
        **({"cluster-api-10.60.0.0-24": ("tcp", 443, 443)} if stack == "prod" else {}),
    }


@pytest.mark.parametrize("stack", STACKS)
def test_databases_are_reached_from_the_cluster_alone(
    clouds: Mapping[str, Plan], stack: str
) -> None:
    """A rule for an address range admits whatever starts there next."""
    rules = of_type(clouds[stack], INGRESS)
    data = {name: r for name, r in rules.items() if "-access-" in name}
    sources = {r.inputs.get("referencedSecurityGroupId") for r in data.values()}
    assert len(sources) == 1
    assert all("cidrIpv4" not in r.inputs for r in data.values())
    # That of the cluster's nodes, which the balancer's rule opens too.
    assert sources == {rules["balancer-from"].inputs["securityGroupId"]}
    groups = {r.inputs["securityGroupId"] for r in data.values()}
    assert len(groups) == 3
    attached = {
        one(clouds[stack], "aws:rds/cluster:Cluster", "postgres").inputs["vpcSecurityGroupIds"][0],
        *one(clouds[stack], "aws:elasticache/replicationGroup:ReplicationGroup", "redis").inputs[
            "securityGroupIds"
        ],
        *one(clouds[stack], "aws:mq/broker:Broker", "queue").inputs["securityGroups"],
    }
    assert attached == groups


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_public_but_the_edge(clouds: Mapping[str, Plan], stack: str) -> None:
    """A database with a public address is scanned within minutes."""
    plan = clouds[stack]
    open_rules = {
        name for name, r in of_type(plan, INGRESS).items() if r.inputs.get("cidrIpv4") == EVERYWHERE
    }
    assert open_rules == {"balancer-https"}
    for kind in ("aws:rds/clusterInstance:ClusterInstance", "aws:mq/broker:Broker"):
        for resource in of_type(plan, kind).values():
            assert resource.inputs["publiclyAccessible"] is False, resource.urn
    for subnet in of_type(plan, "aws:ec2/subnet:Subnet").values():
        assert subnet.inputs["mapPublicIpOnLaunch"] is False
    for block in of_type(plan, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").values():
        flags = {key: value for key, value in block.inputs.items() if key != "bucket"}
        assert len(flags) == 4
        assert all(value is True for value in flags.values())
    balancers = of_type(plan, "aws:lb/loadBalancer:LoadBalancer")
    assert {name for name, r in balancers.items() if not r.inputs["internal"]} == {"balancer"}
    assert not [
        r
        for r in plan.resources
        if r.type == "kubernetes:core/v1:Service"
        and r.inputs["spec"].get("type", "ClusterIP") != "ClusterIP"
    ]
    api = one(plan, "aws:eks/cluster:Cluster", "cluster").inputs["vpcConfig"]
    assert api["endpointPrivateAccess"] is True
    assert api["endpointPublicAccess"] is (stack == "staging")
    assert api.get("publicAccessCidrs") == (["198.51.100.0/24"] if stack == "staging" else None)


@pytest.mark.parametrize("stack", STACKS)
def test_data_subnets_have_no_way_out(clouds: Mapping[str, Plan], stack: str) -> None:
    """A server that can call out is one that data can leave through."""
    routes = of_type(clouds[stack], "aws:ec2/route:Route")
    expected = {"network-public-out"} | {f"network-private-eu-central-1{z}-out" for z in "abc"}
    assert set(routes) == expected
    nats = len(of_type(clouds[stack], "aws:ec2/natGateway:NatGateway"))
    assert nats == (1 if stack == "staging" else 3)
    gateways = {
        routes[f"network-private-eu-central-1{z}-out"].inputs["natGatewayId"] for z in "abc"
    }
    assert len(gateways) == nats


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "192.168.16.0/20"])
def test_address_plan_fits_and_does_not_overlap(cidr: str) -> None:
    """Subnets that overlap are refused when half of the network is there."""
    plan = address_plan(cidr, ("a", "b", "c"))
    ranges = [IPv4Network(each) for s in plan.values() for each in (s.private, s.public, s.data)]
    assert len(ranges) == 9
    assert all(each.subnet_of(IPv4Network(cidr)) for each in ranges)
    assert not any(a.overlaps(b) for i, a in enumerate(ranges) for b in ranges[:i])
    # AWS takes /28 at least; a node of EKS wants dozens of addresses for its pods.
    assert all(each.prefixlen <= 26 for each in ranges)
    assert all(IPv4Network(s.private).num_addresses >= 512 for s in plan.values())


@pytest.mark.parametrize("stack", STACKS)
def test_ways_out_outlive_what_is_in_the_cluster(clouds: Mapping[str, Plan], stack: str) -> None:
    """A controller that cannot reach AWS in a `destroy` never lets go of what it made."""
    plan = clouds[stack]
    known = {each.urn: each for each in plan.resources}
    waiting = [one(plan, "pulumi:providers:kubernetes", "kubernetes").urn]
    before: set[str] = set()
    while waiting:
        each = known[waiting.pop()]
        for urn in {*each.dependencies} - before:
            before.add(urn)
            waiting.append(urn)
    kinds = ("ec2/route:Route", "ec2/natGateway:NatGateway", "ec2/vpcEndpoint:VpcEndpoint")
    ways = [each for kind in kinds for each in of_type(plan, f"aws:{kind}").values()]
    assert len(ways) >= 12
    assert [each.name for each in ways if each.urn not in before] == []
