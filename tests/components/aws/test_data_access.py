"""The security group of a data service, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.managed_server import DataAccess, DataAccessArgs
from tests.components.recording import AWS, FREE, Recording, assert_makes_what_it_says, record

ARGS = DataAccessArgs(
    aws=AWS, vpc="vpc-1", cluster="sg-nodes", ports=(("amqps", 5671), ("management", 443))
)


def made(**changes: Any) -> Recording:
    return record(lambda: DataAccess("queue-access", replace(ARGS, **changes)))


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(DataAccess, made())


@pytest.mark.parametrize("ports", [(), (("redis", 6379),), ARGS.ports])
def test_rules_admit_the_cluster_on_these_ports_alone(ports: tuple[tuple[str, int], ...]) -> None:
    """One port too few is an outage at the first connection, one too many a way in."""
    access = made(ports=ports)
    rules = {each.name: each.inputs for each in access.all("SecurityGroupIngressRule")}
    assert set(rules) == {f"queue-access-{purpose}" for purpose, _ in ports}
    for purpose, port in ports:
        rule = rules[f"queue-access-{purpose}"]
        assert (rule["fromPort"], rule["toPort"], rule["ipProtocol"]) == (port, port, "tcp")
        assert rule["referencedSecurityGroupId"] == "sg-nodes"
        assert rule["securityGroupId"] == access.outputs["group"]
        assert "cidrIpv4" not in rule
    assert access.all("SecurityGroupEgressRule") == []
    group = access.one("SecurityGroup").inputs
    assert group["vpcId"] == "vpc-1"
    assert not {"ingress", "egress"} & set(group)


def test_group_is_known_when_its_rules_are_there() -> None:
    """A server in a group without rules is up, and nobody reaches it."""
    assert made().after["group"] == {
        "SecurityGroup queue-access",
        "SecurityGroupIngressRule queue-access-amqps",
        "SecurityGroupIngressRule queue-access-management",
    }


def test_group_stays_with_the_server() -> None:
    """Some servers cannot change their group: without it they must be made anew."""
    assert made().kept() == {"SecurityGroup queue-access"}
    assert made(aws=FREE).kept() == set()
