"""Ways from a network to AWS' own services that do not leave AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.aws.aws_context import AwsContext
from components.component import Component

INTERFACES = ("ecr.api", "ecr.dkr", "eks-auth", "kms", "secretsmanager", "sts")
"""Services with an address in every zone. `eks-auth` hands out Pod Identity credentials."""

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class VpcEndpointsArgs:
    """What the endpoints are made from.

    Args:
        cidr: addresses of the network, which may use the endpoints.
        subnets: ids of the subnets that get an address of each, one per zone.
        route_tables: ids of the route tables that lead to S3.
        more: services that have an address besides.
    """

    aws: AwsContext
    vpc: pulumi.Input[str]
    cidr: str
    subnets: tuple[pulumi.Input[str], ...]
    route_tables: tuple[pulumi.Input[str], ...]
    more: tuple[str, ...] = ()


class VpcEndpoints(Component[VpcEndpointsArgs]):
    """VPC endpoints: S3 through the route tables, the others through addresses.

    Makes:
        `{name}-s3`: gateway endpoint, which also carries ECR's image layers.
        `{name}-group`, `{name}-https`: security group that admits the network on 443.
        `{name}-{service}`: interface endpoints.

    Outputs:
        handles: all of them, and the rule that lets the network in. What runs in the network
            waits for these, and in a `destroy` they go after it.
    """

    TOKEN = "nexus:foundation:VpcEndpoints"

    s3: pulumi.Output[str]
    handles: tuple[pulumi.Resource, ...]

    def _make(self, name: str, args: VpcEndpointsArgs) -> None:
        aws = args.aws
        gateway = ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc,
            service_name=f"com.amazonaws.{aws.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(args.route_tables),
            tags=aws.tags(f"{name}-s3", "foundation"),
            opts=self.child,
        )
        group = ec2.SecurityGroup(
            f"{name}-group",
            description="AWS services, from inside of the network",
            vpc_id=args.vpc,
            tags=aws.tags(f"{name}-group", "foundation"),
            opts=self.child,
        )
        rule = aws.admit(
            f"{name}-https",
            "foundation",
            group=group.id,
            ports=(HTTPS, HTTPS),
            description="HTTPS from the network",
            opts=self.child,
            cidr=args.cidr,
        )
        interfaces: list[pulumi.Resource] = []
        for service in (*INTERFACES, *args.more):
            own = f"{name}-{service.replace('.', '-')}"
            interfaces.append(
                ec2.VpcEndpoint(
                    own,
                    vpc_id=args.vpc,
                    service_name=f"com.amazonaws.{aws.region}.{service}",
                    vpc_endpoint_type="Interface",
                    private_dns_enabled=True,
                    subnet_ids=list(args.subnets),
                    security_group_ids=[group.id],
                    tags=aws.tags(own, "foundation"),
                    opts=self.child,
                )
            )
        self.s3 = gateway.id
        self.handles = (gateway, rule, *interfaces)
