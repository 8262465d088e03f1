"""How large the workloads of a stack are: what the catalog says, as what components are made of."""

from __future__ import annotations

from catalog.size import EnvironmentSizes, Sizing
from catalog.size import Size as CatalogSize
from components.kubernetes.pod import Size
from components.kubernetes.rollout import ExternalMetric, Scaling


def pod_size(size: CatalogSize) -> Size:
    """A size of the catalog, as a container of a workload has it."""
    return Size(
        cpu=size.cpu.request,
        cpu_limit=size.cpu.limit,
        memory=size.memory.request,
        memory_limit=None if size.memory.limit == size.memory.request else size.memory.limit,
        scratch=size.ephemeral_storage.request,
        ephemeral=size.ephemeral_storage.limit,
    )


def scaling(sizing: Sizing, sizes: EnvironmentSizes, vhost: str) -> Scaling:
    """What the autoscaler of a service goes by.

    Args:
        sizing: of the service.
        sizes: of the environment, with the metric that the length of a queue is.
        vhost: what the service's vhost is called.
    """
    on = sizing.scale_on
    metrics: list[ExternalMetric] = []
    if on.queue is not None and sizes.queue_metric is not None:
        labels = {"queue": on.queue.name, "vhost": vhost}
        metrics.append(
            ExternalMetric(name=sizes.queue_metric, value=on.queue.length, labels=labels)
        )
    if on.metric is not None:
        metrics.append(
            ExternalMetric(name=on.metric.name, value=on.metric.value, labels=on.metric.labels)
        )
    return Scaling(
        least=sizing.least,
        most=sizing.most,
        cpu=on.cpu,
        memory=on.memory,
        metrics=tuple(metrics),
    )


def rolling_pods(sizing: Sizing) -> int:
    """Pods of a service that there may be at once while a rolling update runs.

    Besides those that it has when it is busy, one that is started, and each old one while it ends.
    """
    return 2 * sizing.most + 1
