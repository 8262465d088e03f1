"""What somebody should look at in the morning: alerts of services, edges, servers, the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.nodes import Links, Severity
from monitoring.timing import Timing

_INFO = "on (stack, nexus_node) group_left (owner) nexus:node:info"


def tickets(timing: Timing, namespaces: str, links: Links) -> Iterator[dict[str, Any]]:
    """Alerting rules whose alerts are tickets of the node's owner.

    Args:
        timing: how long is waited.
        namespaces: a matcher of the stack's namespaces.
        links: where alerts lead.
    """
    node = "{{ $labels.nexus_node }}"
    for name, expression, minutes, summary in (
        *_services(timing, namespaces),
        *_edges(timing),
        *_servers(),
    ):
        row = name, f"({expression}) * {_INFO}", minutes, f"{node}: {summary}"
        yield _ticket(timing, row, **links.of_node())
    for row in _unnamed(namespaces):
        yield _ticket(timing, row)


_Row = tuple[str, str, int, str]
"""Name, expression, minutes, and what it means."""


def _ticket(timing: Timing, row: _Row, **more: str) -> dict[str, Any]:
    name, expression, minutes, summary = row
    return {
        "alert": name,
        "expr": expression,
        "for": timing(minutes * 60),
        "labels": {"severity": Severity.TICKET.value},
        "annotations": {"summary": summary, **more},
    }


def copied(series: str, label: str, to: str = "nexus_node") -> str:
    """`series`, with what their label `label` says in the label `to` as well."""
    return f'label_replace({series}, "{to}", "$1", "{label}", "(.+)")'


def _services(timing: Timing, namespaces: str) -> Iterator[_Row]:
    by = "by (stack, nexus_node)"
    yield (
        "NexusErrors",
        "nexus:service:own_errors:ratio > 0.05",
        5,
        "more than 5 % of its answers are errors of its own",
    )
    late = "nexus:service:latency_seconds:p95 > on (stack, nexus_node) nexus:node:timeout_seconds"
    yield "NexusSlow", late, 10, "one answer of twenty comes later than its callers wait"
    flaps = f"changes(nexus:service:available[{timing(1800)}]) >= 10"
    yield "NexusFlaps", flaps, 0, "its pods come and go"
    pods = f"kube_pod_container_status_restarts_total{{{namespaces}}}[{timing(900)}]"
    restarts = f"sum {by} ({copied(f'increase({pods})', 'container')}) > 3"
    yield "NexusRestarts", restarts, 0, "restarted more than three times in a quarter of an hour"
    scaler = "horizontalpodautoscaler"
    most = f"kube_{scaler}_spec_max_replicas{{{namespaces}}}"
    full = f"kube_{scaler}_status_current_replicas{{{namespaces}}} >= {most}"
    yield (
        "NexusScaledOut",
        f"max {by} ({copied(full, scaler)}) * 0 + 1",
        15,
        "as many pods as it may have",
    )
    limit = f'kube_pod_container_resource_limits{{{namespaces},resource="memory"}}'
    memory = (
        f"max by (stack, container) (container_memory_working_set_bytes{{{namespaces}}}) / "
        f"min by (stack, container) ({limit}) > 0.9"
    )
    yield "NexusMemory", f"max {by} ({copied(memory, 'container')})", 15, "nearly out of memory"
    run = f"max by (stack, cronjob) (kube_cronjob_status_last_schedule_time{{{namespaces}}})"
    done = f"max by (stack, cronjob) (kube_cronjob_status_last_successful_time{{{namespaces}}})"
    failed = f"({run} unless ({done} >= {run}))"
    yield (
        "NexusRunFailed",
        f"max {by} ({copied(failed, 'cronjob')}) * 0 + 1",
        70,
        "its last run did not end well",
    )


def _edges(timing: Timing) -> Iterator[_Row]:
    """What callers report of a node; `nexus_node` is the one that is called."""
    window = timing(timing.window)

    def calls(matcher: str) -> str:
        calls = f"nexus_client_calls_total{matcher}[{window}]"
        rate = f"sum by (stack, nexus_node, target) (rate({calls}))"
        renamed = copied(copied(rate, "nexus_node", to="caller"), "target")
        return f"sum by (stack, nexus_node, caller) ({renamed})"

    failing = f"""{calls('{outcome!="success"}')} / ({calls("")} > 0) > 0.05"""
    yield "NexusCallsFail", failing, 5, "calls of {{ $labels.caller }} fail"
    caller = copied("nexus_client_breaker_state == 2", "nexus_node", to="caller")
    target = f"max by (stack, nexus_node, caller) ({copied(caller, 'target')})"
    yield "NexusBreakerOpen", target, 5, "{{ $labels.caller }} has stopped calling it"


def _servers() -> Iterator[_Row]:
    by = "by (stack, nexus_node)"
    yield (
        "NexusConnections",
        f"sum {by} (pg_stat_activity_count) / max {by} (pg_settings_max_connections) > 0.8 "
        f"or max {by} (redis_connected_clients / redis_config_maxclients) > 0.8 "
        # Each connection of RabbitMQ's is a file; without any left it takes none.
        f"or max {by} (rabbitmq_process_open_fds / rabbitmq_process_max_fds) > 0.8",
        10,
        "four fifths of its connections are taken",
    )
    lag = f"max {by} (pg_replication_lag_seconds) > 60"
    yield "NexusReplicationLag", lag, 10, "a replica is a minute behind"
    cut = f"max {by} (redis_master_link_up == bool 0) > 0"
    yield "NexusReplicationBroken", cut, 5, "a replica has lost its master"
    memory = f"max {by} (redis_memory_used_bytes / (redis_memory_max_bytes > 0)) > 0.9"
    yield "NexusServerMemory", memory, 10, "nearly as much data as it may hold"
    evicted = f"sum {by} (rate(redis_evicted_keys_total[5m])) > 0"
    yield "NexusEvictions", evicted, 5, "keys that services count on are thrown away"
    waiting = f"sum {by} (rabbitmq_queue_messages_ready) > 10000"
    yield "NexusQueueLength", waiting, 15, "messages pile up"
    unread = (
        f"sum {by} (rabbitmq_queue_messages_ready) > 0 and sum {by} (rabbitmq_queue_consumers) == 0"
    )
    yield "NexusQueueUnread", unread, 15, "messages wait, and nobody takes any"
    alarm = (
        f"max {by} (rabbitmq_alarms_memory_used_watermark or "
        "rabbitmq_alarms_free_disk_space_watermark) > 0"
    )
    yield "NexusQueueAlarm", alarm, 1, "the broker takes no messages any more"


def _unnamed(namespaces: str) -> Iterator[_Row]:
    """What belongs to the program as a whole."""
    volume = (
        f"kubelet_volume_stats_available_bytes{{{namespaces}}} / "
        f"kubelet_volume_stats_capacity_bytes{{{namespaces}}} < 0.15"
    )
    told = "Volume {{ $labels.persistentvolumeclaim }} is nearly full"
    yield "NexusDisk", volume, 10, told
    # Bootstraps, migrations and tasks; of what runs now and then NexusRunFailed tells. A failed pod
    # alone is none: the Job tries again.
    scheduled = f'kube_job_owner{{{namespaces},owner_kind="CronJob"}}'
    job = (
        f'kube_job_failed{{{namespaces},condition="true"}} == 1 '
        f"unless on (stack, namespace, job_name) {scheduled}"
    )
    told = "Job {{ $labels.job_name }} failed, and what waits for it does not start"
    yield "NexusJobFailed", job, 1, told
    stuck = (
        f"kube_deployment_status_condition{{{namespaces},"
        'condition="Progressing",status="false"} == 1'
    )
    yield "NexusRolloutStuck", stuck, 1, "The rollout of {{ $labels.deployment }} stands still"
    ends = (
        f"certmanager_certificate_expiration_timestamp_seconds{{{namespaces}}} - time() < 1209600 "
        "or probe_ssl_earliest_cert_expiry - time() < 1209600"
    )
    yield "NexusCertificateEnds", ends, 60, "A certificate ends within two weeks"
