"""Grafana's dashboards: the platform, a node, a flow.

They ask for the series that the rules record, so one of each serves every catalog, and a new
service is in them once the rules know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from catalog import Catalog
from monitoring.nodes import EXTERNAL, RESOURCE
from monitoring.probing import OUTSIDE

Json = dict[str, Any]

_SOURCE = {"type": "prometheus", "uid": "${source}"}
_NODE = 'stack="$stack",nexus_node="$node"'
_NODE_LINK = "/d/nexus-node?var-stack=${stack}&var-node=${__field.labels.nexus_node}"


def dashboards(catalog: Catalog) -> Mapping[str, str]:
    """The JSON of each dashboard, by its kind: `map`, `node`, `flow`.

    Args:
        catalog: for the tiers, which are the rows of the map.
    """
    found = {"map": _map(catalog), "node": _node(), "flow": _flow()}
    return {kind: json.dumps(each, indent=2) + "\n" for kind, each in found.items()}


def _dashboard(kind: str, title: str, variables: Sequence[Json], panels: Sequence[Json]) -> Json:
    return {
        "uid": f"nexus-{kind}",
        "title": title,
        "tags": ["nexus"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "source",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                },
                _variable("stack", "nexus:stack", "stack"),
                *variables,
            ]
        },
        "links": [
            {
                "title": "Dashboards",
                "type": "dashboards",
                "tags": ["nexus"],
                "keepTime": True,
                "includeVars": True,
                "asDropdown": False,
                "icon": "",
                "tooltip": "",
                "targetBlank": False,
            }
        ],
        "panels": _laid_out(panels),
    }


def _variable(name: str, series: str, label: str) -> Json:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": f"label_values({series}, {label})",
        "refresh": 2,
        "sort": 1,
    }


def _laid_out(panels: Sequence[Json]) -> list[Json]:
    """Panels from left to right, 24 columns wide, each row as high as its first panel."""
    placed: list[Json] = []
    x = y = height = 0
    for number, panel in enumerate(panels):
        size = panel["gridPos"]
        if x + size["w"] > 24:
            x, y = 0, y + height
        height = size["h"] if x == 0 else height
        placed.append({**panel, "id": number + 1, "gridPos": {**size, "x": x, "y": y}})
        x += size["w"]
    return placed


def _panel(
    kind: str,
    title: str,
    queries: Mapping[str, str],
    *,
    width: int = 12,
    height: int = 8,
    **more: Any,
) -> Json:
    """A panel with a query per legend."""
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "gridPos": {"w": width, "h": height},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": kind == "stat",
                "range": kind != "stat",
            }
            for number, (legend, expression) in enumerate(queries.items())
        ],
        **more,
    }


def _states(title: str, expression: str, *, height: int = 5, legend: str = "nexus_node") -> Json:
    """A coloured field per node, which leads to its dashboard."""
    colours = {"0": ("works", "green"), "1": ("degraded", "orange"), "2": ("down", "red")}
    link = _NODE_LINK.replace("nexus_node", legend)
    return _panel(
        "stat",
        title,
        {f"{{{{{legend}}}}}": expression},
        width=24,
        height=height,
        options={
            "colorMode": "background",
            "graphMode": "none",
            "justifyMode": "center",
            "textMode": "value_and_name",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
        fieldConfig={
            "defaults": {
                "links": [{"title": "Its dashboard", "url": link}],
                "mappings": [
                    {
                        "type": "value",
                        "options": {
                            value: {"text": text, "color": colour, "index": int(value)}
                            for value, (text, colour) in colours.items()
                        },
                    }
                ],
            },
            "overrides": [],
        },
    )


def _graph(title: str, queries: Mapping[str, str], unit: str = "short") -> Json:
    config = {"defaults": {"unit": unit, "min": 0}, "overrides": []}
    return _panel("timeseries", title, queries, fieldConfig=config)


def _map(catalog: Catalog) -> Json:
    state = 'nexus:node:state{stack="$stack"} and on (stack, nexus_node) nexus:node:info'
    tiers = [
        _states(tier.capitalize(), f'{state}{{tier="{tier}"}}', height=8 if tier == "domain" else 5)
        for tier in (*catalog.service_tiers, RESOURCE, EXTERNAL)
    ]
    return _dashboard("map", "Nexus: the platform", [], tiers)


def _flow() -> Json:
    flow = 'stack="$stack",flow="$flow"'
    budget = _panel(
        "stat",
        "Budget left of 30 days",
        {"{{objective}}": f"nexus:flow:budget:ratio{{{flow}}}"},
        fieldConfig={"defaults": {"unit": "percentunit"}, "overrides": []},
    )
    nodes = (
        f'nexus:node:state{{stack="$stack"}} and on (stack, nexus_node) nexus:flow:node{{{flow}}}'
    )
    return _dashboard(
        "flow",
        "Nexus: a critical flow",
        [_variable("flow", 'nexus:flow:failing:ratio{stack="$stack"}', "flow")],
        [
            _states("What it cannot do without", nodes, height=8),
            budget,
            _graph(
                "Share that fails or is slow",
                {
                    "{{objective}}": f"nexus:flow:failing:ratio{{{flow}}}",
                    "allowed for {{objective}}": f"nexus:flow:allowed:ratio{{{flow}}}",
                },
                "percentunit",
            ),
            _graph("Visitors are shut out", {"": 'nexus:outside:down{stack="$stack"}'}),
            _graph(
                "Time of its probes",
                {
                    "from outside": f'max(probe_duration_seconds{{stack="$stack",{OUTSIDE}}})',
                    "{{nexus_node}}": "max by (nexus_node) (probe_duration_seconds"
                    f'{{stack="$stack",nexus_node!=""}} and on (stack, nexus_node) '
                    f"nexus:flow:node{{{flow}}})",
                },
                "s",
            ),
        ],
    )


def _node() -> Json:
    needs = f"nexus:edge:state{{{_NODE}}}"
    callers = (
        'nexus:node:state{stack="$stack"} and on (stack, nexus_node) '
        'nexus:edge:state{stack="$stack",target="$node"}'
    )
    calls = f"nexus_client_calls_total{{{_NODE}"
    rate = "$__rate_interval"
    return _dashboard(
        "node",
        "Nexus: a node",
        [_variable("node", 'nexus:node:info{stack="$stack"}', "nexus_node")],
        [
            _states("State", f"nexus:node:state{{{_NODE}}}", height=4),
            _states("What it needs", needs, legend="target"),
            _states("Who needs it", callers),
            _graph(
                "Requests a second",
                {
                    "all": f"nexus:service:requests:rate{{{_NODE}}}",
                    "errors": f"nexus:service:errors:rate{{{_NODE}}}",
                },
                "reqps",
            ),
            _graph(
                "Latency",
                {
                    "half": f"nexus:service:latency_seconds:p50{{{_NODE}}}",
                    "of twenty, nineteen": f"nexus:service:latency_seconds:p95{{{_NODE}}}",
                    "its callers wait": f"nexus:node:timeout_seconds{{{_NODE}}}",
                },
                "s",
            ),
            _graph("Pods", {"available": f"nexus:service:available{{{_NODE}}}"}),
            _graph(
                "Rollouts: the images that its pods run",
                {
                    "{{image}}": "count by (image) "
                    '(kube_pod_container_info{stack="$stack",container="$node"})'
                },
            ),
            _graph(
                "Its calls that fail, a second",
                {"{{target}}": f'sum by (target) (rate({calls},outcome!="success"}}[{rate}]))'},
                "reqps",
            ),
            _graph(
                "Breakers that are open",
                {"{{target}}": f"nexus_client_breaker_state{{{_NODE}}} == bool 2"},
            ),
            _graph(
                "Connections",
                {
                    "of PostgreSQL": f"sum(pg_stat_activity_count{{{_NODE}}})",
                    "at most": f"max(pg_settings_max_connections{{{_NODE}}})",
                    "of Redis": f"max(redis_connected_clients{{{_NODE}}})",
                },
            ),
            _graph(
                "Memory",
                {
                    "used": f"max(redis_memory_used_bytes{{{_NODE}}})",
                    "at most": f"max(redis_memory_max_bytes{{{_NODE}}})",
                },
                "bytes",
            ),
            _graph(
                "Messages that wait", {"ready": f"sum(rabbitmq_queue_messages_ready{{{_NODE}}})"}
            ),
        ],
    )
