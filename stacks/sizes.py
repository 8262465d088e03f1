"""How large the workloads of a stack are: what the catalog says, as what components are made of."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from catalog import Catalog, Problem, Service
from catalog.names import EnvironmentName
from catalog.size import EnvironmentSizes, SizeEntry, Sizing
from components.kubernetes.quantity import thousandths, total
from components.kubernetes.rollout import ExternalMetric, Scaling
from components.kubernetes.size import Size


def pod_size(size: SizeEntry) -> Size:
    """A size of the catalog, as a container of a workload has it."""
    return Size(
        cpu=size.cpu.request,
        cpu_limit=size.cpu.most,
        memory=size.memory.request,
        memory_limit=None if size.memory.most == size.memory.request else size.memory.most,
        scratch=size.ephemeral_storage.request,
        ephemeral=size.ephemeral_storage.most,
    )


def scaling(sizing: Sizing, sizes: EnvironmentSizes, vhost: str) -> Scaling:
    """What the autoscaler of a service goes by.

    Args:
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


LEAST_CONNECTIONS = 20
"""What a service may hold to its database, and to its vhost, however small it is."""

BROKER_CONNECTIONS = 2
"""What a pod holds to its vhost: one to publish, one to consume, as RabbitMQ's makers advise.
Source: https://www.rabbitmq.com/docs/connections"""

STEP = 10
"""Connections of a service come in tens: another number runs its bootstrap Job anew."""


def database_connections(sizing: Sizing, tasks: int = 0) -> int:
    """How many connections to its database a service may hold, with all of its pods.

    Args:
        tasks: how many tasks it has, each with a pod beside its own.
    """
    return _connections(sizing, tasks, sizing.size.connections)


def broker_connections(sizing: Sizing, tasks: int = 0) -> int:
    """How many connections to its vhost a service may hold, as of its database."""
    return _connections(sizing, tasks, BROKER_CONNECTIONS)


MIGRATION_CONNECTIONS = 10
"""What the login of a service's migrations may hold: one for the lock of each that runs or waits,
and what migration tools use, which go one step after the other."""


def migration_connections(service: Service) -> int | None:
    """How many connections the migrations of a service may hold, None where it has none."""
    return None if service.migration is None else MIGRATION_CONNECTIONS


def connected_pods(sizing: Sizing) -> int:
    """Pods that hold connections at once: a rolling update starts one while another one ends."""
    return sizing.most + 2


def _connections(sizing: Sizing, tasks: int, of_a_pod: int) -> int:
    pods = connected_pods(sizing) + tasks
    return max(LEAST_CONNECTIONS, STEP * ceil(pods * of_a_pod / STEP))


LOGS = "50Mi"
"""Logs of a container that a kubelet keeps. Source: containerLogMaxSize and containerLogMaxFiles of
https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"""


def unfit_sizes(catalog: Catalog, environment: EnvironmentName) -> Iterator[Problem]:
    """Sizes that contradict themselves, and metrics that nothing serves in this environment."""
    sizes = catalog.environments[environment]
    for name in catalog.services:
        sizing = catalog.sizing(name, environment)
        amounts = {"cpu": sizing.size.cpu, "memory": sizing.size.memory}
        for what, amount in amounts.items():
            if thousandths(amount.request) > thousandths(amount.most):
                yield sizing.size_at.problem(
                    f"'{what}' asks for {amount.request}, which is more than its limit of "
                    f"{amount.most} in {environment}; write a limit of at least {amount.request}."
                )
        disk = sizing.size.ephemeral_storage
        least = total((disk.request, LOGS))
        if thousandths(disk.most) < thousandths(least):
            yield sizing.size_at.problem(
                f"'ephemeral_storage' has a limit of {disk.most} in {environment}, but /tmp may "
                f"hold {disk.request} and logs {LOGS}; write a limit of at least {least}."
            )
        on = sizing.scale_on
        if on.queue is not None and sizes.queue_metric is None:
            yield sizing.scale_at.problem(
                f"nothing serves the length of a queue in {environment}; write 'scale_on' with "
                f"'cpu' below 'environments.{environment}.replicas', or the metric that your "
                f"cluster has into catalog/sizes.yaml, field 'environments.{environment}."
                "queue_metric'."
            )
        if on.metric is not None and on.metric.name not in sizes.metrics:
            yield sizing.scale_at.problem(
                f"nothing serves '{on.metric.name}' in {environment}; write 'scale_on' with "
                f"'cpu' below 'environments.{environment}.replicas', or add the metric to "
                f"catalog/sizes.yaml, field 'environments.{environment}.metrics'."
            )


def rolling_pods(sizing: Sizing) -> int:
    """Pods of a service that there may be at once while a rolling update runs.

    Besides those that it has when it is busy, one that is started, and each old one while it ends.
    """
    return 2 * sizing.most + 1
