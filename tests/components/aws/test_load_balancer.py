"""The load balancer, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.aws_context import AwsContext
from components.aws.load_balancer import LOG_PREFIX, LONGEST_NAME, LoadBalancer, LoadBalancerArgs
from components.context import Context
from tests.components.recording import (
    AWS,
    FREE,
    Recording,
    assert_makes_what_it_says,
    given,
    record,
)

USUAL: dict[str, Any] = {
    "aws": AWS,
    "vpc": "vpc-1",
    "subnets": ("public-a", "public-b"),
    "cluster_group": "sg-nodes",
    "cluster": "nexus",
    "port": 3000,
    "health": "/health/ready",
    "certificate": "arn:certificate",
    "firewall": "arn:firewall",
    "logs": "logs-bucket",
}


def made(**changes: Any) -> Recording:
    return record(
        lambda: LoadBalancer(
            "balancer",
            LoadBalancerArgs(logs_allowed=given("logs-policy"), **{**USUAL, **changes}),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(LoadBalancer, made())


def test_outputs_are_the_balancers() -> None:
    """A record that points anywhere else is an outage of the whole platform."""
    balancer = made()
    assert balancer.outputs["handle"] == "Listener balancer-listener"
    assert balancer.outputs["host"].endswith(".elb.amazonaws.com")
    assert balancer.outputs["zone"] == balancer.one("LoadBalancer").made["zoneId"]
    assert balancer.outputs["targets"] == balancer.one("TargetGroup").made["arn"]


def test_listener_is_https_alone_and_leads_to_the_pods() -> None:
    """A listener on plain HTTP answers sessions in the open."""
    balancer = made()
    [listener] = balancer.all("Listener")
    assert (listener.inputs["port"], listener.inputs["protocol"]) == (443, "HTTPS")
    assert listener.inputs["certificateArn"] == "arn:certificate"
    assert "TLS13" in listener.inputs["sslPolicy"]
    assert listener.inputs["loadBalancerArn"] == balancer.one("LoadBalancer").made["arn"]
    [action] = listener.inputs["defaultActions"]
    assert action["type"] == "forward"
    assert action["targetGroupArn"] == balancer.outputs["targets"]


def test_balancer_waits_until_its_log_may_be_written() -> None:
    """AWS refuses a balancer whose log it may not write."""
    balancer = made()
    assert balancer.waits("LoadBalancer") >= {"ConfigMap given-logs-policy"}
    log = balancer.one("LoadBalancer").inputs["accessLogs"]
    # The bucket's policy allows this folder.
    assert log == {"bucket": "logs-bucket", "prefix": LOG_PREFIX, "enabled": True}


@pytest.mark.parametrize("port", [3000, 8080])
def test_traffic_flows_between_balancer_and_pods_alone(port: int) -> None:
    """A side that is not open is an outage; one that is open wider lets others in."""
    balancer = made(port=port)
    group = balancer.one("SecurityGroup").made["id"]
    rules = {each.name: each.inputs for each in balancer.resources if "Rule" in each.type}
    assert set(rules) == {"balancer-https", "balancer-pods", "balancer-from"}
    https, pods, back = (rules[f"balancer-{name}"] for name in ("https", "pods", "from"))
    assert (https["fromPort"], https["toPort"], https["cidrIpv4"]) == (443, 443, "0.0.0.0/0")
    assert https["securityGroupId"] == pods["securityGroupId"] == group
    assert pods["referencedSecurityGroupId"] == back["securityGroupId"] == "sg-nodes"
    assert back["referencedSecurityGroupId"] == group
    for rule in (pods, back):
        assert (rule["fromPort"], rule["toPort"]) == (port, port)
    assert balancer.one("LoadBalancer").inputs["securityGroups"] == [group]
    assert balancer.one("SecurityGroup").inputs["vpcId"] == "vpc-1"
    assert balancer.one("LoadBalancer").inputs["internal"] is False
    assert balancer.one("LoadBalancer").inputs["loadBalancerType"] == "application"
    assert balancer.one("LoadBalancer").inputs["subnets"] == ["public-a", "public-b"]
    assert balancer.one("LoadBalancer").inputs["dropInvalidHeaderFields"] is True


def test_pods_are_asked_for_their_health() -> None:
    """A balancer that asks another path takes out every healthy pod."""
    targets = made().one("TargetGroup").inputs
    assert targets["healthCheck"]["path"] == "/health/ready"
    assert targets["healthCheck"]["matcher"] == "200"
    # The port that a pod is registered with is asked too, which is the default.
    assert "port" not in targets["healthCheck"]
    assert (targets["targetType"], targets["vpcId"]) == ("ip", "vpc-1")
    # Auto Mode registers pods only in groups that name its cluster.
    assert targets["tags"]["eks:eks-cluster-name"] == "nexus"
    assert targets["tags"]["owner"] == "platform"


def test_another_port_of_the_gateway_leaves_the_target_group() -> None:
    """A new group of the same name is refused by AWS while the listener uses the old one."""
    before, after = (made(port=port).one("TargetGroup").inputs for port in (3000, 8080))
    assert before == after
    assert before["port"] > 0


def test_firewall_stands_in_front() -> None:
    """A firewall that is attached to nothing stops nobody."""
    balancer = made()
    association = balancer.one("WebAclAssociation").inputs
    assert association["webAclArn"] == "arn:firewall"
    assert association["resourceArn"] == balancer.one("LoadBalancer").made["arn"]


def test_balancer_is_protected_where_data_is_retained() -> None:
    """Its address is in DNS: a new balancer is an outage until every cache has forgotten."""
    assert made().one("LoadBalancer").options["protect"] is True
    assert "protect" not in made(aws=FREE).one("LoadBalancer").options


def test_long_names_fit() -> None:
    """AWS refuses names of more than 32 characters."""
    context = Context(
        prefix="nexus", stack="a-stack-with-a-long-name", environment="staging", first_tier="base"
    )
    long: AwsContext = replace(AWS, context=context)
    balancer = made(aws=long)
    for kind in ("LoadBalancer", "TargetGroup"):
        assert len(balancer.one(kind).inputs["name"]) <= LONGEST_NAME
