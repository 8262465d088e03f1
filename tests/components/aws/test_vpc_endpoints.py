"""Ways to AWS' own services, made alone."""

from __future__ import annotations

from components.aws.vpc_endpoints import INTERFACES, VpcEndpoints, VpcEndpointsArgs
from tests.components.recording import AWS, Recording, assert_makes_what_it_says, record


def made() -> Recording:
    return record(
        lambda: VpcEndpoints(
            "endpoints",
            VpcEndpointsArgs(
                aws=AWS,
                vpc="vpc-1",
                cidr="10.0.0.0/16",
                subnets=("private-a", "private-b"),
                route_tables=("rtb-a", "rtb-data"),
            ),
        )
    )


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(VpcEndpoints, made())


def test_s3_is_reached_through_every_route_table() -> None:
    """Without it every image layer goes through the NAT gateway, and is paid for."""
    endpoints = made()
    s3 = endpoints.one("VpcEndpoint", "endpoints-s3").inputs
    assert (s3["vpcEndpointType"], s3["serviceName"]) == (
        "Gateway",
        "com.amazonaws.eu-central-1.s3",
    )
    assert s3["routeTableIds"] == ["rtb-a", "rtb-data"]
    assert endpoints.outputs["s3"] == endpoints.one("VpcEndpoint", "endpoints-s3").made["id"]


def test_the_others_have_an_address_in_every_zone() -> None:
    """Without private names a client goes out all the same."""
    endpoints = made()
    group = endpoints.one("SecurityGroup").made["id"]
    found = {
        each.inputs["serviceName"]: each.inputs
        for each in endpoints.all("VpcEndpoint")
        if each.inputs["vpcEndpointType"] == "Interface"
    }
    assert set(found) == {f"com.amazonaws.eu-central-1.{each}" for each in INTERFACES}
    for each in found.values():
        assert each["privateDnsEnabled"] is True
        assert each["subnetIds"] == ["private-a", "private-b"]
        assert each["securityGroupIds"] == [group]
        assert each["vpcId"] == "vpc-1"


def test_handles_are_all_of_them() -> None:
    """What is in none goes first in a `destroy`, under the pods that still need it."""
    endpoints = made()
    assert set(endpoints.outputs["handles"]) == {
        *(f"VpcEndpoint {each.name}" for each in endpoints.all("VpcEndpoint")),
        "SecurityGroupIngressRule endpoints-https",
    }


def test_the_network_alone_reaches_them_on_https() -> None:
    """A closed endpoint with private names cuts every pod off from AWS."""
    endpoints = made()
    [rule] = endpoints.all("SecurityGroupIngressRule")
    assert rule.inputs["cidrIpv4"] == "10.0.0.0/16"
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443)
    assert rule.inputs["securityGroupId"] == endpoints.one("SecurityGroup").made["id"]
    assert endpoints.one("SecurityGroup").inputs["vpcId"] == "vpc-1"
