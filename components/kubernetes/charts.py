"""Helm charts of others, pinned: what runs beside the platform and not for it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from components.component import Component
from components.kubernetes.size import GPU

SYSTEM_NAMESPACE = "kube-system"
"""Where AWS puts what a cluster cannot do without. The platform's own namespaces would refuse
such pods: they need tokens for the Kubernetes API, or devices of the node."""

INSTALL_SECONDS = 600
"""Longest wait until everything in a chart is ready, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart in a repository.

    Args:
        name: name of the chart, and of the release: there is one of each in a cluster.
    """

    name: str
    repository: str
    version: str


def release(
    name: str,
    chart: Chart,
    *,
    namespace: str,
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    create_namespace: bool = False,
) -> Release:
    """Makes a release of `chart`: one resource, which is done when all in it is ready.

    It stays one resource, and is not rendered into its objects here, because rendering needs
    the chart from the network: so a plan could not be made without. What fails to install is
    taken away again, so that the next run starts from nothing.

    Args:
        values: the chart's settings, those that differ from its own.
        create_namespace: whether Helm makes the namespace. It stays when the release goes.
    """
    return Release(
        name,
        name=chart.name,
        chart=chart.name,
        version=chart.version,
        repository_opts={"repo": chart.repository},
        namespace=namespace,
        create_namespace=create_namespace,
        values=values,
        atomic=True,
        timeout=INSTALL_SECONDS,
        opts=opts,
    )


CERT_MANAGER = Chart(
    name="cert-manager", repository="https://charts.jetstack.io", version="v1.21.2"
)
"""Tested by its makers with Kubernetes 1.33 to 1.36 (make/kind_images.sh of that version)."""

CERT_MANAGER_NAMESPACE = "cert-manager"

CERT_MANAGER_RESOURCES = {
    "requests": {"cpu": "10m", "memory": "64Mi"},
    "limits": {"cpu": "500m", "memory": "256Mi"},
}


@dataclass(frozen=True, kw_only=True)
class CertManagerArgs:
    """What cert-manager is made from.

    Args:
        replicas: pods of the controller, of its webhook and of its CA injector, each.
    """

    replicas: int


class CertManager(Component[CertManagerArgs]):
    """cert-manager with its CRDs, for the whole cluster; there is one of it in a cluster.

    It runs outside of the platform's namespaces, as an ingress controller does: it needs the
    Kubernetes API, whose address no NetworkPolicy can name on any cluster.

    Makes:
        `{name}`: release of its chart, in the namespace cert-manager, which Helm makes.
            Its CRDs and that namespace stay when it goes: what others made from them would
            go too.

    Outputs:
        handle: the release; when it is done, an Issuer is known and admitted.
    """

    TOKEN = "nexus:edge:CertManager"

    handle: pulumi.Resource

    def _make(self, name: str, args: CertManagerArgs) -> None:
        part: dict[str, Any] = {
            "replicaCount": args.replicas,
            "resources": CERT_MANAGER_RESOURCES,
            # The chart makes none unasked, and a drain may then take all pods away at once.
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        }
        self.handle = release(
            name,
            CERT_MANAGER,
            namespace=CERT_MANAGER_NAMESPACE,
            create_namespace=True,
            values={
                **part,
                "webhook": part,
                "cainjector": part,
                "crds": {"enabled": True, "keep": True},
                # A Job that ends when an Issuer is admitted: a webhook that is ready may still
                # lack its certificate.
                "startupapicheck": {"enabled": True, "resources": CERT_MANAGER_RESOURCES},
            },
            opts=self.child,
        )


DEVICE_PLUGIN = Chart(
    name="nvidia-device-plugin",
    repository="https://nvidia.github.io/k8s-device-plugin",
    version="0.19.3",
)


@dataclass(frozen=True, kw_only=True)
class GpuDevicePluginArgs:
    """What the plugin is made from.

    Args:
        label: label of the nodes with a GPU, name and value.
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
            DEVICE_PLUGIN,
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
