"""A network, made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.aws.vpc import ANYWHERE, Subnets, Vpc, VpcArgs, address_plan
from tests.components.recording import AWS, FREE, Recording, assert_makes_what_it_says, record

ZONES = AWS.zones
ARGS = VpcArgs(aws=AWS, cidr="10.0.0.0/16", nat_gateways=3)


def made(**changes: Any) -> Recording:
    return record(lambda: Vpc("network", replace(ARGS, **changes)))


def own_id(vpc: Recording, kind: str, name: str) -> str:
    return str(vpc.one(kind, f"network-{name}").made["id"])


def test_makes_what_it_says() -> None:
    """A resource outside of the component keeps neither its provider nor its order."""
    assert_makes_what_it_says(Vpc, made())


@pytest.mark.parametrize("kind", ["public", "private", "data"])
def test_outputs_are_in_the_order_of_the_zones(kind: str) -> None:
    """A server in the subnet of another kind is public, or reaches nobody."""
    vpc = made()
    assert vpc.outputs[kind] == [own_id(vpc, "Subnet", f"{kind}-{zone}") for zone in ZONES]
    plan = address_plan(ARGS.cidr, ZONES)
    for zone in ZONES:
        subnet = vpc.one("Subnet", f"network-{kind}-{zone}").inputs
        assert subnet["availabilityZone"] == zone
        assert subnet["cidrBlock"] == getattr(plan[zone], kind)
        assert subnet["mapPublicIpOnLaunch"] is False
        assert subnet["vpcId"] == vpc.outputs["id"]


def test_ranges_are_where_they_always_were() -> None:
    """A subnet whose range changes is made anew, with everything inside it."""
    assert address_plan(ARGS.cidr, ZONES)[ZONES[1]] == Subnets(
        private="10.0.32.0/19", public="10.0.196.0/22", data="10.0.228.0/22"
    )


def test_every_subnet_has_its_routes() -> None:
    """A subnet without an association uses the VPC's main table, which leads nowhere."""
    vpc = made()
    tables = {
        each.inputs["subnetId"]: each.inputs["routeTableId"]
        for each in vpc.all("RouteTableAssociation")
    }
    wanted = {
        own_id(vpc, "Subnet", f"{kind}-{zone}"): own_id(
            vpc, "RouteTable", f"private-{zone}-routes" if kind == "private" else f"{kind}-routes"
        )
        for kind in ("public", "private", "data")
        for zone in ZONES
    }
    assert tables == wanted
    assert vpc.outputs["route_tables"] == [
        *(own_id(vpc, "RouteTable", f"private-{zone}-routes") for zone in ZONES),
        own_id(vpc, "RouteTable", "data-routes"),
    ]


@pytest.mark.parametrize("gateways", [1, 3])
def test_nodes_go_out_through_their_zones_gateway_if_it_has_one(gateways: int) -> None:
    """With all zones behind one gateway, the loss of its zone is the loss of all."""
    vpc = made(nat_gateways=gateways)
    nats = {each.name: each for each in vpc.all("NatGateway")}
    assert set(nats) == {f"network-nat-{zone}" for zone in ZONES[:gateways]}
    for number, zone in enumerate(ZONES):
        through = zone if number < gateways else ZONES[0]
        route = vpc.one("Route", f"network-private-{zone}-out").inputs
        assert route["natGatewayId"] == own_id(vpc, "NatGateway", f"nat-{through}")
        assert route["routeTableId"] == own_id(vpc, "RouteTable", f"private-{zone}-routes")
        assert route["destinationCidrBlock"] == ANYWHERE
    for zone in ZONES[:gateways]:
        nat = nats[f"network-nat-{zone}"].inputs
        assert nat["subnetId"] == own_id(vpc, "Subnet", f"public-{zone}")
        # AWS refuses an address or a NAT gateway in a VPC without an internet gateway.
        for kind, name in (("NatGateway", "nat"), ("Eip", "address")):
            assert "InternetGateway network-gateway" in vpc.waits(kind, f"network-{name}-{zone}")


@pytest.mark.parametrize("gateways", [1, 3])
def test_subnets_are_given_away_with_their_ways_out(gateways: int) -> None:
    """A `destroy` takes away at once what nothing waits for, and what is inside then hangs."""
    vpc = made(nat_gateways=gateways)
    for kind in ("public", "private"):
        known = vpc.after[kind]
        for zone in ZONES:
            way = f"private-{zone}" if kind == "private" else "public"
            assert known >= {
                f"Subnet network-{kind}-{zone}",
                f"RouteTableAssociation network-{kind}-{zone}-association",
                f"Route network-{way}-out",
            }
    for zone in ZONES[:gateways]:
        # Through which the private subnets go out, too.
        assert vpc.waits("NatGateway", f"network-nat-{zone}") >= {
            "Route network-public-out",
            f"RouteTableAssociation network-public-{zone}-association",
        }


def test_data_have_no_way_out() -> None:
    """A server that can call out is one that data can leave through."""
    vpc = made()
    routed = {each.inputs["routeTableId"] for each in vpc.all("Route")}
    assert own_id(vpc, "RouteTable", "data-routes") not in routed
    public = vpc.one("Route", "network-public-out").inputs
    assert public["gatewayId"] == own_id(vpc, "InternetGateway", "gateway")
    assert public["routeTableId"] == own_id(vpc, "RouteTable", "public-routes")


def test_default_group_admits_nobody() -> None:
    """What is started without a group gets the default one, which admits its own kind."""
    network = made()
    group = network.one("DefaultSecurityGroup").inputs
    assert not {"ingress", "egress"} & set(group)
    assert group["vpcId"] == network.outputs["id"]
    vpc = network.one("Vpc").inputs
    assert vpc["enableDnsSupport"] is vpc["enableDnsHostnames"] is True
    assert vpc["cidrBlock"] == "10.0.0.0/16"


def test_network_of_data_outlives_a_destroy() -> None:
    """A server that is kept holds its network, and a destroy would hang on it."""
    data = {f"Subnet network-data-{zone}" for zone in ZONES}
    assert made().kept() == {"Vpc network", *data}
    assert made(aws=FREE).kept() == set()


@pytest.mark.parametrize("zones", [ZONES[:1], ZONES[:2], ZONES])
def test_fewer_zones_are_enough(zones: tuple[str, ...]) -> None:
    """A region with two zones must do."""
    vpc = made(aws=replace(AWS, zones=zones), nat_gateways=1)
    assert len(vpc.outputs["private"]) == len(vpc.outputs["data"]) == len(zones)
