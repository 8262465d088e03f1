"""What gets certificates for ingresses of a cluster, and renews them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components.component import Component
from components.kubernetes.chart import Chart, release

CHART = Chart(name="cert-manager", repository="https://charts.jetstack.io", version="v1.21.2")
"""Tested by its makers with Kubernetes 1.33 to 1.36 (make/kind_images.sh of that version)."""

NAMESPACE = "cert-manager"

_RESOURCES = {
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
            "resources": _RESOURCES,
            # The chart makes none unasked, and a drain may then take all pods away at once.
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        }
        self.handle = release(
            name,
            CHART,
            namespace=NAMESPACE,
            create_namespace=True,
            values={
                **part,
                "webhook": part,
                "cainjector": part,
                "crds": {"enabled": True, "keep": True},
                # A Job that ends when an Issuer is admitted: a webhook that is ready may still
                # lack its certificate.
                "startupapicheck": {"enabled": True, "resources": _RESOURCES},
            },
            opts=self.child,
        )
