"""How much of each critical flow may fail or be slow, and what is told as that is used up too fast.

A flow fails as much as the worst node that it cannot do without: wholly while that is down, else
by the share of its answers that are errors of its own. It is as slow as the worst of these, by the
share of its answers that take longer than the objective says. An outage is told by `NexusDown`, and
time below its patience by `NexusFlaps`; so only errors of nodes that are up page here, and per
node, for one that serves four flows is one cause. Time of which nothing is known counts as good:
else the first bad minute of a new stack would be all its month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog import Catalog, Flow
from catalog.metrics import Unit
from monitoring.nodes import PLATFORM, Links, Severity, Watched
from monitoring.signals import ANSWERED, OUTSIDE_DOWN
from monitoring.timing import Timing

AVAILABILITY, LATENCY = "availability", "latency"
"""What an objective is about."""

ERRORS = "nexus:node:errors:ratio"
NODE_ALLOWED = "nexus:node:allowed:ratio"
FAILING = "nexus:flow:failing:ratio"
ALLOWED = "nexus:flow:allowed:ratio"

PAGES = ((14.4, 3600, 300), (6, 21600, 1800))
TICKETS = ((3, 86400, 7200), (1, 259200, 21600))
"""How many times too fast, over which seconds, and over which too, so that it ends when they do.

Of the SRE Workbook, chapter 5: pages at 2 % of the budget in an hour and 5 % in six, tickets at
10 % in a day or three.
"""

_CAUSE = 'ALERTS{alertname="NexusCause",alertstate="firing"}'
_NODE = "on (stack, nexus_node)"
_SLOW = 300
"""Seconds between evaluations of what reads days."""


def objectives(
    catalog: Catalog, nodes: Sequence[Watched], timing: Timing, links: Links
) -> Iterator[dict[str, Any]]:
    """Groups of Prometheus' rules.

    Args:
        catalog: a checked one.
        nodes: all of the platform.
        timing: how often and how long.
        links: where alerts lead.
    """
    flows = {
        flow: tuple(node.name for node in nodes if flow.name in node.breaks)
        for flow in catalog.flows
    }
    breaking = {flow: names for flow, names in flows.items() if names}
    yield {
        "name": "nexus-objectives",
        "interval": timing(timing.look),
        "rules": [*_errors(breaking), *_failing(breaking, catalog.gateway), *_pages(timing, links)],
    }
    if breaking:
        yield {
            "name": "nexus-budgets",
            "interval": timing(_SLOW),
            "rules": [*_budgets(timing), *_tickets(timing, links)],
        }


def _share_of(percent: float) -> str:
    """What an objective of so many percent leaves, as a share of 1."""
    return f"{round(1 - percent / 100, 6):g}"


def _errors(flows: Mapping[Flow, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Errors of each node that a flow breaks without, and how many of these its flows allow."""
    critical = 'nexus:node:info{critical="yes"}'
    errors = f"clamp(nexus:service:own_errors:ratio, 0, 1) and {_NODE} {critical}"
    yield {"record": ERRORS, "expr": f"({errors}) unless {_NODE} {_CAUSE}"}
    strictest: dict[str, float] = {}
    for flow, names in flows.items():
        for name in names:
            percent = flow.objective.available_percent
            strictest[name] = max(percent, strictest.get(name, percent))
    for percent in sorted({*strictest.values()}):
        named = "|".join(sorted(name for name, each in strictest.items() if each == percent))
        info = f'max by (stack, nexus_node) (nexus:node:info{{nexus_node=~"{named}"}})'
        yield {"record": NODE_ALLOWED, "expr": f"{_share_of(percent)} * {info}"}


def _failing(flows: Mapping[Flow, Sequence[str]], gateway: str | None) -> Iterator[dict[str, Any]]:
    """Per flow and objective: what fails it, and how much of that it allows."""
    for flow, names in flows.items():
        named = f'{{nexus_node=~"{"|".join(names)}"}}'
        yield {
            "record": "nexus:flow:node",
            "expr": f"max by (stack, nexus_node) (nexus:node:info{named})",
            "labels": {"flow": flow.name},
        }
        lost = f"nexus:node:down{named} or {ERRORS}{named}"
        # Whoever does not get in has not been served, however well everything works inside.
        entered = f" or {OUTSIDE_DOWN}" if flow.steps[:1] == (gateway,) else ""
        down = f"max by (stack) ({lost}{entered})"
        goal = flow.objective
        for about, percent, worst in (
            (AVAILABILITY, goal.available_percent, down),
            (LATENCY, goal.fast_percent, f"max by (stack) ({_slow(names, goal.fast_ms)})"),
        ):
            labels = {"flow": flow.name, "objective": about}
            allowed = f"{_share_of(percent)} * nexus:stack"
            yield {"record": ALLOWED, "expr": allowed, "labels": {**labels}}
            yield {"record": FAILING, "expr": f"{worst} or 0 * nexus:stack", "labels": labels}


def _slow(names: Sequence[str], milliseconds: int) -> str:
    """The share of each node's answers that take longer."""
    named = f'nexus_node=~"{"|".join(names)}"'

    def answered(unit: Unit, bound: float) -> str:
        # Prometheus 3 writes a whole number with a nought behind it.
        bounds = f"{bound:g}" if bound % 1 else f"{bound:g}|{bound:.1f}"
        return f'{ANSWERED}{{{named},unit="{unit}",le=~"{bounds}"}}'

    seconds = answered(Unit.SECONDS, milliseconds / 1000)
    fast = f"sum by (stack, nexus_node) ({seconds} or {answered(Unit.MILLISECONDS, milliseconds)})"
    return f"1 - {fast} / (nexus:service:requests:rate{{{named}}} > 0)"


def _share(series: str, seconds: int, timing: Timing) -> str:
    return f"sum_over_time({series}[{timing(seconds)}]) / {seconds / timing.look:.0f}"


def _fast(
    series: str, allowed: str, factor: float, windows: tuple[int, int], timing: Timing
) -> str:
    limit = f"{factor:g} * {allowed}"
    return " and ".join(f"{_share(series, each, timing)} > {limit}" for each in windows)


def _pages(timing: Timing, links: Links) -> Iterator[dict[str, Any]]:
    for factor, long, short in PAGES:
        fast = _fast(ERRORS, NODE_ALLOWED, factor, (long, short), timing)
        info = "on (stack, nexus_node) group_left (owner, critical) nexus:node:info"
        yield {
            "alert": "NexusBurning",
            "expr": f"({fast}) * {info}",
            "for": timing(120),
            "labels": {"severity": Severity.PAGE.value, "window": f"{long // 3600}h"},
            "annotations": {
                "summary": "{{ $labels.nexus_node }}: its errors use up the budget of its flows",
                **links.of_node(),
            },
        }


def _budgets(timing: Timing) -> Iterator[dict[str, Any]]:
    used = f"{_share(FAILING, 30 * 86400, timing)} / {ALLOWED}"
    yield {"record": "nexus:flow:budget:ratio", "expr": f"1 - {used}"}


def _tickets(timing: Timing, links: Links) -> Iterator[dict[str, Any]]:
    for factor, long, short in TICKETS:
        yield {
            "alert": "NexusBudget",
            "expr": _fast(FAILING, ALLOWED, factor, (long, short), timing),
            "for": timing(_SLOW),
            "labels": {
                "severity": Severity.TICKET.value,
                "owner": PLATFORM,
                "window": f"{long // 86400}d",
            },
            "annotations": {
                "summary": "Flow {{ $labels.flow }} misses its objective of "
                "{{ $labels.objective }}",
                **links.of_flow(),
            },
        }
