"""The load balancer in front of the gateway."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, lb, wafv2
from pulumi_aws import vpc as vpc_rules

from components.aws.aws_context import AwsContext
from components.component import Component

HTTPS = 443
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3."""

LOG_PREFIX = "balancer"
LONGEST_NAME = 32

TARGET_PORT = 8080
"""The target group's port, which no request uses: each pod is registered with a port of its own
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html).
The same for ever, since AWS makes a new group for a new port: under the same name it cannot, while
the listener uses the old one, and a TargetGroupBinding keeps the group that it has."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    """What a balancer is made from.

    Args:
        port: TCP port of the gateway's pods.
        health: path that a healthy gateway answers.
        logs_allowed: what lets AWS write there; a balancer is refused before.
    """

    aws: AwsContext
    vpc: pulumi.Input[str]
    subnets: tuple[pulumi.Input[str], ...]
    cluster_group: pulumi.Input[str]
    cluster: pulumi.Input[str]
    port: int
    health: str
    certificate: pulumi.Input[str]
    firewall: pulumi.Input[str]
    logs: pulumi.Input[str]
    logs_allowed: pulumi.Resource


class LoadBalancer(Component[LoadBalancerArgs]):
    """An Application Load Balancer, HTTPS only.

    The program makes it, not a controller in the cluster: so it is in the plan,
    outlives the cluster, and its address is known before a pod runs.

    Makes:
        `{name}-group`, `{name}-https`, `{name}-pods`, `{name}-from`: security group; in
            from everywhere on 443, out to the pods; and the pods' side of that.
        `{name}`: the balancer, with an access log.
        `{name}-targets`: target group, by the pods' own addresses.
        `{name}-listener`: listener.
        `{name}-firewall`: puts the firewall in front.

    Outputs:
        handle: the listener; the balancer answers when it is there.
        zone: id of the Route 53 zone of that name, for aliases.
    """

    TOKEN = "nexus:edge:LoadBalancer"

    handle: pulumi.Resource
    host: pulumi.Output[str]
    zone: pulumi.Output[str]
    targets: pulumi.Output[str]

    def _make(self, name: str, args: LoadBalancerArgs) -> None:
        aws = args.aws
        balancer = lb.LoadBalancer(
            name,
            name=aws.fixed(name, LONGEST_NAME),
            load_balancer_type="application",
            internal=False,
            subnets=list(args.subnets),
            security_groups=[self._group(name, args).id],
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_deletion_protection=False,
            access_logs={"bucket": args.logs, "prefix": LOG_PREFIX, "enabled": True},
            tags=aws.tags(name, "edge"),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[args.logs_allowed], protect=aws.retained or None
            ),
        )
        targets = lb.TargetGroup(
            f"{name}-targets",
            name=aws.fixed("gateway", LONGEST_NAME),
            vpc_id=args.vpc,
            port=TARGET_PORT,
            protocol="HTTP",
            target_type="ip",
            deregistration_delay=30,
            health_check={
                "path": args.health,
                "matcher": "200",
                "interval": 10,
                "healthy_threshold": 3,
                "unhealthy_threshold": 5,
            },
            # Auto Mode may register targets only in groups that name its cluster.
            tags=pulumi.Output.all(cluster=args.cluster).apply(
                lambda values: {
                    **aws.tags(f"{name}-targets", "edge"),
                    "eks:eks-cluster-name": str(values["cluster"]),
                }
            ),
            opts=self.child,
        )
        self.handle = lb.Listener(
            f"{name}-listener",
            load_balancer_arn=balancer.arn,
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=args.certificate,
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            tags=aws.tags(f"{name}-listener", "edge"),
            opts=self.child,
        )
        wafv2.WebAclAssociation(
            f"{name}-firewall",
            resource_arn=balancer.arn,
            web_acl_arn=args.firewall,
            opts=self.child,
        )
        self.host = balancer.dns_name
        self.zone = balancer.zone_id
        self.targets = targets.arn

    def _group(self, name: str, args: LoadBalancerArgs) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            f"{name}-group",
            description="People, on HTTPS; out to the gateway's pods",
            vpc_id=args.vpc,
            tags=args.aws.tags(f"{name}-group", "edge"),
            opts=self.child,
        )
        args.aws.admit(
            f"{name}-https",
            "edge",
            group=group.id,
            ports=(HTTPS, HTTPS),
            description="HTTPS from everywhere: this is the edge",
            opts=self.child,
            cidr="0.0.0.0/0",
        )
        vpc_rules.SecurityGroupEgressRule(
            f"{name}-pods",
            security_group_id=group.id,
            referenced_security_group_id=args.cluster_group,
            description="requests and health checks to the gateway's pods",
            ip_protocol="tcp",
            from_port=args.port,
            to_port=args.port,
            tags=args.aws.tags(f"{name}-pods", "edge"),
            opts=self.child,
        )
        args.aws.admit(
            f"{name}-from",
            "edge",
            group=args.cluster_group,
            ports=(args.port, args.port),
            description="the load balancer to the gateway's pods",
            opts=self.child,
            source=group.id,
        )
        return group
