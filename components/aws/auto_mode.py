"""What EKS Auto Mode has to be told: network policies, volumes, and nodes with GPUs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.storage.v1 import StorageClass

from components.component import Component
from components.context import Context
from components.kubernetes.pod import physical_name
from components.kubernetes.size import GPU


@dataclass(frozen=True, kw_only=True)
class PolicyControllerArgs:
    """What the switch is made from."""

    context: Context


class PolicyController(Component[PolicyControllerArgs]):
    """The ConfigMap that turns the network policy controller of EKS Auto Mode on.

    Without it network policies are accepted and hold nobody back. Source:
    https://docs.aws.amazon.com/eks/latest/userguide/auto-net-pol.html

    Makes:
        `{name}`: ConfigMap `amazon-vpc-cni` in kube-system.
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


@dataclass(frozen=True, kw_only=True)
class BlockStorageArgs:
    """What a class of volumes is made from."""

    context: Context


class BlockStorage(Component[BlockStorageArgs]):
    """A class of encrypted volumes of EBS; Auto Mode makes none by itself.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html

    Makes:
        `{name}`: StorageClass; a volume is made where the pod is, and goes with its claim.

    Outputs:
        storage_class: its name in the cluster, known once it exists.
    """

    TOKEN = "nexus:foundation:BlockStorage"

    storage_class: pulumi.Output[str]

    def _make(self, name: str, args: BlockStorageArgs) -> None:
        self.storage_class = physical_name(
            StorageClass(
                name,
                metadata={
                    "name": args.context.shared(name),
                    "labels": args.context.labels(name, "foundation"),
                },
                provisioner="ebs.csi.eks.amazonaws.com",
                parameters={"type": "gp3", "encrypted": "true"},
                reclaim_policy="Delete",
                volume_binding_mode="WaitForFirstConsumer",
                allow_volume_expansion=True,
                opts=self.child,
            )
        )


@dataclass(frozen=True, kw_only=True)
class GpuNodePoolArgs:
    """What a pool is made from.

    Args:
        families: instance families to choose from, such as `g6`.
    """

    context: Context
    families: tuple[str, ...]
    limit: int


class GpuNodePool(Component[GpuNodePoolArgs]):
    """A NodePool: EKS starts a node when a pod asks for a GPU, and stops it when none does.

    Pools belong to the whole cluster, so its name there starts with the stack's prefix.

    Makes:
        `{name}`: NodePool (`karpenter.sh/v1`); its nodes take pods that ask for a GPU alone.
    """

    TOKEN = "nexus:foundation:GpuNodePool"

    handle: pulumi.Resource

    def _make(self, name: str, args: GpuNodePoolArgs) -> None:
        self.handle = CustomResource(
            name,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={
                "name": args.context.shared(name),
                "labels": args.context.labels(name, "nodes"),
            },
            spec={
                "template": {
                    "spec": {
                        "nodeClassRef": {
                            "group": "eks.amazonaws.com",
                            "kind": "NodeClass",
                            "name": "default",
                        },
                        "requirements": [
                            {
                                "key": "eks.amazonaws.com/instance-family",
                                "operator": "In",
                                "values": list(args.families),
                            },
                            {
                                "key": "karpenter.sh/capacity-type",
                                "operator": "In",
                                "values": ["on-demand"],
                            },
                        ],
                        "taints": [{"key": GPU, "value": "true", "effect": "NoSchedule"}],
                    }
                },
                "limits": {GPU: str(args.limit)},
                "disruption": {
                    "consolidationPolicy": "WhenEmptyOrUnderutilized",
                    "consolidateAfter": "10m",
                },
            },
            opts=self.child,
        )
