"""The way from a load balancer to the gateway's pods."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.component import Component
from components.context import Context

AUTO_MODE, CONTROLLER = "eks.amazonaws.com/v1", "elbv2.k8s.aws/v1beta1"
"""API versions of a TargetGroupBinding: EKS Auto Mode's, the AWS Load Balancer Controller's."""


@dataclass(frozen=True, kw_only=True)
class GatewayRouteArgs:
    """What a route is made from.

    Args:
        targets: ARN of the balancer's target group.
        auto: whether EKS runs the controller (Auto Mode).
        after: handle of the gateway, and of the controller where it is made here, without
            which the route is of an unknown kind.
    """

    context: Context
    namespace: pulumi.Input[str]
    service: str
    port: int
    targets: pulumi.Input[str]
    auto: bool
    after: tuple[pulumi.Resource, ...]


class GatewayRoute(Component[GatewayRouteArgs]):
    """Keeps a target group filled with the addresses of the gateway's ready pods.

    Makes:
        `{name}`: TargetGroupBinding.
    """

    TOKEN = "nexus:edge:GatewayRoute"

    handle: pulumi.Resource

    def _make(self, name: str, args: GatewayRouteArgs) -> None:
        self.handle = CustomResource(
            name,
            api_version=AUTO_MODE if args.auto else CONTROLLER,
            kind="TargetGroupBinding",
            metadata={
                "name": args.service,
                "namespace": args.namespace,
                "labels": args.context.labels(args.service, "edge"),
            },
            spec={
                "serviceRef": {"name": args.service, "port": args.port},
                "targetGroupARN": args.targets,
                "targetType": "ip",
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
