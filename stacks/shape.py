"""What the container of a service is here: as the catalog says, or a stand-in of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pulumi_kubernetes.core.v1 import ProbeArgsDict

from catalog import Service
from catalog.run import (
    Command,
    Concurrency,
    Connect,
    GrpcHealth,
    HttpGet,
    Kind,
    Port,
    Probe,
    Protocol,
    Question,
    Run,
)
from catalog.run_loader import usual_health
from components.kubernetes.pod import UID
from components.kubernetes.quantity import total
from components.kubernetes.shape import ContainerPort, Folder, Schedule, Shape
from components.kubernetes.size import Size
from stacks.release import Image

_APPLICATION: Mapping[Protocol, str | None] = {
    Protocol.HTTP: None,
    # Registered by Kubernetes for HTTP/2 without TLS, as gRPC speaks it.
    Protocol.GRPC: "kubernetes.io/h2c",
    Protocol.TCP: None,
}

_CONCURRENCY: Mapping[Concurrency, Literal["Forbid", "Allow", "Replace"]] = {
    Concurrency.FORBID: "Forbid",
    Concurrency.ALLOW: "Allow",
    Concurrency.REPLACE: "Replace",
}


def shape_of(service: Service, image: Image, size: Size) -> Shape:
    """What the container of `service` is.

    Args:
        image: what runs; a stand-in knows nothing of its command, files and probes.
        size: how large it is, with the size of a /tmp that it says nothing of.
    """
    run = _stood_in(service) if image.stand_in else service.run
    folders = {each.path: each for each in run.writable}
    tmp = () if "/tmp" in folders else (Folder(path="/tmp", size=size.scratch),)
    return Shape(
        command=image.command or run.command,
        arguments=image.arguments or run.arguments,
        ports=tuple(_port(port) for port in run.ports),
        probes=_probes(run),
        folders=(
            *tmp,
            *(Folder(path=each.path, size=each.size, memory=each.memory) for each in run.writable),
        ),
        files={each.path: each.content for each in run.files},
        user=UID if run.user is None else run.user,
        called=run.called is not None,
        schedule=_schedule(run),
        grace_seconds=run.grace_seconds,
        drain_seconds=run.drain_seconds,
    )


def health_path(gateway: Service) -> str:
    """What a balancer or CDN asks for the gateway's health: its readiness, as far as it can ask."""
    run = gateway.run
    asks = None if run.health is None else run.health.readiness.asks
    return asks.path if isinstance(asks, HttpGet) and asks.port == run.called else "/"


def with_room(size: Size, run: Run) -> Size:
    """`size` with what the service may write: in memory, which counts as its own, or on disk."""
    memory = [each.size for each in run.writable if each.memory]
    disk = [each.size for each in run.writable if not each.memory]
    if not memory and not disk:
        return size
    return replace(
        size,
        memory=total((size.memory, *memory)),
        memory_limit=None if size.memory_limit is None else total((size.memory_limit, *memory)),
        scratch=total((size.scratch, *disk)),
        ephemeral=total((size.ephemeral, *disk)),
    )


def _stood_in(service: Service) -> Run:
    """What runs in the place of the service: it answers HTTP at the first port, or ends."""
    run = replace(service.run, command=(), arguments=(), files=(), user=None)
    if run.kind is Kind.SCHEDULED:
        return run
    ports = run.ports or Run().ports
    first = replace(ports[0], protocol=Protocol.HTTP)
    return replace(run, ports=ports, health=usual_health((first,), service.start_seconds))


def _port(port: Port) -> ContainerPort:
    return ContainerPort(use=port.name, number=port.number, application=_APPLICATION[port.protocol])


def _schedule(run: Run) -> Schedule | None:
    if run.schedule is None:
        return None
    return Schedule(
        cron=run.schedule.cron,
        time_zone=run.schedule.time_zone,
        concurrency=_CONCURRENCY[run.schedule.concurrency],
        deadline_seconds=run.schedule.deadline_seconds,
    )


def _probes(run: Run) -> Mapping[str, ProbeArgsDict]:
    if run.health is None:
        return {}
    return {
        "startup": _probe(run.health.startup),
        "readiness": _probe(run.health.readiness),
        "liveness": _probe(run.health.liveness),
    }


def _probe(probe: Probe) -> ProbeArgsDict:
    return {
        **_asked(probe.asks),
        "period_seconds": probe.period_seconds,
        "failure_threshold": probe.failures,
        "timeout_seconds": probe.timeout_seconds,
    }


def _asked(question: Question) -> ProbeArgsDict:
    match question:
        case HttpGet():
            return {"http_get": {"path": question.path, "port": _port(question.port).name}}
        case GrpcHealth():
            if question.service is None:
                return {"grpc": {"port": question.port.number}}
            return {"grpc": {"port": question.port.number, "service": question.service}}
        case Connect():
            return {"tcp_socket": {"port": _port(question.port).name}}
        case Command():
            return {"exec_": {"command": list(question.command)}}
