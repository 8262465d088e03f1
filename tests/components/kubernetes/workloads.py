"""A service, made alone, for what holds of its workload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import ProbeArgsDict

from components.dependency import Call, Dependency
from components.kubernetes.rollout import Scaling
from components.kubernetes.shape import (
    ContainerPort,
    Folder,
    Schedule,
    Shape,
)
from components.kubernetes.size import Size
from components.kubernetes.workload import (
    CREDENTIALS,
    Workload,
    WorkloadArgs,
)
from components.servers.servers import Grant
from tests.components.recording import (
    CONTEXT,
    Recording,
    given,
    record,
)

CALL = Call(
    timeout_ms=1000,
    retries=2,
    retry_percent=10,
    open_after_failures=5,
    half_open_after_seconds=30,
    close_after_successes=3,
)
POSTGRES = Dependency(
    name="postgres",
    kind="resource",
    order="startup",
    criticality="hard",
    fallback=None,
    endpoint={"host": "postgres.nexus-data.svc", "port": "5432"},
    call=CALL,
    credentials=f"{CREDENTIALS}/postgres",
)
STOCK = Dependency(
    name="stock",
    kind="service",
    order="runtime",
    criticality="degradable",
    fallback="rules",
    endpoint={"url": "http://stock.nexus-shop.svc:3000"},
    call=CALL,
)


def probe(path: str, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": "http-3000"},
        "period_seconds": period,
        "failure_threshold": failures,
    }


SHAPE = Shape(
    ports=(ContainerPort(use="http", number=3000),),
    probes={
        "startup": probe("/started", 2, 31),
        "readiness": probe("/ready", 5, 3),
        "liveness": probe("/live", 10, 3),
    },
    folders=(Folder(path="/tmp", size="64Mi"),),
)
USUAL: dict[str, Any] = {
    "context": CONTEXT,
    "namespace": "nexus-shop",
    "domain": "shop",
    "tier": "domain",
    "image": "cart:1",
    "shape": SHAPE,
    "start_seconds": 61,
    "scaling": Scaling(least=2, most=5, cpu=70),
    "priority": "nexus-domain",
    "size": Size(cpu="50m", cpu_limit="500m", memory="128Mi"),
    "dependencies": (),
    "grants": (),
    "variables": {},
    "plain": {},
    "secrets": {},
    "startup_script": "shop-startup-1",
    "ingress": (),
    "egress": (),
    "after": (),
}


def made(**changes: Any) -> Recording:
    return record(lambda: Workload("cart", WorkloadArgs(**{**USUAL, **changes})))


def granted() -> Recording:
    """The service with two grants, one of them without credentials, and what they need."""

    def build() -> Workload:
        handles = {name: given(name) for name in ("database", "auth")}
        grant = Grant(
            resource="postgres",
            service="cart",
            handle=handles["database"],
            endpoint={},
            credentials={"username": "cart", "password": pulumi.Output.secret("hush")},
        )
        changes: dict[str, Any] = {
            "grants": (grant, Grant(resource="cdn", service="cart", handle=None, endpoint={})),
            "dependencies": (POSTGRES, STOCK),
            "after": tuple(handles.values()),
        }
        return Workload("cart", WorkloadArgs(**{**USUAL, **changes}))

    return record(build)


def pod(service: Recording) -> dict[str, Any]:
    return service.one("Deployment").inputs["spec"]["template"]["spec"]


def container(service: Recording) -> dict[str, Any]:
    [only] = pod(service)["containers"]
    return only


SHAPED = replace(
    SHAPE,
    ports=(
        *SHAPE.ports,
        ContainerPort(use="grpc", number=9000, application="kubernetes.io/h2c"),
        ContainerPort(use="smtp", number=25),
    ),
    command=("/app/cart",),
    arguments=("--verbose",),
    folders=(
        Folder(path="/tmp", size="1Gi"),
        Folder(path="/cache", size="64Mi", memory=True),
    ),
    files={"/etc/app/app.conf": "a = 1", "/etc/app/b.conf": "b = 2"},
    user=1000,
    grace_seconds=60,
    drain_seconds=10,
)


def scheduled() -> Recording:
    def build() -> Workload:
        changes: dict[str, Any] = {
            "shape": replace(
                SHAPE,
                ports=(),
                probes={},
                called=False,
                drain_seconds=0,
                schedule=Schedule(
                    cron="15 3 * * *",
                    time_zone="Europe/Berlin",
                    concurrency="Forbid",
                    deadline_seconds=600,
                ),
            ),
            "dependencies": (POSTGRES,),
            "after": (given("database"),),
        }
        return Workload("cart", WorkloadArgs(**{**USUAL, **changes}))

    return record(build)
