"""The simulated Kubernetes provider, where the API of its cluster may be out of reach."""

from __future__ import annotations

import json
from collections.abc import Mapping

from typing_extensions import override

from nexus.pulumi.wire import Properties, Property, plain, table, text
from nexus.rehearsal.cluster import Cluster
from nexus.rehearsal.providers.answer import Made, RefusedError, Resource
from nexus.rehearsal.providers.cloud import CloudProvider
from nexus.rehearsal.providers.helm import HelmProvider
from nexus.rehearsal.record import Recorder
from nexus.rehearsal.timing import Clock

HTTPS = 443

_CLUSTER = "aws:eks/cluster:Cluster"
_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


class ReachingProvider(HelmProvider):
    """Objects and releases in a simulated cluster, of EKS or another.

    An API of EKS answers outside of its network where that is switched on, and inside of it
    whom its security group lets in; every other cluster answers. Its nodes are members of that
    group, whoever deploys is not.

    Args:
        aws: where clusters of EKS are made.
        cluster, clock, recorder, durations: as of every simulated Kubernetes provider.

    `inside` says whether whoever deploys is inside of the network; it may be changed between runs.
    """

    def __init__(
        self,
        aws: CloudProvider,
        cluster: Cluster,
        clock: Clock,
        recorder: Recorder,
        durations: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(cluster, clock, recorder, durations)
        self.inside = True
        self._aws = aws

    @override
    def create(self, resource: Resource) -> Made:
        self._reach()
        return super().create(resource)

    @override
    def update(self, resource: Resource, old: Properties) -> Made:
        self._reach()
        return super().update(resource, old)

    @override
    def delete(self, resource: Resource, old: Properties) -> None:
        self._reach()
        super().delete(resource, old)

    def _reach(self) -> None:
        """Refuse what the API server never hears of."""
        server = _server(self._settings.get("kubeconfig"))
        eks = next(
            (each for each in self._aws.made(_CLUSTER) if text(each.get("endpoint")) == server),
            None,
        )
        if eks is None:
            return
        network = table(plain(eks.get("vpcConfig")))
        group = text(network.get("clusterSecurityGroupId"))
        admitted = any(_admits(rule, group) for rule in self._aws.made(_RULE))
        if network.get("endpointPublicAccess") is not True and not (self.inside and admitted):
            raise RefusedError(
                "configured Kubernetes cluster is unreachable: unable to load schema information "
                f'from the API server: Get "{server}/openapi/v2?timeout=32s": i/o timeout'
            )


def _admits(rule: Properties, group: str) -> bool:
    """Whether a rule lets anybody reach HTTPS behind a security group."""
    values = table(plain(rule))
    return values.get("securityGroupId") == group and values.get("fromPort") == HTTPS


def _server(kubeconfig: Property) -> str:
    """Address of the API of the only cluster in a kubeconfig in JSON; "" without one."""
    try:
        clusters = json.loads(text(kubeconfig) or "{}").get("clusters") or [{}]
    except ValueError:
        return ""
    return str(clusters[0].get("cluster", {}).get("server", ""))
