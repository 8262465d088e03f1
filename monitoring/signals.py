"""How services are, as series of one name each, whatever the metrics that say it are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.probing import OUTSIDE
from monitoring.tickets import copied
from monitoring.timing import Timing

Rule = dict[str, Any]

BY = "by (stack, nexus_node)"

ANSWERED = "nexus:service:answered:rate"
"""Answers a second that took no longer than the label `le` says, in seconds."""

OUTSIDE_DOWN = "nexus:outside:down"
"""1 while visitors do not get in, 0 while they do; nothing where nobody tries."""

_SERVER = "http_server_request_duration_seconds"
"""Requests that a service answers, after OpenTelemetry's HTTP semantic conventions."""


def record(name: str, expression: str, **labels: str) -> Rule:
    """A recording rule."""
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def named(metric: str, namespaces: str, label: str) -> str:
    """A metric of kube-state-metrics, whose label `label` is the node's name."""
    return copied(f"{metric}{{{namespaces}}}", label)


def signals(timing: Timing, namespaces: str) -> Iterator[Rule]:
    """Recording rules of the way in, and of each service its pods, requests, own errors and times.

    Args:
        timing: how long is looked back.
        namespaces: a matcher of the stack's namespaces.
    """
    outside = f"max by (stack) (1 - probe_success{{{OUTSIDE}}})"
    yield record(OUTSIDE_DOWN, outside)
    window = timing(timing.window)
    available = named("kube_deployment_status_replicas_available", namespaces, "deployment")
    yield record("nexus:service:available", f"max {BY} ({available})")
    answered = f'{_SERVER}_count{{nexus_node!=""}}[{window}]'
    yield record("nexus:service:requests:rate", f"sum {BY} (rate({answered}))")
    failed = f'{_SERVER}_count{{nexus_node!="",http_response_status_code=~"5.."}}[{window}]'
    yield record("nexus:service:errors:rate", f"sum {BY} (rate({failed}))")
    lost = f'nexus_client_calls_total{{outcome!="success"}}[{window}]'
    yield record("nexus:service:explained:rate", f"sum {BY} (rate({lost}))")
    own = (
        "(nexus:service:errors:rate - (nexus:service:explained:rate or "
        "0 * nexus:service:errors:rate)) / (nexus:service:requests:rate > 0)"
    )
    yield record("nexus:service:own_errors:ratio", own)
    buckets = f'{_SERVER}_bucket{{nexus_node!=""}}[{window}]'
    yield record(ANSWERED, f"sum by (stack, nexus_node, le) (rate({buckets}))")
    for quantile in (0.5, 0.95):
        name = f"nexus:service:latency_seconds:p{quantile * 100:g}"
        yield record(name, f"histogram_quantile({quantile}, {ANSWERED})")
