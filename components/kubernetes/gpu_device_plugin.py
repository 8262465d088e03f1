"""What makes the GPUs of managed nodes a resource that pods can ask for."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.kubernetes.chart import SYSTEM_NAMESPACE, Chart, release
from components.kubernetes.pod import GPU

CHART = Chart(
    name="nvidia-device-plugin",
    repository="https://nvidia.github.io/k8s-device-plugin",
    version="0.19.3",
)


@dataclass(frozen=True, kw_only=True)
class GpuDevicePluginArgs:
    """What the plugin is made from.

    Args:
        label: label of the nodes with a GPU, name and value.
        nodes: the nodes with a GPU.
    """

    label: tuple[str, str]
    nodes: pulumi.Resource


class GpuDevicePlugin(Component[GpuDevicePluginArgs]):
    """NVIDIA's device plugin on every node with a GPU.

    AWS' AL2023 image has driver and container runtime, but not the plugin. Source:
    https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-k8s-device-plugin.html

    Makes:
        `{name}`: release of its chart: a DaemonSet in kube-system, since it needs the device
            directory of its node, which the platform's namespaces refuse.

    Outputs:
        handle: the release; when it is done, every node that is there has got its pod. Helm
            waits until all but one of those are ready, so with one node its GPU may be
            offered a little later. Source: daemonSetReady in pkg/kube/ready.go of Helm.
    """

    TOKEN = "nexus:foundation:GpuDevicePlugin"

    handle: pulumi.Resource

    def _make(self, name: str, args: GpuDevicePluginArgs) -> None:
        label, value = args.label
        term = {"matchExpressions": [{"key": label, "operator": "In", "values": [value]}]}
        self.handle = release(
            name,
            CHART,
            namespace=SYSTEM_NAMESPACE,
            values={
                # The chart's own rule asks for one fixed label, or for those of a feature
                # discovery that is not here.
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [term]
                        }
                    }
                },
                "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
                "priorityClassName": "system-node-critical",
                "resources": {
                    "requests": {"cpu": "10m", "memory": "64Mi"},
                    "limits": {"cpu": "100m", "memory": "256Mi"},
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.nodes]),
        )
