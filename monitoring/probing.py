"""What the blackbox exporter asks: each flow from outside, and each of its hops inside.

A prober tries no login and needs none: it asks what the kubelet asks to know whether a pod may be
called, and of servers whether they take connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog import Catalog
from catalog.run import Connect, GrpcHealth, HttpGet, Port
from monitoring.alertmanager import as_yaml

PROBER = "blackbox-exporter:9115"
"""Where Prometheus finds the exporter."""

OUTSIDE = 'nexus_probe="outside"'
"""Matcher of the probes that take the way of visitors."""

INSIDE_SECONDS, OUTSIDE_SECONDS = 5, 10
"""How long an answer may take. Prometheus waits ten seconds at most, and takes half of one off."""

_HTTP, _GRPC, _TCP, _VISITOR = "http", "grpc", "tcp", "visitor"

_BELOW_400 = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 307, 308]
"""What the kubelet takes for healthy."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a stack is that is probed.

    Args:
        prefix: start of its namespaces.
        entrance: address at which visitors reach the gateway, without a path; None where there is
            none that others could resolve.
        servers: host and port of the platform resources whose addresses are known, by name.
    """

    prefix: str
    entrance: str | None = None
    servers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Target:
    """What one probe asks.

    Args:
        address: as the blackbox exporter takes it.
        module: of its configuration.
        labels: of the series.
    """

    address: str
    module: str
    labels: Mapping[str, str]


def probed_port(catalog: Catalog, service: str) -> Port | None:
    """The port at which a service of a critical flow is probed; None for one that is not.

    Nor is one that answers nobody, or is asked by a command in its container alone.
    """
    question = _question(catalog, service)
    return None if question is None else question.port


def probed_server(catalog: Catalog, resource: str) -> bool:
    """Whether a platform resource is a hop of a critical flow."""
    return any(resource in flow.steps for flow in catalog.flows)


def _question(catalog: Catalog, service: str) -> HttpGet | GrpcHealth | Connect | None:
    run = catalog.services[service].run
    passed = any(service in flow.steps for flow in catalog.flows)
    if not passed or run.called is None or run.health is None:
        return None
    asks = run.health.readiness.asks
    return asks if isinstance(asks, (HttpGet, GrpcHealth, Connect)) else Connect(port=run.called)


def targets(catalog: Catalog, places: Places) -> tuple[Target, ...]:
    """Every probe of a stack: the way in first, then the hops of all flows, by name."""
    hops = sorted({step for flow in catalog.flows for step in flow.steps})
    inside = (_hop(catalog, name, places) for name in hops)
    return (*_outside(catalog, places), *(each for each in inside if each is not None))


def _outside(catalog: Catalog, places: Places) -> Iterator[Target]:
    """The first step of the flows that begin where visitors come in."""
    gateway = catalog.gateway
    begins = any(flow.steps[:1] == (gateway,) for flow in catalog.flows)
    if gateway is None or places.entrance is None or not begins:
        return
    asks = _question(catalog, gateway)
    path = asks.path if isinstance(asks, HttpGet) else "/"
    yield Target(
        address=f"{places.entrance.rstrip('/')}{path}",
        module=_VISITOR,
        labels={"nexus_probe": "outside"},
    )


def _hop(catalog: Catalog, name: str, places: Places) -> Target | None:
    labels = {"nexus_node": name}
    if name not in catalog.services:
        server = places.servers.get(name)
        return (server and Target(address=server, module=_TCP, labels=labels)) or None
    asks = _question(catalog, name)
    if asks is None:
        return None
    domain = catalog.services[name].domain
    host = f"{name}.{places.prefix}-{domain}.svc:{asks.port.number}"
    match asks:
        case HttpGet():
            return Target(address=f"http://{host}{asks.path}", module=_HTTP, labels=labels)
        case GrpcHealth():
            return Target(address=host, module=_grpc(asks.service), labels=labels)
        case Connect():
            return Target(address=host, module=_TCP, labels=labels)


def _grpc(service: str | None) -> str:
    """A module asks of one service of gRPC's."""
    return _GRPC if service is None else f"{_GRPC}-{service}"


def blackbox(catalog: Catalog) -> str:
    """The blackbox exporter's configuration file."""
    inside = {"timeout": f"{INSIDE_SECONDS}s"}
    modules: dict[str, Any] = {
        _VISITOR: {"prober": "http", "timeout": f"{OUTSIDE_SECONDS}s", "http": _http()},
        # The kubelet follows no redirect to another host, and a hop is one host.
        _HTTP: {"prober": "http", **inside, "http": {**_http(), "follow_redirects": False}},
        _TCP: {"prober": "tcp", **inside, "tcp": {"preferred_ip_protocol": "ip4"}},
    }
    for name in catalog.services:
        asks = _question(catalog, name)
        if isinstance(asks, GrpcHealth):
            question = {"preferred_ip_protocol": "ip4", "service": asks.service or ""}
            modules[_grpc(asks.service)] = {"prober": "grpc", **inside, "grpc": question}
    return as_yaml({"modules": modules})


def _http() -> dict[str, Any]:
    return {"preferred_ip_protocol": "ip4", "valid_status_codes": [*_BELOW_400]}


def probe_job(catalog: Catalog, places: Places, prober: str = PROBER) -> dict[str, Any]:
    """Prometheus' scrape job of all probes.

    Args:
        catalog: a checked one.
        places: where what is probed is.
        prober: host and port of the blackbox exporter.
    """
    return {
        "job_name": "probes",
        "metrics_path": "/probe",
        "static_configs": [
            {"targets": [each.address], "labels": {**each.labels, "__param_module": each.module}}
            for each in targets(catalog, places)
        ],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": prober},
        ],
    }
