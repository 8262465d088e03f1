"""How long simulated resources take, and how fast a rehearsal goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

FAILURE_SECONDS = 20.0
"""Simulated seconds, after its usual time, until a workload that does not get ready
is given up. The real provider waits for the whole timeout (10 minutes by default)."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """Simulated seconds that creating, updating and deleting one resource take."""

    create: float = 0.0
    update: float = 0.0
    delete: float = 0.0


_TIMES: Mapping[str, Times] = {
    "kubernetes:core/v1:Namespace": Times(create=0.1, delete=1.0),
    "kubernetes:core/v1:Pod": Times(create=3.0, update=1.0, delete=1.0),
    # The real provider lets endpoints settle for ten seconds, even those of a Service without pods.
    "kubernetes:core/v1:Service": Times(create=10.0, update=10.0, delete=0.2),
    "kubernetes:core/v1:PersistentVolumeClaim": Times(create=1.0, delete=1.0),
    "kubernetes:apps/v1:Deployment": Times(create=5.0, update=5.0, delete=1.0),
    "kubernetes:apps/v1:StatefulSet": Times(create=8.0, update=8.0, delete=2.0),
    "kubernetes:apps/v1:DaemonSet": Times(create=5.0, update=5.0, delete=1.0),
    "kubernetes:batch/v1:Job": Times(create=2.0, update=2.0, delete=0.5),
    "kubernetes:networking.k8s.io/v1:Ingress": Times(create=2.0, update=1.0, delete=0.5),
    "kubernetes:helm.sh/v3:Release": Times(create=30.0, update=20.0, delete=5.0),
    # Managed servers take minutes, whose number AWS does not promise.
    "aws:acm/certificateValidation:CertificateValidation": Times(create=60.0),
    "aws:cloudfront/distribution:Distribution": Times(create=240.0, update=240.0, delete=240.0),
    "aws:ec2/natGateway:NatGateway": Times(create=100.0, delete=60.0),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Times(create=30.0, delete=30.0),
    "aws:eks/cluster:Cluster": Times(create=540.0, update=120.0, delete=240.0),
    "aws:eks/nodeGroup:NodeGroup": Times(create=120.0, update=120.0, delete=180.0),
    "aws:elasticache/replicationGroup:ReplicationGroup": Times(
        create=600.0, update=120.0, delete=300.0
    ),
    "aws:lb/loadBalancer:LoadBalancer": Times(create=150.0, update=10.0, delete=20.0),
    "aws:mq/broker:Broker": Times(create=900.0, update=60.0, delete=120.0),
    "aws:rds/cluster:Cluster": Times(create=60.0, update=60.0, delete=60.0),
    "aws:rds/clusterInstance:ClusterInstance": Times(create=420.0, update=60.0, delete=300.0),
}
"""The one table of simulated times, by resource type. What is not here takes none."""


def times(type_: str) -> Times:
    """The simulated times of a resource type."""
    return _TIMES.get(type_, Times())


class CancelledError(Exception):
    """The engine asked the providers to stop while a resource was still working."""


class Clock:
    """How much real time simulated seconds take: none, unless `scale` says so.

    `cancel()` ends every wait, now and later, until `resume()`.

    Args:
        scale: simulated seconds that pass in one real second, for runs that are to be
            interrupted; None for runs that wait for nothing.
    """

    def __init__(self, scale: float | None = None) -> None:
        if scale is not None and scale <= 0:
            raise ValueError(f"The time scale is {scale}; give a number above 0, such as 4.")
        self.scale = scale
        self._cancelled = threading.Event()
        self._parts: list[Clock] = []

    def part(self) -> Clock:
        """A clock of the same time that can be cancelled alone, and is cancelled with this one."""
        part = Clock(self.scale)
        self._parts.append(part)
        return part

    @property
    def cancelled(self) -> bool:
        """Whether waits are over."""
        return self._cancelled.is_set()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass.

        Raises:
            CancelledError: `cancel()` was called before the time was over.
        """
        if self.scale is not None and seconds > 0 and self._cancelled.wait(seconds / self.scale):
            raise CancelledError

    def cancel(self) -> None:
        """End every wait with `CancelledError`."""
        self._cancelled.set()
        for part in self._parts:
            part.cancel()

    def resume(self) -> None:
        """Let waits wait again, before the next run."""
        self._cancelled.clear()
        for part in self._parts:
            part.resume()
