"""A hardware security module of one's own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudhsmv2

from components.aws.aws_context import AwsContext
from components.component import Component

FIRST_PORT, LAST_PORT = 2223, 2225
"""TCP ports on which its clients reach it."""


@dataclass(frozen=True, kw_only=True)
class CloudHsmArgs:
    """What the modules are made from.

    Args:
        modules: number of modules, each in another zone: one until somebody has signed the
            cluster's certificate and activated it, for AWS refuses a second before. Source:
            https://docs.aws.amazon.com/cloudhsm/latest/userguide/activate-cluster.html
    """

    aws: AwsContext
    subnets: tuple[pulumi.Input[str], ...]
    cluster_group: pulumi.Input[str]
    modules: int
    service: str


class CloudHsm(Component[CloudHsmArgs]):
    """A CloudHSM cluster. It holds no key before somebody signs its certificate by hand.

    Stateful: renaming it loses every key.

    Makes:
        `{name}`: the cluster, with a security group that AWS makes.
        `{name}-{n}`: modules.
        `{name}-clients`: rule that admits the cluster's nodes.

    Outputs:
        handle: the first module.
    """

    TOKEN = "nexus:data:CloudHsm"

    handle: pulumi.Resource
    id: pulumi.Output[str]

    def _make(self, name: str, args: CloudHsmArgs) -> None:
        durable = args.aws.durable(self)
        cluster = cloudhsmv2.Cluster(
            name,
            hsm_type="hsm2m.medium",
            mode="FIPS",
            subnet_ids=list(args.subnets),
            tags=args.aws.tags(name, "data", args.service),
            opts=durable,
        )
        modules: list[pulumi.Resource] = [
            cloudhsmv2.Hsm(
                f"{name}-{number}",
                cluster_id=cluster.cluster_id,
                subnet_id=args.subnets[number % len(args.subnets)],
                opts=durable,
            )
            for number in range(args.modules)
        ]
        args.aws.admit(
            f"{name}-clients",
            "data",
            group=cluster.security_group_id,
            ports=(FIRST_PORT, LAST_PORT),
            description="clients in the cluster",
            opts=self.child,
            source=args.cluster_group,
            service=args.service,
        )
        self.handle = modules[0]
        self.id = cluster.cluster_id
