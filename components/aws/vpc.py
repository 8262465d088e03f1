"""The network of a stack, and a record of who talked to whom in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2

from components.aws.aws_context import AwsContext
from components.aws.iam import ServiceRole, ServiceRoleArgs, Statement
from components.component import Component, known_with

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Subnets:
    """Address ranges of one zone.

    Args:
        private: nodes and pods; 1/8 of the network.
        public: load balancers and NAT gateways alone; 1/64.
        data: servers that hold state, without a way out; 1/64.
    """

    private: str
    public: str
    data: str


def address_plan(cidr: str, zones: tuple[str, ...]) -> Mapping[str, Subnets]:
    """Address ranges by zone: at most six zones fit; half of the network stays free for three."""
    eighths = list(IPv4Network(cidr).subnets(prefixlen_diff=3))
    public = list(eighths[6].subnets(prefixlen_diff=3))
    data = list(eighths[7].subnets(prefixlen_diff=3))
    return {
        zone: Subnets(private=str(eighths[i]), public=str(public[i]), data=str(data[i]))
        for i, zone in enumerate(zones)
    }


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """What a network is made from.

    Args:
        cidr: address range, /16 to /20.
        nat_gateways: 1, or one per zone.
    """

    aws: AwsContext
    cidr: str
    nat_gateways: int


class Vpc(Component[VpcArgs]):
    """A VPC with public, private and data subnets in each zone.

    Makes:
        `{name}`, `{name}-default`: VPC; its default security group, with no rule.
        `{name}-gateway`: internet gateway.
        `{name}-{kind}-{zone}`: subnets, and `…-routes`, `…-association` for each.
        `{name}-public-routes`: one route table for the public subnets.
        `{name}-nat-{zone}`, `{name}-address-{zone}`: NAT gateways.
        `{name}-public-out`, `{name}-private-{zone}-out`: routes to them and to the internet.

    Outputs:
        public: ids of the public subnets, in the order of the zones, known when they lead out;
            what uses one is gone, in a `destroy`, before its way out is.
        private: ids of the private subnets, in the same order, as well.
        data: ids of the data subnets, in the same order.
        route_tables: ids of the private and data subnets' route tables.
    """

    TOKEN = "nexus:foundation:Vpc"

    id: pulumi.Output[str]
    public: tuple[pulumi.Output[str], ...]
    private: tuple[pulumi.Output[str], ...]
    data: tuple[pulumi.Output[str], ...]
    route_tables: tuple[pulumi.Output[str], ...]

    def _make(self, name: str, args: VpcArgs) -> None:
        self._name, self._aws = name, args.aws
        durable = args.aws.durable(self)
        zones = args.aws.zones
        plan = address_plan(args.cidr, zones)
        vpc = ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=args.aws.tags(name, "foundation"),
            opts=durable,
        )
        self.id = vpc.id
        ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=vpc.id, tags=self._tags("default"), opts=self.child
        )
        gateway = ec2.InternetGateway(
            f"{name}-gateway", vpc_id=vpc.id, tags=self._tags("gateway"), opts=self.child
        )
        public_routes = self._routes("public")
        out = self._way_out("public", public_routes, gateway_id=gateway.id)
        public = [
            self._subnet("public", zone, plan[zone].public, public_routes, self.child)
            for zone in zones
        ]
        nats = [
            self._nat(zone, subnet, gateway, (association, out))
            for zone, (subnet, association) in zip(zones[: args.nat_gateways], public, strict=False)
        ]
        tables: list[ec2.RouteTable] = []
        private: list[pulumi.Output[str]] = []
        for number, zone in enumerate(zones):
            table = self._routes(f"private-{zone}")
            subnet, association = self._subnet(
                "private", zone, plan[zone].private, table, self.child
            )
            nat = nats[number % len(nats)]
            way = self._way_out(f"private-{zone}", table, nat_gateway_id=nat.id)
            tables.append(table)
            private.append(known_with(subnet.id, association, way))
        tables.append(self._routes("data"))
        data = [
            self._subnet("data", zone, plan[zone].data, tables[-1], durable)[0] for zone in zones
        ]
        self.public = tuple(known_with(subnet.id, way, out) for subnet, way in public)
        self.private = tuple(private)
        self.data = tuple(subnet.id for subnet in data)
        self.route_tables = tuple(table.id for table in tables)

    def _tags(self, name: str) -> dict[str, str]:
        return self._aws.tags(f"{self._name}-{name}", "foundation")

    def _subnet(
        self,
        kind: str,
        zone: str,
        cidr: str,
        routes: ec2.RouteTable,
        opts: pulumi.ResourceOptions,
    ) -> tuple[ec2.Subnet, ec2.RouteTableAssociation]:
        """Makes a subnet, and has its packets go by `routes`."""
        subnet = ec2.Subnet(
            f"{self._name}-{kind}-{zone}",
            vpc_id=self.id,
            availability_zone=zone,
            cidr_block=cidr,
            # Nothing gets a public address by being started here.
            map_public_ip_on_launch=False,
            tags=self._tags(f"{kind}-{zone}"),
            opts=opts,
        )
        return subnet, ec2.RouteTableAssociation(
            f"{self._name}-{kind}-{zone}-association",
            subnet_id=subnet.id,
            route_table_id=routes.id,
            opts=self.child,
        )

    def _routes(self, kind: str) -> ec2.RouteTable:
        name = f"{kind}-routes"
        return ec2.RouteTable(
            f"{self._name}-{name}", vpc_id=self.id, tags=self._tags(name), opts=self.child
        )

    def _way_out(
        self,
        kind: str,
        routes: ec2.RouteTable,
        *,
        gateway_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
    ) -> ec2.Route:
        return ec2.Route(
            f"{self._name}-{kind}-out",
            route_table_id=routes.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self.child,
        )

    def _nat(
        self,
        zone: str,
        subnet: ec2.Subnet,
        gateway: ec2.InternetGateway,
        ways: tuple[pulumi.Resource, ...],
    ) -> ec2.NatGateway:
        address = ec2.Eip(
            f"{self._name}-address-{zone}",
            domain="vpc",
            tags=self._tags(f"address-{zone}"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway]),
        )
        return ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=self._tags(f"nat-{zone}"),
            # It goes out through the routes of its own subnet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway, *ways]),
        )


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """What flow logs are made from."""

    aws: AwsContext
    vpc: pulumi.Input[str]
    key: pulumi.Input[str]


class FlowLogs(Component[FlowLogsArgs]):
    """Flow logs of a VPC in CloudWatch.

    Makes:
        `{name}-group`: log group, encrypted.
        `{name}-role`: ServiceRole that writes into it.
        `{name}`: flow log of all traffic, accepted and rejected.
    """

    TOKEN = "nexus:foundation:FlowLogs"

    def _make(self, name: str, args: FlowLogsArgs) -> None:
        aws = args.aws
        group = aws.log_group(
            f"{name}-group", f"/{aws.prefix}/{name}", "foundation", key=args.key, opts=self.child
        )
        role = ServiceRole(
            f"{name}-role",
            ServiceRoleArgs(
                aws=aws,
                layer="foundation",
                service="vpc-flow-logs.amazonaws.com",
                source_account=True,
                statements=(
                    Statement(
                        sid="Write",
                        actions=(
                            "logs:CreateLogStream",
                            "logs:PutLogEvents",
                            "logs:DescribeLogStreams",
                        ),
                        resources=(group.arn.apply(lambda arn: f"{arn}:*"),),
                    ),
                ),
            ),
            self.child,
        )
        ec2.FlowLog(
            name,
            vpc_id=args.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=aws.tags(name, "foundation"),
            opts=self.child,
        )
