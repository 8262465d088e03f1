"""What makes EKS Auto Mode enforce network policies."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_kubernetes.core.v1 import ConfigMap

from components.component import Component
from components.context import Context


@dataclass(frozen=True, kw_only=True)
class PolicyControllerArgs:
    """What the switch is made from.

    Args:
        context: source of names and labels.
    """

    context: Context


class PolicyController(Component[PolicyControllerArgs]):
    """The ConfigMap that turns the network policy controller of EKS Auto Mode on.

    Without it network policies are accepted and hold nobody back. Source:
    https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html

    Makes:
        `{name}`: ConfigMap `amazon-vpc-cni` in kube-system.

    Outputs:
        handle: the ConfigMap.
    """

    TOKEN = "nexus:foundation:PolicyController"

    handle: ConfigMap

    def _make(self, name: str, args: PolicyControllerArgs) -> None:
        self.handle = ConfigMap(
            name,
            metadata={
                "name": "amazon-vpc-cni",
                "namespace": "kube-system",
                "labels": args.context.labels(name, "foundation"),
            },
            data={"enable-network-policy-controller": "true"},
            opts=self.child,
        )
