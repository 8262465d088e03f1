"""How services are, as series of one name each, whatever the metrics that say it are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog import Catalog
from catalog.metrics import CONVENTIONS, Metrics, Unit
from monitoring.probing import OUTSIDE
from monitoring.tickets import copied
from monitoring.timing import Timing

Rule = dict[str, Any]

BY = "by (stack, nexus_node)"

ANSWERED = "nexus:service:answered:rate"
"""Answers a second that took no longer than the label `le` says, in the label `unit`."""

OUTSIDE_DOWN = "nexus:outside:down"
"""1 while visitors do not get in, 0 while they do; nothing where nobody tries."""


def record(name: str, expression: str, **labels: str) -> Rule:
    """A recording rule."""
    return {"record": name, "expr": expression, **({"labels": labels} if labels else {})}


def named(metric: str, namespaces: str, label: str) -> str:
    """A metric of kube-state-metrics, whose label `label` is the node's name."""
    return copied(f"{metric}{{{namespaces}}}", label)


def signals(catalog: Catalog, timing: Timing, namespaces: str) -> Iterator[Rule]:
    """Recording rules of the way in, and of each service its pods, requests, own errors and times.

    Args:
        catalog: what services call their metrics.
        timing: how long is looked back.
        namespaces: a matcher of the stack's namespaces.
    """
    outside = f"max by (stack) (1 - probe_success{{{OUTSIDE}}})"
    yield record(OUTSIDE_DOWN, outside)
    window = timing(timing.window)
    available = named("kube_deployment_status_replicas_available", namespaces, "deployment")
    yield record("nexus:service:available", f"max {BY} ({available})")
    yield record("nexus:service:requests:rate", _requests(catalog, "count", window))
    yield record("nexus:service:errors:rate", _requests(catalog, "count", window, errors=True))
    lost = f'nexus_client_calls_total{{outcome!="success"}}[{window}]'
    yield record("nexus:service:explained:rate", f"sum {BY} (rate({lost}))")
    own = (
        "(nexus:service:errors:rate - (nexus:service:explained:rate or "
        "0 * nexus:service:errors:rate)) / (nexus:service:requests:rate > 0)"
    )
    yield record("nexus:service:own_errors:ratio", own)
    for unit in Unit:
        yield record(ANSWERED, _requests(catalog, "bucket", window, unit=unit), unit=unit.value)
    for quantile in (0.5, 0.95):
        name = f"nexus:service:latency_seconds:p{quantile * 100:g}"
        seconds, milliseconds = (
            f"histogram_quantile({quantile}, sum by (stack, nexus_node, le) ({ANSWERED}"
            f'{{unit="{unit}"}}))'
            for unit in (Unit.SECONDS, Unit.MILLISECONDS)
        )
        yield record(name, f"{seconds} or {milliseconds} / 1000")


def _requests(
    catalog: Catalog, part: str, window: str, *, errors: bool = False, unit: Unit | None = None
) -> str:
    """A second's requests of each node, by whichever names it has for them.

    Args:
        catalog: which services have names of their own.
        part: of the histograms, `count` or `bucket`.
        window: duration that rates are taken over.
        errors: whether only those that are faults of the service.
        unit: of the histograms; any if None.
    """
    own: dict[Metrics, list[str]] = {}
    for name, service in catalog.services.items():
        if service.run.metrics is not None:
            own.setdefault(service.run.metrics, []).append(name)
    others = "|".join(sorted(name for names in own.values() for name in names))
    usual = f'nexus_node!~"|{others}"' if others else 'nexus_node!=""'
    tables = [
        *((each, usual) for each in CONVENTIONS),
        *((each, f'nexus_node=~"{"|".join(names)}"') for each, names in own.items()),
    ]
    rates = [
        f"rate({each.requests}_{part}{{{nodes}{failed}}}[{window}])"
        for each, nodes in tables
        if unit in (None, each.unit)
        for failed in [f',{each.status}=~"{each.errors}"' if errors else ""]
    ]
    by = "(stack, nexus_node, le)" if part == "bucket" else "(stack, nexus_node)"
    return f"sum by {by} ({' or '.join(rates)})"
