"""A RabbitMQ broker with its management API."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .found import found
from .running import free_port, running, scratch_folder

ADMIN = "nexus_master"
ADMIN_PASSWORD = "broker-secret"


@dataclass(frozen=True, kw_only=True)
class RabbitServer:
    """A running broker.

    Args:
        amqp_port: TCP port of AMQP on loopback.
        management_port: TCP port of the management API on loopback.
        metrics_port: TCP port of its plugin for Prometheus on loopback.
        log: its log.
    """

    amqp_port: int
    management_port: int
    metrics_port: int
    log: Path

    @property
    def url(self) -> str:
        """Address of the management API."""
        return f"http://127.0.0.1:{self.management_port}"

    def get(self, path: str, username: str = ADMIN, password: str = ADMIN_PASSWORD) -> Any:
        """What the management API answers at `/api/{path}`."""
        with urllib.request.urlopen(self._request(path, username, password)) as response:
            return json.load(response)

    def put(self, path: str, body: Mapping[str, str]) -> None:
        """Change something by hand, as the administrator."""
        request = self._request(path, ADMIN, ADMIN_PASSWORD)
        request.method, request.data = "PUT", json.dumps(body).encode()
        urllib.request.urlopen(request).close()

    def delete(self, path: str) -> None:
        """Delete something by hand, as the administrator."""
        request = self._request(path, ADMIN, ADMIN_PASSWORD)
        request.method = "DELETE"
        urllib.request.urlopen(request).close()

    def _request(self, path: str, username: str, password: str) -> urllib.request.Request:
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        return urllib.request.Request(f"{self.url}/api/{path}", headers=headers)


@contextmanager
def rabbit_server() -> Generator[RabbitServer]:
    """A new, empty broker with an administrator, ended and removed at the end."""
    programs = found()
    with scratch_folder("rabbitmq") as folder:
        epmd_port = free_port()
        env = programs.environment() | {
            "HOME": str(folder),
            # Erlang's port mapper would outlive the broker, so it gets one of its own.
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        server = RabbitServer(
            amqp_port=free_port(),
            management_port=free_port(),
            metrics_port=free_port(),
            log=folder / "log",
        )
        epmd = ["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"]
        with (
            running(epmd, log=folder / "epmd.log", env=env, ready=lambda: True),
            running(
                [str(programs.rabbitmq)],
                log=server.log,
                env=env | _settings(folder, server),
                ready=lambda: _answers(server),
            ),
        ):
            yield server


def _settings(folder: Path, server: RabbitServer) -> dict[str, str]:
    (folder / "plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].")
    (folder / "rabbitmq.conf").write_text(
        f"""\
listeners.tcp.1 = 127.0.0.1:{server.amqp_port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {server.management_port}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {server.metrics_port}
default_user = {ADMIN}
default_pass = {ADMIN_PASSWORD}
log.console = true
log.console.level = info
log.file = false
"""
    )
    return {
        "RABBITMQ_NODENAME": "nexus@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "flags"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _answers(server: RabbitServer) -> bool:
    try:
        return bool(server.get("whoami"))
    except OSError:
        return False
