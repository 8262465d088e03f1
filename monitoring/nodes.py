"""What monitoring has to know of every node: who is told, how urgently, and after how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog import Catalog
from catalog.run import Kind
from graph.impact import Loses, lost_alone

PLATFORM = "platform"
"""Who answers for what has no owner."""

RESOURCE, EXTERNAL = "resources", "apis"
"""In the place of a tier, of what is no service."""

FLOWS = "critical-flows"
"""Section of the on-call page that alerts of flows lead to."""

START_CHECK_SECONDS = 60
"""How long a service may wait for what it needs before its container starts."""

MARGIN_SECONDS = 30
"""Between the latest start of a service and its page: a slow start pages nobody."""


class Severity(StrEnum):
    """What an alert does: wakes somebody, waits for the morning, or only explains others."""

    PAGE = "page"
    TICKET = "ticket"
    CAUSE = "cause"


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where alerts lead.

    Args:
        on_call: address of the page with a section per node.
        grafana: address of the Grafana with the dashboards, if there is one.
    """

    on_call: str = "docs/on-call.md"
    grafana: str | None = None

    def of_node(self) -> dict[str, str]:
        """Annotations of an alert with the label `nexus_node`."""
        node = "{{ $labels.nexus_node }}"
        return {"runbook_url": f"{self.on_call}#{node}", **self._dashboard("node", node)}

    def of_flow(self) -> dict[str, str]:
        """Annotations of an alert with the label `flow`."""
        flow = "{{ $labels.flow }}"
        return {"runbook_url": f"{self.on_call}#{FLOWS}", **self._dashboard("flow", flow)}

    def _dashboard(self, kind: str, name: str) -> dict[str, str]:
        if self.grafana is None:
            return {}
        which = f"var-stack={{{{ $labels.stack }}}}&var-{kind}={name}"
        return {"dashboard_url": f"{self.grafana.rstrip('/')}/d/nexus-{kind}?{which}"}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One node, as monitoring sees it.

    Args:
        tier: of a service; else `RESOURCE` or `EXTERNAL`.
        watch: what tells its state: `deployment`, `schedule` or `probe`.
        breaks: critical flows that break without it.
        patience_seconds: how long it may be down before anybody is told.
        timeout_seconds: the shortest time that a caller waits for it, None without callers.
        explains: services that are down because of it.
    """

    name: str
    tier: str
    watch: str
    owner: str
    severity: Severity
    breaks: tuple[str, ...]
    patience_seconds: int
    timeout_seconds: float | None
    explains: tuple[str, ...]


def watched(catalog: Catalog) -> tuple[Watched, ...]:
    """Every node of the catalog, sorted by name.

    A node whose failure takes a service or a critical flow down is paged; one that only
    degrades, and what runs now and then, is a ticket.
    """
    timeouts: dict[str, float] = {}
    for edge in catalog.edges:
        if edge.call is not None and edge.target in catalog.services:
            seconds = edge.call.timeout_ms / 1000
            timeouts[edge.target] = min(seconds, timeouts.get(edge.target, seconds))
    return tuple(
        _watched(catalog, name, found, timeouts.get(name))
        for name, found in sorted(lost_alone(catalog), key=lambda pair: pair[0])
    )


def _watched(catalog: Catalog, name: str, found: Loses, timeout_seconds: float | None) -> Watched:
    down, broken = found.services, found.flows
    service, resource = catalog.services.get(name), catalog.resources.get(name)
    scheduled = service is not None and service.run.kind is Kind.SCHEDULED
    served = service if resource is None else catalog.services.get(resource.dedicated_to or "")
    watch = "probe" if service is None else "schedule" if scheduled else "deployment"
    start = START_CHECK_SECONDS if service is None else service.start_seconds + START_CHECK_SECONDS
    return Watched(
        name=name,
        tier=service.tier
        if service is not None
        else RESOURCE
        if resource is not None
        else EXTERNAL,
        watch=watch,
        owner=(served.who.owner if served is not None else None) or PLATFORM,
        severity=Severity.PAGE if (down or broken) and not scheduled else Severity.TICKET,
        breaks=broken,
        patience_seconds=start + MARGIN_SECONDS,
        timeout_seconds=timeout_seconds,
        explains=tuple(other for other in down if other != name),
    )
