"""Prometheus' recording and alerting rules, made of the graph.

Facts of the graph are series (`nexus:node:info`), so that one rule serves all nodes. Every series
of a platform has the labels `stack` (empty if there is but one) and `nexus_node`, the name of the
node: whoever reads metrics sets it to the pod's label `app.kubernetes.io/name`, for an exporter or
probe to the resource or API that it looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog import Catalog
from monitoring.alertmanager import HEARTBEAT, as_yaml
from monitoring.nodes import PLATFORM, Links, Severity, Watched, watched
from monitoring.objectives import objectives
from monitoring.tickets import copied, tickets
from monitoring.timing import Timing

Rule = dict[str, Any]

_BY = "by (stack, nexus_node)"
_SERVER = "http_server_request_duration_seconds"
"""Requests that a service answers, after OpenTelemetry's HTTP semantic conventions."""

MOST_ERRORS = 0.5
"""Share of requests answered with errors of its own, from which on a service counts as down."""

FIRST_ROLLOUT_SECONDS = 600
"""How long a new Deployment may take: its image has to be pulled first."""


def rules(
    catalog: Catalog,
    timing: Timing | None = None,
    *,
    prefix: str = "nexus",
    links: Links | None = None,
) -> str:
    """Prometheus' file of rules.

    Args:
        catalog: a checked one.
        timing: how often and how long.
        prefix: start of the stack's namespaces.
        links: where alerts lead.
    """
    timing, links = timing or Timing(), links or Links()
    nodes = watched(catalog)
    namespaces = f'namespace=~"{prefix}-.+"'
    group = {
        "name": "nexus",
        "interval": timing(timing.look),
        "rules": [
            *_facts(nodes, namespaces),
            *_signals(timing, namespaces),
            _down(namespaces),
            *_alerts(nodes, timing, links),
            *tickets(timing, namespaces, links),
        ],
    }
    # Nobody waits for pictures: in a group of their own they hold no alert up.
    states = {"name": "nexus-states", "interval": timing(60), "rules": [*_states(catalog)]}
    groups = [group, states, *objectives(nodes, timing, links)]
    return as_yaml({"groups": groups})


def _record(name: str, expression: str, **labels: str) -> Rule:
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def _facts(nodes: tuple[Watched, ...], namespaces: str) -> Iterator[Rule]:
    """What the graph knows, for every stack whose Deployments kube-state-metrics shows."""
    shown = f"group by (stack) (kube_deployment_spec_replicas{{{namespaces}}})"
    yield _record("nexus:stack", shown)
    for node in nodes:
        yield _record(
            "nexus:node:info",
            "nexus:stack",
            nexus_node=node.name,
            tier=node.tier,
            watch=node.watch,
            owner=node.owner,
            severity=node.severity.value,
            critical="yes" if node.breaks else "no",
            patience=str(node.patience_seconds),
        )
    for seconds in sorted({node.timeout_seconds for node in nodes if node.timeout_seconds}):
        names = "|".join(node.name for node in nodes if node.timeout_seconds == seconds)
        info = f'nexus:node:info{{nexus_node=~"{names}"}}'
        yield _record("nexus:node:timeout_seconds", f"{seconds:g} * max {_BY} ({info})")


def named(metric: str, namespaces: str, label: str) -> str:
    """A metric of kube-state-metrics, whose label `label` is the node's name."""
    return copied(f"{metric}{{{namespaces}}}", label)


def _signals(timing: Timing, namespaces: str) -> Iterator[Rule]:
    window = timing(timing.window)
    available = named("kube_deployment_status_replicas_available", namespaces, "deployment")
    yield _record("nexus:service:available", f"max {_BY} ({available})")
    answered = f'{_SERVER}_count{{nexus_node!=""}}[{window}]'
    yield _record("nexus:service:requests:rate", f"sum {_BY} (rate({answered}))")
    failed = f'{_SERVER}_count{{nexus_node!="",http_response_status_code=~"5.."}}[{window}]'
    yield _record("nexus:service:errors:rate", f"sum {_BY} (rate({failed}))")
    lost = f'nexus_client_calls_total{{outcome!="success"}}[{window}]'
    yield _record("nexus:service:explained:rate", f"sum {_BY} (rate({lost}))")
    own = (
        "(nexus:service:errors:rate - (nexus:service:explained:rate or "
        "0 * nexus:service:errors:rate)) / (nexus:service:requests:rate > 0)"
    )
    yield _record("nexus:service:own_errors:ratio", own)
    for quantile in (0.5, 0.95):
        buckets = (
            f'sum by (stack, nexus_node, le) (rate({_SERVER}_bucket{{nexus_node!=""}}[{window}]))'
        )
        name = f"nexus:service:latency_seconds:p{quantile * 100:g}"
        yield _record(name, f"histogram_quantile({quantile}, {buckets})")


def _down(namespaces: str) -> Rule:
    """Nodes that are down.

    No pod is ready, most answers are errors or come too late, or a probe or exporter says so. A
    service that kube-state-metrics does not show is down as well.
    """
    on = "on (stack, nexus_node)"
    created = named("kube_deployment_created", namespaces, "deployment")
    new = f"time() - {created} < {FIRST_ROLLOUT_SECONDS}"
    probes = '{__name__=~"probe_success|pg_up|redis_up",nexus_node!=""}'
    states = (
        f'(nexus:node:info{{watch="deployment"}} unless {on} (nexus:service:available > 0) '
        f"unless {on} ({new}))",
        f"nexus:service:own_errors:ratio > {MOST_ERRORS}",
        f"nexus:service:latency_seconds:p50 > {on} nexus:node:timeout_seconds",
        f"min {_BY} ({probes}) == 0",
    )
    return _record("nexus:node:down", " or ".join(f"group {_BY} ({state})" for state in states))


def _states(catalog: Catalog) -> Iterator[Rule]:
    """How each node is, for people: 0 works, 1 is without something that it needs, 2 is down.

    `nexus:edge:state` has the state of `target` for each node that needs it.
    """

    def plain(matcher: str) -> str:
        known = f"max {_BY} (nexus:node:info{matcher})"
        return f"2 * nexus:node:down{matcher} or 0 * {known}"

    for name in catalog.services:
        if targets := "|".join(dict.fromkeys(edge.target for edge in catalog.needs(name))):
            state = plain(f'{{nexus_node=~"{targets}"}}')
            target = copied(state, "nexus_node", to="target")
            yield _record("nexus:edge:state", target, nexus_node=name)
    lost = f"max {_BY} (nexus:edge:state) / 2"
    yield _record("nexus:node:state", f"2 * nexus:node:down or {lost} or {plain('')}")


def _alerts(nodes: tuple[Watched, ...], timing: Timing, links: Links) -> Iterator[Rule]:
    """Who is down, twice: at once and for a while longer, to explain others; later, to be told."""
    yield {
        "alert": "NexusCause",
        "expr": "nexus:node:down",
        "keep_firing_for": timing(timing.recovery),
        "labels": {"severity": Severity.CAUSE.value},
    }
    for patience in sorted({node.patience_seconds for node in nodes}):
        info = f'nexus:node:info{{patience="{patience}"}}'
        labels = "group_left (owner, severity, critical)"
        yield {
            "alert": "NexusDown",
            "expr": f"nexus:node:down * on (stack, nexus_node) {labels} {info}",
            "for": timing(patience),
            "labels": {"patience": str(patience)},
            "annotations": {
                "summary": "{{ $labels.nexus_node }} is down",
                "description": "nexus impact {{ $labels.nexus_node }} says what that takes along.",
                **links.of_node(),
            },
        }
    yield {
        "alert": "NexusBlind",
        "expr": "absent(nexus:stack)",
        "for": timing(300),
        "labels": {"severity": Severity.PAGE.value, "owner": PLATFORM},
        "annotations": {
            "summary": "Nothing is known of the platform",
            "description": "kube-state-metrics is not read, so no outage would be seen.",
        },
    }
    yield {
        "alert": "NexusHeartbeat",
        "expr": "vector(1)",
        "labels": {"severity": HEARTBEAT},
    }
