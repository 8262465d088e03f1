"""The container of a workload: its probes, its limits and its environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    EnvVarArgsDict,
    ProbeArgsDict,
    VolumeMountArgsDict,
)

from components.kubernetes.pod import Size, container_security, environment, port_name
from components.kubernetes.rollout import drain

CONFIG = "/etc/nexus"
CONFIG_FILE = "dependencies.json"

PROBE_PATHS = {
    "startup": "/health/startup",
    "readiness": "/health/ready",
    "liveness": "/health/live",
}
"""Where a service answers. Startup: its own start is over. Readiness: its own state and the stores
that it cannot work without. Liveness: never a dependency, or one outage restarts everything."""


def workload_environment(
    service: str, port: int, variables: Mapping[str, str], files: Mapping[str, str]
) -> list[EnvVarArgsDict]:
    """What every service finds in its environment, and the variables of this one.

    `files` are the paths of those with a secret value, which the service is told as
    `<NAME>_FILE`, as the official images of databases are.
    """
    env = {
        "NEXUS_SERVICE": service,
        "NEXUS_CONFIG": f"{CONFIG}/{CONFIG_FILE}",
        "PORT": str(port),
        **dict(sorted(variables.items())),
        **{f"{name}_FILE": path for name, path in sorted(files.items())},
    }
    return environment(env)


def workload_container(
    name: str,
    *,
    image: str,
    arguments: Sequence[str],
    port: int,
    start_seconds: int,
    size: Size,
    env: list[EnvVarArgsDict],
    mounts: list[VolumeMountArgsDict],
) -> ContainerArgsDict:
    """The container of service `name`, which listens on `port`.

    It has `start_seconds` to start; until then nothing restarts it.
    """
    return {
        "name": name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "args": list(arguments),
        "env": env,
        "ports": [{"name": port_name("http", port), "container_port": port, "protocol": "TCP"}],
        "lifecycle": drain(),
        "startup_probe": _probe("startup", port, period=2, failures=-(-start_seconds // 2)),
        "readiness_probe": _probe("readiness", port, period=5, failures=3),
        "liveness_probe": _probe("liveness", port, period=10, failures=3),
        "resources": size.requirements(),
        "security_context": container_security(),
        "volume_mounts": mounts,
    }


def _probe(kind: str, port: int, *, period: int, failures: int) -> ProbeArgsDict:
    return {
        "http_get": {"path": PROBE_PATHS[kind], "port": port_name("http", port)},
        "period_seconds": period,
        "failure_threshold": failures,
        "timeout_seconds": 2,
    }
