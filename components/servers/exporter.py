"""What measures a server for Prometheus, and runs in its pod: a server has nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, ProbeArgsDict, VolumeMountArgsDict

from components.kubernetes.pod import container_security, environment, mount, port_name
from components.kubernetes.size import Size
from components.servers.acl import MONITOR
from components.servers.stateful_server import probe, tcp

POSTGRES_IMAGE = "quay.io/prometheuscommunity/postgres-exporter:v0.18.1"
REDIS_IMAGE = "docker.io/oliver006/redis_exporter:v1.74.0"
LOGINS = "/var/run/secrets/nexus/logins"
REDIS_LOGINS = "redis.json"

SIZE = Size(cpu="10m", cpu_limit="250m", memory="48Mi")
"""Of each."""


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """A server that is measured.

    Args:
        server: its name.
        address: its host and port.
        port: TCP port on which Prometheus reads.
        password: of monitoring's user there.
    """

    server: str
    kind: Literal["postgres", "redis"]
    address: str
    port: int
    password: pulumi.Input[str]

    @property
    def redis_uris(self) -> tuple[str, ...]:
        """How redis_exporter looks its password up: older ones leave out the user."""
        return f"redis://{self.address}", f"redis://{MONITOR}@{self.address}"

    def container(self) -> ContainerArgsDict:
        """The exporter, which reads the file of its password below `LOGINS`."""
        container = page_container(
            f"{self.server}-exporter"[:63].rstrip("-"),
            self._command(),
            self.port,
            mount("logins", LOGINS),
        )
        variables = {
            "DATA_SOURCE_URI": f"{self.address}/postgres?sslmode=disable",
            "DATA_SOURCE_USER": MONITOR,
            "DATA_SOURCE_PASS_FILE": f"{LOGINS}/{self.server}",
        }
        return {
            **container,
            "image": POSTGRES_IMAGE if self.kind == "postgres" else REDIS_IMAGE,
            "resources": SIZE.requirements(),
            "env": environment(variables if self.kind == "postgres" else {}),
        }

    def _command(self) -> tuple[str, ...]:
        listen = f"--web.listen-address=:{self.port}"
        if self.kind == "postgres":
            return ("/bin/postgres_exporter", listen)
        return (
            "/redis_exporter",
            listen,
            f"--redis.addr=redis://{self.address}",
            f"--redis.user={MONITOR}",
            f"--redis.password-file={LOGINS}/{REDIS_LOGINS}",
        )


def login_files(exporters: Iterable[Exporter]) -> Mapping[str, pulumi.Input[str]]:
    """The passwords as each exporter reads them, by the name of the file."""
    every = list(exporters)
    files: dict[str, pulumi.Input[str]] = {
        each.server: each.password for each in every if each.kind == "postgres"
    }
    known = {
        uri: each.password for each in every if each.kind == "redis" for uri in each.redis_uris
    }
    if known:
        files[REDIS_LOGINS] = pulumi.Output.all(**known).apply(json.dumps)
    return files


def page_container(
    name: str, command: tuple[str, ...], port: int, reads: VolumeMountArgsDict
) -> ContainerArgsDict:
    """A container with a page at `port`, without image and size."""
    page: ProbeArgsDict = {"http_get": {"path": "/", "port": port}}
    return {
        "name": name,
        "image_pull_policy": "IfNotPresent",
        "command": list(command),
        "ports": [{"name": port_name("http", port), "container_port": port, "protocol": "TCP"}],
        "startup_probe": probe(tcp(port), period=2, failures=60),
        "readiness_probe": probe(page, period=10, failures=3),
        "liveness_probe": probe(tcp(port), period=10, failures=6),
        "security_context": container_security(),
        "volume_mounts": [reads],
    }
