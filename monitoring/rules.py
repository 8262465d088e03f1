"""Prometheus' recording and alerting rules, made of the graph.

Facts of the graph are series (`nexus:node:info`), so that one rule serves all nodes. Every series
of a platform has the labels `stack` (empty if there is but one) and `nexus_node`, the name of the
node: whoever reads metrics sets it to the pod's label `app.kubernetes.io/name`, for an exporter or
probe to the resource or API that it looks at.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog
from monitoring.alertmanager import HEARTBEAT, as_yaml
from monitoring.nodes import PLATFORM, Links, Severity, Watched, watched
from monitoring.objectives import objectives
from monitoring.signals import BY, OUTSIDE_DOWN, Rule, named, record, signals
from monitoring.tickets import copied, tickets
from monitoring.timing import Timing

MOST_ERRORS = 0.5
"""Share of requests answered with errors of its own, from which on a service counts as down."""

OUTSIDE_SECONDS = 120
"""How long visitors may be shut out: time to learn that the gateway itself is down."""

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
            *signals(catalog, timing, namespaces),
            _down(namespaces),
            *_alerts(nodes, timing, links),
            *_outside(catalog, timing, links),
            *tickets(timing, namespaces, links),
        ],
    }
    # Nobody waits for pictures: in a group of their own they hold no alert up.
    states = {"name": "nexus-states", "interval": timing(60), "rules": [*_states(catalog)]}
    groups = [group, states, *objectives(catalog, nodes, timing, links)]
    return as_yaml({"groups": groups})


def _facts(nodes: tuple[Watched, ...], namespaces: str) -> Iterator[Rule]:
    """What the graph knows, for every stack whose Deployments kube-state-metrics shows."""
    shown = f"group by (stack) (kube_deployment_spec_replicas{{{namespaces}}})"
    yield record("nexus:stack", shown)
    for node in nodes:
        yield record(
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
        yield record("nexus:node:timeout_seconds", f"{seconds:g} * max {BY} ({info})")


def _down(namespaces: str) -> Rule:
    """Nodes that are down.

    No pod is ready, most answers are errors or come too late, or a probe or exporter says so. A
    service that kube-state-metrics does not show is down as well.
    """
    on = "on (stack, nexus_node)"
    created = named("kube_deployment_created", namespaces, "deployment")
    new = f"time() - {created} < {FIRST_ROLLOUT_SECONDS}"
    servers = named("kube_statefulset_status_replicas_ready", namespaces, "statefulset")
    since = named("kube_statefulset_created", namespaces, "statefulset")
    probes = '{__name__=~"probe_success|pg_up|redis_up",nexus_node!=""}'
    states = (
        f'(nexus:node:info{{watch="deployment"}} unless {on} (nexus:service:available > 0) '
        f"unless {on} ({new}))",
        f"({servers} == 0 and {on} nexus:node:info unless {on} (time() - {since} < "
        f"{FIRST_ROLLOUT_SECONDS}))",
        f"nexus:service:own_errors:ratio > {MOST_ERRORS}",
        f"nexus:service:latency_seconds:p50 > {on} nexus:node:timeout_seconds",
        f"min {BY} ({probes}) == 0",
    )
    return record("nexus:node:down", " or ".join(f"group {BY} ({state})" for state in states))


def _states(catalog: Catalog) -> Iterator[Rule]:
    """How each node is, for people: 0 works, 1 is without something that it needs, 2 is down.

    `nexus:edge:state` has the state of `target` for each node that needs it.
    """

    def plain(matcher: str) -> str:
        known = f"max {BY} (nexus:node:info{matcher})"
        return f"2 * nexus:node:down{matcher} or 0 * {known}"

    for name in catalog.services:
        if targets := "|".join(dict.fromkeys(edge.target for edge in catalog.needs(name))):
            state = plain(f'{{nexus_node=~"{targets}"}}')
            target = copied(state, "nexus_node", to="target")
            yield record("nexus:edge:state", target, nexus_node=name)
    lost = f"max {BY} (nexus:edge:state) / 2"
    yield record("nexus:node:state", f"2 * nexus:node:down or {lost} or {plain('')}")


def _outside(catalog: Catalog, timing: Timing, links: Links) -> Iterator[Rule]:
    """The page for a way in that is shut while what it leads to works."""
    gateway = catalog.gateway
    if gateway is None:
        return
    balancer = next(edge.target for edge in catalog.edges_to("load-balancer"))
    cause = f'ALERTS{{alertname="NexusCause",alertstate="firing",nexus_node="{gateway}"}}'
    yield {
        "alert": "NexusOutside",
        "expr": f"{OUTSIDE_DOWN} == 1 unless on (stack) {cause}",
        "for": timing(OUTSIDE_SECONDS),
        "labels": {
            "severity": Severity.PAGE.value,
            "owner": PLATFORM,
            "critical": "yes",
            "nexus_node": balancer,
        },
        "annotations": {
            "summary": f"Visitors do not get in, and {gateway} works",
            "description": "Look at what is between them: DNS, certificate, CDN, load balancer.",
            **links.of_node(),
        },
    }


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
