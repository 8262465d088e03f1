"""How much of each critical flow may fail, and what is told while that is used up too fast.

A flow fails as much as the worst node that it cannot do without: wholly while that is down, else
by the share of its answers that are errors of its own. An outage is told by `NexusDown`, and time
below its patience by `NexusFlaps`; so only errors of nodes that are up page here, and per node, for
one that serves four flows is one cause. Time of which nothing is known counts as good: else the
first bad minute of a new stack would be all its month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitoring.nodes import PLATFORM, Links, Severity, Watched
from monitoring.timing import Timing

OBJECTIVE = 0.999
"""Share of each critical flow's requests of 30 days that must not fail: 43 minutes may."""

ERRORS = "nexus:node:errors:ratio"
FAILING = "nexus:flow:failing:ratio"

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


def objectives(nodes: Sequence[Watched], timing: Timing, links: Links) -> Iterator[dict[str, Any]]:
    """Groups of Prometheus' rules.

    Args:
        nodes: all of the platform.
        timing: how often and how long.
        links: where alerts lead.
    """
    yield {
        "name": "nexus-objectives",
        "interval": timing(timing.look),
        "rules": [*_failing(nodes), *_pages(timing, links)],
    }
    if any(node.breaks for node in nodes):
        yield {
            "name": "nexus-budgets",
            "interval": timing(_SLOW),
            "rules": [*_budgets(timing), *_tickets(timing, links)],
        }


def _failing(nodes: Sequence[Watched]) -> Iterator[dict[str, Any]]:
    critical = 'nexus:node:info{critical="yes"}'
    errors = f"clamp(nexus:service:own_errors:ratio, 0, 1) and {_NODE} {critical}"
    yield {"record": ERRORS, "expr": f"({errors}) unless {_NODE} {_CAUSE}"}
    for flow in sorted({flow for node in nodes for flow in node.breaks}):
        breaking = "|".join(node.name for node in nodes if flow in node.breaks)
        named = f'{{nexus_node=~"{breaking}"}}'
        yield {
            "record": "nexus:flow:node",
            "expr": f"max by (stack, nexus_node) (nexus:node:info{named})",
            "labels": {"flow": flow},
        }
        worst = f"max by (stack) (nexus:node:down{named} or {ERRORS}{named})"
        yield {
            "record": FAILING,
            "expr": f"{worst} or 0 * nexus:stack",
            "labels": {"flow": flow},
        }


def _share(series: str, seconds: int, timing: Timing) -> str:
    return f"sum_over_time({series}[{timing(seconds)}]) / {seconds / timing.look:.0f}"


def _fast(series: str, factor: float, windows: tuple[int, int], timing: Timing) -> str:
    limit = f"{factor * (1 - OBJECTIVE):g}"
    return " and ".join(f"{_share(series, each, timing)} > {limit}" for each in windows)


def _pages(timing: Timing, links: Links) -> Iterator[dict[str, Any]]:
    for factor, long, short in PAGES:
        fast = _fast(ERRORS, factor, (long, short), timing)
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
    used = f"{_share(FAILING, 30 * 86400, timing)} / {1 - OBJECTIVE:g}"
    yield {"record": "nexus:flow:budget:ratio", "expr": f"1 - {used}"}


def _tickets(timing: Timing, links: Links) -> Iterator[dict[str, Any]]:
    for factor, long, short in TICKETS:
        yield {
            "alert": "NexusBudget",
            "expr": _fast(FAILING, factor, (long, short), timing),
            "for": timing(_SLOW),
            "labels": {
                "severity": Severity.TICKET.value,
                "owner": PLATFORM,
                "window": f"{long // 86400}d",
            },
            "annotations": {
                "summary": "Flow {{ $labels.flow }} fails too often for its objective of "
                f"{OBJECTIVE * 100:g} %",
                **links.of_flow(),
            },
        }
